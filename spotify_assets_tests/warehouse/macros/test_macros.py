import datetime as dt
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.schemas.listening import CLASSES, COVERAGES
from spotify_assets.warehouse import macros as package
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.macros import create_macros, macros
from spotify_assets_tests.warehouse.histories import (
    MINUTE_MS,
    Play,
    column,
    date,
    empty_warehouse,
    live_in,
    moment,
    played,
    rows,
    tell,
)

SAO_PAULO = "America/Sao_Paulo"
BERLIN = "Europe/Berlin"
ZONES = (
    "UTC",
    SAO_PAULO,
    BERLIN,
    "America/Havana",  # midnight strikes twice
    "America/St_Johns",  # changed at one minute past midnight
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Casablanca",  # four changes in some years
    "Asia/Beirut",
)
FIRST = dt.date(2024, 1, 1)


# What is made


@pytest.mark.parametrize("seed", ["1", "2"])
def test_macros_are_made_in_the_same_order_by_every_process(seed: str) -> None:
    """Else each publication would take the file for one of another definition."""
    order = "from spotify_assets.warehouse.macros import macros; print(*macros())"
    made = subprocess.run(
        [sys.executable, "-c", order],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.split() == list(macros())


def test_every_file_is_made_and_commented_by_its_first_lines(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    files = {file.stem for file in Path(package.__file__).parent.rglob("*.sql")}
    assert files == set(macros())
    ours = "schema_name IN ('star', 'listening', 'rankings')"
    comments = dict(
        connection.execute(
            f"SELECT schema_name || '.' || function_name, comment FROM duckdb_functions() "
            f"WHERE {ours} UNION ALL "
            f"SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE {ours}"
        ).fetchall()
    )
    assert set(comments) == files
    assert all(comments.values())
    assert comments["listening.by_hour"].startswith(
        "What was played in each hour of the listener's day. Grain: one of 24 hours."
    )


def test_an_unknown_time_zone_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(WarehouseError, match=r"'Mars/Olympus' is no time zone.*IANA"):
        create_macros(connection, "Mars/Olympus")


def test_answers_survive_a_copy_of_the_database(tmp_path: Path) -> None:
    """As a publication that compacts the file makes it."""
    with empty_warehouse(BERLIN) as connection:
        tell(connection, played("2024-07-01 22:30"))
        connection.execute(f"ATTACH '{tmp_path / 'copy.duckdb'}' AS copied")
        connection.execute("COPY FROM DATABASE memory TO copied")
    with duckdb.connect(tmp_path / "copy.duckdb", read_only=True) as copy:
        assert column(copy, "plays", "listening.top_tracks('2024-07-02', '2024-07-02')") == [1]
        assert column(copy, "local_date", "star.plays") == [date("2024-07-02")]


# The class of a play


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        (Play(moment("2024-01-01")), "counted"),
        (Play(moment("2024-01-01"), ms_played=30_000), "counted"),
        (Play(moment("2024-01-01"), ms_played=29_999), "short"),
        (Play(moment("2024-01-01"), ms_played=29_999, is_skipped=True), "skipped"),
        (Play(moment("2024-01-01"), ms_played=1, reason_end="fwdbtn"), "skipped"),
        (Play(moment("2024-01-01"), ms_played=1, reason_end="backbtn"), "skipped"),
        (Play(moment("2024-01-01"), ms_played=1, reason_end="nextbtn"), "skipped"),
        (Play(moment("2024-01-01"), ms_played=1, reason_end="prevbtn"), "skipped"),
        (Play(moment("2024-01-01"), ms_played=1, reason_end=None), "short"),
        (Play(moment("2024-01-01"), is_skipped=True), "counted"),
        (Play(moment("2024-01-01"), ms_played=None, reason_end=None), "counted"),
        (Play(moment("2024-01-01"), is_incognito=None), "counted"),
        (Play(moment("2024-01-01"), ms_played=1, is_incognito=True), "incognito"),
        (Play(moment("2024-01-01"), kind="podcast", is_incognito=True), "podcast"),
        (Play(moment("2024-01-01"), kind="audiobook", ms_played=1), "audiobook"),
        (Play(moment("2024-01-01"), kind="local_file"), "local_file"),
    ],
)
def test_the_class_of_a_play(
    connection: duckdb.DuckDBPyConnection, play: Play, expected: str
) -> None:
    tell(connection, [play])
    assert column(connection, "class", "star.plays") == [expected]
    of_class = [
        name
        for name in CLASSES
        if rows(connection, "FROM listening.plays_between('2024-01-01', '2024-01-01', [?])", name)
    ]
    assert of_class == [expected]


