"""The DuckDB file as the source of a publication elsewhere.

Belongs here: opening it, and whether it is of this version. Does not belong here: any target.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from spotify_assets.schemas import WAREHOUSE
from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.reading import read_only


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the state that is published now.

    Raises:
        TargetError: Another version of the program has made it; the next publication mends that.
        WarehouseError: There is none.
    """
    with read_only(path) as connection:
        held = set(
            connection.execute(
                "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() "
                "WHERE database_name = current_database()"
            ).fetchall()
        )
        wanted = {(table, name) for table, one in WAREHOUSE.items() for name in one.fields()}
        if missing := sorted(wanted - held):
            table, column = missing[0]
            raise TargetError(
                f"{path} was made by another version of spotify-assets: it has no {column} in "
                f"{table}. The next publication makes it again, or `spotify-assets compact`; then "
                "publish to the database.",
                FailureKind.RETRY,
            )
        yield connection


def identity(path: Path) -> str:
    """What the state of the file is known by; empty where there is none."""
    if not path.exists():
        return ""
    stat = path.stat()
    return f"{stat.st_size} bytes, written {stat.st_mtime_ns}"
