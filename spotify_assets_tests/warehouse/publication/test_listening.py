"""From export files and reports of the API to every play once, also through a publication.

Exports are JSON that is read as the import reads it; reports are rows as `transforms.plays` makes.
"""

import datetime as dt
import hashlib
import json
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.history import facts_file, history_file, imported_files
from spotify_assets.lake.tables import partitions
from spotify_assets.sandbox.listening import Listener
from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog.processed import Artists, TrackArtists, Tracks
from spotify_assets.schemas.catalog.star import DailyArtists, DailyTracks
from spotify_assets.schemas.listening import Polls
from spotify_assets.sources.account_export import find, read
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets_tests.lake.partition_files import write_partition
from spotify_assets_tests.transforms.listening.truth import played, tell_by_export, tell_by_polls
from spotify_assets_tests.warehouse.conftest import MONDAY, spotify_id, write_genre_day
from spotify_assets_tests.warehouse.telling import (
    IMPORTED_AT,
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
    publish,
    report,
    times,
    told,
    track,
    write,
)

Base = duckdb.DuckDBPyConnection


def test_rows_that_repeat_in_another_export_are_counted_once(lake: Lake, base: Base) -> None:
    day = [track("20:00:00"), track("20:05:00", "two"), track("20:06:00", "two", 5000)]
    first = export(lake, day)
    second = export(lake, [*day, track("20:10:00", "three")])
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:05:00", "20:06:00", "20:10:00"]
    counted = classes(base)
    assert sorted(counted[first].values()) == [1, 2] or counted[first] == {"duplicate": 3}
    totals = [sum(of_file.values()) for of_file in (counted[first], counted[second])]
    assert totals == [3, 4]
    assert sum(of_file.get("duplicate", 0) for of_file in counted.values()) == 3


def test_a_row_that_repeats_within_a_file_is_one_play(lake: Lake, base: Base) -> None:
    file = export(lake, [track("20:00:00"), track("20:00:00"), track("20:00:00", ms=40_000)])
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:00:00"]
    assert classes(base)[file] == {"counted": 2, "duplicate": 1}


def test_the_same_file_under_another_name_adds_nothing(lake: Lake, base: Base) -> None:
    rows = [in_account("20:00:10"), in_account("20:00:10")]
    first = account(lake, rows)
    assert account(lake, rows, "StreamingHistory_music_7") == first
    load_plays(lake, base)
    assert imported_files(lake) == [first]
    assert times(base) == ["20:00:00", "20:00:00"]


def test_two_equal_rows_of_account_data_are_two_plays_and_in_another_file_the_same_two(
    lake: Lake, base: Base
) -> None:
    account(lake, [in_account("20:00:10"), in_account("20:00:40")])
    account(lake, [in_account("20:00:10"), in_account("20:00:40"), in_account("20:04:00", "two")])
    load_plays(lake, base)
    assert times(base) == ["20:00:00", "20:00:00", "20:04:00"]
    assert sum(of_file.get("duplicate", 0) for of_file in classes(base).values()) == 2


@pytest.mark.parametrize("is_account_first", [False, True])
def test_account_data_of_a_year_that_the_extended_history_has_is_all_duplicates(
    lake: Lake, base: Base, is_account_first: bool
) -> None:
    long = [
        track("20:00:10"),
        track("20:00:50"),
        track("20:05:59", "two", 12_000),
        local_file("20:30:00"),
        local_file("20:30:20", "Other"),
        {**local_file("20:40:00"), "ms_played": 0},
    ]
    unknown: dict[str, Any] = {"artistName": "Unknown Artist", "trackName": "Unknown Track"}
    short = [
        in_account("20:00:10"),
        in_account("20:00:50"),
        in_account("20:05:59", "two", 12_000),
        in_account("20:30:00", **unknown),
        in_account("20:30:20", **unknown),
        in_account("20:40:00", ms=0, **unknown),
    ]
    if is_account_first:
        of_account, _ = account(lake, short), export(lake, long)
    else:
        _, of_account = export(lake, long), account(lake, short)
    load_plays(lake, base)
    assert classes(base)[of_account] == {"duplicate": 6}
    assert {(source, both) for _, _, source, both, _ in told(base)} == {("extended", True)}
    assert len(told(base)) == 6


