"""One play told in different words is one play, and two plays told alike are two.

The rule is in docs/listening.md; each distortion is one that real exports of one account have.
"""

import datetime as dt
import unicodedata
from typing import Any

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets_tests.warehouse.conftest import spotify_id
from spotify_assets_tests.warehouse.telling import (
    Row,
    account,
    ask,
    classes,
    export,
    in_account,
    load_plays,
    local_file,
    moment,
    polled,
    report,
    times,
    told,
    track,
)

UNKNOWN: dict[str, Any] = {"artistName": "Unknown Artist", "trackName": "Unknown Track"}


Base = duckdb.DuckDBPyConnection


def plays(base: Base) -> int:
    return len(told(base))


def by_both(base: Base) -> int:
    """Plays of the extended history that account data tells of too."""
    return sum(source == "extended" and both for _, _, source, both, _ in told(base))


# A later export of the same package


def test_a_corrected_length_is_the_same_play_and_the_newer_file_speaks(
    lake: Lake, base: Base
) -> None:
    export(lake, [track("20:00:00", ms=203_000), track("20:10:00", "two")])
    export(
        lake,
        [track("20:00:00", ms=203_456), track("20:10:00", "two"), track("20:20:00", "three")],
    )
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:10:00", "20:20:00"]
    lengths = ask(base, "SELECT ms_played FROM star.fact_play ORDER BY ended_at")
    assert lengths[0] == (203_456,)
    assert sum(of_file.get("duplicate", 0) for of_file in classes(base).values()) == 2


def test_a_row_with_a_uri_speaks_before_that_of_a_newer_file_without_one(
    lake: Lake, base: Base
) -> None:
    export(lake, [track("20:00:00"), track("20:10:00", "two")])
    of_2020 = {key: value for key, value in track("20:00:01").items() if key[-3:] != "uri"}
    export(lake, [of_2020, track("20:10:00", "two"), track("20:20:00", "three")])
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:10:00", "20:20:00"]


