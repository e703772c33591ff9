"""Two listeners in one data folder are noticed; nobody is named."""

from collections.abc import Iterator

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets.warehouse.quality.one_listener import doubts
from spotify_assets_tests.warehouse.telling import export, in_memory, load_plays, track

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def base() -> Iterator[duckdb.DuckDBPyConnection]:
    with in_memory() as connection:
        yield connection


def test_24_hours_in_a_day_are_one_listener(lake: Lake, base: duckdb.DuckDBPyConnection) -> None:
    export(lake, [track("23:59:59", ms=24 * HOUR_MS, username="ouvinte")])
    load_plays(lake, base)
    assert not doubts(base)
    assert doubts(base).warnings == []


def test_more_than_24_hours_in_a_day_are_a_doubt(
    lake: Lake, base: duckdb.DuckDBPyConnection
) -> None:
    export(lake, [track("23:00:00", ms=20 * HOUR_MS), track("23:30:00", "two", ms=7 * HOUR_MS)])
    load_plays(lake, base)
    [warning] = doubts(base).warnings
    assert "2026-01-05" in warning
    assert "27.0 h" in warning


def test_exports_of_two_accounts_are_a_doubt_that_names_neither(
    lake: Lake, base: duckdb.DuckDBPyConnection
) -> None:
    export(lake, [track("20:00:00", username="maria_inventada")])
    export(lake, [track("20:30:00", "two", username="joao_inventado")])
    load_plays(lake, base)
    [warning] = doubts(base).warnings
    assert "2 accounts" in warning
    assert "inventad" not in warning
