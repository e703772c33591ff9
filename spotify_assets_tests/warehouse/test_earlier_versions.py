"""A data folder of an earlier version: it opens, and gives the same rows as that version gave.

``earlier_versions/0.1.0.tar.xz`` is what version 0.1.0 left after it collected rock and r&b from
the sandbox on days of October (merged into their month) and November, and imported two exports of
the invented listener: the lake, and each table that it published, as a Parquet file.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets_tests.lake.test_retention import publish_lake

KEPT = Path(__file__).parent / "earlier_versions" / "0.1.0.tar.xz"
RENAMED_TABLES = {
    "processed.collections": "processed.extracts",
    "processed.intake": "processed.reconciliation",
}
"""Old name to new one; ``CHANGELOG.md`` tells analysts the same."""
RENAMED_COLUMNS = {("processed.intake", "repeated"): "duplicate"}
RENAMED_VALUES = {"catalogue": "catalog", "possible gap": "partial", "nothing": "unknown"}


def tables() -> list[str]:
    with tarfile.open(KEPT) as kept:
        return sorted(
            Path(name).stem for name in kept.getnames() if Path(name).parent.name == "tables"
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder, published by this version."""
    folder = tmp_path_factory.mktemp("0.1.0")
    with tarfile.open(KEPT) as kept:
        kept.extractall(folder, filter="data")
    published = publish_lake(Lake(folder / "lake"))
    assert (len(published.damaged), list(published.waiting)) == (0, [])
    return folder


@pytest.fixture(scope="module")
def warehouse(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(folder / "spotify.duckdb", read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("table", tables())
def test_its_tables_are_the_same_row_by_row(
    folder: Path, warehouse: duckdb.DuckDBPyConnection, table: str
) -> None:
    then = warehouse.read_parquet(str(folder / "tables" / f"{table}.parquet"))
    now = warehouse.table(RENAMED_TABLES.get(table, table))
    columns = [(name, RENAMED_COLUMNS.get((table, name), name)) for name in then.columns]
    assert {new for _, new in columns} <= set(now.columns)

    before = then.project(", ".join(f"{_said_now(old)} AS {new}" for old, new in columns))
    after = now.project(", ".join(new for _, new in columns))
    assert after.except_(before).fetchall() == []
    assert before.except_(after).fetchall() == []
    assert len(after) == len(before)


def _said_now(column: str) -> str:
    if column not in ("known_from", "coverage"):
        return column
    whens = " ".join(f"WHEN '{old}' THEN '{new}'" for old, new in RENAMED_VALUES.items())
    return f"CASE {column} {whens} ELSE {column} END"
