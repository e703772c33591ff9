"""What a publication makes of the partitions that changed is what it would make of all of them."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake, upkeep
from spotify_assets.schemas import LAKE
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.warehouse.conftest import MONDAY, write_genre_day

GENRES = ("rock", "samba")
TABLES = [*LAKE, *(contract.table() for contract in queries())]

days = st.builds(
    GenreDay,
    st.sampled_from(GENRES),
    st.integers(0, 3).map(lambda number: MONDAY + dt.timedelta(days=number)),
)
rankings = st.lists(st.sampled_from("abcdABC"), unique_by=str.lower, max_size=4)
"""A capital is another name of the same."""
MERGE, DELETE = "merge", "delete"
Change = list[str] | str
changes = st.lists(
    st.tuples(days, st.just(DELETE) | st.just(MERGE) | rankings), min_size=1, max_size=3
)


def change(lake: Lake, day: GenreDay, what: Change) -> None:
    """Write a genre-day, take it away, or merge its month."""
    if what == MERGE:
        upkeep.compact(lake, day.genre, day.date)
    elif what == DELETE:
        upkeep.purge(lake, day.genre, {day.date})
    else:
        write_genre_day(lake, day, what)


def contents(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(database, read_only=True) as connection:
        return {table: connection.sql(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES}


def names_of_facts(database: Path, kind: str) -> list[tuple[object, ...]]:
    """Of each fact its genre, day and id, with the name of the version that its key is of."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.sql(
            f"SELECT genre, date::VARCHAR, f.{kind}_id, name FROM star.fact_{kind}_daily AS f "
            f"JOIN star.dim_{kind} AS d USING ({kind}_key) ORDER BY ALL"
        ).fetchall()


# A publication takes its time: fewer than of what is pure.
@settings(max_examples=settings().max_examples // 6)
@given(st.lists(changes, min_size=1, max_size=3))
def test_publishing_change_by_change_gives_what_publishing_at_once_gives(
    tmp_path_factory: pytest.TempPathFactory, publications: list[list[tuple[GenreDay, Change]]]
) -> None:
    folder = tmp_path_factory.mktemp("changes")
    lake = Lake(folder / "lake")
    for together in publications:
        for day, what in together:
            change(lake, day, what)
        publish(lake, folder / "grown.duckdb", queries())
    publish(lake, folder / "again.duckdb", queries())
    assert contents(folder / "grown.duckdb") == contents(folder / "again.duckdb")
    for kind in ("track", "artist"):
        facts = contents(folder / "grown.duckdb")[f"star.fact_{kind}_daily"]
        named = names_of_facts(folder / "grown.duckdb", kind)
        assert len(named) == len(facts)


def test_a_fact_has_the_key_of_the_version_of_its_day_whatever_arrives_when(
    lake: Lake, database: Path
) -> None:
    tuesday = MONDAY + dt.timedelta(days=1)
    wednesday = MONDAY + dt.timedelta(days=2)
    keys: list[dict[str, int]] = []
    for date, name in ((wednesday, "A"), (tuesday, "a"), (MONDAY, "A")):
        write_genre_day(lake, GenreDay("rock", date), [name])
        publish(lake, database, queries())
        with duckdb.connect(database, read_only=True) as connection:
            found = connection.sql("SELECT date::VARCHAR, track_key FROM star.fact_track_daily")
            keys.append(dict(found.fetchall()))
            assert connection.sql(
                "SELECT t.name, b.track_key = t.track_key, b.artist_key = a.artist_key "
                "FROM star.bridge_track_artist AS b JOIN star.dim_track AS t USING (track_id) "
                "JOIN star.dim_artist AS a USING (artist_id) "
                "WHERE t.is_current AND a.is_current"
            ).fetchall() == [("A", True, True)]

    assert keys[1].items() >= keys[0].items()
    assert keys[2][str(tuesday)] == keys[1][str(tuesday)]
    assert len(set(keys[2].values())) == 3
    assert [name for *_, name in names_of_facts(database, "track")] == ["A", "a", "A"]
    with duckdb.connect(database, read_only=True) as connection:
        views = connection.sql(
            "SELECT (SELECT count(*) FROM star.track_daily), (SELECT list(name ORDER BY date) "
            "FROM star.artist_daily)"
        ).fetchall()
    assert views == [(3, ["A", "a", "A"])]
