"""What a publication makes of the partitions that changed is what it would make of all of them."""

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake, months
from spotify_assets.schemas import LAKE
from spotify_assets.warehouse.publish import publish
from spotify_assets_tests.warehouse.conftest import MONDAY, write_genre_day

GENRES = ("rock", "samba")
TABLES = [*LAKE, *(contract.table() for contract in queries())]

days = st.builds(
    GenreDay,
    st.sampled_from(GENRES),
    st.integers(0, 3).map(lambda number: MONDAY + dt.timedelta(days=number)),
)
rankings = st.lists(st.sampled_from("abcde"), unique=True, max_size=4)
MERGE, DELETE = "merge", "delete"
Change = list[str] | str
changes = st.lists(
    st.tuples(days, st.just(DELETE) | st.just(MERGE) | rankings), min_size=1, max_size=3
)


def change(lake: Lake, day: GenreDay, what: Change) -> None:
    """Write a genre-day, take it away, or merge its month."""
    if what == MERGE:
        months.merge(lake, day)
    elif what == DELETE:
        months.unmerge_all(lake, day)
        for table in LAKE:
            shutil.rmtree(lake.partition(table, day), ignore_errors=True)
    else:
        write_genre_day(lake, day, what)


def contents(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(database, read_only=True) as connection:
        return {table: connection.sql(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES}


@settings(deadline=None, max_examples=6)
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
    publish(lake, folder / "anew.duckdb", queries())
    assert contents(folder / "grown.duckdb") == contents(folder / "anew.duckdb")
