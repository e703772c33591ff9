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
from spotify_assets.warehouse.tables import identifier, literal

OTHER_VERSION = "database file with version number"
"""What DuckDB says of a file that a newer or a much older one wrote."""


LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    # Else a query could name the variables of this program.
    "python_enable_replacements": False,
}
"""What DuckDB takes only when it is opened; the rest of the lock is `_lock`."""


@contextmanager
def read_only(path: Path, scratch: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the state that is published now; it sees that state until it is closed.

    Whatever is asked of it, it reads that file and nothing else: no other file or database, no
    address, no extension; and no setting can be changed, so that it stays so.

    Args:
        path: The DuckDB file.
        scratch: The one folder in which the connection may read and write besides.

    Raises:
        WarehouseError: There is no such file, or it is no DuckDB file of this version.
    """
    if not path.exists():
        raise WarehouseError(
            f"There is no warehouse at {path} yet: `spotify-assets collect` makes it, or `import`."
        )
    # Attached to an instance of its own: DuckDB would share one that this process has opened on the
    # same file, with the settings of that one.
    with duckdb.connect(config=LOCKED) as connection:
        try:
            connection.execute(
                f"ATTACH {literal(str(path))} AS {identifier(path.stem)} (READ_ONLY)"
            )
        except duckdb.Error as error:
            raise _not_opened(path, error) from error
        connection.execute(f"USE {identifier(path.stem)}")
        _lock(connection, path, scratch)
        yield connection


def _lock(connection: duckdb.DuckDBPyConnection, path: Path, scratch: Path | None) -> None:
    # Where DuckDB would put what does not fit into memory, had it opened the file itself.
    connection.execute(f"SET temp_directory = {literal(f'{path.absolute()}.tmp')}")
    if scratch is not None:
        connection.execute(f"SET allowed_directories = [{literal(f'{scratch.resolve()}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _not_opened(path: Path, error: duckdb.Error) -> WarehouseError:
    if OTHER_VERSION in str(error):
        said, *_ = str(error).splitlines()
        return WarehouseError(
            f"{path} was written by another version of DuckDB than {duckdb.__version__}, which "
            f"is here ({said}) Nothing has to be migrated: delete it, and `spotify-assets "
            "compact` makes it again from the lake."
        )
    return WarehouseError(
        f"{path} cannot be opened: {error}. A program that opened it for writing keeps others "
        "out: open it read-only there. The file can be deleted and made again from the lake."
    )


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
