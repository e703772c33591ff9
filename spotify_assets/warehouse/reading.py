"""Reading: the published file, and what of the lake cannot be read.

Belongs here: read-only connections, and naming the file that is damaged. Does not belong here: any
query.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from spotify_assets.lake import DamagedFile
from spotify_assets.lake.errors import REMAKE_DAY
from spotify_assets.warehouse.errors import WarehouseError

OTHER_VERSION = "database file with version number"
"""What DuckDB says of a file that a newer or a much older one wrote."""


@contextmanager
def read_only(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the state that is published now; it sees that state until it is closed.

    Raises:
        WarehouseError: There is no such file, or it is no DuckDB file of this version.
    """
    if not path.exists():
        raise WarehouseError(
            f"There is no warehouse at {path} yet: `spotify-assets collect` makes it, or `import`."
        )
    try:
        connection = duckdb.connect(path, read_only=True)
    except duckdb.Error as error:
        if OTHER_VERSION in str(error):
            said, *_ = str(error).splitlines()
            raise WarehouseError(
                f"{path} was written by another version of DuckDB than {duckdb.__version__}, which "
                f"is here ({said}) Nothing has to be migrated: delete it, and `spotify-assets "
                "compact` makes it anew from the lake."
            ) from error
        raise WarehouseError(
            f"{path} cannot be opened: {error}. A program that opened it for writing keeps others "
            "out: open it read-only there. The file can be deleted and made anew from the lake."
        ) from error
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def naming_damage(files: Iterable[Path], remedy: str = REMAKE_DAY) -> Iterator[None]:
    """Where DuckDB cannot read one of the Parquet files that the body reads, say which.

    Args:
        files: Those that it reads.
        remedy: What to do then, as sentences.

    Raises:
        DamagedFile: One of them is not as it was written.
    """
    try:
        yield
    except duckdb.Error as error:
        # The error itself does not always name the file.
        for file in files:
            if not is_readable(file):
                raise DamagedFile(file, "written", remedy) from error
        raise


def is_readable(file: Path) -> bool:
    """Whether DuckDB reads a Parquet file to its end."""
    try:
        with duckdb.connect() as connection:
            connection.read_parquet(str(file), hive_partitioning=False).fetchall()
    except duckdb.Error:
        return False
    return True
