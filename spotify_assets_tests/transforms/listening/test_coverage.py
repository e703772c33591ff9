"""How much of each day is known, by exports and by polls; which windows nobody could look into."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.schemas.listening import Imports, PlayCoverage, PlayGaps, Polls
from spotify_assets.transforms.listening.coverage import coverage, gaps

Shown = tuple[str, int, str | None, str | None]
"""When it was asked, how many plays were shown, the oldest and the newest of them."""


def moment(text: str) -> dt.datetime:
    """`05 14:30` of January 2026."""
    return dt.datetime.fromisoformat(f"2026-01-{text}")


def day(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(days=number - 1)


def polls(*shown: Shown) -> pl.DataFrame:
    rows = [
        {
            "date": moment(asked).date(),
            "polled_at": moment(asked),
            "items": items,
            "is_full": items == 50,
            "oldest_at": oldest and moment(oldest),
            "newest_at": newest and moment(newest),
            "source_file": "raw/recently_played/polls.jsonl.zst",
            "source_line": line,
        }
        for line, (asked, items, oldest, newest) in enumerate(shown, start=1)
    ]
    frame = pl.DataFrame(rows, schema=Polls.polars_schema(), orient="row")
    Polls.validate(frame)
    return frame


KEPT = ("file_id", "package", "media", "part", "downloads", "received", "first_at", "last_at")
SCHEMA = {name: Imports.polars_schema()[name] for name in KEPT} | {"ends_early": pl.Boolean()}


def file(
    first: str | None = None, last: str | None = None, part: int | None = None, **facts: Any
) -> dict[str, Any]:
    """A file with plays from a moment to another, of the one download; without them, empty."""
    told = {"first_at": first and moment(first), "last_at": last and moment(last), "part": part}
    usual = {"package": "extended", "media": "audio", "downloads": ["d"], "ends_early": False}
    name = hashlib.sha256(repr((first, last, part, facts)).encode()).hexdigest()[:16]
    return {**usual, "file_id": name, "received": 0 if first is None else 1, **told, **facts}


def files(*those: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(those, schema=SCHEMA, orient="row")


def exported(*spans: tuple[str, str], package: str = "extended") -> pl.DataFrame:
    """Files without numbers, with plays from a moment to another."""
    return files(*(file(*span, package=package) for span in spans))


def played(*days: int) -> pl.DataFrame:
    """A play on each of those days of January."""
    return pl.DataFrame(
        {"date": [day(one) for one in days], "plays": [1] * len(days)},
        schema={"date": pl.Date, "plays": pl.Int64},
    )


def by_day(
    polled: pl.DataFrame, files: pl.DataFrame, per_day: pl.DataFrame | None = None
) -> dict[int, str]:
    frame = coverage(polled, files, played() if per_day is None else per_day)
    PlayCoverage.validate(frame)
    return {date.day: label for date, label in frame.select("date", "coverage").rows()}


def closed(polled: pl.DataFrame, files: pl.DataFrame) -> list[bool]:
    frame = gaps(polled, files)
    PlayGaps.validate(frame)
    return frame["is_closed"].to_list()


def test_where_nothing_was_imported_and_nobody_asked_there_is_no_day() -> None:
    assert by_day(polls(), exported()) == {}
    assert closed(polls(), exported()) == []


def test_an_export_is_complete_but_for_its_last_day() -> None:
    told = exported(("03 21:00", "05 18:00"))
    assert by_day(polls(), told) == {3: "complete", 4: "complete", 5: "partial"}


def test_an_export_that_begins_in_the_middle_of_a_day_knows_all_of_it() -> None:
    assert by_day(polls(), exported(("03 23:59", "04 00:01")))[3] == "complete"


def test_the_silence_between_two_files_of_an_export_is_a_silence() -> None:
    told = exported(("01 10:00", "03 18:00"), ("08 10:00", "12 18:00"))
    assert set(by_day(polls(), told).values()) - {"partial"} == {"complete"}
    assert by_day(polls(), told)[5] == "complete"


def test_a_longer_silence_between_two_files_without_numbers_may_be_a_file_that_is_missing() -> None:
    days = by_day(polls(), exported(("01 10:00", "03 18:00"), ("12 10:00", "14 18:00")))
    assert days[2] == days[12] == "complete"
    assert {days[one] for one in range(3, 12)} == {"partial"}


def test_a_long_silence_between_two_files_that_follow_by_their_numbers_is_a_silence() -> None:
    days = by_day(polls(), files(file("01 10:00", "03 18:00", 0), file("20 10:00", "22 18:00", 1)))
    assert {days[one] for one in range(1, 22)} == {"complete"}


def test_a_number_that_is_missing_is_a_hole_however_short() -> None:
    days = by_day(polls(), files(file("01 10:00", "03 18:00", 0), file("06 10:00", "08 18:00", 2)))
    assert [days[one] for one in range(2, 8)] == [
        "complete",
        *["partial"] * 3,
        *["complete"] * 2,
    ]


def test_a_file_that_is_an_empty_list_is_no_hole() -> None:
    three = files(file("01 10:00", "03 18:00", 0), file(part=1), file("06 10:00", "08 18:00", 2))
    assert {by_day(polls(), three)[one] for one in range(1, 8)} == {"complete"}


def test_numbers_say_nothing_of_files_that_did_not_come_together() -> None:
    one, other = file("01 10:00", "03 18:00", 0), file("12 10:00", "14 18:00", 1, downloads=["e"])
    assert by_day(polls(), files(one, other))[5] == "partial"
    both = {**other, "downloads": ["d", "e"]}
    assert by_day(polls(), files(one, both))[5] == "complete"


def test_a_file_of_videos_or_podcasts_says_nothing_of_the_music_of_its_days() -> None:
    months = [file("01 10:00", "03 18:00", 0), file("12 10:00", "14 18:00", 2)]
    beside = [
        file("01 10:00", "14 18:00", media="video"),
        file("01 10:00", "14 18:00", 1, media="podcast", package="account"),
    ]
    assert by_day(polls(), files(*months, *beside)) == by_day(polls(), files(*months))


def test_the_rest_of_a_file_that_is_cut_is_a_hole() -> None:
    cut = file("01 10:00", "03 18:00", 0, ends_early=True)
    days = by_day(polls(), files(cut, file("06 10:00", "08 18:00", 1)))
    assert {days[one] for one in (3, 4, 5)} == {"partial"}


def test_holes_are_between_the_files_of_several_downloads_too() -> None:
    one, other = file("01 10:00", "03 18:00", 0), file("12 10:00", "14 18:00", 0, downloads=["e"])
    assert by_day(polls(), files(one, other))[5] == "partial"


def test_files_of_two_packages_do_not_bridge_a_silence_for_each_other() -> None:
    both = pl.concat(
        [
            exported(("01 10:00", "03 18:00")),
            exported(("07 10:00", "09 18:00"), package="account"),
        ]
    )
    assert by_day(polls(), both)[5] == "unknown"


def test_a_file_without_a_readable_row_covers_nothing() -> None:
    assert by_day(polls(), files(file(received=3), file())) == {}


def test_polls_without_a_gap_vouch_for_a_day() -> None:
    polled = polls(
        ("04 23:50", 50, "04 12:00", "04 23:40"),
        ("05 12:00", 50, "04 20:00", "05 11:50"),
        ("06 00:30", 50, "05 10:00", "05 23:58"),
    )
    assert by_day(polled, exported()) == {4: "partial", 5: "polled", 6: "polled"}


def test_a_poll_that_does_not_reach_back_leaves_a_gap() -> None:
    polled = polls(
        ("04 23:50", 50, "04 12:00", "04 23:40"),
        ("05 12:00", 50, "05 08:00", "05 11:50"),
    )
    assert by_day(polled, exported())[5] == "partial"
    assert closed(polled, exported()) == [False]
    assert gaps(polled, exported()).select("from_at", "to_at").rows() == [
        (moment("04 23:40"), moment("05 08:00"))
    ]


def test_an_export_that_comes_later_closes_the_gap_and_completes_the_day() -> None:
    polled = polls(
        ("04 23:50", 50, "04 12:00", "04 23:40"),
        ("05 12:00", 50, "05 08:00", "05 11:50"),
    )
    told = exported(("02 10:00", "06 10:00"))
    assert closed(polled, told) == [True]
    assert by_day(polled, told)[5] == "complete"


def test_an_export_that_ends_within_the_gap_does_not_close_it() -> None:
    polled = polls(
        ("04 23:50", 50, "04 12:00", "04 23:40"),
        ("05 12:00", 50, "05 08:00", "05 11:50"),
    )
    assert closed(polled, exported(("02 10:00", "05 07:59"))) == [False]
    assert closed(polled, exported(("02 10:00", "05 08:00"))) == [True]


def test_an_export_and_the_polls_after_it_know_the_day_together() -> None:
    polled = polls(("05 15:00", 50, "05 07:00", "05 14:50"), ("06 09:00", 20, "05 12:00", None))
    told = exported(("02 10:00", "05 09:00"))
    assert by_day(polled, told) == {
        **{2: "complete", 3: "complete", 4: "complete"},
        **{5: "polled", 6: "polled"},
    }


def test_a_day_under_way_is_polled_as_far_as_it_was_asked() -> None:
    polled = polls(("04 23:50", 3, "04 12:00", "04 23:40"), ("05 00:20", 3, "04 12:00", "04 23:40"))
    assert by_day(polled, exported())[5] == "polled"


def test_a_day_of_which_only_a_play_is_known_is_a_possible_gap() -> None:
    polled = polls(("05 12:00", 50, "05 08:00", "05 11:50"))
    assert by_day(polled, exported(), played(3)) == {**{3: "partial", 4: "unknown", 5: "partial"}}


def test_polls_that_showed_no_play_vouch_for_the_time_between_them() -> None:
    polled = polls(("04 10:00", 0, None, None), ("05 10:00", 0, None, None))
    assert by_day(polled, exported()) == {4: "partial", 5: "polled"}


moments = st.integers(0, 28 * 24 * 60).map(
    lambda minutes: moment("01 00:00") + dt.timedelta(minutes=minutes)
)
spans = st.lists(st.tuples(moments, moments).map(sorted), max_size=4)


@st.composite
def some_polls(draw: st.DrawFn) -> pl.DataFrame:
    rows = []
    for line, asked in enumerate(sorted(draw(st.lists(moments, max_size=5, unique=True))), start=1):
        back = draw(st.tuples(st.integers(1, 3000), st.integers(1, 3000)).map(sorted))
        newest, oldest = (asked - dt.timedelta(minutes=minutes) for minutes in back)
        items = draw(st.sampled_from([0, 7, 50]))
        rows.append(
            {
                "date": asked.date(),
                "polled_at": asked,
                "items": items,
                "is_full": items == 50,
                "oldest_at": oldest if items else None,
                "newest_at": newest if items else None,
                "source_file": "raw/recently_played/polls.jsonl.zst",
                "source_line": line,
            }
        )
    return pl.DataFrame(rows, schema=Polls.polars_schema(), orient="row")


def of_spans(chosen: Iterable[Iterable[dt.datetime]]) -> pl.DataFrame:
    return files(*({**file("01 00:00"), "first_at": one, "last_at": two} for one, two in chosen))


@given(some_polls(), spans, st.sets(st.integers(1, 28)))
def test_days_follow_each_other_and_hold_all_plays_and_a_whole_day_of_an_export_is_complete(
    polled: pl.DataFrame, chosen: list[list[dt.datetime]], days: set[int]
) -> None:
    frame = coverage(polled, of_spans(chosen), played(*days))
    PlayCoverage.validate(frame)
    dates = frame["date"].to_list()
    assert dates == [dates[0] + dt.timedelta(days=n) for n in range(len(dates))] if dates else True
    assert frame.filter(pl.col("plays") > 0)["date"].to_list() == [day(one) for one in sorted(days)]
    labels = dict(frame.select("date", "coverage").rows())
    for first, last in chosen:
        for number in range((last.date() - first.date()).days):
            assert labels[first.date() + dt.timedelta(days=number)] == "complete"


@given(some_polls(), spans)
def test_no_open_gap_lies_in_a_day_that_is_known(
    polled: pl.DataFrame, chosen: list[list[dt.datetime]]
) -> None:
    told = of_spans(chosen)
    labels = dict(coverage(polled, told, played()).select("date", "coverage").rows())
    still_open = gaps(polled, told).filter(~pl.col("is_closed")).select("from_at", "to_at")
    for start, end in still_open.rows():
        days = range((end.date() - start.date()).days + 1)
        known = {labels.get(start.date() + dt.timedelta(days=n)) for n in days}
        assert known - {"complete", "polled"}


@given(some_polls(), spans, spans)
def test_another_file_opens_no_gap(
    polled: pl.DataFrame, chosen: list[list[dt.datetime]], more: list[list[dt.datetime]]
) -> None:
    before = closed(polled, of_spans(chosen))
    after = closed(polled, of_spans([*chosen, *more]))
    assert len(after) == len(before)
    assert all(now for then, now in zip(before, after, strict=True) if then)
