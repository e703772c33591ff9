"""What listeners ask of their habits: when, where, how long ago, how new, and of which genre."""

from typing import Any

import duckdb
import polars as pl
import pytest

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog.star import DimArtist, FactArtistDaily, FactTrackDaily
from spotify_assets_tests.warehouse.histories import column, date, moment, played, rows, tell

JANUARY = "'2024-01-01', '2024-01-31'"


def put(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], *known: dict[str, Any]
) -> None:
    """Rows of the catalog, by the columns that the answer asks; nothing else is known of them."""
    frame = pl.DataFrame(known, schema_overrides={"date": pl.Date()})
    connection.register("known", frame.to_arrow())
    connection.execute(f"INSERT INTO {contract.table()} BY NAME FROM known")
    connection.unregister("known")


# First and last


def test_of_each_the_first_and_last_time_is_told_in_the_order_of_the_ranking(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-02 10:00", "2024-01-09 10:00", name="often"),
            *played("2024-01-03 10:00", name="once", artist="Other"),
            *played("2024-01-01 10:00", name="often", ms_played=1000),
        ],
    )
    often, once = rows(connection, f"FROM listening.first_and_last('track', {JANUARY})")
    assert (often["name"], often["rank"], often["plays"]) == ("often", 1, 2)
    # One second is no play.
    assert (often["first_at"], often["last_at"]) == (
        moment("2024-01-02 10:00"),
        moment("2024-01-09 10:00"),
    )
    assert (once["name"], once["artist"], once["first_at"]) == (
        "once",
        "Other",
        moment("2024-01-03 10:00"),
    )
    assert column(connection, "name", f"listening.first_and_last('artist', {JANUARY})") == [
        "Band",
        "Other",
    ]


def test_forgotten_is_what_was_played_often_and_not_for_long(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", "2024-01-02 10:00", name="loved"),
            *played("2024-01-01 11:00", name="tried"),
            *played("2024-01-01 12:00", "2024-06-30 12:00", name="still played"),
        ],
        {date("2024-07-01"): "complete"},
    )
    answer = "listening.forgotten('track', '2024-07-01', min_plays := 2, silent_days := 100)"
    (loved,) = rows(connection, f"FROM {answer}")
    assert (loved["name"], loved["plays"], loved["days_since"]) == ("loved", 2, 181)
    assert (loved["coverage"], loved["days"]) == ("complete", 100)


def test_the_day_before_the_silence_began_is_not_in_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(connection, played("2024-01-01 10:00"))
    for silent_days, found in ((9, ["Song"]), (10, ["Song"]), (11, [])):
        answer = f"'track', '2024-01-11', min_plays := 1, silent_days := {silent_days}"
        assert column(connection, "name", f"listening.forgotten({answer})") == found


# When


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("hour", {(8, "morning"), (22, "evening")}),
        ("weekday", {(1, "morning"), (6, "evening")}),
        ("month", {(1, "morning"), (6, "evening")}),
        ("season", {(1, "morning"), (3, "evening")}),
    ],
)
def test_each_part_of_the_clock_and_the_calendar_has_its_top(
    connection: duckdb.DuckDBPyConnection, part: str, expected: set[tuple[int, str]]
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 08:10", "2024-01-08 08:10", name="morning"),
            *played("2024-06-01 22:10", name="evening"),
            *played("2024-01-01 08:20", name="second"),
        ],
    )
    first = rows(
        connection, f"FROM listening.top_by('{part}', 'track', '2024-01-01', '2024-12-31', n := 1)"
    )
    assert {(row["part"], row["name"]) for row in first} == expected
    assert {row["rank"] for row in first} == {1}


def test_december_is_of_the_season_of_january(connection: duckdb.DuckDBPyConnection) -> None:
    months = "SELECT listening.part_of('season', make_date(2024, m, 1)) AS s FROM range(1, 13) t(m)"
    assert [row["s"] for row in rows(connection, months)] == [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 1]


def test_another_part_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    tell(connection, played("2024-01-01 10:00"))
    with pytest.raises(duckdb.Error, match="A part is 'hour', 'weekday', 'month' or 'season'"):
        rows(connection, f"FROM listening.top_by('decade', 'track', {JANUARY})")


# Where and how


def test_contexts_add_up_to_the_plays_of_the_window(connection: duckdb.DuckDBPyConnection) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", platform="Android OS 11 API 30 (samsung)", country="BR"),
            *played("2024-01-01 10:10", platform="iOS 17.1 (iPhone12,1)", is_shuffle=True),
            *played("2024-01-01 10:20", platform="OS X 10.15.7", is_shuffle=False, is_offline=True),
            *played("2024-01-01 10:30", source="api", ms_played=None, reason_end=None),
            *played("2024-01-01 10:40", ms_played=1000, platform="Windows 10"),
        ],
    )

    def told(context: str) -> dict[str | None, int]:
        answer = rows(connection, f"FROM listening.by_context('{context}', {JANUARY})")
        assert sum(row["share"] for row in answer) == pytest.approx(1)
        return {row["value"]: row["plays"] for row in answer}

    assert told("platform") == {"Android": 1, "iOS": 1, "macOS": 1, None: 1}
    assert told("country") == {"BR": 1, None: 3}
    assert told("shuffle") == {"shuffle": 1, "in order": 1, None: 2}
    assert told("offline") == {"offline": 1, None: 3}