# The listener's time


def test_a_window_goes_from_local_midnight_to_local_midnight(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    live_in(connection, SAO_PAULO)
    tell(
        connection,
        [
            Play(moment("2024-05-01 02:59:59"), name="the day before"),
            Play(moment("2024-05-01 03:00:00"), name="first"),
            Play(moment("2024-05-03 02:59:59"), name="last"),
            Play(moment("2024-05-03 03:00:00"), name="the day after"),
        ],
    )
    names = column(connection, "name", "listening.top_tracks('2024-05-01', '2024-05-02')")
    assert sorted(names) == ["first", "last"]


def test_a_day_without_midnight_begins_when_clocks_go_forward(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    live_in(connection, SAO_PAULO)
    tell(connection, played("2018-11-04 02:59:00", "2018-11-04 03:00:00"))
    by_day = rows(connection, "FROM listening.by_day('2018-11-03', '2018-11-04')")
    assert [(row["day"].day, row["plays"]) for row in by_day] == [(3, 1), (4, 1)]
    by_hour = column(connection, "plays", "listening.by_hour('2018-11-03', '2018-11-04')")
    assert [hour for hour, plays in enumerate(by_hour) if plays] == [1, 23]


def test_the_hour_that_clocks_repeat_counts_twice(connection: duckdb.DuckDBPyConnection) -> None:
    live_in(connection, BERLIN)
    tell(connection, played("2024-10-27 00:30", "2024-10-27 01:30", "2024-10-27 02:30"))
    by_hour = column(connection, "plays", "listening.by_hour('2024-10-27', '2024-10-27')")
    assert (by_hour[1], by_hour[2], by_hour[3]) == (0, 2, 1)


def test_the_hour_that_clocks_leave_out_is_empty(connection: duckdb.DuckDBPyConnection) -> None:
    live_in(connection, BERLIN)
    tell(connection, played("2024-03-31 00:30", "2024-03-31 01:30"))
    by_hour = column(connection, "plays", "listening.by_hour('2024-03-31', '2024-03-31')")
    assert (by_hour[1], by_hour[2], by_hour[3]) == (1, 0, 1)


def test_a_day_begins_when_midnight_first_strikes(connection: duckdb.DuckDBPyConnection) -> None:
    live_in(connection, "America/Havana")
    begins = rows(connection, "SELECT listening.day_start('2018-11-04') AS begins")
    assert begins == [{"begins": moment("2018-11-04 04:00")}]


def test_a_day_that_a_place_left_out_is_not_counted(connection: duckdb.DuckDBPyConnection) -> None:
    """Samoa crossed the date line after the 29th December 2011; the next day was the 31st."""
    live_in(connection, "Pacific/Apia")
    tell(connection, played("2011-12-30 09:30", "2011-12-30 10:30"))
    by_day = rows(connection, "FROM listening.by_day('2011-12-29', '2011-12-31')")
    assert [(row["day"].day, row["plays"]) for row in by_day] == [(29, 1), (31, 1)]


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_is_the_time_of_its_date_and_no_other(
    connection: duckdb.DuckDBPyConnection, zone: str
) -> None:
    live_in(connection, zone)
    wrong = connection.execute(
        "SELECT day FROM (SELECT unnest(range(DATE '2006-01-01', DATE '2027-01-01', "
        "INTERVAL 1 DAY))::DATE AS day) "
        "WHERE listening.local_time(listening.day_start(day))::DATE <> day "
        "OR listening.local_time(listening.day_start(day) - INTERVAL 1 MICROSECOND)::DATE "
        "<> day - 1"
    ).fetchall()
    assert wrong == []


@pytest.mark.parametrize("zone", ZONES)
def test_on_a_day_without_change_the_clock_is_ahead_by_the_same_all_day(
    connection: duckdb.DuckDBPyConnection, zone: str
) -> None:
    live_in(connection, zone)
    wrong = connection.execute(
        "SELECT quarter FROM listening.utc_days('2010-01-01', '2013-12-31') "
        "CROSS JOIN (SELECT unnest(range(96)) AS number) "
        "CROSS JOIN LATERAL (SELECT utc_day + to_minutes(15 * number) AS quarter) "
        "WHERE ahead IS NOT NULL AND quarter + ahead <> listening.local_time(quarter)"
    ).fetchall()
    assert wrong == []


# Rankings


def test_top_tracks_stand_by_plays_then_time_then_name(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", "2024-01-01 11:00", name="Twice"),
            *played("2024-01-01 12:00", name="Long", ms_played=5 * MINUTE_MS),
            *played("2024-01-01 13:00", name="B"),
            *played("2024-01-01 14:00", name="A"),
        ],
    )
    top = rows(connection, "FROM listening.top_tracks('2024-01-01', '2024-01-01')")
    assert [(row["rank"], row["name"], row["plays"]) for row in top] == [
        (1, "Twice", 2),
        (2, "Long", 1),
        (3, "A", 1),
        (4, "B", 1),
    ]
    assert top[0]["ms_played"] == 6 * MINUTE_MS


def test_no_more_ranks_than_were_asked(connection: duckdb.DuckDBPyConnection) -> None:
    tell(connection, [Play(moment(f"2024-01-01 10:{m}"), name=f"{m}") for m in range(10, 20)])
    top = rows(connection, "FROM listening.top_tracks('2024-01-01', '2024-01-01', n := 3)")
    assert len(top) == 3


def test_a_recording_under_several_ids_is_one_track_by_its_most_played_name(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", name="Single", item="s", isrc="QZ1"),
            *played("2024-01-01 11:00", "2024-01-01 12:00", name="Album", item="a", isrc="QZ1"),
        ],
    )
    top = rows(connection, "FROM listening.top_tracks('2024-01-01', '2024-01-01')")
    assert [(row["name"], row["plays"]) for row in top] == [("Album", 3)]


