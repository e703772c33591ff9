"""The answers that are translated give the same rows in DuckDB and in PostgreSQL."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql import answers
from spotify_assets.warehouse.databases.postgresql.ddl import quoted
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.publishing import publish
from spotify_assets.warehouse.macros import macros
from spotify_assets_tests.warehouse.databases.postgresql.conftest import Ask

CATALOG = {
    "rankings.top_tracks_as_of": "('rock', DATE '2026-11-18', 2)",
    "rankings.top_artists_as_of": "('rock', DATE '2026-11-17', 50)",
    "star.artists_as_of": "(DATE '2026-11-17')",
    "star.tracks_as_of": "(DATE '2026-11-16')",
    "star.track_daily": "",
    "star.artist_daily": "",
}
WINDOW = "(DATE '2026-01-06', DATE '2026-01-20'{})"
LISTENING = {
    "star.fact_recently_played": "",
    "star.plays": "",
    **{
        f"listening.{name}": WINDOW.format("")
        for name in (
            *("by_day", "by_hour", "by_weekday", "coverage_between", "coverage_by_day"),
            *("coverage_by_month", "discovery", "plays_between", "skip_rate"),
            *("top_tracks", "top_artists", "top_albums"),
        )
    },
    "listening.top": "('track', DATE '2026-01-06', DATE '2026-01-08', 2)",
    "listening.ranking": "('album', DATE '2026-01-01', DATE '2026-01-31')",
}
SCALARS = {
    "listening.time_zone": "()",
    "listening.local_time": "(TIMESTAMP '2018-02-18 01:30:00')",
    # Here clocks went forward at midnight, and back.
    "listening.day_start": "(DATE '2018-11-04')",
    "listening.is_skip": "(false, 'fwdbtn')",
    "listening.play_class": "('music', 29999, NULL, 'fwdbtn', NULL)",
    "listening.coverage_of_two": "('complete', 'polled')",
    "listening.previous_from": "(DATE '2026-01-08', DATE '2026-01-20')",
    "listening.ranking_key": "('album', 'r', 'a', NULL)",
}
IN_OTHER_WORDS = {"listening.coverage_of"}
"""An aggregate in DuckDB, and a function of an array in PostgreSQL; others use it."""


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    found = Layers().places([*answers.translated()])
    return {name: quoted(*place) for name, place in found.items()}


def test_each_translated_answer_is_asked_here() -> None:
    asked = {*CATALOG, *LISTENING, *SCALARS, *IN_OTHER_WORDS}
    assert asked == {*answers.translated()}
    assert {*answers.only_in_duckdb(), *asked} == {*macros()}


def test_the_answers_are_the_same_rows_in_the_same_order(
    published: SecretStr, database: Path, ask: Ask, places: dict[str, str]
) -> None:
    with duckdb.connect(database, read_only=True) as connection:
        for name, values in {**CATALOG, **LISTENING}.items():
            here = connection.execute(f"SELECT * FROM {name}{values}").fetchall()
            there = ask(f"SELECT * FROM {places[name]}{values}")
            assert here, name
            if "ORDER BY" in macros()[name].rpartition("FROM")[2]:
                assert there == here, name
            assert sorted(map(repr, there)) == sorted(map(repr, here)), name
            asked = connection.execute(f"DESCRIBE SELECT * FROM {name}{values}").fetchall()
            assert names_of(ask, f"{places[name]}{values}") == [column for column, *_ in asked]
        for name, values in SCALARS.items():
            (value,) = connection.execute(f"SELECT {name}{values}").fetchall()
            assert ask(f"SELECT {places[name]}{values}") == [value], name


def names_of(ask: Ask, source: str) -> list[Any]:
    ask(f"CREATE VIEW public.asked AS SELECT * FROM {source}")
    found = ask(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'asked' "
        "ORDER BY ordinal_position"
    )
    ask("DROP VIEW public.asked")
    return [name for (name,) in found]


def test_each_answer_says_what_it_is(published: SecretStr, ask: Ask) -> None:
    functions = ask(
        "SELECT proname, obj_description(oid, 'pg_proc') FROM pg_proc "
        "WHERE pronamespace = 'gold'::regnamespace"
    )
    assert len(functions) > 20
    assert all(comment for _, comment in functions), functions


def test_another_time_zone_is_a_migration(published: SecretStr, database: Path, ask: Ask) -> None:
    sent = publish(published, Structure.of(Layers(), "Asia/Tokyo"), database)
    assert sent.migration
    assert ask("SELECT gold.listening_time_zone()") == [("Asia/Tokyo",)]
