"""The releases of a label in the DuckDB file: loaded whole whenever a file of them changed.

Belongs here: reading its files from the lake, storing the tables made of them. Does not belong
here: which release a row is of (`transforms.releases`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, Lake
from spotify_assets.lake.history import FACTS_FILE
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.lake.release_files import BROKEN_FILE, RELEASE_FILES, file_folder
from spotify_assets.schemas import RELEASES, Contract
from spotify_assets.schemas.releases import ReleaseSources
from spotify_assets.warehouse.publication.damage import damaged_files
from spotify_assets.warehouse.publication.integrity import hold, hold_to_contract
from spotify_assets.warehouse.tables import quoted

REMEDY = "Delete its folder and import the file again."
File = tuple[Mapping[str, Any], pl.DataFrame, pl.DataFrame]
"""What is known of a file, its rows, and the rows that were set aside."""


@dataclass(frozen=True)
class Releases:
    """How the tables of releases are made."""

    derive: Callable[[list[File]], Mapping[type[Contract], pl.DataFrame]]
    version: str
    """Another one makes the file again."""


def there(lake: Lake) -> pl.DataFrame:
    """The files of releases in the lake, as `ReleaseSources`."""
    return pl.DataFrame(
        [
            (lake.relative(file), stat.st_size, stat.st_mtime_ns)
            for file in sorted(file_folder(lake, "").parent.glob(f"file=*/{FACTS_FILE}"))
            for stat in [file.stat()]
        ],
        schema=ReleaseSources.polars_schema(),
        orient="row",
    )


def load(
    connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame, how: Releases
) -> None:
    """Make all tables of releases again.

    Args:
        connection: To the copy that will be published, in a transaction.
        lake: Holds the files.
        files: Of `there`.
        how: What is made of them.

    Raises:
        WarehouseError: A table breaks its contract.
        DamagedFile: A file is not as it was written.
    """
    made = how.derive([read(lake.root / file) for file in files["file"]])
    for contract in RELEASES:
        replace(connection, contract, made[contract])
    hold(connection, RELEASES)
    replace(connection, ReleaseSources, files)


def is_damaged(lake: Lake, file: str) -> bool:
    """Whether a file of `there`, or what lies beside it, cannot be read."""
    try:
        read(lake.root / file)
    except DamagedFile:
        return True
    return False


def as_damaged(lake: Lake, error: DamagedFile) -> pl.DataFrame:
    """A file of `there` that could not be read, as `DamagedFiles`."""
    stat = error.path.stat()
    return damaged_files(
        [
            {
                "file": lake.relative(error.path),
                "table_name": RELEASE_FILES,
                "bytes": stat.st_size,
                "genre": None,
                "date": None,
                "reason": str(error),
            }
        ]
    )


def read(path: Path) -> File:
    """A file of `there`.

    Raises:
        DamagedFile: It is not as it was written.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["file_id"] = path.parent.name.partition("=")[2]
        rows = path.with_name(ROWS_FILE)
        if "declared" in facts:
            return facts, pl.DataFrame(), pl.DataFrame()
        # A file without such rows may have some left of an earlier reader.
        broken = [pl.read_parquet(path.with_name(BROKEN_FILE))] if facts["broken"] else []
        return facts, pl.read_parquet(rows), broken[0] if broken else pl.DataFrame()
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise DamagedFile(path, "written", REMEDY) from error


def replace(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], rows: pl.DataFrame
) -> None:
    """Put other rows in the place of all that a table has.

    Raises:
        WarehouseError: They break its contract.
    """
    hold_to_contract(contract, rows)
    connection.execute(f"DELETE FROM {quoted(contract)}")
    connection.register("made", rows.to_arrow())
    connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM made")
    connection.unregister("made")
