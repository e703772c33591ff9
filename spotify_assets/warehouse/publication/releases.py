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
from spotify_assets.warehouse.publication.domain import Domain, listed
from spotify_assets.warehouse.publication.integrity import hold
from spotify_assets.warehouse.publication.rows import replace

REMEDY = "Delete its folder and import the file again."
File = tuple[Mapping[str, Any], pl.DataFrame, pl.DataFrame]
"""What is known of a file, its rows, and the rows that were set aside."""


@dataclass(frozen=True)
class Releases(Domain):
    """How the tables of releases are made."""

    sources = ReleaseSources
    lake_tables = frozenset({RELEASE_FILES})

    derive: Callable[[list[File]], Mapping[type[Contract], pl.DataFrame]]

    @staticmethod
    def there(lake: Lake) -> pl.DataFrame:
        """As `Domain.there`."""
        facts = file_folder(lake, "").parent.glob(f"file=*/{FACTS_FILE}")
        return listed(lake, facts, ReleaseSources)

    def load(self, connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame) -> None:
        """As `Domain.load`."""
        made = self.derive([read(lake.root / file) for file in files["file"]])
        for contract in RELEASES:
            replace(connection, contract, made[contract])
        hold(connection, RELEASES)
        replace(connection, ReleaseSources, files)

    @staticmethod
    def is_damaged(lake: Lake, file: str) -> bool:
        """As `Domain.is_damaged`."""
        try:
            read(lake.root / file)
        except DamagedFile:
            return True
        return False


def read(path: Path) -> File:
    """A file of `Releases.there`.

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
