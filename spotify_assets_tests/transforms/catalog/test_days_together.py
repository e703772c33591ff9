"""Several genre-days at once give what each gives alone, and the same each time."""

import dataclasses
import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spotify_assets.transforms.catalog.responses import RawFile, process
from spotify_assets.transforms.version import code_version
from spotify_assets_tests.transforms.accounts import Tables
from spotify_assets_tests.transforms.answers import DAY, TERMS, Answer, answer, seal, search
from spotify_assets_tests.transforms.music import album, artist, credit, found, track

PLAIN = [
    search(
        found(tracks=[track(n) for n in range(1, 41)], artists=[artist(n) for n in range(5)]),
        kinds="artist,track",
    ),
    search(found(tracks=[track(n, name=f"Again {n}") for n in range(30, 60)]), page=1),
    answer("artists", {"artists": [artist(n) for n in range(4, 20)]}),
]
SPOILED_VALUES = [
    search(found(tracks=[track(n, popularity=n * 7) for n in range(1, 30)])),
    search(found(tracks=[track(n, artists=[credit(n, id=None)]) for n in range(20, 50)]), page=1),
]
SPOILED_SHAPES = [
    search(found(tracks=[track(1), 5, track(2, album=5), track(3, artists=[5, credit(3)])])),
    search({}, kinds="artist,track"),
    search(b"", page=1),
    answer("albums", {"albums": [album(1), None, "x"]}),
]


@pytest.fixture
def days(tmp_path: Path) -> list[RawFile]:
    """The same answers under several genres and days: the ids are the same in all."""
    other_day = DAY + dt.timedelta(days=1)
    return [
        seal(tmp_path, *PLAIN, genre="axé"),
        seal(tmp_path, *SPOILED_SHAPES, genre="brega"),
        seal(tmp_path, *PLAIN, *SPOILED_VALUES, genre="choro"),
        seal(tmp_path, *SPOILED_VALUES, genre="axé", date=other_day),
        seal(tmp_path, genre="brega", date=other_day),
    ]


def of(tables: Tables, day: RawFile) -> Tables:
    return {name: rows.filter(genre=day.genre, date=day.date) for name, rows in tables.items()}


def assert_same(one: Tables, other: Tables) -> None:
    assert set(one) == set(other)
    for name, rows in one.items():
        assert_frame_equal(rows, other[name])


def test_genre_days_at_once_are_as_each_alone(days: list[RawFile]) -> None:
    at_once = process(days)
    for day in days[1:4]:
        assert_same(of(at_once, day), process([day]))


def test_a_misfit_elsewhere_changes_nothing_of_a_good_day(days: list[RawFile]) -> None:
    plain, misfit, *_ = days
    assert_same(process([plain]), of(process([misfit, plain]), plain))


def test_the_order_of_the_files_does_not_matter(days: list[RawFile]) -> None:
    assert_same(process(days), process(days[::-1]))


def test_the_same_input_gives_the_same_frames_in_the_same_order(days: list[RawFile]) -> None:
    assert_same(process(days), process(days, threads=4))


def test_what_is_unusable_is_in_order_too(tmp_path: Path) -> None:
    answers = [search(b"" if n % 3 else b"{}", kinds="artist,track", page=n) for n in range(30)]
    files = [seal(tmp_path, *answers, genre=genre) for genre in ("choro", "axé")]
    rows = process(files, threads=4)["quarantine.rows"]

    assert len(rows) == 2 * (20 + 2 * 10)
    assert_frame_equal(rows, rows.sort("genre", "date", "source_line", "source_pointer"))


def test_a_day_says_what_was_asked_of_it(tmp_path: Path) -> None:
    terms = dataclasses.replace(TERMS, market="PT", artists=7, tracks=0)
    answers: list[Answer] = [
        search(found(tracks=[], artists=[]), kinds="artist,track"),
        search(found(tracks=[]), page=1),
        dataclasses.replace(search(b"", page=5), status=500),
        answer("tracks", {"tracks": [track(1)]}),
        search(b"<html>"),
    ]
    (day,) = process([seal(tmp_path, *answers, terms=terms)])["processed.extracts"].iter_rows(
        named=True
    )

    assert day == {
        "genre": "forró",
        "date": DAY,
        "source": "sandbox",
        "market": "PT",
        "artists_wanted": 7,
        "tracks_wanted": 0,
        "artists_asked": 50,
        "tracks_asked": 100,
        "responses": 5,
        "refused_responses": 1,
        "unreadable_responses": 1,
        "is_complete": False,
        "source_file": day["source_file"],
        "code_version": code_version(),
    }


def depths(folder: Path, *answers: Answer) -> tuple[int, int]:
    """Of artists and of tracks."""
    (day,) = process([seal(folder, *answers)])["processed.extracts"].iter_rows(named=True)
    return day["artists_asked"], day["tracks_asked"]


def test_a_page_whose_list_did_not_come_was_not_asked(tmp_path: Path) -> None:
    both = "artist,track"
    for number, corrupted in enumerate((b"<html>", {}, {"tracks": {"items": None}})):
        page = search(found(tracks=[], artists=[]), kinds=both)
        last = search(corrupted, page=1, kinds=both)
        assert depths(tmp_path / str(number), page, last) == (50, 50)


def test_a_hole_ends_what_was_asked_and_a_page_that_came_again_closes_it(tmp_path: Path) -> None:
    first, last = search(found(tracks=[])), search(found(tracks=[]), page=2)
    broken, good = search(b"", page=1), search(found(tracks=[]), page=1)
    assert depths(tmp_path / "hole", first, broken, last) == (0, 50)
    assert depths(tmp_path / "no first", broken, last) == (0, 0)
    assert depths(tmp_path / "closed", first, broken, last, good) == (0, 150)


def test_nothing_at_all_is_no_row(tmp_path: Path) -> None:
    tables = process([seal(tmp_path, genre="axé")])
    assert {name: len(rows) for name, rows in tables.items() if not rows.is_empty()} == {
        "processed.extracts": 1,
        "processed.reconciliation": 5,
    }
    assert tables["processed.reconciliation"].select(pl.sum("received")).item() == 0
