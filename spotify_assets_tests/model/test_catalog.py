"""The published catalog is what the documents say of its raw files."""

import datetime as dt
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from spotify_assets.lake import Lake
from spotify_assets.schemas import TABLES
from spotify_assets_tests.model.answers import Collected
from spotify_assets_tests.model.catalog import Row, Tables, processed
from spotify_assets_tests.model.comparing import different_rows, held_to_model
from spotify_assets_tests.model.conftest import FIRST_DAY, collect, make, published
from spotify_assets_tests.model.rankings import as_of, rankings
from spotify_assets_tests.model.raw import collections
from spotify_assets_tests.model.small_lakes import small_lakes
from spotify_assets_tests.model.star import holds, star

DAY = dt.timedelta(days=1)
UNDETERMINED = {"processed.extracts": ["code_version"], "quarantine.rows": ["reason", "record"]}
"""Columns that name the version of the code, or say in words what is wrong."""


def recomputed(lake: Path) -> Tables:
    """Every table of the catalog, from the raw files alone."""
    tables = processed(collections(lake))
    tables |= rankings(tables)
    return tables | star(tables)


@pytest.fixture(scope="module")
def model(adversarial: Lake) -> Tables:
    return recomputed(adversarial.root)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_every_row_is_what_the_documents_say(
    table: str, warehouse: duckdb.DuckDBPyConnection, model: Tables
) -> None:
    assert table in model, f"Recompute {table} here too, from the words of docs/catalog.md alone."
    different = held_to_model(warehouse, table, model[table], but=UNDETERMINED.get(table, ()))
    assert not different, "\n".join(different)


def test_what_is_as_of_a_day_is_what_the_documents_say(
    warehouse: duckdb.DuckDBPyConnection, model: Tables
) -> None:
    different = []
    for day in (FIRST_DAY + number * DAY for number in range(-1, 12)):
        for kind in ("track", "artist"):
            key = [f"{kind}_id"]
            ranking = model[f"rankings.top_{kind}s"]
            for genre in ("forró", "mpb", "r&b", "none"):
                found = asked(warehouse, f"rankings.top_{kind}s_as_of(?, ?, 3)", genre, day)
                ranks = as_of(ranking, genre, day, 3)
                different += different_rows(f"{genre} on {day}", found, ranks, key, ["rank", *key])
            versions = [*filter(holds(day), model[f"star.dim_{kind}"])]
            found = asked(warehouse, f"star.{kind}s_as_of(?)", day)
            different += different_rows(f"{kind}s on {day}", found, versions, key, ["name", *key])
    assert not different, "\n".join(different)


def asked(connection: duckdb.DuckDBPyConnection, macro: str, *values: object) -> list[Row]:
    """The rows of a macro."""
    found = connection.execute(f"SELECT * FROM {macro}", values)
    names = [name for name, *_ in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def differences(those: list[Collected]) -> list[str]:
    """Between every table of a small lake, published in two halves, and the model."""
    different = []
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        half = len(those) // 2
        for some in (those[:half], those[half:]):
            make(lake, collect(lake, some))
            path = published(lake)
        model = recomputed(lake.root)
        with duckdb.connect(path, read_only=True) as connection:
            for table in TABLES:
                but = UNDETERMINED.get(table, ())
                different += held_to_model(connection, table, model[table], but=but)
    return different


by_chance = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True, database=None
)


@pytest.mark.slow
# Making a failure smaller takes minutes; what differs is said in any case.
@settings(by_chance, max_examples=6, derandomize=True, phases=[Phase.generate])
@given(small_lakes())
def test_any_lake_is_published_as_the_documents_say(those: list[Collected]) -> None:
    assert differences(those) == []


@pytest.mark.slow
@settings(by_chance, max_examples=150)
@given(small_lakes())
def test_many_lakes_are_published_as_the_documents_say(those: list[Collected]) -> None:
    assert differences(those) == []
