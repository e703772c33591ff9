"""Read-only connections, closed whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from spotify_assets.warehouse.errors import WarehouseError


@contextmanager
def read_only(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the state that is published now; it sees that state until it is closed.

    Raises:
        WarehouseError: There is no such file, or it is no DuckDB file of this version.
    """
    if not path.exists():
        raise WarehouseError(
            f"There is no warehouse at {path} yet: `spotify-assets collect` makes it."
        )
    try:
        connection = duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(
            f"{path} cannot be opened: {error}. A program that opened it for writing keeps others "
            "out: open it read-only there. The file can be deleted and made anew from the lake."
        ) from error
    try:
        yield connection
    finally:
        connection.close()