def test_an_end_a_second_off_is_the_same_play(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00"), track("20:10:00", "two", 4000)])
    export(lake, [track("20:00:01"), track("20:09:59", "two", 4000)])
    load_plays(lake, base)
    assert plays(base) == 2


def test_two_skips_three_seconds_apart_in_both_files_stay_two(lake: Lake, base: Base) -> None:
    skips = [track("20:00:00", ms=2000), track("20:00:03", ms=2100)]
    export(lake, skips)
    export(lake, [*skips, track("20:10:00", "two")])
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:00:03", "20:10:00"]


def test_skips_that_are_each_a_second_off_are_matched_in_order(lake: Lake, base: Base) -> None:
    ends = ["20:00:00", "20:00:03", "20:00:06"]
    export(lake, [track(end, ms=2000) for end in ends])
    export(lake, [track(f"20:00:0{int(end[-1]) + 1}", ms=2001) for end in ends])
    load_plays(lake, base)
    assert plays(base) == 3


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_loops_of_a_track_stay_as_many(lake: Lake, base: Base, off: int) -> None:
    ends = [moment("20:00:00") + dt.timedelta(minutes=3 * loop) for loop in range(3)]
    export(lake, [track(f"{end:%H:%M:%S}") for end in ends])
    shifted = [end + dt.timedelta(seconds=off) for end in ends]
    export(lake, [track(f"{end:%H:%M:%S}") for end in shifted] + [track("21:00:00", "two")])
    load_plays(lake, base)
    assert plays(base) == 4


def test_a_play_at_another_time_is_the_same_where_the_files_tell_of_another_together(
    lake: Lake, base: Base
) -> None:
    export(lake, [track("20:00:00"), track("20:10:00", "two")])
    export(lake, [track("20:10:00", "two"), track("23:30:00")])
    load_plays(lake, base)
    assert plays(base) == 2


def test_a_play_at_another_time_is_another_where_the_files_follow_each_other(
    lake: Lake, base: Base
) -> None:
    export(lake, [track("20:00:00"), track("20:10:00", "two")], "Streaming_History_Audio_2026_0")
    export(lake, [track("20:20:00", "three"), track("23:30:00")], "Streaming_History_Audio_2026_1")
    load_plays(lake, base)
    assert plays(base) == 4


def test_the_same_names_under_another_id_are_the_same_play(lake: Lake, base: Base) -> None:
    relinked = track("20:00:00", spotify_track_uri=f"spotify:track:{spotify_id('relinked')}")
    export(lake, [track("20:00:00")])
    export(lake, [relinked, track("20:10:00", "two")])
    load_plays(lake, base)
    assert plays(base) == 2


def test_the_same_id_under_another_name_is_the_same_play(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00")])
    export(lake, [track("20:00:01", master_metadata_track_name="Song one - Remastered")])
    load_plays(lake, base)
    assert plays(base) == 1


def test_a_row_without_a_uri_is_what_its_names_say(lake: Lake, base: Base) -> None:
    without = {**track("20:00:00"), "master_metadata_track_name": "SONG ONE"}
    del without["spotify_track_uri"]
    export(lake, [without, track("20:30:00", "two")])
    export(lake, [track("20:00:00"), track("20:10:00", "three")])
    load_plays(lake, base)
    assert plays(base) == 3


def test_rows_of_one_file_are_two_plays_unless_they_are_wholly_equal(
    lake: Lake, base: Base
) -> None:
    export(
        lake,
        [
            *(track("20:00:00"), track("20:00:00")),
            *(track("20:10:00", "two"), track("20:10:00", "two", reason_end="fwdbtn")),
            *(track("20:20:00", "six"), track("20:20:01", "six")),
        ],
    )
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:10:00", "20:10:00", "20:20:00", "20:20:01"]


# Account data


@pytest.mark.parametrize("later", ["20:01:05", "23:00:00", "06 19:00:00"])
def test_an_extended_row_that_was_sent_up_to_a_day_later_is_the_same_play(
    lake: Lake, base: Base, later: str
) -> None:
    export(lake, [track(later), track("06 21:00:00", "two")])
    account(lake, [in_account("20:00:10"), in_account("06 21:00:00", "two")])
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (2, 2)


def test_what_is_more_than_a_day_later_or_of_another_length_is_another_play(
    lake: Lake, base: Base
) -> None:
    export(lake, [track("07 20:00:10"), track("20:40:00", "two", 61_000)])
    account(lake, [in_account("05 20:00:10"), in_account("20:20:00", "two", 60_000)])
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (4, 0)


def test_loops_that_were_sent_together_later_stay_as_many(lake: Lake, base: Base) -> None:
    minutes = ["20:00:00", "20:03:00", "20:06:00"]
    export(lake, [track("23:00:00", offline_timestamp=1_767_600_000 + n) for n in range(3)])
    account(lake, [in_account(minute) for minute in minutes])
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (3, 3)


def test_a_corrected_length_in_account_data_is_the_same_play(lake: Lake, base: Base) -> None:
    account(lake, [in_account("20:00:00", ms=203_000)])
    account(lake, [in_account("20:00:00", ms=203_456), in_account("20:01:00", "two")])
    load_plays(lake, base)
    assert plays(base) == 2


def test_a_crowded_minute_has_as_many_plays_as_it_had(lake: Lake, base: Base) -> None:
    skips = [track(f"20:00:{10 * n:02}", ms=900 + n) for n in range(6)]
    export(lake, skips)
    account(lake, [in_account("20:00:00", ms=900 + n) for n in (5, 3, 1, 0, 2, 4)])
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (6, 6)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello World", "hello world"),
        ("STRASSE", "Straße"),
        ("Água", unicodedata.normalize("NFD", "ÁGUA")),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_names_that_differ_in_case_and_normalisation_only_are_the_same(
    lake: Lake, base: Base, one: str, other: str
) -> None:
    account(lake, [in_account("20:00:00", trackName=one)])
    account(lake, [in_account("20:00:00", trackName=other)], "StreamingHistory_music_1")
    export(lake, [track("21:00:00", master_metadata_track_name=one)])
    account(lake, [in_account("21:00:00", trackName=other)], "StreamingHistory_music_2")
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (2, 1)
    assert ask(base, "SELECT count(*) FROM star.dim_item") == [(1,)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Song", "Song (Live)"), ("Song", "Song - Acoustic"), ("Café", "Cafe"), ("Song 2", "Song ２")],
)
def test_names_that_differ_in_more_are_two_plays(
    lake: Lake, base: Base, one: str, other: str
) -> None:
    account(lake, [in_account("20:00:00", trackName=one)])
    account(lake, [in_account("20:00:00", trackName=other)], "StreamingHistory_music_1")
    load_plays(lake, base)
    assert plays(base) == 2


def renamed() -> tuple[list[Row], list[Row]]:
    """Two tracks called New, of which one was called Old; as both packages have them."""
    old: dict[str, Any] = {"master_metadata_track_name": "Old"}
    new: dict[str, Any] = {"master_metadata_track_name": "New"}
    extended = [
        track("20:15:02", "four", **old),
        track("20:15:14", "five", **new),
        track("21:00:00", "four", **new),
    ]
    at = ["20:15:00", "20:15:00", "21:00:00"]
    names = ["Old", "New", "New"]
    return extended, [in_account(*two) for two in zip(at, names, strict=True)]


def named(rows: list[Row], *names: str) -> list[Row]:
    return [{**row, "trackName": name} for row, name in zip(rows, names, strict=True)]


@pytest.mark.parametrize("names", [("Old", "New", "New"), ("New", "New", "New")])
def test_a_track_that_was_renamed_is_one_thing_by_its_id(
    lake: Lake, base: Base, names: tuple[str, ...]
) -> None:
    extended, of_account = renamed()
    export(lake, extended)
    account(lake, named(of_account, *names))
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (3, 3)


def test_a_track_that_was_renamed_between_two_downloads_is_told_once(
    lake: Lake, base: Base
) -> None:
    extended, of_account = renamed()
    export(lake, extended)
    account(lake, named(of_account, "Old", "New", "New"))
    account(lake, named(of_account, "New", "New", "New"), "StreamingHistory_music_1")
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (3, 3)


def test_an_unknown_track_is_any_local_file_and_no_track(lake: Lake, base: Base) -> None:
    export(lake, [local_file("20:00:10"), track("20:00:20"), local_file("22:00:00", "Later")])
    account(lake, [in_account("20:00:00", **UNKNOWN), in_account("21:00:00", **UNKNOWN)])
    load_plays(lake, base)
    assert (plays(base), by_both(base)) == (3, 2)


def test_of_plays_that_agree_that_of_the_newer_file_is_the_first(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:11", ms=0)])
    twice = [in_account("20:00:00", ms=0), in_account("20:00:00", ms=0)]
    older = account(lake, twice)
    account(lake, [in_account("19:00:00", "two"), twice[0], in_account("21:00:00", "two")])
    load_plays(lake, base)
    assert times(base) == ["19:00:00", "20:00:00", "20:00:11", "21:00:00"]
    # The newer file's only row is of the extended play; so what is left is the older file's second.
    (left,) = ask(
        base,
        "SELECT source_file, source_line FROM star.fact_play WHERE minute(ended_at) = 0 "
        "AND hour(ended_at) = 20 AND source = 'account'",
    )
    assert (older[:16] in left[0], left[1]) == (True, 2)


def test_rows_that_name_only_their_book_are_one_play_of_one_book(lake: Lake, base: Base) -> None:
    books = [
        {"endTime": "2026-01-05 20:00", "audiobookName": book, "chapterName": None}
        | {"msPlayed": 60_000}
        for book in ("One", "Two")
    ]
    account(lake, books[:1])
    account(lake, [*books[1:], in_account("21:00:00")])
    account(lake, [*books, in_account("22:00:00")])
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:00:00", "21:00:00", "22:00:00"]


# Reports of the API


def test_an_unknown_track_that_no_local_file_matches_is_one_and_counts_as_no_music(
    lake: Lake, base: Base
) -> None:
    of_account = account(lake, [in_account("20:00:00", **UNKNOWN), in_account("20:05:00")])
    load_plays(lake, base)
    assert classes(base)[of_account] == {"local_file": 1, "counted": 1}
    items = ask(base, "SELECT kind, item FROM star.dim_item ORDER BY ALL")
    assert items[0] == ("local_file", "local:unknown artist::unknown track")


@pytest.mark.parametrize("backwards", [False, True])
def test_unknown_tracks_are_the_first_local_files_of_their_minute(
    backwards: bool, lake: Lake, base: Base
) -> None:
    rows = [local_file("20:00:10", "A"), local_file("20:00:20", "B"), local_file("20:00:30", "C")]
    export(lake, rows[::-1] if backwards else rows)
    account(lake, [in_account("20:00:00", **UNKNOWN)] * 2)
    load_plays(lake, base)
    both = [(at, both) for at, _, _, both, _ in told(base)]
    assert both == [("20:00:10", True), ("20:00:20", True), ("20:00:30", False)]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_of_rows_does_not_choose_between_plays_that_end_together(
    backwards: bool, lake: Lake, base: Base
) -> None:
    rows = [track("20:00:10"), track("20:00:10", spotify_track_uri=f"spotify:track:{'Z' * 22}")]
    export(lake, rows[::-1] if backwards else rows)
    account(lake, [in_account("20:00:00")])
    load_plays(lake, base)
    query = "SELECT is_in_account FROM star.fact_play ORDER BY item_key"
    assert ask(base, query) == [(True,), (False,)]


def test_a_play_that_was_paused_and_reported_by_its_start_is_one(lake: Lake, base: Base) -> None:
    export(lake, [track("19:50:00", "two"), track("20:20:00")])
    polled(lake, report("20:00:00"))
    load_plays(lake, base)
    assert [(at, api) for at, *_, api in told(base)] == [
        ("19:50:00", False),
        ("20:20:00", True),
    ]


def test_a_track_that_was_paused_and_began_again_at_once_is_two_plays_as_reported(
    lake: Lake, base: Base
) -> None:
    paused, again = track("18:02:08", ms_played=31_000), track("18:02:41", ms_played=31_000)
    export(lake, [paused, again])
    # The second report is nearer to the end of the first play than to the start of its own.
    polled(lake, report("18:00:02"), report("18:02:08"))
    load_plays(lake, base)
    assert [(at, api) for at, *_, api in told(base)] == [
        ("18:02:08", True),
        ("18:02:41", True),
    ]


def test_a_report_after_the_last_play_of_an_export_is_another_play(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00"), track("20:10:00", "two")])
    polled(lake, report("20:15:00"))
    load_plays(lake, base)
    assert plays(base) == 3


def test_a_report_from_before_an_export_began_is_another_play(lake: Lake, base: Base) -> None:
    export(lake, [track("06 00:30:00"), track("06 00:40:00", "two")])
    polled(lake, report("05 23:00:00"))
    load_plays(lake, base)
    assert plays(base) == 3


def test_a_report_is_the_play_that_an_export_tells_of_later(lake: Lake, base: Base) -> None:
    export(lake, [track("19:00:00", "two"), track("22:00:00", "six"), track("23:00:00")])
    polled(lake, report("20:00:00"))
    load_plays(lake, base)
    assert plays(base) == 3


def test_a_report_is_held_against_the_minute_of_account_data_where_the_extended_end_is_later(
    lake: Lake, base: Base
) -> None:
    export(lake, [track("22:00:00"), track("22:10:00", "two")])
    account(lake, [in_account("20:00:00"), in_account("22:10:00", "two")])
    polled(lake, report("20:00:30"))
    load_plays(lake, base)
    assert told(base)[0] == ("22:00:00", "Song one", "extended", True, True)
    assert plays(base) == 2


# What is counted as one


def test_one_song_on_two_albums_is_ranked_once_and_a_live_version_apart(
    lake: Lake, base: Base
) -> None:
    album: dict[str, Any] = {
        "spotify_track_uri": f"spotify:track:{spotify_id('album')}",
        "master_metadata_album_album_name": "Album",
    }
    live: dict[str, Any] = {"master_metadata_track_name": "Song one - Live"}
    export(
        lake,
        [
            *(track("20:00:00"), track("20:05:00")),
            *(track("20:10:00", **album), track("20:15:00", **album)),
            *(track(f"21:{n}0:00", "two") for n in range(3)),
            track("22:00:00", "live", **live),
        ],
    )
    load_plays(lake, base)
    top = "SELECT name, plays FROM listening.top_tracks('2026-01-05', '2026-01-05')"
    assert ask(base, top) == [("Song one", 4), ("Song two", 3), ("Song one - Live", 1)]
    assert ask(base, "SELECT count(*) FROM star.fact_play WHERE is_first_play") == [(3,)]


def test_a_track_is_known_by_what_reports_called_it_before(lake: Lake, base: Base) -> None:
    account(lake, [in_account("20:00:00")])
    polled(lake, report("20:00:10"))
    polled(lake, report("06 20:00:00", name="New Name"), date=dt.date(2026, 1, 6))
    load_plays(lake, base)
    assert [(name, source, api) for _, name, source, _, api in told(base)] == [
        ("New Name", "account", True),
        ("New Name", "api", True),
    ]


def test_the_last_report_describes_a_track_as_a_whole(lake: Lake, base: Base) -> None:
    first: Row = {"artist_id": spotify_id("band"), "isrc": "BRBMG0300729", "duration_ms": 200_000}
    polled(lake, report("20:00:00", **first))
    last: Row = {"artist_name": "Other Band", "album_name": None, "duration_ms": None}
    # Of two plays that one poll shows, the later one is the last report.
    two = [report("06 20:00:00", **last), report("06 19:00:00", artist_name="Third Band")]
    polled(lake, *two, date=dt.date(2026, 1, 6))
    load_plays(lake, base)
    query = "SELECT artist_id, artist_name, album_name, isrc, duration_ms FROM star.dim_item"
    assert ask(base, query) == [(None, "Other Band", None, "BRBMG0300729", 180_000)]


def test_an_isrc_says_more_than_names(lake: Lake, base: Base) -> None:
    polled(
        lake,
        report("20:00:00", "studio", name="Song", isrc="BRABC2500001"),
        report("20:10:00", "rerecorded", name="Song", isrc="BRABC2500002"),
        report("20:20:00", "rerecorded", name="Song", isrc="BRABC2500002"),
    )
    export(lake, [track("08 20:00:00", "export", master_metadata_track_name="Song")])
    load_plays(lake, base)
    top = "SELECT plays FROM listening.top_tracks('2026-01-05', '2026-01-08')"
    assert ask(base, top) == [(3,), (1,)]


def test_a_uri_that_is_no_track_of_spotify_is_an_item_without_an_id(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00", spotify_track_uri="spotify:track:too-short")])
    load_plays(lake, base)
    known = "SELECT item, track_id FROM star.dim_item"
    assert ask(base, known) == [("spotify:track:too-short", None)]
