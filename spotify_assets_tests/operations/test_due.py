import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition
from spotify_assets.operations.due import LAST_TABLE, due, is_complete, stalest_first
from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.lake.partition_files import prepare, write_partition
from spotify_assets_tests.lake.samples import TERMS, answer, question
from spotify_assets_tests.transforms.answers import seal, search
from spotify_assets_tests.transforms.music import found

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def collected(lake: Lake, genre: str, date: dt.date) -> None:
    """As far as it can be told without looking into the files."""
    day = GenreDay(genre, date)
    with RawPartition(lake, day).journal(TERMS) as journal:
        journal.append(question(), answer())
        RawPartition(lake, day).seal(journal)
    write_partition(lake, LAST_TABLE, day, pl.DataFrame({"date": [date]}))


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_day_whose_raw_file_is_not_as_long_as_it_was_is_not_complete(
    lake: Lake, damage: str
) -> None:
    day = GenreDay("rock", TODAY)
    collected(lake, "rock", TODAY)
    sealed = RawPartition(lake, day).latest()
    assert sealed
    if damage == "missing":
        sealed.path.unlink()
    else:
        sealed.path.write_bytes(sealed.path.read_bytes()[:-1])

    assert not is_complete(lake, day)
    assert [one.genre_day for one in due(lake, ["rock"], TODAY)] == [day]


def test_the_genre_that_has_waited_longest_comes_first(lake: Lake) -> None:
    collected(lake, "rock", TODAY - dt.timedelta(days=1))
    collected(lake, "samba", TODAY - dt.timedelta(days=9))
    collected(lake, "samba", TODAY - dt.timedelta(days=3))

    assert stalest_first(lake, ["rock", "samba", "pop"]) == ["pop", "samba", "rock"]
    assert [one.genre_day.genre for one in due(lake, ["rock", "samba", "pop"], TODAY)] == [
        "pop",
        "samba",
        "rock",
    ]


def test_a_complete_genre_is_not_due(lake: Lake) -> None:
    collected(lake, "rock", TODAY)

    assert is_complete(lake, GenreDay("rock", TODAY))
    assert due(lake, ["rock"], TODAY) == []
    assert [one.last_day for one in due(lake, ["rock"], TODAY + dt.timedelta(days=1))] == [TODAY]


@pytest.mark.parametrize("has_all_pages", [True, False])
def test_a_day_that_lacks_pages_is_due_again(
    lake: Lake, tmp_path: Path, has_all_pages: bool
) -> None:
    collected(lake, "rock", TODAY)
    answers = [
        search(found(tracks=[])),
        search({} if not has_all_pages else found(tracks=[]), page=1),
    ]
    tables = process([seal(tmp_path / "raw", *answers, genre="rock", date=TODAY)])
    table = "processed.extracts"
    write_partition(lake, table, GenreDay("rock", TODAY), tables[table])

    assert is_complete(lake, GenreDay("rock", TODAY)) == has_all_pages
    assert len(due(lake, ["rock"], TODAY)) == (not has_all_pages)


def test_of_genres_that_wait_alike_the_begun_one_comes_first(lake: Lake) -> None:
    with RawPartition(lake, GenreDay("samba", TODAY)).journal(TERMS) as journal:
        journal.append(question(), answer())

    waiting = due(lake, ["rock", "samba"], TODAY)

    assert [(one.genre_day.genre, one.is_under_way) for one in waiting] == [
        ("samba", True),
        ("rock", False),
    ]


def test_a_day_that_a_run_works_on_is_not_complete(lake: Lake) -> None:
    collected(lake, "rock", TODAY)
    prepare(lake, GenreDay("rock", TODAY))

    assert not is_complete(lake, GenreDay("rock", TODAY))
