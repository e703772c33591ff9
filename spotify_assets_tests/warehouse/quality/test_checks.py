import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.lake import GenreDay
from spotify_assets.schemas.catalog import processed
from spotify_assets.warehouse.quality.checks import MEASURES, Measured, measure
from spotify_assets.warehouse.tables import create

MONDAY = dt.date(2026, 11, 16)
OF_NAME = {what.name: what for what in MEASURES}


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        create(
            connection, [processed.Extracts, processed.Reconciliation, processed.QuarantinedRows]
        )
        yield connection


@pytest.fixture
def connection(tables: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    return emptied(tables)


def emptied(tables: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    tables.execute("TRUNCATE processed.extracts")
    tables.execute("TRUNCATE processed.reconciliation")
    tables.execute("TRUNCATE quarantine.rows")
    return tables


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def rock(number: int) -> GenreDay:
    return GenreDay("rock", day(number))


def collected(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    tracks: int = 100,
    genre: str = "rock",
    wanted: int = 100,
    received: int | None = None,
    quarantined: int = 0,
) -> None:
    """A genre-day of which so many tracks were kept."""
    connection.execute(
        "INSERT INTO processed.extracts (genre, date, tracks_wanted) VALUES (?, ?, ?)",
        [genre, day(number), wanted],
    )
    connection.execute(
        "INSERT INTO processed.reconciliation "
        "(genre, date, table_name, received, kept, quarantined) "
        "VALUES ($genre, $date, 'tracks', $received, $kept, $aside), "
        "($genre, $date, 'artists', 0, 7, 0)",
        {
            "genre": genre,
            "date": day(number),
            "received": tracks if received is None else received,
            "kept": tracks,
            "aside": quarantined,
        },
    )


def found(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *days: GenreDay,
    today: int = 0,
    genres: set[str] | None = None,
    days_back: int = 1,
) -> list[Measured]:
    what = OF_NAME[name]
    return measure(
        connection,
        what,
        today=day(today),
        days=days or None,
        genres=genres,
        days_back=days_back,
    )


@pytest.mark.parametrize(("tracks", "verdict"), [(50, "passed"), (49, "ERROR"), (0, "ERROR")])
def test_a_drop_is_less_than_half_of_the_day_before(
    connection: duckdb.DuckDBPyConnection, tracks: int, verdict: str
) -> None:
    collected(connection, 0, 100)
    collected(connection, 1, tracks)
    assert found(connection, "drop") == [Measured(rock(1), tracks, 100, verdict)]  # type: ignore[arg-type]


def test_a_drop_can_be_held_against_the_same_day_of_the_week_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for number, tracks in enumerate([100, 20, 20, 20, 20, 20, 20, 40]):
        collected(connection, number, tracks)

    assert found(connection, "drop") == [Measured(rock(7), 40, 20, "passed")]
    assert found(connection, "drop", days_back=7) == [Measured(rock(7), 40, 100, "ERROR")]


def test_a_day_whose_day_before_is_missing_or_had_nothing_is_no_drop(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    collected(connection, 0, 100)
    collected(connection, 2, 0)
    collected(connection, 3, 0)
    assert [one.verdict for one in found(connection, "drop", rock(2), rock(3))] == ["passed"]


def test_days_that_wanted_another_number_of_tracks_are_not_held_against_each_other(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    collected(connection, 0, 1000, wanted=1000)
    collected(connection, 1, 100, wanted=100)
    assert found(connection, "drop") == found(connection, "drift") == []


def test_genres_are_not_held_against_each_other(connection: duckdb.DuckDBPyConnection) -> None:
    collected(connection, 0, 100)
    collected(connection, 1, 10, genre="samba")
    assert found(connection, "drop") == found(connection, "drift") == []


@pytest.mark.parametrize(
    ("tracks", "verdict"), [(151, "WARN"), (150, "passed"), (50, "passed"), (49, "WARN")]
)
def test_a_drift_is_more_than_half_of_the_median_of_the_week_before(
    connection: duckdb.DuckDBPyConnection, tracks: int, verdict: str
) -> None:
    # The one that is a week and a day old, and the outlier within the week, do not count.
    for number, before in enumerate([9000, 100, 100, 9000, 100]):
        collected(connection, number, before)
    collected(connection, 8, tracks)
    assert found(connection, "drift") == [Measured(rock(8), tracks, 100, verdict)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("aside", "verdict"), [(0, "passed"), (10, "passed"), (11, "WARN"), (50, "WARN"), (51, "ERROR")]
)
def test_quarantine_warns_above_one_percent_and_fails_above_five(
    connection: duckdb.DuckDBPyConnection, aside: int, verdict: str
) -> None:
    collected(connection, 0, 1000 - aside, received=1000, quarantined=aside)
    assert found(connection, "quarantine_share") == [
        Measured(rock(0), aside / 1000, None, verdict)  # type: ignore[arg-type]
    ]


def test_a_response_that_was_set_aside_as_a_whole_is_in_quarantine_too(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    collected(connection, 0, 97, received=98, quarantined=1)
    connection.execute(
        "INSERT INTO quarantine.rows SELECT 'rock', ?, "
        "unnest(['tracks', 'responses', 'responses']), 'a file', 2, '', 'a reason', ''",
        [day(0)],
    )
    assert found(connection, "quarantine_share") == [Measured(rock(0), 0.03, None, "WARN")]


def test_where_nothing_was_received_nothing_is_in_quarantine(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    collected(connection, 0, 0)
    assert found(connection, "quarantine_share") == [Measured(rock(0), 0, None, "passed")]


def test_days_between_the_first_and_the_last_are_missing_and_later_ones_are_late(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for number in (0, 1, 4):
        collected(connection, number)
    assert found(connection, "days_missing", today=9) == [Measured(rock(4), 2, None, "WARN")]
    assert found(connection, "days_late", today=9) == [Measured(rock(4), 5, None, "ERROR")]


def test_a_day_that_was_missing_long_ago_is_let_be(connection: duckdb.DuckDBPyConnection) -> None:
    collected(connection, 0)
    for number in range(2, 32):
        collected(connection, number)
    assert found(connection, "days_missing")[0].verdict == "passed"


@pytest.mark.parametrize(
    ("today", "verdict"), [(0, "passed"), (1, "passed"), (2, "WARN"), (3, "ERROR")]
)
def test_a_genre_is_late_on_the_third_day_after_its_last(
    connection: duckdb.DuckDBPyConnection, today: int, verdict: str
) -> None:
    collected(connection, 0)
    assert found(connection, "days_late", today=today) == [
        Measured(rock(0), today, None, verdict)  # type: ignore[arg-type]
    ]


def test_a_genre_off_the_list_is_let_be(connection: duckdb.DuckDBPyConnection) -> None:
    collected(connection, 0)
    collected(connection, 0, genre="samba")
    measured = found(connection, "days_late", today=9, genres={"samba"})
    assert [one.genre_day.genre for one in measured] == ["samba"]


def test_a_run_measures_its_own_days_and_else_the_last_of_each_genre(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for number in range(3):
        collected(connection, number)
    collected(connection, 1, genre="samba")
    assert [one.genre_day for one in found(connection, "quarantine_share", rock(0), rock(1))] == [
        rock(0),
        rock(1),
    ]
    assert {one.genre_day for one in found(connection, "quarantine_share")} == {
        rock(2),
        GenreDay("samba", day(1)),
    }


@pytest.mark.parametrize("name", OF_NAME)
def test_an_empty_warehouse_gives_nothing_to_measure(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    assert found(connection, name) == []


@given(
    st.dictionaries(
        st.integers(0, 12), st.tuples(st.integers(0, 200), st.sampled_from([100, 200])), max_size=8
    )
)
def test_drops_are_those_that_a_loop_finds(
    tables: duckdb.DuckDBPyConnection, days: dict[int, tuple[int, int]]
) -> None:
    connection = emptied(tables)
    for number, (tracks, wanted) in days.items():
        collected(connection, number, tracks, wanted=wanted)
    expected = {
        number
        for number, (tracks, wanted) in days.items()
        for before, wanted_before in [days.get(number - 1, (0, 0))]
        if wanted == wanted_before and tracks * 2 < before
    }
    measured = found(connection, "drop", *(rock(number) for number in range(13)))
    assert {
        (one.genre_day.date - MONDAY).days for one in measured if one.verdict == "ERROR"
    } == expected
