"""The published plays are what the documents say of the export files."""

import datetime as dt
import re
from collections.abc import Iterator

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets_tests.model.comparing import Row, different_rows
from spotify_assets_tests.model.conftest import published
from spotify_assets_tests.model.coverage import accounts, play_coverage
from spotify_assets_tests.model.documents import described
from spotify_assets_tests.model.exports import Told
from spotify_assets_tests.model.exports import rows as told
from spotify_assets_tests.model.histories import export_files
from spotify_assets_tests.model.plays import by_day, plays
from spotify_assets_tests.sources.account_export.samples import imported

ZONES = ("UTC", "America/Sao_Paulo", "Asia/Kathmandu")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("plays") / "lake")
    for name, rows in export_files().items():
        imported(lake, rows, name)
    return lake


@pytest.fixture(scope="module")
def warehouse(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(published(lake), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def files(lake: Lake) -> list[list[Told]]:
    return [told(file) for file in (lake.root.parent / "given").iterdir()]


@pytest.fixture(scope="module")
def model(files: list[list[Told]]) -> tuple[list[Row], list[Row]]:
    return plays(files)


def of_table(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    found = connection.execute(f"SELECT * FROM {table}")
    names = [name for name, *_ in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_every_play_is_what_the_documents_say_of_the_exports(
    warehouse: duckdb.DuckDBPyConnection, model: tuple[list[Row], list[Row]]
) -> None:
    table = described()["star.fact_play"]
    found = of_table(warehouse, "star.fact_play")
    for row in found:
        row["source_file"] = re.findall("[0-9a-f]{16}", row["source_file"])[0]
    different = different_rows("fact_play", found, model[0], table.key, [*table.types])
    assert not different, "\n".join(different)


def test_every_item_is_what_the_documents_say_of_the_exports(
    warehouse: duckdb.DuckDBPyConnection, model: tuple[list[Row], list[Row]]
) -> None:
    table = described()["star.dim_item"]
    found = of_table(warehouse, "star.dim_item")
    different = different_rows("dim_item", found, model[1], table.key, [*table.types])
    assert not different, "\n".join(different)


def test_the_word_of_every_day_and_the_account_of_every_file_are_what_the_documents_say(
    warehouse: duckdb.DuckDBPyConnection,
    files: list[list[Told]],
    model: tuple[list[Row], list[Row]],
) -> None:
    days, facts = play_coverage(files, model[0]), accounts(files, model[0])
    found = of_table(warehouse, "star.play_coverage")
    different = different_rows("play_coverage", found, days, ["date"], [*days[0]])
    found = of_table(warehouse, "monitoring.imports")
    different += different_rows("imports", found, facts, ["file_id"], [*facts[0]])
    assert not different, "\n".join(different)


@pytest.mark.parametrize("zone", ZONES)
def test_a_play_belongs_to_the_local_day_in_which_it_ended(
    zone: str, lake: Lake, model: tuple[list[Row], list[Row]]
) -> None:
    with duckdb.connect(published(lake, zone), read_only=True) as connection:
        first, last = dt.date(2025, 2, 20), dt.date(2025, 3, 25)
        found = connection.execute(
            "SELECT day, plays FROM listening.by_day(?, ?) WHERE plays > 0", [first, last]
        ).fetchall()
    assert dict(found) == by_day(model[0], zone)