def test_where_only_the_api_knows_a_play_the_length_of_the_track_counts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", source="api", ms_played=None),
            *played("2024-01-01 11:00", name="?", source="api", ms_played=None, duration_ms=None),
        ],
    )
    top = rows(connection, "FROM listening.top_tracks('2024-01-01', '2024-01-01')")
    assert [(row["name"], row["ms_played"]) for row in top] == [("Song", 4 * MINUTE_MS), ("?", 0)]


def test_movement_is_against_the_window_of_the_same_length_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    before, now, earlier = ("2024-01-08 10:", "2024-01-10 10:", "2024-01-01 10:")

    def plays(name: str, day: str, count: int) -> list[Play]:
        return [Play(moment(f"{day}{minute:02}"), name=name) for minute in range(count)]

    tell(
        connection,
        [
            *plays("returned", earlier, 1),
            *(plays("falls", before, 3) + plays("rises", before, 2) + plays("stays", before, 1)),
            *(plays("rises", now, 5) + plays("falls", now, 4) + plays("stays", now, 3)),
            *(plays("returned", now, 2) + plays("fresh", now, 1)),
        ],
    )
    top = rows(connection, "FROM listening.top_tracks('2024-01-10', '2024-01-11')")
    assert [(r["name"], r["previous_rank"], r["movement"], r["status"]) for r in top] == [
        ("rises", 2, 1, "up"),
        ("falls", 1, -1, "down"),
        ("stays", 3, 0, "same"),
        ("returned", None, None, "re-entry"),
        ("fresh", None, None, "new"),
    ]


