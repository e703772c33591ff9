"""Any exports, of plays told in different words, are published as the documents say."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets_tests.model.any_history import any_history
from spotify_assets_tests.model.comparing import different_rows
from spotify_assets_tests.model.documents import described
from spotify_assets_tests.model.exports import rows as told
from spotify_assets_tests.model.plays import plays
from spotify_assets_tests.model.test_plays import of_table
from spotify_assets_tests.sources.account_export.samples import imported
from spotify_assets_tests.warehouse.telling import in_memory, load_plays


@pytest.fixture(scope="module")
def base() -> Iterator[duckdb.DuckDBPyConnection]:
    with in_memory() as connection:
        yield connection


def differences(base: duckdb.DuckDBPyConnection, seed: int) -> list[str]:
    """Between what is published of an invented history and the model."""
    random = Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        for name, rows in any_history(random).items():
            imported(lake, rows, name)
        load_plays(lake, base)
        facts, items = plays([told(file) for file in (lake.root.parent / "given").iterdir()])
    different: list[str] = []
    for table, expected in {"star.fact_play": facts, "star.dim_item": items}.items():
        found = of_table(base, table)
        for row in found:
            if "source_file" in row:
                row["source_file"] = re.findall("[0-9a-f]{16}", row["source_file"])[0]
        document = described()[table]
        different += different_rows(table, found, expected, document.key, [*document.types])
    return different


@pytest.mark.parametrize("seed", range(4))
def test_any_exports_are_published_as_the_documents_say(
    base: duckdb.DuckDBPyConnection, seed: int
) -> None:
    assert differences(base, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 250))
def test_many_exports_are_published_as_the_documents_say(
    base: duckdb.DuckDBPyConnection, seed: int
) -> None:
    assert differences(base, seed) == []
