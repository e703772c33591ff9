"""When the streams of a release fell, a download is bad, and when it should have come again."""

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from spotify_assets.schemas import PREDICTIONS, RELEASES
from spotify_assets.warehouse.quality import releases
from spotify_assets.warehouse.quality.releases import Compared, has_fallen
from spotify_assets.warehouse.tables import create

TODAY = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        create(connection, [*RELEASES, *PREDICTIONS])
        connection.execute(
            "INSERT INTO star.dim_release (release_id, artist_id, title) VALUES "
            "('tide', 'ana', 'Maré Baixa')"
        )
        yield connection


@pytest.fixture
def connection(tables: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    tables.begin()
    yield tables
    tables.rollback()


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def streamed(connection: duckdb.DuckDBPyConnection, streams: dict[int, int]) -> None:
    """Streams of so many days ago."""
    connection.executemany(
        "INSERT INTO star.fact_streams_daily (release_id, date, streams, file_id, source_line) "
        "VALUES ('tide', ?, ?, 'f', 2)",
        [(ago(days), count) for days, count in streams.items()],
    )


def downloaded(
    connection: duckdb.DuckDBPyConnection,
    days_ago: int,
    name: str = "Maré Baixa-timeline.csv",
    kind: str = "song_streams",
    source: str = "Spotify for Artists",
    received: int = 100,
    quarantined: int = 0,
) -> str:
    """A file of so many days ago; its id."""
    [(number,)] = connection.execute("SELECT count(*) FROM monitoring.release_files").fetchall()
    at = dt.datetime.combine(ago(days_ago), dt.time(12))
    connection.execute(
        "INSERT INTO monitoring.release_files "
        "(file_id, file_name, kind, source, downloaded_at, imported_at, received, quarantined) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [f"{number:016}", name, kind, source, at, at, received, quarantined],
    )
    return f"{number:016}"


@pytest.mark.parametrize(
    ("streams", "day_before", "same_weekday", "told"),
    [
        (49, 100, 100, {"day_before", "same_weekday", "either", "both"}),
        (50, 100, 100, set()),
        (0, 99, 99, set()),
        (400, 1000, 500, {"day_before", "either"}),
        (400, 500, 1000, {"same_weekday", "either"}),
        (400, 1000, None, {"day_before", "either"}),
        (400, None, 1000, {"same_weekday", "either"}),
        (400, None, None, set()),
        (0, 1000, 99, {"day_before", "either"}),
    ],
)
def test_streams_fell_where_the_days_that_are_asked_had_twice_as_many_and_100_or_more(
    streams: int, day_before: int | None, same_weekday: int | None, told: set[Compared]
) -> None:
    every: tuple[Compared, ...] = ("day_before", "same_weekday", "either", "both")
    assert {one for one in every if has_fallen(streams, day_before, same_weekday, one)} == told


def test_a_fall_is_of_the_last_of_seven_days_on_which_there_was_one(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    streamed(connection, {14: 920, 8: 1000, 7: 450, 6: 800, 4: 700, 3: 300, 2: 290, 1: 280})
    [fall] = releases.falls(connection, TODAY, "day_before")
    assert (fall.title, fall.date, fall.streams, fall.day_before) == (
        "Maré Baixa",
        ago(3),
        300,
        700,
    )
    [fall] = releases.falls(connection, TODAY, "both")
    assert (fall.date, fall.day_before, fall.same_weekday) == (ago(7), 1000, 920)
    assert releases.falls(connection, TODAY + dt.timedelta(days=1), "both") == []


def test_a_day_that_no_download_holds_is_no_fall(connection: duckdb.DuckDBPyConnection) -> None:
    streamed(connection, {9: 1000, 2: 1000})
    assert releases.falls(connection, TODAY, "either") == []


@pytest.mark.parametrize(("quarantined", "is_told"), [(0, False), (5, False), (6, True)])
def test_more_than_five_percent_of_a_download_are_too_many(
    connection: duckdb.DuckDBPyConnection, quarantined: int, *, is_told: bool
) -> None:
    downloaded(connection, 7, quarantined=quarantined)
    assert bool(releases.invalid_rows(connection, TODAY)) == is_told
    assert releases.invalid_rows(connection, TODAY + dt.timedelta(days=1)) == []


def test_a_later_download_takes_the_place_of_a_bad_one(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    bad = downloaded(connection, 3, quarantined=50)
    other = downloaded(connection, 3, "Undertow-timeline.csv", quarantined=51)
    found = releases.invalid_rows(connection, TODAY)
    assert [one.file_id for one in found] == [bad, other]
    downloaded(connection, 2, "Maré Baixa-timeline (1).csv")
    assert [one.file_id for one in releases.invalid_rows(connection, TODAY)] == [other]


@pytest.mark.parametrize(
    ("days", "is_late"),
    [
        ((15, 10), False),
        ((16, 11), True),
        ((11,), False),
        ((11, 11), False),
        ((45, 40), True),
        ((46, 41), False),
        ((31, 21, 11), False),
        ((41, 31, 21), True),
    ],
)
def test_a_download_that_came_again_is_late_after_twice_its_time_until_it_is_given_up(
    connection: duckdb.DuckDBPyConnection, days: tuple[int, ...], *, is_late: bool
) -> None:
    for number, one in enumerate(days):
        downloaded(connection, one, f"One-timeline{' (1)' if number else ''}.csv")
    found = releases.late_files(connection, TODAY, 10)
    assert [one.name for one in found] == (["One-timeline.csv"] if is_late else [])


def test_of_sales_and_playlists_any_file_will_do(connection: duckdb.DuckDBPyConnection) -> None:
    for days in (120, 90, 61):
        downloaded(connection, days, f"sales {days}.tsv", "sales", "DistroKid")
    for days in (56, 28, 1):
        downloaded(connection, days, f"Song {days}-playlists-28day.csv", "playlists")
    [late] = releases.late_files(connection, TODAY, 10)
    assert (late.kind, late.name, late.days) == ("sales", "DistroKid", 59)
    downloaded(connection, 45, "sales.tsv", "sales", "DistroKid")
    assert releases.late_files(connection, TODAY, 10) == []


@pytest.mark.parametrize(("last_day", "is_late"), [(13, True), (20, False)])
def test_of_an_advertisement_that_was_over_no_further_export_is_late(
    connection: duckdb.DuckDBPyConnection, last_day: int, *, is_late: bool
) -> None:
    downloaded(connection, 16, "Ads.csv", "campaigns", "Meta Ads")
    file_id = downloaded(connection, 12, "Ads (1).csv", "campaigns", "Meta Ads")
    connection.execute(
        "INSERT INTO star.fact_campaign_daily "
        "(campaign, date, currency, result_indicator, spend, file_id) "
        "VALUES ('Push', ?, 'EUR', 'unknown', 5, ?)",
        [ago(last_day), file_id],
    )
    assert bool(releases.late_files(connection, TODAY, 10)) == is_late


def test_a_file_of_an_earlier_version_has_no_tables_of_releases(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert releases.are_there(connection)
    with duckdb.connect() as empty:
        assert not releases.are_there(empty)


@pytest.mark.parametrize("withdrawn_on", [None, ago(2)])
def test_of_the_model_that_took_itself_out_its_last_28_scored_days_are_told(
    connection: duckdb.DuckDBPyConnection, withdrawn_on: dt.date | None
) -> None:
    for version, is_current in (("0" * 16, True), ("1" * 16, False)):
        connection.execute(
            "INSERT INTO predictions.models (model_version, is_current, withdrawn_on, trained_at, "
            "first_day, last_day, releases, days, files_until, code_version, candidates, "
            "parameters, file) VALUES (?, ?, ?, now(), ?, ?, 1, 1, now(), '', [], '', '')",
            [version, is_current, withdrawn_on, TODAY, TODAY],
        )
        connection.executemany(
            "INSERT INTO predictions.scores VALUES "
            "('tide', ?, ?, 1, 'mean_7', 1, 1, ?, ?, true, ?)",
            [(ago(days + 1), ago(days), -3.0, 2.0, version) for days in range(0, 80, 2)],
        )
    found = releases.withdrawn_models(connection)
    told = [(one.version, one.withdrawn_on, one.missed, one.naive_missed) for one in found]
    assert told == ([("0" * 16, withdrawn_on, 84.0, 56.0)] if withdrawn_on else [])
