"""Retention: what is due by a rule, and a deletion that never leaves a mixture to publish."""

import datetime as dt
import hashlib
import os
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.defs.publication import domains, queries
from spotify_assets.lake import GenreDay, Lake, LakeError, retention
from spotify_assets.lake.layout import RAW_CATALOG, SCRATCH_SECONDS
from spotify_assets.lake.log import COMMITS, Origin
from spotify_assets.lake.raw import RawPartition, Sealed
from spotify_assets.lake.retention import Due, GenreDayBusy, Rule
from spotify_assets.lake.revisions import FILE
from spotify_assets.lake.tables import under_way, write_days
from spotify_assets.schemas import LAKE
from spotify_assets.warehouse.publication.publish import Published, publish
from spotify_assets_tests.lake import crash_workers, processes, retention_crash_workers
from spotify_assets_tests.lake.partition_files import (
    prepare,
    prepared_long_ago,
    rows_file,
    write_partition,
)
from spotify_assets_tests.lake.samples import TERMS, numbered_answer, question
from spotify_assets_tests.warehouse.conftest import MONDAY, tables_of

TODAY = MONDAY + dt.timedelta(days=10)
CHANGES = len(LAKE) + 3
"""Deletions of a genre-day: of the commit's temporary name, its tables, the sealed responses."""


def day(number: int, genre: str = "rock") -> GenreDay:
    return GenreDay(genre, MONDAY + dt.timedelta(days=number))


def collected(lake: Lake, genre_day: GenreDay, responses: int = 2) -> Sealed:
    """A further finished collection of so many responses."""
    partition = RawPartition(lake, genre_day)
    with partition.journal(TERMS, force=True) as journal:
        for number in range(responses):
            journal.append(question(number), numbered_answer(number))
        return partition.seal(journal)


def processed(lake: Lake, genre_day: GenreDay, ranking: list[str], source: Sealed) -> None:
    """All tables of a genre-day, made from that collection."""
    tables = tables_of(genre_day, ranking)
    named = pl.lit(source.source_file).alias("source_file")
    tables["processed.extracts"] = tables["processed.extracts"].with_columns(named)
    write_days(lake, genre_day.genre, {genre_day.date: tables}, Origin())


def add_genre_day(lake: Lake, genre_day: GenreDay, ranking: list[str]) -> None:
    """A genre-day that went the whole way, from raw to the facts."""
    processed(lake, genre_day, ranking, collected(lake, genre_day))


def whole(lake: Lake, genre_day: GenreDay) -> Due:
    """All of a genre-day."""
    (part,) = (one for one in retention.due(lake, Rule(), TODAY) if one.part == genre_day)
    return part


def tree(folder: Path) -> dict[str, str]:
    """Each file under a folder, with the hash of its bytes and when it was written.

    But for the log and the note of what was rewritten, which hold no content and stay.
    """
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        + f" {path.stat().st_mtime_ns}"
        for path in folder.rglob("*")
        if path.is_file() and path.name != FILE and path.relative_to(folder).parts[0] != COMMITS
    }


def publish_lake(lake: Lake) -> Published:
    # As the house does it, so that nothing is made again for being made otherwise.
    path = lake.root.parent / "spotify.duckdb"
    return publish(lake, path, queries(), None, domains())


def published_names(lake: Lake) -> set[str]:
    with duckdb.connect(lake.root.parent / "spotify.duckdb", read_only=True) as connection:
        return {str(name) for (name,) in connection.table("processed.tracks")["name"].fetchall()}


# --- Which genre-days are due ---------------------------------------------------------------------

GENRES = st.sampled_from(["rock", "forró", "r&b"])
DATES = st.dates(TODAY - dt.timedelta(days=12), TODAY + dt.timedelta(days=1))
GENRE_DAYS = st.builds(GenreDay, GENRES, DATES)
RULES = st.builds(
    Rule,
    older_than=st.none() | st.integers(0, 14),
    genres=st.none() | st.frozensets(GENRES),
)