def test_completion_is_of_the_plays_whose_end_is_known(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", "2024-01-01 10:10"),
            *played("2024-01-01 10:20", ms_played=2000, reason_end="fwdbtn"),
            *played("2024-01-01 10:30", source="api", ms_played=None, reason_end=None),
            *played("2024-01-01 10:40", kind="podcast"),
        ],
    )
    (month,) = rows(connection, f"FROM listening.completion_rate({JANUARY})")
    assert (month["begun"], month["end_known"], month["completed"]) == (4, 3, 2)
    assert month["share"] == pytest.approx(2 / 3)


# What is new, and of which genre


def test_an_artist_is_new_in_the_month_of_their_first_play(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2023-12-10 10:00", artist="known"),
            *played("2024-01-05 10:00", name="another song", artist="known"),
            *played("2024-01-05 10:10", "2024-01-06 10:10", artist="new"),
            *played("2024-01-07 10:10", artist="begun only", ms_played=1000),
        ],
    )
    (january,) = rows(connection, f"FROM listening.new_artists({JANUARY})")
    assert (january["artists_new"], january["artists"]) == (1, 2)
    assert (january["plays_of_new"], january["plays"]) == (2, 3)


def test_a_genre_is_that_of_the_track_else_of_the_artist_and_the_rest_is_told(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", "2024-01-01 10:10", name="found", track_id="t" * 22),
            *played("2024-01-01 10:20", name="of an artist", artist="Known"),
            *played("2024-01-01 10:30", name="of nobody", artist="Unknown"),
        ],
    )
    day = date("2024-01-01")
    put(
        connection,
        FactTrackDaily,
        *({"genre": genre, "date": day, "track_id": "t" * 22} for genre in ("samba", "mpb")),
        {"genre": "samba", "date": date("2024-01-02"), "track_id": "t" * 22},
    )
    put(connection, FactArtistDaily, {"genre": "rock", "date": day, "artist_id": "a" * 22})
    put(connection, DimArtist, {"artist_id": "a" * 22, "name": "Known"})
    answer = rows(connection, f"FROM listening.genres({JANUARY})")
    assert {row["genre"]: row["plays"] for row in answer} == {
        "mpb": 2,
        "samba": 2,
        "rock": 1,
        None: 1,
    }
    assert {row["share_known"] for row in answer} == {0.75}
    assert {row["share"] for row in answer if row["genre"] == "samba"} == {0.5}


# Years


def test_a_year_stands_beside_the_year_before(connection: duckdb.DuckDBPyConnection) -> None:
    tell(
        connection,
        [
            *played("2023-05-01 10:00", "2023-05-02 10:00"),
            *played("2024-05-01 10:00", "2024-05-02 10:00", "2024-05-03 10:00", artist="New"),
        ],
    )
    answer = rows(connection, "FROM listening.year_compared(2024)")
    assert [row["measure"] for row in answer] == [
        *("plays", "minutes", "tracks", "artists", "discovered"),
    ]
    plays = answer[0]
    assert (plays["this_year"], plays["year_before"], plays["change"]) == (3, 2, 1)
    assert plays["share_of_change"] == 0.5
    assert (plays["coverage"], plays["coverage_before"]) == ("partial", "partial")


def test_a_year_without_one_before_has_no_share_of_change(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(connection, played("2024-05-01 10:00"))
    answer = rows(connection, "FROM listening.year_compared(2024)")
    assert {row["share_of_change"] for row in answer} == {None}
    assert {row["coverage_before"] for row in answer} == {"unknown"}


# By time


def test_who_was_played_longest_is_first_by_time_with_the_movement_of_that_ranking(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    tell(
        connection,
        [
            *played("2024-01-01 10:00", "2024-01-01 11:00", artist="short", ms_played=60_000),
            *played("2024-01-01 12:00", artist="long", ms_played=600_000),
            *played("2024-01-02 10:00", "2024-01-02 11:00", artist="short", ms_played=60_000),
            *played("2024-01-02 12:00", artist="long", ms_played=600_000),
        ],
    )
    window = "'2024-01-02', '2024-01-02'"
    by_time = rows(connection, f"FROM listening.top_artists({window}, ranked_by := 'time')")
    assert [(row["name"], row["previous_rank"]) for row in by_time] == [("long", 1), ("short", 2)]
    assert column(connection, "name", f"listening.top_artists({window})") == ["short", "long"]


def test_a_ranking_by_anything_else_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    tell(connection, played("2024-01-01 10:00"))
    with pytest.raises(duckdb.Error, match="A ranking is by 'plays' or by 'time'"):
        rows(connection, f"FROM listening.top_tracks({JANUARY}, ranked_by := 'mood')")
