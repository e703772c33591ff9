"""Chances to enter Spotify's playlists: from lists alone, scored, or too little to say."""

import datetime as dt

import polars as pl
import pytest

from spotify_assets.learning.releases.playlists import (
    DAYS_AHEAD,
    MIN_ENTRIES,
    MIN_WINDOWS,
    playlist_triggers,
)
from spotify_assets.schemas.predictions import PlaylistTriggers
from spotify_assets.schemas.releases import FactPlaylistWindow
from spotify_assets_tests.learning.releases.labels import FILE, FIRST, releases_of

OTHER = ("Late Trains", "curator")
RADAR, WEEKLY = "Release Radar", "Discover Weekly"


def lists(
    *windows: tuple[str, int, tuple[str, ...]], author: str = "Spotify", window: str = "28day"
) -> pl.DataFrame:
    """Lists of playlists: release, number of the window (28 days each), Spotify's playlists."""
    rows = [
        {
            **{"release_id": release_id, "window_name": window, "playlist": playlist},
            **{"downloaded_on": FIRST + dt.timedelta(days=28 * number), "author": by},
            **{"added_on": None, "listeners": 5, "streams": 9, **FILE},
        }
        for release_id, number, names in windows
        for playlist, by in (OTHER, *((name, author) for name in names))
    ]
    return pl.DataFrame(rows, schema=FactPlaylistWindow.polars_schema())


def told(
    playlists: pl.DataFrame, dates: dict[str, dt.date | None], playlist: str
) -> dict[str, dict[str, object]]:
    """Of each release the first of its rows."""
    rows = PlaylistTriggers.validate(playlist_triggers(playlists, releases_of(dates)))
    first = rows.filter(pl.col("playlist") == playlist).unique("release_id", keep="first")
    return {one["release_id"]: one for one in first.to_dicts()}


def day(window: int) -> dt.date:
    return FIRST + dt.timedelta(days=28 * window)


def label(
    releases: int = 12, windows: int = 6, *, new_enter: bool = True
) -> tuple[pl.DataFrame, dict[str, dt.date | None]]:
    """Releases one after another: each is on the radar in the window it comes out, or never."""
    rows = [
        (f"r{number}", number + age, (RADAR,) if new_enter and age == 0 else ())
        for number in range(releases)
        for age in range(windows)
    ]
    return lists(*rows), {f"r{n}": day(n) - dt.timedelta(days=9) for n in range(releases)}


def test_what_enters_when_it_comes_out_and_never_later_is_told_apart() -> None:
    playlists, dates = label()
    dates["next"] = day(16) + dt.timedelta(days=5)
    found = told(playlists, dates, RADAR)
    old, new = found["r0"], found["next"]
    assert old["method"] == new["method"] == "new releases apart"
    assert isinstance(new["probability"], float)
    assert isinstance(old["probability"], float)
    assert new["probability"] > 5 * old["probability"]
    assert isinstance(new["brier"], float)
    assert isinstance(new["base_brier"], float)
    assert new["brier"] < new["base_brier"]
    assert new["date"] == dates["next"]


def test_what_enters_by_chance_alone_has_the_base_rate_and_its_score() -> None:
    rows = [
        (f"r{number}", age, (WEEKLY,) if age >= 3 + number % 4 else ())
        for number in range(12)
        for age in range(7)
    ]
    dates: dict[str, dt.date | None] = {f"r{number}": None for number in range(12)}
    found = told(lists(*rows[:-1], ("r11", 6, ())), dates, WEEKLY)
    one = found["r11"]
    assert one["status"] == "predicted"
    assert one["method"] == "all windows"
    assert one["probability"] == one["base_rate"]
    assert one["brier"] == one["base_brier"]
    assert found["r0"]["status"] == "on it"
    assert found["r0"]["probability"] is None


def test_each_of_the_28_days_after_the_last_list_has_a_row() -> None:
    playlists, dates = label(releases=3)
    rows = playlist_triggers(playlists, releases_of(dates))
    assert rows.height == 3 * 2 * DAYS_AHEAD
    of_first = rows.filter((pl.col("release_id") == "r0") & (pl.col("playlist") == WEEKLY))
    assert of_first["known_until"].unique().to_list() == [day(5)]
    assert of_first["date"].min() == day(5) + dt.timedelta(days=1)
    assert of_first["date"].max() == day(6)


@pytest.mark.parametrize(
    ("playlists", "dates"),
    [
        label(releases=MIN_ENTRIES - 1, windows=12),
        label(releases=6, windows=4),
        label(new_enter=False),
    ],
    ids=("too few entries", "too few windows", "no entry at all"),
)
def test_too_few_windows_or_entries_give_no_number(
    playlists: pl.DataFrame, dates: dict[str, dt.date | None]
) -> None:
    for one in told(playlists, dates, RADAR).values():
        assert one["status"] in ("too little data", "on it")
        assert one["probability"] is None
        assert one["status"] == "on it" or str(MIN_WINDOWS) in str(one["needs"])


@pytest.mark.parametrize("how", [{"author": "somebody"}, {"window": "lifetime"}])
def test_somebody_elses_playlist_of_that_name_and_lists_without_a_window_say_nothing(
    how: dict[str, str],
) -> None:
    rows = [(f"r{n}", n + age, (RADAR,)) for n in range(12) for age in range(6)]
    found = told(lists(*rows, **how), {f"r{n}": day(n) for n in range(12)}, RADAR)
    assert {one["entries"] for one in found.values()} <= {0}


def test_without_lists_there_is_nothing() -> None:
    assert playlist_triggers(lists(), releases_of({"r": FIRST})).is_empty()