@given(st.sets(GENRE_DAYS, max_size=6), RULES)
def test_due_are_the_days_before_the_last_one_kept_of_the_named_genres(
    there: set[GenreDay], rule: Rule
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for one in there:
            write_partition(lake, "star.fact_track_daily", one, pl.DataFrame())
        found = [one.part for one in retention.due(lake, rule, TODAY)]
    oldest_kept = dt.date.min if rule.older_than is None else TODAY - dt.timedelta(rule.older_than)
    assert found == sorted(
        one
        for one in there
        if (rule.older_than is None or one.date < oldest_kept)
        and (rule.genres is None or one.genre in rule.genres)
    )


@given(GENRE_DAYS, RULES, st.integers(0, 14), st.frozensets(GENRES))
def test_a_rule_that_says_more_covers_less(
    one: GenreDay, rule: Rule, days: int, genres: frozenset[str]
) -> None:
    narrower = Rule(
        max(days, rule.older_than or 0),
        genres if rule.genres is None else genres & rule.genres,
    )
    assert rule.covers(one, TODAY) >= narrower.covers(one, TODAY)


def test_thirty_days_are_kept_and_the_thirty_first_goes() -> None:
    rule = Rule(older_than=30)
    assert not rule.covers(GenreDay("rock", TODAY - dt.timedelta(days=30)), TODAY)
    assert rule.covers(GenreDay("rock", TODAY - dt.timedelta(days=31)), TODAY)


def test_every_layer_is_due_and_so_is_a_table_that_no_contract_names(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a", "b"])
    write_partition(lake, "processed.of_an_older_version", day(0), pl.DataFrame({"a": [1]}))

    files = retention.listing(lake, [whole(lake, day(0))])

    assert set(files["layer"]) == {"processed", "quarantine", "rankings", "raw", "star"}
    assert files["file"].str.contains("of_an_older_version").any()
    assert len(files) == len(LAKE) + 3


def test_the_listing_counts_rows_and_bytes_of_each_layer(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a", "b"])
    files = retention.listing(lake, [whole(lake, day(0))])

    rows = dict(files.group_by("layer").agg(pl.col("rows").sum()).iter_rows())
    assert rows == {"raw": 2, "processed": 18, "rankings": 4, "star": 4, "quarantine": 0}
    sizes = {file: (lake.root / file).stat().st_size for file in files["file"]}
    assert dict(files.select("file", "bytes").iter_rows()) == sizes


def test_a_damaged_file_has_no_count_and_can_go_all_the_same(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a"])
    damaged = [
        rows_file(lake, "processed.tracks", day(0)),
        lake.partition(RAW_CATALOG, day(0)) / "0001.json",
    ]
    for file in damaged:
        file.write_bytes(b"damaged")

    part = whole(lake, day(0))
    files = retention.listing(lake, [part])
    uncounted = files.filter(pl.col("rows").is_null())["file"]
    # What the log counted when it was written is known.
    assert set(uncounted) == {lake.relative(damaged[1])}
    retention.delete(lake, part)
    assert tree(lake.root) == {}


def test_a_folder_without_a_day_is_named(lake: Lake) -> None:
    odd = lake.root / "raw/catalog/genre=rock/date=someday"
    odd.mkdir(parents=True)
    with pytest.raises(LakeError, match=r"date=someday has no day in its name.*Rename it"):
        retention.due(lake, Rule(), TODAY)


# --- Superseded collections -----------------------------------------------------------------------


def superseded(lake: Lake) -> list[str]:
    parts = retention.due(lake, Rule(superseded=True), TODAY)
    return [file.rpartition("/")[2] for part in parts for file in part.files]


def test_only_a_collection_that_a_finished_one_has_replaced_is_superseded(lake: Lake) -> None:
    add_genre_day(lake, day(1), ["a"])
    add_genre_day(lake, day(0), ["a"])
    assert superseded(lake) == []
    with RawPartition(lake, day(0)).journal(TERMS, force=True) as journal:
        journal.append(question(), numbered_answer(1))
        assert superseded(lake) == []
        second = RawPartition(lake, day(0)).seal(journal)
    processed(lake, day(0), ["b"], second)
    assert superseded(lake) == ["0001.json", "0001.jsonl.zst"]


def test_responses_that_the_rows_were_made_from_stay_until_the_rows_are_made_again(
    lake: Lake,
) -> None:
    add_genre_day(lake, day(0), ["a"])
    second = collected(lake, day(0))
    assert superseded(lake) == []
    processed(lake, day(0), ["a"], second)
    assert superseded(lake) == ["0001.json", "0001.jsonl.zst"]


def test_an_earlier_collection_stays_where_the_newest_is_damaged(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a"])
    second = collected(lake, day(0))
    processed(lake, day(0), ["b"], second)
    second.path.write_bytes(second.path.read_bytes()[:-1])
    with pytest.raises(LakeError, match=r"0002\.jsonl\.zst is not the file that was sealed"):
        superseded(lake)


def test_what_replaced_a_superseded_collection_is_as_it_was(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a"])
    second = collected(lake, day(0))
    processed(lake, day(0), ["b"], second)
    before = tree(lake.root)

    for part in retention.due(lake, Rule(superseded=True), TODAY):
        retention.delete(lake, part)

    gone = {f"{RAW_CATALOG.replace('.', '/')}/{day(0).folder}/0001{end}" for end in ENDS}
    assert tree(lake.root) == {name: held for name, held in before.items() if name not in gone}
    assert RawPartition(lake, day(0)).latest() == second


ENDS = (".json", ".jsonl.zst")


# --- Deletion -------------------------------------------------------------------------------------


def test_a_deleted_genre_day_leaves_no_file_and_no_folder_and_its_neighbours_are_as_they_were(
    lake: Lake,
) -> None:
    others = [day(1), day(0, "forró")]
    for one in (day(0), *others):
        add_genre_day(lake, one, ["a"])
    before = tree(lake.root)

    retention.delete(lake, whole(lake, day(0)))

    own = str(day(0).folder)
    assert tree(lake.root) == {name: held for name, held in before.items() if own not in name}
    assert list(lake.root.glob(f"*/*/{own}")) == []
    for one in others:
        retention.delete(lake, whole(lake, one))
    assert list(lake.root.glob("*/*/genre=*")) == []


def test_a_deleted_genre_day_leaves_the_warehouse_at_the_next_publication(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["old"])
    add_genre_day(lake, day(1), ["new"])
    publish_lake(lake)
    retention.delete(lake, whole(lake, day(0)))
    published = publish_lake(lake)
    assert (published.loaded, published.waiting) == ([day(0)], [])
    assert published_names(lake) == {"new"}


@pytest.mark.parametrize(
    "step",
    [
        len(LAKE),
        *(pytest.param(step, marks=pytest.mark.slow) for step in (1, len(LAKE) + 1, CHANGES)),
    ],
)
def test_killed_at_any_step_it_publishes_all_or_nothing_and_the_next_purge_ends_it(
    lake: Lake, step: int
) -> None:
    add_genre_day(lake, day(0), ["old"])
    add_genre_day(lake, day(1), ["new"])
    publish_lake(lake)

    arguments = (lake.root, day(0).folder, step)
    assert (
        processes.run(retention_crash_workers.deletes_and_is_killed, *arguments).returncode
        == processes.KILLED
    )

    assert retention.is_unfinished(lake)
    publish_lake(lake)
    # The commit comes before the first file goes.
    assert published_names(lake) == {"new"}
    with retention.purging(lake):
        retention.delete(lake, whole(lake, day(0)))
    assert not retention.is_unfinished(lake)
    publish_lake(lake)
    assert published_names(lake) == {"new"}
    assert [one.part for one in retention.due(lake, Rule(), TODAY)] == [day(1)]


def test_a_deletion_has_no_further_step_to_be_killed_at(lake: Lake) -> None:
    """The one after the last is the note of the purge itself."""
    for step, code in ((CHANGES + 2, 0), (CHANGES + 1, processes.KILLED)):
        add_genre_day(lake, day(0), ["old"])
        done = processes.run(
            retention_crash_workers.deletes_and_is_killed, lake.root, day(0).folder, step
        )
        assert done.returncode == code, done.stderr
        assert retention.due(lake, Rule(), TODAY) == []


def test_a_file_that_cannot_be_deleted_is_named_and_stays_due(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a"])
    part = whole(lake, day(0))
    stubborn = lake.partition(RAW_CATALOG, day(0)) / "0001.jsonl.zst"
    stubborn.unlink()
    (stubborn / "held").mkdir(parents=True)
    with pytest.raises(LakeError, match=r"Cannot delete .*rock.*0001.jsonl.zst.*folder writable"):
        retention.delete(lake, part)
    (stubborn / "held").rmdir()
    stubborn.rmdir()
    retention.delete(lake, whole(lake, day(0)))
    assert tree(lake.root) == {}


# --- Genre-days that a run works on ---------------------------------------------------------------


def test_a_genre_day_that_another_process_collects_is_left_alone(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a"])
    journal = lake.partition(RAW_CATALOG, day(0)) / "0002.journal.jsonl"
    with processes.holding(crash_workers.holds_a_journal, journal) as collector:
        before = tree(lake.root)
        assert "0002.journal.jsonl" in (retention.busy(lake, day(0)) or "")
        with pytest.raises(GenreDayBusy, match="rock on 2026-11-16 is being collected"):
            retention.delete(lake, whole(lake, day(0)))
        assert tree(lake.root) == before
        collector.kill()
        collector.wait()

    # The lock goes with the process: an abandoned journal is content like any other.
    assert retention.busy(lake, day(0)) is None
    retention.delete(lake, whole(lake, day(0)))
    assert tree(lake.root) == {}


def test_a_genre_day_that_a_run_rewrites_is_left_alone(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["a"])
    prepare(lake, day(0))
    before = tree(lake.root)
    with pytest.raises(GenreDayBusy, match="rock on 2026-11-16 is being rewritten by a run"):
        retention.delete(lake, whole(lake, day(0)))
    assert tree(lake.root) == before
    prepared_long_ago(lake, day(0))
    assert retention.busy(lake, day(0)) is None


def test_the_mark_that_a_killed_run_left_keeps_nothing_for_ever(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["old"])
    publish_lake(lake)
    prepare(lake, day(0))
    prepared_long_ago(lake, day(0))
    retention.delete(lake, whole(lake, day(0)))
    assert under_way(lake, day(0)) is None
    assert publish_lake(lake).waiting == []
    assert published_names(lake) == set()


def test_a_mark_without_any_file_is_due_too(lake: Lake) -> None:
    prepare(lake, day(0))
    prepared_long_ago(lake, day(0))
    part = whole(lake, day(0))
    assert part.files == ()
    retention.delete(lake, part)
    assert retention.due(lake, Rule(), TODAY) == []


# --- The note of a purge --------------------------------------------------------------------------


def test_a_purge_that_fails_is_unfinished_until_one_ends_well(lake: Lake) -> None:
    with pytest.raises(ZeroDivisionError), retention.purging(lake):
        raise ZeroDivisionError
    assert retention.is_unfinished(lake)
    with retention.purging(lake):
        assert retention.is_unfinished(lake)
    assert not retention.is_unfinished(lake)


def test_one_purge_at_a_time(lake: Lake) -> None:
    with (
        retention.purging(lake),
        pytest.raises(LakeError, match="Another process purges"),
        retention.purging(lake),
    ):
        pass


def test_a_purge_removes_what_killed_runs_left_half_written(lake: Lake) -> None:
    left, fresh = lake.scratch / "left.parquet", lake.scratch / "fresh.parquet"
    for file in (left, fresh):
        file.write_bytes(b"content")
    long_ago = time.time() - SCRATCH_SECONDS - 60
    os.utime(left, (long_ago, long_ago))
    with retention.purging(lake):
        pass
    assert (left.exists(), fresh.exists()) == (False, True)