def test_artists_and_albums_are_known_by_their_names(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", name="1", artist="X", album="Live"),
            *played("2024-01-01 11:00", name="2", artist="X", album="Live"),
            *played("2024-01-01 12:00", name="3", artist="Y", album="Live"),
            *played("2024-01-01 13:00", name="4", artist=None, album=None),
        ],
    )
    window = "'2024-01-01', '2024-01-01'"
    artists = rows(connection, f"FROM listening.top_artists({window})")
    assert [(row["name"], row["plays"]) for row in artists] == [("X", 2), ("Y", 1)]
    albums = rows(connection, f"FROM listening.top_albums({window})")
    assert [(r["name"], r["artist"], r["plays"]) for r in albums] == [
        ("Live", "X", 2),
        ("Live", "Y", 1),
    ]


def test_only_the_classes_that_were_asked_are_ranked(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", name="Song"),
            *played("2024-01-01 11:00", name="Talk", kind="podcast"),
            *played("2024-01-01 12:00", name="Secret", is_incognito=True),
        ],
    )
    window = "'2024-01-01', '2024-01-01'"
    assert column(connection, "name", f"listening.top_tracks({window})") == ["Song"]
    both = f"listening.top_tracks({window}, classes := ['podcast', 'incognito'])"
    assert sorted(column(connection, "name", both)) == ["Secret", "Talk"]


# Coverage


