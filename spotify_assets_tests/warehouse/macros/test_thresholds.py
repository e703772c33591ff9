"""Another threshold than 30 s, and another pause than 30 minutes: as a plain count says."""

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Iterator

import duckdb
import pytest

from spotify_assets_tests.warehouse.histories import Play, moment, played, rows, tell

FIRST, LAST = dt.date(2024, 1, 5), dt.date(2024, 1, 24)
WINDOW = f"DATE '{FIRST}', DATE '{LAST}'"
BEGIN = moment("2024-01-01 06:00")


def history() -> list[Play]:
    """A thousand plays of a month: lengths about the threshold, pauses about half an hour."""
    draw = random.Random(20)  # noqa: S311 - the same at each run
    at, told = BEGIN, []
    for _ in range(1000):
        ms = draw.choice([1, 5_000, 29_999, 30_000, 45_000, 59_999, 60_000, 180_000])
        gap = draw.choice([0, 1, 9, 10, 11, 29, 30, 31, 45, 60, 90, 240])
        at += dt.timedelta(minutes=gap, milliseconds=ms)
        told.append(
            Play(
                at,
                name=f"Song {draw.randrange(8)}",
                artist=f"Band {draw.randrange(3)}",
                kind=draw.choice(["music"] * 9 + ["podcast"]),
                # Nobody knows how long it was: it counts, whatever the threshold.
                ms_played=draw.choice([ms] * 9 + [None]),
                is_shuffle=draw.choice([True, False, None]),
            )
        )
    return told


TOLD = history()