def test_account_data_adds_the_plays_after_the_extended_history(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:10")])
    account(lake, [in_account("20:00:10"), in_account("21:00:10")])
    load_plays(lake, base)
    assert told(base) == [
        ("20:00:10", "Song one", "extended", True, False),
        ("21:00:00", "Song one", "account", True, False),
    ]
    # The names mean the track whose id the other package gives.
    assert ask(base, "SELECT count(DISTINCT item_key) FROM star.fact_play") == [(1,)]


def test_a_play_across_midnight_is_of_the_day_it_ended_on(lake: Lake, base: Base) -> None:
    export(lake, [track("06 00:01:00"), track("05 23:57:00")])
    polled(lake, report("05 23:58:01"))
    polled(lake, report("05 23:58:01"), date=dt.date(2026, 1, 6))
    load_plays(lake, base)
    assert told(base) == [
        ("23:57:00", "Song one", "extended", False, False),
        ("00:01:00", "Song one", "extended", False, True),
    ]
    days = "SELECT day(date), plays FROM star.play_coverage WHERE plays > 0 ORDER BY date"
    assert ask(base, days) == [(5, 1), (6, 1)]


def test_two_devices_at_once_make_two_plays(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00"), track("20:00:00", "two"), track("20:00:00", ms=180_001)])
    polled(lake, report("20:00:01"), report("20:00:02", "two"))
    load_plays(lake, base)
    assert times(base) == ["20:00:00"] * 3
    assert sum(in_api for *_, in_api in told(base)) == 2


@pytest.mark.parametrize("reported_at", ["20:01:30", "19:58:30", "19:55:30"])
def test_a_report_within_90_seconds_of_the_end_or_the_start_is_the_same_play(
    lake: Lake, base: Base, reported_at: str
) -> None:
    export(lake, [track("20:00:00")])
    polled(lake, report(reported_at))
    load_plays(lake, base)
    assert told(base) == [("20:00:00", "Song one", "extended", False, True)]


def test_a_report_91_seconds_after_the_end_is_another_play(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00")])
    polled(lake, report("20:01:31"))
    load_plays(lake, base)
    assert [source for _, _, source, *_ in told(base)].count("api") == 1
    assert len(told(base)) == 2


def test_a_report_is_held_against_the_whole_minute_of_account_data(lake: Lake, base: Base) -> None:
    account(lake, [in_account("20:00:00"), in_account("21:00:00")])
    polled(lake, report("20:02:29"), report("21:02:30"))
    load_plays(lake, base)
    assert told(base) == [
        ("20:00:00", "Song one", "account", True, True),
        ("21:00:00", "Song one", "account", True, False),
        ("21:02:30", "Song one", "api", False, True),
    ]


def test_a_report_is_no_play_that_was_too_short_to_be_reported(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00", ms=29_999)])
    polled(lake, report("20:00:00"))
    load_plays(lake, base)
    assert [source for _, _, source, *_ in told(base)] == ["api", "extended"]


@pytest.mark.parametrize("meant", ["ends", "starts"])
def test_a_track_on_repeat_is_as_many_plays_as_there_were(
    lake: Lake, base: Base, meant: str
) -> None:
    ends = [moment("20:00:00") + n * dt.timedelta(minutes=3) for n in range(12)]
    export(lake, [track(f"{end:%H:%M:%S}") for end in ends])
    shift = dt.timedelta(minutes=3) if meant == "starts" else dt.timedelta(0)
    polled(lake, *(report(f"{end - shift:%H:%M:%S}") for end in ends))
    load_plays(lake, base)
    assert [(source, api) for _, _, source, _, api in told(base)] == [("extended", True)] * 12


def test_repeats_from_two_files_out_of_order_are_as_many_plays(lake: Lake, base: Base) -> None:
    # The later play is in the file that was imported first.
    export(lake, [track("20:03:00")])
    export(lake, [track("20:00:00")])
    polled(lake, report("20:00:01"), report("20:03:01"))
    load_plays(lake, base)
    assert told(base) == [
        ("20:00:00", "Song one", "extended", False, True),
        ("20:03:00", "Song one", "extended", False, True),
    ]


def test_the_same_recording_under_another_id_is_the_same_play(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00"), track("21:00:00", "two")])
    polled(
        lake,
        report("20:00:05", "two", isrc="BRABC2500001"),
        report("19:00:00", "one", isrc="BRABC2500001"),
    )
    load_plays(lake, base)
    assert [(at, source, api) for at, _, source, _, api in told(base)] == [
        ("19:00:00", "api", True),
        ("20:00:00", "extended", True),
        ("21:00:00", "extended", False),
    ]


def test_a_track_of_the_same_names_under_another_id_is_the_same_play(
    lake: Lake, base: Base
) -> None:
    same: dict[str, Any] = {"master_metadata_track_name": "Song two"}
    export(lake, [track("20:00:00", **same)])
    polled(lake, report("20:00:05", "two", isrc="BRABC2500001"))
    load_plays(lake, base)
    assert [(source, api) for _, _, source, _, api in told(base)] == [("extended", True)]


def test_account_data_says_names_only_and_a_report_of_any_track_of_them_is_the_same_play(
    lake: Lake, base: Base
) -> None:
    album = report("21:00:00", "album", name="Song one", isrc="BRABC2500001")
    single = [report(f"1{n}:00:00", "one", isrc="BRABC2500002") for n in range(3)]
    account(lake, [in_account("21:00:00")])
    polled(lake, album, *single)
    load_plays(lake, base)
    assert [(at, source) for at, _, source, *_ in told(base)] == [
        ("10:00:00", "api"),
        ("11:00:00", "api"),
        ("12:00:00", "api"),
        ("21:00:00", "account"),
    ]


def test_a_track_that_was_renamed_since_is_the_same_play(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00", master_metadata_track_name="Song one (Remaster)")])
    polled(lake, report("20:00:05", "one"))
    load_plays(lake, base)
    assert told(base) == [("20:00:00", "Song one", "extended", False, True)]


def test_a_report_of_a_track_that_the_export_lacks_stays(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00"), track("20:10:00")])
    polled(lake, report("20:05:00", "two"))
    load_plays(lake, base)
    assert ("20:05:00", "Song two", "api", False, True) in told(base)
    assert len(told(base)) == 3


def test_an_export_that_comes_later_takes_the_place_of_reports_and_closes_their_gaps(
    lake: Lake, base: Base
) -> None:
    polled(lake, report("20:00:02"), report("20:03:00", "two"))
    date = dt.date(2026, 1, 6)
    polled(lake, report("06 20:00:02"), date=date)
    polls = pl.read_parquet(history_file(lake, "processed.polls", f"date={date}"))
    full = polls.with_columns(is_full=pl.lit(value=True), items=pl.lit(50, pl.Int32))
    write(lake, Polls, date, full.to_dicts())
    load_plays(lake, base)
    assert times(base) == ["20:00:02", "20:03:00", "20:00:02"]
    assert ask(base, "SELECT is_closed FROM monitoring.play_gaps") == [(False,)]

    export(
        lake,
        [track("20:00:00"), track("20:02:58", "two"), track("06 20:00:00"), track("07 09:00:00")],
    )
    load_plays(lake, base)
    assert [source for _, _, source, *_ in told(base)] == ["extended"] * 4
    assert times(base) == ["20:00:00", "20:02:58", "20:00:00", "09:00:00"]
    assert ask(base, "SELECT is_closed FROM monitoring.play_gaps") == [(True,)]


def test_the_catalog_that_comes_later_says_more_of_what_was_played(
    lake: Lake, database: Path
) -> None:
    made = queries()
    export(lake, [track("20:00:00", "tx")])
    publish(lake, database, made)
    known = "SELECT name, artist_name, album_name, duration_ms, known_from FROM star.dim_item"
    assert ask(database, known) == [("Song tx", "Band", "Record", None, "export")]
    before = ask(database, "SELECT item_key FROM star.fact_play")

    write_genre_day(lake, GenreDay("rock", MONDAY), ["x"])
    publish(lake, database, made)
    assert ask(database, known) == [("x", "x", "x", 1000, "catalog")]
    assert ask(database, "SELECT item_key FROM star.fact_play") == before


KNOWN = "SELECT name, artist_id, artist_name, duration_ms, known_from FROM star.dim_item"
ROCK = GenreDay("rock", MONDAY)


def rewritten(lake: Lake, contract: type[Contract], *change: pl.Expr) -> None:
    """The rows of a genre-day made again, otherwise; with no change, none of them."""
    path = dict(partitions(lake, contract.table()))[ROCK]
    rows = (
        pl.read_parquet(path).with_columns(*change)
        if change
        else pl.DataFrame(schema=contract.polars_schema())
    )
    write_partition(lake, contract.table(), ROCK, rows)


@pytest.mark.parametrize("is_reported", [False, True])
def test_a_credit_that_the_catalog_has_no_longer_is_gone_from_what_was_played(
    lake: Lake, database: Path, is_reported: bool
) -> None:
    made = queries()
    export(lake, [track("20:00:00", "tx")])
    if is_reported:
        polled(lake, report("20:00:00", "tx", artist_id=spotify_id("ay")))
    write_genre_day(lake, ROCK, ["x"])
    publish(lake, database, made)
    assert ask(database, KNOWN) == [("x", spotify_id("ax"), "x", 1000, "catalog")]

    rewritten(lake, TrackArtists)
    publish(lake, database, made)
    left = spotify_id("ay") if is_reported else None
    assert ask(database, KNOWN) == [("x", left, "Band", 1000, "catalog")]
    before = database.read_bytes()
    publish(lake, database, made)
    assert database.read_bytes() == before


def test_another_artist_of_the_same_name_and_another_length_reach_what_was_played(
    lake: Lake, database: Path
) -> None:
    made = queries()
    export(lake, [track("20:00:00", "tx")])
    write_genre_day(lake, ROCK, ["x"])
    publish(lake, database, made)

    another = pl.lit(spotify_id("az")).alias("artist_id")
    rewritten(lake, TrackArtists, another)
    rewritten(lake, Artists, another)
    rewritten(lake, DailyArtists, another)
    publish(lake, database, made)
    assert ask(database, KNOWN) == [("x", spotify_id("az"), "x", 1000, "catalog")]
    rewritten(lake, Tracks, pl.lit(2000, pl.Int64).alias("duration_ms"))
    publish(lake, database, made)
    assert ask(database, KNOWN) == [("x", spotify_id("az"), "x", 2000, "catalog")]


def test_a_track_that_left_the_catalog_is_described_by_its_export_again(
    lake: Lake, database: Path
) -> None:
    made = queries()
    export(lake, [track("20:00:00", "tx")])
    write_genre_day(lake, ROCK, ["x"])
    publish(lake, database, made)
    for contract in (Tracks, TrackArtists, DailyTracks):
        rewritten(lake, contract)
    publish(lake, database, made)
    assert ask(database, KNOWN) == [("Song tx", None, "Band", None, "export")]


def test_a_second_publication_changes_no_byte(lake: Lake, database: Path) -> None:
    export(lake, [track("20:00:00"), track("20:05:00", "two")])
    account(lake, [in_account("20:00:00"), in_account("21:00:00", "three")])
    polled(lake, report("20:05:03", "two"))
    publish(lake, database)
    before = database.read_bytes(), database.stat().st_mtime_ns
    publish(lake, database)
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before


def test_a_file_that_left_the_lake_takes_its_plays_along(lake: Lake, database: Path) -> None:
    gone = export(lake, [track("20:00:00"), track("20:05:00", "two")])
    export(lake, [track("20:00:00")])
    publish(lake, database)
    history_file(lake, "processed.streams", f"file={gone}").unlink()
    publish(lake, database)
    assert times(database) == ["20:00:00"]


def test_unreadable_rows_are_in_the_account_of_their_file(lake: Lake, base: Base) -> None:
    export(lake, [track("20:00:00"), {**track("20:01:00"), "ts": "yesterday"}, track("20:02:00")])
    load_plays(lake, base)
    query = "SELECT received, counted, unreadable FROM monitoring.imports"
    assert ask(base, query) == [(3, 2, 1)]
    assert ask(base, "SELECT source_pointer FROM quarantine.plays") == [("/1",)]


def test_each_row_of_an_export_is_in_one_class(lake: Lake, base: Base) -> None:
    episode: dict[str, Any] = {"spotify_episode_uri": "spotify:episode:1", "episode_name": "Pilot"}
    chapter: dict[str, Any] = {
        "audiobook_chapter_uri": "spotify:episode:2",
        "audiobook_title": "Book",
    }
    no_track: dict[str, Any] = {"spotify_track_uri": None, "master_metadata_track_name": None}
    file = export(
        lake,
        [
            track("20:00:00"),
            track("20:01:00", ms=29_999),
            track("20:02:00", ms=29_999, reason_end="fwdbtn"),
            track("20:03:00", ms=29_999, skipped=True),
            track("20:04:00", incognito_mode=True),
            local_file("20:05:00"),
            track("20:06:00", **no_track, **episode),
            track("20:07:00", **no_track, **chapter),
            track("20:00:00"),
        ],
    )
    load_plays(lake, base)
    assert classes(base)[file] == {
        **{"counted": 1, "short": 1, "skipped": 2, "podcast": 1, "audiobook": 1},
        **{"local_file": 1, "incognito": 1, "duplicate": 1},
    }


def test_a_pause_of_over_half_an_hour_begins_a_session_and_a_recording_is_new_once(
    lake: Lake, base: Base
) -> None:
    export(
        lake,
        [track("20:00:00"), track("20:33:00", "two"), track("21:06:01"), track("21:09:01", "six")],
    )
    load_plays(lake, base)
    query = "SELECT session, is_first_play FROM star.fact_play ORDER BY ended_at"
    assert ask(base, query) == [(1, True), (1, True), (2, False), (2, True)]


def test_an_export_that_does_not_add_up_is_not_published(lake: Lake, database: Path) -> None:
    export(lake, [track("20:00:00")])
    publish(lake, database)
    before = database.read_bytes()
    file = facts_file(lake, export(lake, [track("20:00:00"), track("21:00:00")]))
    facts = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, "records": 3}))
    with pytest.raises(WarehouseError, match=r"do not add up\. .*: 3 rows, 2 told"):
        publish(lake, database)
    assert database.read_bytes() == before


def test_facts_of_a_file_that_are_gone_are_named(lake: Lake, database: Path) -> None:
    file = facts_file(lake, export(lake, [track("20:00:00")]))
    file.unlink()
    [reason] = publish(lake, database).damaged["reason"]
    assert "file.json is not the file that was written" in reason


def test_damaged_rows_of_a_file_are_named_and_the_plays_stay_as_they_were(
    lake: Lake, database: Path
) -> None:
    export(lake, [track("20:00:00")])
    publish(lake, database)
    before = ask(database, "FROM star.fact_play")
    second = export(lake, [track("21:00:00")])
    damaged = history_file(lake, "processed.streams", f"file={second}")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    for _ in range(2):
        published = publish(lake, database)
        assert published.damaged["file"].to_list() == [lake.relative(damaged)]
        assert f"{second}/rows.parquet is not the file" in published.damaged["reason"][0]
        assert ask(database, "FROM star.fact_play") == before
    damaged.write_bytes(whole)
    assert publish(lake, database).damaged.is_empty()
    assert len(ask(database, "FROM star.fact_play")) == 2


def test_where_the_file_is_made_again_a_damaged_export_alone_is_left_out(
    lake: Lake, database: Path
) -> None:
    export(lake, [track("20:00:00")])
    second = export(lake, [track("21:00:00")])
    damaged = history_file(lake, "processed.streams", f"file={second}")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    assert publish(lake, database).damaged["file"].to_list() == [lake.relative(damaged)]
    assert len(ask(database, "FROM star.fact_play")) == 1
    damaged.write_bytes(whole)
    assert publish(lake, database).damaged.is_empty()
    assert len(ask(database, "FROM star.fact_play")) == 2


def test_damage_is_noted_at_the_very_file(lake: Lake, database: Path) -> None:
    """The tables of a day of polls lie in folders of the same name."""
    export(lake, [track("20:00:00")])
    publish(lake, database)
    second = export(lake, [track("21:00:00")])
    damaged = history_file(lake, "quarantine.plays", f"file={second}")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert publish(lake, database).damaged["file"].to_list() == [lake.relative(damaged)]


def _import_and_publish_for_ever(lake: Lake, database: Path) -> None:
    for number in range(10_000):
        export(lake, [track("21:00:00", f"more{number}")])
        publish(lake, database)


@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_a_whole_file(lake: Lake, database: Path) -> None:
    export(lake, [track("20:00:00")])
    publish(lake, database)
    spawn = multiprocessing.get_context("spawn")
    copy = database.with_name(f".{database.name}.next")
    for wait in (0.0, 0.1):
        process = spawn.Process(target=_import_and_publish_for_ever, args=(lake, database))
        process.start()
        deadline = time.monotonic() + 60
        while not copy.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert copy.exists()
        time.sleep(wait)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        query = "SELECT (SELECT count(*) FROM star.fact_play), sum(counted) FROM monitoring.imports"
        [(plays, counted)] = ask(database, query)
        assert plays == counted >= 1
    publish(lake, database)
    assert len(times(database)) == len(imported_files(lake))


def id_of(rows: Sequence[Row]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def test_plays_that_end_together_have_one_order_whoever_was_imported_first(
    base: Base, tmp_path: Path
) -> None:
    before, three_hours = track("18:00:00", "zero"), track("20:00:00", ms=10_800_000)
    # The short play would come first if its file's name decided.
    shorts = (track("20:00:00", f"two{n}") for n in range(100))
    short = next(one for one in shorts if id_of([one]) < id_of([before, three_hours, one]))
    both = [[before, three_hours, short], [short]]
    results = []
    for name, order in (("first", both), ("last", both[::-1])):
        lake = Lake(tmp_path / name / "lake")
        for number, rows in enumerate(order):
            export(lake, rows, at=IMPORTED_AT + dt.timedelta(days=number))
        load_plays(lake, base)
        query = "SELECT ended_at, ms_played, session FROM star.fact_play ORDER BY ALL"
        results.append(ask(base, query))
    assert results[0] == results[1]
    assert {session for *_, session in results[0]} == {1}


hours = st.integers(0, 3 * 60).map(
    lambda minutes: f"{moment('18:00:00') + dt.timedelta(minutes=minutes):%H:%M:%S}"
)
names = st.sampled_from(["one", "two"])
lengths = st.sampled_from([10_000, 60_000, 180_000])
plays = st.tuples(hours, names, lengths)
files = st.lists(
    st.tuples(st.booleans(), st.lists(plays, min_size=1, max_size=6)), min_size=1, max_size=4
)


@given(files, st.lists(st.tuples(hours, names), max_size=5, unique=True), st.randoms())
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_imports_does_not_matter_for_the_plays(
    base: Base, tmp_path: Path, given: list[Any], reports: list[tuple[str, str]], random: Any
) -> None:
    shuffled = random.sample(given, len(given))
    results = []
    for order in (given, shuffled):
        lake = Lake(Path(tempfile.mkdtemp(dir=tmp_path)) / "lake")
        for number, (is_extended, rows) in enumerate(order):
            at = IMPORTED_AT + dt.timedelta(days=number)
            _import_at(lake, is_extended, rows, at)
        if reports:
            polled(lake, *(report(at, name) for at, name in reports))
        load_plays(lake, base)
        query = "SELECT * EXCLUDE (source_file, source_line) FROM star.fact_play ORDER BY ALL"
        results.append(ask(base, query))
    assert results[0] == results[1]


def _import_at(lake: Lake, is_extended: bool, rows: list[Any], at: dt.datetime) -> None:
    if is_extended:
        export(lake, [track(*row) for row in rows], at=at)
    else:
        export(lake, [in_account(*row) for row in rows], "StreamingHistory_music_0", at)


@pytest.fixture(scope="module", params=[3000, pytest.param(10_000, marks=pytest.mark.slow)])
def truth(request: pytest.FixtureRequest) -> pl.DataFrame:
    """So many plays; the API loses 5 % of them, and gives 30 % by their start."""
    until = dt.datetime(2026, 11, 1)  # noqa: DTZ001 - in UTC, as all times of the tables
    return played(Listener(lost_share=0.05, start_share=0.3), request.param, until)


def test_every_true_play_is_there_once(truth: pl.DataFrame, lake: Lake, database: Path) -> None:
    first, last = truth["ended_at"][0], truth["ended_at"][-1]
    asked_at = last - dt.timedelta(days=10)
    tell_by_export(lake, truth, lake.root.parent / "export", asked_at)
    shown = tell_by_polls(lake, truth, first, last, dt.timedelta(minutes=30))
    publish(lake, database)

    exported = truth.filter(pl.col("ended_at") < asked_at)
    only_shown = shown.filter(pl.col("ended_at") >= asked_at)
    assert exported.height > 0.8 * truth.height
    assert only_shown.height > 100
    in_seconds = exported.select(pl.col("ended_at").dt.truncate("1s"), "uri", "ms_played")
    query = "FROM star.fact_play JOIN star.dim_item USING (item_key) WHERE source"
    local = "CASE WHEN dim_item.kind <> 'local_file' THEN item END"
    assert sorted(
        ask(database, f"SELECT ended_at, coalesce({local}, ''), ms_played {query} = 'extended'")
    ) == sorted((at, uri or "", ms) for at, uri, ms in in_seconds.rows())
    assert sorted(ask(database, f"SELECT ended_at, track_id {query} = 'api'")) == sorted(
        only_shown.select("api_played_at", "track_id").rows()
    )
    reported = "SELECT count(*) FROM star.fact_play WHERE is_in_api AND source = 'extended'"
    assert ask(database, reported) == [(shown.height - only_shown.height,)]


def test_account_data_of_the_true_plays_adds_none(
    truth: pl.DataFrame, lake: Lake, database: Path
) -> None:
    asked_at = truth["ended_at"][-1] + dt.timedelta(seconds=1)
    folder = lake.root.parent / "export"
    tell_by_export(lake, truth, folder, asked_at, packages=("extended", "account"))
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM star.fact_play") == [(truth.height,)]
    query = "SELECT sum(received - duplicate) FROM monitoring.imports WHERE package = 'account'"
    assert ask(database, query) == [(0,)]


def test_the_account_of_a_file_says_which_file_it_is(lake: Lake, base: Base) -> None:
    named = [track("20:00:00", username="maria"), track("21:00:00", username="maria")]
    export(lake, named, "Streaming_History_Audio_2026_7")
    account(lake, [in_account("22:00:00")], "StreamingHistory_podcast_0")
    load_plays(lake, base)
    columns = "media, part, account IS NULL, len(downloads), file_name"
    assert ask(base, f"SELECT {columns} FROM monitoring.imports ORDER BY part") == [
        ("podcast", 0, True, 1, "StreamingHistory_podcast_0.json"),
        ("audio", 7, False, 1, "Streaming_History_Audio_2026_7.json"),
    ]


def test_what_an_import_left_half_made_is_in_no_table(lake: Lake, tmp_path: Path) -> None:
    file_id = export(lake, [track("20:00:00"), track("21:00:00", ts="never")])
    export(lake, [track("22:00:00", ts="never")], "Streaming_History_Audio_2026_2")
    history_file(lake, "processed.streams", f"file={file_id}").unlink()
    publish(lake, tmp_path / "w.duckdb")
    assert ask(tmp_path / "w.duckdb", "SELECT count(*) FROM quarantine.plays") == [(1,)]


def of_2020(row: Row) -> Row:
    """The same row as files of 2020 have it."""
    return {key: value for key, value in row.items() if key != "spotify_track_uri"}


def test_an_item_is_one_with_its_uri_and_without(lake: Lake, base: Base) -> None:
    export(lake, [of_2020(track("20:00:00")), of_2020(track("21:00:00"))], "endsong_0")
    # Another length: at the same one, a play may be told up to a day later.
    newer = [track("21:00:00"), track("22:00:00", ms=175_000), track("23:00:00", "two")]
    export(lake, newer, at=IMPORTED_AT + dt.timedelta(days=1))
    load_plays(lake, base)
    query = """
        SELECT i.name, i.track_id IS NOT NULL, count(*)
        FROM star.fact_play JOIN star.dim_item AS i USING (item_key) GROUP BY ALL ORDER BY ALL"""
    assert ask(base, query) == [("Song one", True, 3), ("Song two", True, 1)]
    sums = "SELECT sum(counted), sum(duplicate) FROM monitoring.imports"
    assert ask(base, sums) == [(4, 1)]


def test_a_row_without_a_uri_means_the_one_that_most_rows_tell_of(lake: Lake, base: Base) -> None:
    live = {"spotify_track_uri": f"spotify:track:{spotify_id('live')}"}
    export(lake, [{**track("10:00:00"), **live}, track("12:00:00"), track("14:00:00")])
    export(lake, [of_2020(track("16:00:00"))], "endsong_0")
    load_plays(lake, base)
    query = """
        SELECT track_id FROM star.fact_play JOIN star.dim_item USING (item_key)
        ORDER BY ended_at DESC LIMIT 1"""
    assert ask(base, query) == [(spotify_id("one"),)]


def test_without_any_uri_a_row_of_2020_is_music_known_by_its_names(lake: Lake, base: Base) -> None:
    export(lake, [of_2020(track("20:00:00")), local_file("21:00:00")], "endsong_0")
    load_plays(lake, base)
    assert ask(base, "SELECT item, kind FROM star.dim_item ORDER BY kind") == [
        ("local:band:record:demo", "local_file"),
        ("name:band:song one", "music"),
    ]


def episode(at: str, show: str) -> Row:
    """An episode in the extended history."""
    none: Row = {"spotify_track_uri": None, "master_metadata_track_name": None}
    uri = f"spotify:episode:{spotify_id(show)}"
    names = {"spotify_episode_uri": uri, "episode_name": "Folge", "episode_show_name": show}
    return {**track(at), **none, **names}


def test_a_name_is_a_show_where_the_history_or_the_library_of_its_download_says_so(
    lake: Lake, base: Base
) -> None:
    export(lake, [episode("10:00:00", "Told"), track("11:00:00", "song")])
    given = lake.root.parent / "account"
    given.mkdir()
    (given / "YourLibrary.json").write_text(json.dumps({"shows": [{"name": "Followed"}]}))
    names = ["told", "FOLLOWED", "Nobody", "Band"]
    for day, name in ((6, "StreamingHistory0.json"), (7, "StreamingHistory_music_0.json")):
        rows = [in_account(f"0{day} 2{n}:00:00", artistName=one) for n, one in enumerate(names)]
        (given / name).write_text(json.dumps(rows))
    for file in find([given]).files:
        read(file, lake, IMPORTED_AT)
    load_plays(lake, base)
    query = """
        SELECT file_name, podcast, counted FROM monitoring.imports
        WHERE package = 'account' ORDER BY file_name"""
    assert ask(base, query) == [
        ("StreamingHistory0.json", 2, 2),
        ("StreamingHistory_music_0.json", 0, 4),
    ]


def test_a_show_is_found_however_its_name_is_spelled(lake: Lake, base: Base) -> None:
    """By the canonical caseless match: `lower` alone knows neither ß nor a letter in two parts."""
    shows = ["Straße", "Cafe\u0301 com Leite", "ΟΔΟΣ", "\u212bngström"]
    written = ["STRASSE", "Caf\u00c9 com leite", "οδος", "a\u030angstro\u0308m", "Strase"]
    export(lake, [episode(f"1{n}:00:00", show) for n, show in enumerate(shows)])
    rows = [in_account(f"1{n}:30:00", artistName=name) for n, name in enumerate(written)]
    account(lake, rows, "StreamingHistory0")
    load_plays(lake, base)
    query = "SELECT podcast, counted FROM monitoring.imports WHERE package = 'account'"
    assert ask(base, query) == [(4, 1)]


def test_a_track_is_known_again_however_its_names_are_spelled(lake: Lake, base: Base) -> None:
    names: dict[str, Any] = {
        "master_metadata_album_artist_name": "Große",
        "master_metadata_track_name": "Cafe\u0301",
    }
    export(lake, [episode("10:00:00", "GROSSE"), track("11:00:00", **names)])
    rows = [in_account("20:00:00", artistName="grosse", trackName="CAF\u00c9")]
    account(lake, rows, "StreamingHistory0")
    load_plays(lake, base)
    query = "SELECT counted, podcast FROM monitoring.imports WHERE package = 'account'"
    assert ask(base, query) == [(1, 0)]


def test_a_track_of_an_artist_who_is_called_as_a_show_is_stays_music(
    lake: Lake, base: Base
) -> None:
    export(lake, [episode("10:00:00", "Band"), track("11:00:00")])
    account(lake, [in_account("20:00:00"), in_account("21:00:00", "two")], "StreamingHistory0")
    load_plays(lake, base)
    query = "SELECT counted, podcast FROM monitoring.imports WHERE package = 'account'"
    assert ask(base, query) == [(1, 1)]