def test_an_answer_tells_one_word_for_the_days_of_its_window(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    coverage = {date("2024-01-02"): "polled", date("2024-01-03"): "partial"}
    tell(connection, played("2024-01-01 10:00"), coverage)
    for until, worst, complete in (
        ("2024-01-01", "complete", 1),
        ("2024-01-02", "polled", 1),
        ("2024-01-03", "partial", 1),
        ("2024-01-04", "partial", 1),
    ):
        (known,) = rows(connection, f"FROM listening.top_tracks('2024-01-01', '{until}')")
        days = date(until).day
        assert (known["coverage"], known["days_complete"], known["days"]) == (
            worst,
            complete,
            days,
        )


def test_a_local_day_has_the_word_for_the_days_it_touches(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    live_in(connection, SAO_PAULO)
    coverage = {date("2024-01-03"): "partial"}
    tell(connection, played("2024-01-01 10:00", "2024-01-04 10:00"), coverage)
    by_day = "listening.by_day('2024-01-01', '2024-01-04')"
    assert column(connection, "coverage", by_day) == [
        "complete",
        "partial",
        "partial",
        "partial",
    ]


@given(st.lists(st.sampled_from([*COVERAGES, None]), min_size=2, max_size=2))
def test_the_word_for_two_is_the_word_for_many_and_nothing_only_where_all_are_nothing(
    warehouse: duckdb.DuckDBPyConnection, two: list[str | None]
) -> None:
    ((two_words, many_words),) = warehouse.execute(
        "SELECT any_value(listening.coverage_of_two($1, $2)), "
        "listening.coverage_of(each) FROM (SELECT unnest([$1, $2]) AS each)",
        two,
    ).fetchall()
    words = {word or "unknown" for word in two}
    if words == {"complete", "polled"}:
        expected = "polled"
    else:
        expected = words.pop() if len(words) == 1 else "partial"
    assert two_words == many_words == expected


# Rhythm


def test_a_weekday_is_known_as_well_as_its_own_days(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tuesday = date("2024-01-02")
    tell(connection, played("2024-01-01 10:00", "2024-01-15 10:00"), {tuesday: "polled"})
    week = rows(connection, "FROM listening.by_weekday('2024-01-01', '2024-01-15')")
    assert [row["name"] for row in week][:2] == ["Monday", "Tuesday"]
    assert [(r["plays"], r["coverage"], r["days_complete"], r["days"]) for r in week][:2] == [
        (2, "complete", 3, 3),
        (0, "polled", 1, 2),
    ]


def test_a_session_belongs_to_the_window_it_began_in_as_a_whole(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    live_in(connection, BERLIN)
    tell(
        connection,
        [
            *played("2024-01-01 22:50", name="opening"),
            *played("2024-01-01 23:10", name="closing"),
            *played("2024-01-02 12:00", name="next day"),
        ],
    )
    (session,) = rows(connection, "FROM listening.sessions('2024-01-01', '2024-01-01')")
    assert session["started_at"] == moment("2024-01-01 23:47")
    assert session["ended_at"] == moment("2024-01-02 00:10")
    assert (session["plays"], session["minutes"]) == (2, 6.0)
    assert (session["first_track"], session["last_track"]) == ("opening", "closing")
    assert session["coverage"] == "complete"
    following = "listening.sessions('2024-01-02', '2024-01-02')"
    assert column(connection, "first_track", following) == ["next day"]


def test_a_streak_is_a_run_of_local_days(connection: duckdb.DuckDBPyConnection) -> None:
    live_in(connection, SAO_PAULO)
    tell(
        connection,
        # In Sao Paulo: the 1st, 2nd and 3rd; then the 5th.
        played("2024-01-02 01:00", "2024-01-02 12:00", "2024-01-04 02:00", "2024-01-05 12:00"),
        {date("2024-01-10"): "complete"},
    )
    found = rows(connection, "FROM listening.streaks()")
    assert [(row["first_day"].day, row["last_day"].day, row["days"]) for row in found] == [
        (1, 3, 3),
        (5, 5, 1),
    ]
    assert not any(row["is_current"] for row in found)


def test_the_current_streak_reaches_the_last_day_asked_or_the_day_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    plays = played("2024-01-01 10:00", "2024-01-03 10:00", "2024-01-04 10:00")
    tell(connection, plays, {date("2024-01-05"): "polled"})
    assert column(connection, "is_current", "listening.streaks()") == [True, False]
    tell(connection, plays, {date("2024-01-06"): "polled"})
    assert column(connection, "is_current", "listening.streaks()") == [False, False]


def test_a_streak_next_to_a_day_that_is_not_known_may_be_longer(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    plays = played("2024-01-02 10:00", "2024-01-04 10:00", "2024-01-06 10:00")
    known = {date("2024-01-01"): "complete", date("2024-01-05"): "partial"}
    tell(connection, plays, known)
    found = rows(connection, "FROM listening.streaks()")
    longer = {row["first_day"].day: row["may_be_longer"] for row in found}
    assert longer == {2: False, 4: True, 6: True}


# Discovery, skips, anniversaries


def test_discovery_tells_first_plays_from_old_favourites(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2022-12-15 10:00", name="old"),
            *played("2023-12-10 10:00", name="recent"),
            *played("2024-01-05 10:00", name="old"),
            *played("2024-01-05 10:10", name="recent"),
            *played("2024-01-05 10:20", name="new"),
            *played("2024-01-05 10:30", name="new"),
        ],
    )
    december, january = rows(connection, "FROM listening.discovery('2023-12-01', '2024-01-31')")
    assert (december["month"], december["plays"], december["share_new"]) == (
        date("2023-12-01"),
        1,
        1.0,
    )
    assert (january["first_plays"], january["plays"]) == (1, 4)
    assert (january["share_new"], january["share_old_favourites"]) == (0.25, 0.25)
    assert (january["days"], january["coverage"]) == (31, "partial")


def test_a_month_without_plays_has_no_shares(connection: duckdb.DuckDBPyConnection) -> None:
    tell(connection, played("2024-01-05 10:00"))
    (february,) = rows(connection, "FROM listening.discovery('2024-02-01', '2024-02-29')")
    assert (february["plays"], february["share_new"]) == (0, None)


def test_the_skip_rate_is_of_plays_whose_end_is_known(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", name="to the end"),
            *played("2024-01-01 10:10", name="late skip", reason_end="fwdbtn"),
            *played("2024-01-01 10:20", name="early skip", ms_played=2000, is_skipped=True),
            *played("2024-01-01 10:30", name="stopped", ms_played=2000, reason_end="logout"),
            *played("2024-01-01 10:40", name="api", source="api", ms_played=None, reason_end=None),
            *played("2024-01-01 10:50", name="talk", kind="podcast", reason_end="fwdbtn"),
        ],
    )
    (month,) = rows(connection, "FROM listening.skip_rate('2024-01-01', '2024-01-31')")
    assert (month["begun"], month["end_known"], month["skipped"]) == (5, 4, 2)
    assert month["share"] == 0.5


def test_on_this_day_shows_the_same_local_day_of_earlier_years(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    live_in(connection, SAO_PAULO)
    tell(
        connection,
        [
            *played("2021-05-02 01:00", name="late on the 1st"),
            *played("2022-05-01 12:00", "2022-05-01 13:00", name="often"),
            *played("2022-05-01 14:00", name="once"),
            *played("2022-05-02 12:00", name="the 2nd"),
            *played("2024-05-01 12:00", name="today"),
        ],
        {date("2021-05-01"): "polled"},
    )
    shown = rows(connection, "FROM listening.on_this_day('2024-05-01')")
    assert [(row["year"], row["rank"], row["name"]) for row in shown] == [
        (2022, 1, "often"),
        (2022, 2, "once"),
        (2021, 1, "late on the 1st"),
    ]
    assert [row["coverage"] for row in shown] == ["complete", "complete", "polled"]


def test_the_29_february_is_held_against_leap_years_only(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(connection, played("2020-02-29 10:00", "2022-02-28 10:00", "2023-03-01 10:00"))
    assert column(connection, "year", "listening.on_this_day('2024-02-29')") == [2020]


def test_a_year_in_one_row(connection: duckdb.DuckDBPyConnection) -> None:
    tell(
        connection,
        [
            *played("2023-12-31 20:00", name="old"),
            *played("2024-03-01 10:00", "2024-03-01 10:05", "2024-03-02 10:00", name="hit"),
            *played("2024-03-03 10:00", name="old"),
            *played("2024-07-01 10:00", name="guest", artist="Other", album="Else"),
            *played("2024-07-02 10:00", name="short", ms_played=1000),
        ],
    )
    (year,) = rows(connection, "FROM listening.year_in_review(2024)")
    assert (year["year"], year["plays"], year["minutes"]) == (2024, 5, 15.0)
    assert (year["tracks"], year["artists"], year["discovered"]) == (3, 2, 2)
    assert year["top_track"] == {"name": "hit", "artist": "Band", "plays": 3}
    assert year["top_artist"] == {"name": "Band", "plays": 4}
    assert year["top_album"] == {"name": "Record", "artist": "Band", "plays": 4}
    assert year["busiest_day"] == {"day": date("2024-03-01"), "plays": 2}
    assert year["longest_streak"] == {
        "first_day": date("2024-03-01"),
        "last_day": date("2024-03-03"),
        "days": 3,
    }
    assert year["longest_session"] == {
        "started_at": moment("2024-03-01 09:57"),
        "minutes": 6.0,
        "plays": 2,
    }
    assert (year["coverage"], year["days_complete"], year["days"]) == ("partial", 184, 366)


def test_a_year_without_plays_is_a_row_too(connection: duckdb.DuckDBPyConnection) -> None:
    tell(connection, played("2024-03-01 10:00"))
    (year,) = rows(connection, "FROM listening.year_in_review(2020)")
    assert (year["plays"], year["top_track"], year["coverage"]) == (0, None, "unknown")


def test_a_reported_play_is_shown_once_as_it_was_first_reported(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    insert = (
        "INSERT INTO processed.plays (date, played_at, track_id, name, reported_at) "
        "VALUES (?, '2024-01-01 23:50', 't1', ?, ?)"
    )
    connection.execute(insert, [date("2024-01-02"), "later", moment("2024-01-02 00:10")])
    connection.execute(insert, [date("2024-01-01"), "first", moment("2024-01-01 23:55")])
    assert column(connection, "name", "star.fact_recently_played") == ["first"]


# Rules for any history

names = st.sampled_from(["A", "B", "C", "D"])
plays = st.builds(
    Play,
    st.datetimes(moment("2024-10-20"), moment("2024-11-09")).map(
        lambda t: t.replace(microsecond=0)
    ),
    name=names,
    artist=st.sampled_from(["X", "Y"]),
    isrc=st.sampled_from([None, "QZ1"]),
    ms_played=st.sampled_from([None, 0, 29_999, 30_000, 200_000]),
    kind=st.just("music"),
    is_incognito=st.sampled_from([None, False, True]),
)
histories = st.lists(plays, min_size=1, max_size=30).map(
    # A thing has one recording, whichever play tells of it.
    lambda told: [
        Play(
            **{**vars(p), "isrc": "QZ1" if p.name in "AB" else None, "item": f"{p.name}{p.artist}"}
        )
        for p in told
    ]
)


@settings(max_examples=20)
@given(histories, st.sampled_from([SAO_PAULO, BERLIN, "Asia/Kathmandu"]))
def test_hours_weekdays_and_days_add_up_to_the_plays_of_the_window(
    warehouse: duckdb.DuckDBPyConnection, told: list[Play], zone: str
) -> None:
    live_in(warehouse, zone)
    tell(warehouse, told)
    start, end = date("2024-10-25"), date("2024-11-04")
    local = [p.at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)) for p in told if p.counts]
    inside = [at for at in local if start <= at.date() <= end]
    window = f"'{start}', '{end}'"
    hours = column(warehouse, "plays", f"listening.by_hour({window})")
    weekdays = column(warehouse, "plays", f"listening.by_weekday({window})")
    days = column(warehouse, "plays", f"listening.by_day({window})")
    assert hours == [sum(at.hour == hour for at in inside) for hour in range(24)]
    assert weekdays == [sum(at.isoweekday() == day for at in inside) for day in range(1, 8)]
    assert sum(hours) == sum(weekdays) == sum(days) == len(inside)


@settings(max_examples=20)
@given(histories)
def test_the_ranking_is_that_of_a_count_and_so_is_the_rank_in_the_window_before(
    warehouse: duckdb.DuckDBPyConnection, told: list[Play]
) -> None:
    live_in(warehouse, "UTC")
    tell(warehouse, told)
    start, end = date("2024-10-30"), date("2024-11-08")
    inside = [p for p in told if p.counts and start <= p.at.date() <= end]
    for what, key in (("tracks", "recording"), ("artists", "artist")):
        counted = Counter(getattr(play, key) for play in inside)
        top = rows(warehouse, f"FROM listening.top_{what}('{start}', '{end}')")
        assert [row["rank"] for row in top] == list(range(1, len(counted) + 1))
        assert [row["plays"] for row in top] == sorted(counted.values(), reverse=True)
    artists = rows(warehouse, f"FROM listening.top_artists('{start}', '{end}')")
    assert {r["name"]: r["plays"] for r in artists} == Counter(p.artist for p in inside)
    before = rows(warehouse, "FROM listening.top_artists('2024-10-20', '2024-10-29')")
    ranks = {row["name"]: row["rank"] for row in before}
    assert [row["previous_rank"] for row in artists] == [ranks.get(r["name"]) for r in artists]


# Speed


def test_a_window_reads_no_more_than_its_part_of_the_plays(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    with empty_warehouse(SAO_PAULO) as connection:
        connection.execute(
            "INSERT INTO star.fact_play (ended_at, item_key, ms_played, session) "
            "SELECT TIMESTAMP '2010-01-01' + to_minutes(10 * number), 1, 200000, 1 "
            "FROM range(500000) AS t (number)"
        )
        connection.execute("PRAGMA enable_profiling = 'json'")
        connection.execute(f"SET profiling_output = {str(profile)!r}")
        for answer in ("top_tracks", "by_hour", "skip_rate"):
            connection.execute(f"FROM listening.{answer}('2018-11-01', '2018-11-30')").fetchall()
            assert 0 < scanned(json.loads(profile.read_text())) < 250_000, answer


def scanned(node: dict[str, Any]) -> int:
    """Rows of plays that a query took from the table, by its profile."""
    is_plays = "fact_play" in str(node.get("extra_info", {}).get("Table", ""))
    own = int(node.get("operator_rows_scanned", 0)) if is_plays else 0
    return own + sum(scanned(child) for child in node.get("children", []))