@pytest.fixture(scope="module")
def told(warehouse: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    tell(warehouse, TOLD)
    yield warehouse
    tell(warehouse, [])


def counted(min_seconds: float, first: dt.date = FIRST, last: dt.date = LAST) -> list[Play]:
    return [
        play
        for play in TOLD
        if first <= play.at.date() <= last
        and play.kind == "music"
        and (play.ms_played is None or play.ms_played >= 1000 * min_seconds)
    ]


@pytest.mark.parametrize("seconds", [0, 10, 29.999, 30, 60, 61, 10_000])
def test_music_counts_from_another_length_on(
    told: duckdb.DuckDBPyConnection, seconds: float
) -> None:
    of_window = counted(seconds)

    def plays(answer: str, *more: str) -> dict[object, int]:
        arguments = ", ".join([*more, WINDOW, f"min_seconds := {seconds}"])
        found = told.execute(f"FROM listening.{answer}({arguments})")
        names = [column[0] for column in found.description or []]
        key = next(n for n in ("day", "hour", "weekday", "value", "part", "name") if n in names)
        return {
            row[names.index(key)]: row[names.index("plays")]
            for row in found.fetchall()
            if row[names.index("plays")]
        }

    assert plays("by_day") == Counter(play.at.date() for play in of_window)
    assert plays("by_hour") == Counter(play.at.hour for play in of_window)
    assert plays("by_weekday") == Counter(play.at.isoweekday() for play in of_window)
    shuffled = {True: "shuffle", False: "in order", None: None}
    assert plays("by_context", "'shuffle'") == Counter(shuffled[p.is_shuffle] for p in of_window)
    [(genre, plays_of)] = told.execute(
        f"SELECT genre, plays FROM listening.genres({WINDOW}, min_seconds := {seconds})"
    ).fetchall()
    assert (genre, plays_of) == (None, len(of_window))
    artists = Counter(play.artist for play in of_window)
    assert plays("ranking", "'artist'") == artists
    assert plays("top_artists") == artists
    assert plays("first_and_last", "'artist'") == artists
    names = Counter((play.name, play.artist) for play in of_window)
    found = told.execute(
        f"SELECT name, artist, plays FROM listening.top_tracks({WINDOW}, min_seconds := {seconds})"
    ).fetchall()
    assert {(name, artist): n for name, artist, n in found} == names
    albums = told.execute(f"FROM listening.top_albums({WINDOW}, min_seconds := {seconds})")
    assert len(albums.fetchall()) == len(artists)
    by_hour = told.execute(
        f"SELECT part, sum(plays) FROM listening.top_by('hour', 'track', {WINDOW}, n := 100, "
        f"min_seconds := {seconds}) GROUP BY part"
    ).fetchall()
    assert dict(by_hour) == Counter(play.at.hour for play in of_window)


@pytest.mark.parametrize("seconds", [10, 30, 60])
def test_movement_is_against_a_window_with_the_same_threshold(
    told: duckdb.DuckDBPyConnection, seconds: int
) -> None:
    days = (LAST - FIRST).days + 1
    first = FIRST + dt.timedelta(days=days)
    window = f"DATE '{first}', DATE '{first + dt.timedelta(days=days - 1)}'"
    before = counted(seconds)
    ranks = told.execute(
        f"SELECT name, artist, previous_rank FROM listening.top('track', {window}, n := 100, "
        f"min_seconds := {seconds})"
    ).fetchall()
    was = told.execute(
        f"SELECT name, artist, rank FROM listening.ranking('track', {WINDOW}, "
        f"min_seconds := {seconds})"
    ).fetchall()
    known = {(name, artist): rank for name, artist, rank in was}
    assert set(known) == {(play.name, play.artist) for play in before}
    assert ranks
    assert all(known.get((name, artist)) == rank for name, artist, rank in ranks)


@pytest.mark.parametrize("seconds", [10, 30, 60])
def test_a_day_of_a_streak_has_a_play_of_that_length(
    told: duckdb.DuckDBPyConnection, seconds: int
) -> None:
    every = {play.at.date() for play in counted(seconds, dt.date.min, dt.date.max)}
    runs, day = [], min(every)
    while day <= max(every):
        length = sum(1 for _ in itertools.takewhile(every.__contains__, _days_from(day)))
        if length:
            runs.append((day, length))
        day += dt.timedelta(days=length or 1)
    found = told.execute(
        f"SELECT first_day, days FROM listening.streaks(1000, min_seconds := {seconds})"
    ).fetchall()
    assert sorted(found) == runs


def _days_from(day: dt.date) -> Iterator[dt.date]:
    return (day + dt.timedelta(days=n) for n in itertools.count())


@pytest.mark.parametrize("gap", [0, 10, 29, 30, 31, 60, 24 * 60])
@pytest.mark.parametrize("seconds", [30, 60])
def test_another_pause_ends_a_session(
    told: duckdb.DuckDBPyConnection, gap: int, seconds: int
) -> None:
    """A session is of plays of every class; those that count are told of it."""
    sessions: list[list[Play]] = []
    for play in TOLD:
        if not sessions or play.began_at - sessions[-1][-1].at > dt.timedelta(minutes=gap):
            sessions.append([])
        sessions[-1].append(play)
    wanted = []
    for number, session in enumerate(sessions, 1):
        told_of = [
            play
            for play in session
            if play.kind == "music" and (play.ms_played is None or play.ms_played >= 1000 * seconds)
        ]
        if told_of and FIRST <= session[0].at.date() <= LAST:
            wanted.append((number, len(told_of), told_of[-1].at))
    found = told.execute(
        f"SELECT session, plays, ended_at FROM listening.sessions({WINDOW}, "
        f"gap_minutes := {gap}, min_seconds := {seconds})"
    ).fetchall()
    assert found == wanted


def test_sessions_of_30_minutes_are_those_of_the_import(told: duckdb.DuckDBPyConnection) -> None:
    known = "SELECT ended_at, item_key, session FROM listening.plays_by_session(gap_minutes := "
    # A little more is numbered anew; no pause is so long.
    anew, kept = (told.execute(f"{known}{gap})").fetchall() for gap in ("30.000001", "30"))
    assert sorted(anew) == sorted(kept)
    fact = told.execute("SELECT ended_at, item_key, session FROM star.fact_play").fetchall()
    assert sorted(kept) == sorted(fact)


def test_on_this_day_takes_the_threshold(connection: duckdb.DuckDBPyConnection) -> None:
    tell(connection, played("2023-05-01 10:00", ms_played=40_000))
    answer = "FROM listening.on_this_day(DATE '2024-05-01'"
    assert len(rows(connection, f"{answer})")) == 1
    assert rows(connection, f"{answer}, min_seconds := 60)") == []


def test_the_class_of_a_play_follows_the_threshold(connection: duckdb.DuckDBPyConnection) -> None:
    asked = "SELECT listening.play_class('music', 40000, NULL, '{}', false, min_seconds := {})"
    for reason, seconds, found in (
        ("trackdone", 30, "counted"),
        ("trackdone", 41, "short"),
        ("fwdbtn", 41, "skipped"),
        ("fwdbtn", 40, "counted"),
    ):
        assert connection.execute(asked.format(reason, seconds)).fetchone() == (found,)
