"""The invented listener: a day is a pure function, and years of days look like a person's."""

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from spotify_assets.sandbox.catalog import Catalog, generate
from spotify_assets.sandbox.listening import (
    FIRST_DAY,
    Listener,
    eager_enough,
    history,
    play_counts,
    plays,
    since_when,
)
from spotify_assets.sandbox.repertoire import Repertoire


def midnight(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime.combine(dt.date(year, month, day), dt.time())


SINCE, UNTIL = midnight(2014, 1, 1), midnight(2026, 1, 1)
DAY = dt.timedelta(days=1)
LISTENER = Listener()
REPERTOIRE = Repertoire.of(generate(seed=1, tracks=2000))

days = st.integers(FIRST_DAY.toordinal(), dt.date(2035, 1, 1).toordinal())
listeners = st.builds(
    Listener, seed=st.integers(-(2**70), 2**70), plays_a_day=st.floats(0.01, 2000)
)


def one_day(listener: Listener, day: int, repertoire: Repertoire = REPERTOIRE) -> pl.DataFrame:
    return plays(listener, repertoire, np.array([day]))


@pytest.fixture(scope="module")
def years() -> pl.DataFrame:
    """Twelve years of listening."""
    return pl.concat(history(LISTENER, REPERTOIRE, SINCE, UNTIL))


@settings(max_examples=30)
@given(listener=listeners, day=days, around=st.integers(0, 5))
def test_a_day_is_the_same_alone_and_among_others(
    listener: Listener, day: int, around: int
) -> None:
    alone = one_day(listener, day)
    among = plays(listener, REPERTOIRE, np.arange(day - around, day + around + 1))
    begin = dt.datetime.combine(dt.date.fromordinal(day), dt.time(9))
    same = among.filter(pl.col("ended_at").is_between(begin, begin + DAY, closed="right"))
    assert_frame_equal(alone, same)
    assert len(alone) == play_counts(listener, np.array([day]))[0]


@settings(max_examples=30)
@given(listener=listeners, day=days)
def test_days_do_not_overlap_and_no_two_plays_are_taken_for_one(
    listener: Listener, day: int
) -> None:
    one = one_day(listener, day)
    begin = dt.datetime.combine(dt.date.fromordinal(day), dt.time(9))
    assert one.filter(
        (pl.col("started_at") < begin) | (pl.col("ended_at") > begin + DAY)
    ).is_empty()
    assert one["ended_at"].is_sorted()
    known_by = one.select(pl.col("ended_at").dt.truncate("1s"), "uri", "name", "ms_played")
    assert not known_by.is_duplicated().any()
    pause = (pl.col("ended_at") - pl.col("started_at")).dt.total_milliseconds() - pl.col(
        "ms_played"
    )
    assert one.filter(~pause.is_between(0, 45_000)).is_empty()


def test_nobody_listens_for_more_than_a_day_a_day_to_whatever_is_in_the_catalog() -> None:
    some = Repertoire.of(generate(seed=1, tracks=50))
    half_days = some.items.with_columns(pl.lit(12 * 3_600_000, pl.Int64).alias("duration_ms"))
    endless = replace(some, items=half_days)
    one = one_day(Listener(plays_a_day=100), UNTIL.toordinal(), endless)
    assert len(one) > 5
    assert one["ended_at"].max() - one["started_at"].min() <= DAY  # type: ignore[operator]


def test_another_listener_plays_other_music(years: pl.DataFrame) -> None:
    other = pl.concat(history(Listener(seed=2), REPERTOIRE, midnight(2025, 12, 1), UNTIL))
    same = other.join(years, on=["ended_at", "ms_played"], how="inner")
    assert len(other) > 500
    assert same.is_empty()


@settings(max_examples=20)
@given(hours=st.integers(0, 24 * 300), lasts=st.integers(1, 24 * 60))
def test_a_span_has_the_plays_that_end_in_it(hours: int, lasts: int) -> None:
    since = midnight(2023, 1, 1) + dt.timedelta(hours=hours)
    until = since + dt.timedelta(hours=lasts)
    longer = pl.concat(history(LISTENER, REPERTOIRE, since - 9 * DAY, until + 9 * DAY))
    expected = longer.filter(pl.col("ended_at") >= since, pl.col("ended_at") < until)
    assert_frame_equal(pl.concat(history(LISTENER, REPERTOIRE, since, until)), expected)


def test_chunks_follow_each_other(years: pl.DataFrame) -> None:
    eager = Listener(plays_a_day=1500)
    chunks = list(history(eager, REPERTOIRE, midnight(2025, 1, 1), UNTIL))
    assert len(chunks) > 1
    ends = pl.concat(chunks)["ended_at"]
    assert ends.is_sorted()
    assert years["ended_at"].is_sorted()


@pytest.mark.parametrize("number", [1, 60, 30_000])
def test_the_newest_plays_are_as_many_as_wanted(number: int) -> None:
    since = since_when(LISTENER, REPERTOIRE, UNTIL, number)
    assert sum(map(len, history(LISTENER, REPERTOIRE, since, UNTIL))) == number


def test_who_is_to_make_more_plays_than_there_is_time_for_plays_more_a_day() -> None:
    assert eager_enough(LISTENER, UNTIL, 100_000) == LISTENER
    number = 5_000_000
    with pytest.raises(ValueError, match="fewer than 5000000 plays since 2008-10-07"):
        since_when(LISTENER, REPERTOIRE, UNTIL, number)
    eager = eager_enough(LISTENER, UNTIL, number)
    listened = np.arange(FIRST_DAY.toordinal(), UNTIL.toordinal() - 1)
    assert number <= play_counts(eager, listened).sum() < 1.2 * number
    with pytest.raises(ValueError, match="nobody listened before 2008-10-07"):
        eager_enough(LISTENER, UNTIL, 50_000_000)


def test_a_year_looks_like_a_person(years: pl.DataFrame) -> None:
    assert 0.11 < (years["ms_played"] < 30_000).mean() < 0.15  # type: ignore[operator]
    assert set(years["kind"]) == {"music", "podcast", "audiobook", "local_file"}
    is_video = years.filter("is_video")
    assert set(is_video["kind"]) == {"music", "podcast"}
    music = years.filter(pl.col("kind") == "music", ~pl.col("is_video"))
    videos = is_video.filter(pl.col("kind") == "music")
    assert set(videos["track_id"]).isdisjoint(music["track_id"])
    assert 0.02 < (years["uri"] == years["uri"].shift()).mean() < 0.08  # type: ignore[operator]
    in_time = years.sort("started_at")
    is_beside = in_time["started_at"].shift(-1) < in_time["ended_at"]
    assert 0.005 < is_beside.mean() < 0.1  # type: ignore[operator]
    over_midnight = pl.col("started_at").dt.date() != pl.col("ended_at").dt.date()
    assert len(years.filter(over_midnight)) > 1000


def test_evenings_and_weekends_are_louder_and_some_weeks_are_quiet(years: pl.DataFrame) -> None:
    local = pl.col("started_at") - dt.timedelta(hours=3)
    by_hour = dict(years.group_by(local.dt.hour().alias("hour")).len().iter_rows())
    assert by_hour[20] > 1.5 * by_hour[12] > 3 * by_hour[5]
    by_day = years.group_by(local.dt.date().alias("day")).len()
    is_weekend = pl.col("day").dt.weekday() > 5
    weekend, week = by_day.filter(is_weekend), by_day.filter(~is_weekend)
    assert weekend["len"].mean() > 1.3 * week["len"].mean()  # type: ignore[operator]
    by_week = years.group_by(local.dt.truncate("1w")).len()["len"]
    assert 0.02 < (by_week < 30).mean() < 0.09  # type: ignore[operator]


def test_a_holiday_a_year_is_spent_in_one_other_country(years: pl.DataFrame) -> None:
    abroad = years.filter(pl.col("country") != "BR")
    by_year = abroad.group_by(pl.col("started_at").dt.year()).agg(
        pl.col("country").n_unique(), pl.col("started_at").dt.date().n_unique().alias("days")
    )
    assert by_year["country"].max() == 1
    assert len(by_year) >= 10
    assert by_year["days"].max() <= 22  # type: ignore[operator]
    assert abroad["country"].n_unique() > 2


def test_a_few_favourites_have_most_plays_and_they_change(years: pl.DataFrame) -> None:
    music = years.filter(pl.col("kind") == "music")

    def best(year: int) -> pl.DataFrame:
        of_year = music.filter(pl.col("ended_at").dt.year() == year)["artist_name"]
        counts = of_year.value_counts(sort=True, normalize=True).head(8)
        assert counts["proportion"].sum() > 0.2  # of 160 artists
        return counts

    first, later, last = (set(best(year)["artist_name"]) for year in (2015, 2024, 2025))
    assert len(first & last) < 4
    assert later & last


def test_skips_are_marked_as_spotify_did_at_the_time(years: pl.DataFrame) -> None:
    def marks(since: dt.datetime, until: dt.datetime) -> set[bool | None]:
        span = pl.col("ended_at").is_between(since, until, closed="left")
        return set(years.filter(span)["skipped"])

    first, again = midnight(2015, 4, 1), midnight(2022, 11, 1)
    assert marks(SINCE, first) == {None}
    assert marks(first, again) == {False}
    assert marks(again, UNTIL) == {False, True}
    assert set(years.filter("skipped")["reason_end"]) == {"fwdbtn", "backbtn", "nextbtn"}


def test_the_api_reports_music_of_half_a_minute_late_and_not_all_of_it(
    years: pl.DataFrame,
) -> None:
    reportable = (pl.col("kind") == "music") & ~pl.col("is_video") & (pl.col("ms_played") >= 30_000)
    is_reported = pl.col("api_played_at").is_not_null()
    assert years.filter(is_reported != (reportable & ~pl.col("api_is_lost"))).is_empty()
    assert years.filter(is_reported != pl.col("api_seen_at").is_not_null()).is_empty()
    assert 0.04 < years["api_is_lost"].mean() < 0.06  # type: ignore[operator]
    assert 0.28 < years["api_is_start"].mean() < 0.32  # type: ignore[operator]
    meant = pl.when("api_is_start").then("started_at").otherwise("ended_at")
    off = (pl.col("api_played_at") - meant).dt.total_milliseconds().abs()
    assert years.select(off.max()).item() <= 3000
    late = years.select(pl.col("api_seen_at") - pl.col("ended_at")).to_series()
    assert late.min() >= dt.timedelta(minutes=1)  # type: ignore[operator]
    assert dt.timedelta(hours=5) < late.max() <= dt.timedelta(hours=6)  # type: ignore[operator]


def test_what_the_api_loses_changes_nothing_of_what_was_played() -> None:
    deaf = Listener(lost_share=1, start_share=1)
    day = UNTIL.toordinal()
    of_api = pl.selectors.starts_with("api_")
    assert_frame_equal(one_day(deaf, day).drop(of_api), one_day(LISTENER, day).drop(of_api))
    assert one_day(deaf, day)["api_played_at"].null_count() == len(one_day(deaf, day))


def test_the_tracks_are_those_of_the_catalog(catalog: Catalog) -> None:
    repertoire = Repertoire.of(catalog)
    one = plays(LISTENER, repertoire, np.arange(738_000, 738_010)).drop_nulls("track")
    for row in one.head(50).iter_rows(named=True):
        assert catalog.tracks.ids[row["track"]] == row["track_id"]
        assert catalog.tracks.names[row["track"]] == row["name"]
        assert catalog.tracks.duration_ms[row["track"]] == row["duration_ms"]
