"""Retention of what was played: it goes by the day of the poll, and exports stay."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import GenreDay, Lake, LakeError, retention
from spotify_assets.lake.exchanges import Request
from spotify_assets.lake.history import (
    FACTS_FILE,
    STREAMING_HISTORY,
    STREAMS,
    history_file,
    history_folder,
)
from spotify_assets.lake.polls import PolledDay, polled_days
from spotify_assets.lake.retention import PLAYS, Due, Rule
from spotify_assets_tests.lake import processes, retention_crash_workers
from spotify_assets_tests.lake.partition_files import prepare
from spotify_assets_tests.lake.samples import numbered_answer

TODAY = dt.date(2026, 11, 20)
OLD, NEW = TODAY - dt.timedelta(days=40), TODAY - dt.timedelta(days=1)
TABLES = ("processed.plays", "processed.polls", "quarantine.plays")
CHANGES = len(TABLES) + 2
"""Deletions of a day: its tables, the sidecar, the sealed responses."""


def add_polls(lake: Lake, day: dt.date, *, sealed: bool = True) -> PolledDay:
    """A day of two polls and its tables of a row each."""
    polls = PolledDay(lake, day)
    for number in (1, 2):
        polls.append(Request("me", "me/player/recently-played", {}), numbered_answer(number))
    if sealed:
        polls.seal()
    for table in TABLES:
        file = history_file(lake, table, f"date={day}")
        file.parent.mkdir(parents=True)
        pl.DataFrame({"played": ["something"]}).write_parquet(file)
    return polls


def add_export(lake: Lake) -> set[Path]:
    """An export file, as it lies in the lake; returns its files."""
    files = {history_folder(lake, STREAMING_HISTORY, "file=0123") / FACTS_FILE}
    tables = (STREAMING_HISTORY, STREAMS, "quarantine.plays")
    files |= {history_file(lake, table, "file=0123") for table in tables}
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("the listener's own")
    return files


def of_day(lake: Lake, day: dt.date) -> Due:
    (one,) = (one for one in retention.due(lake, Rule(), TODAY) if one.part == day)
    return one


def files_of(lake: Lake) -> set[Path]:
    return {file for file in lake.root.rglob("*") if file.is_file() and file.name != ".lock"}


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (Rule(), [OLD, NEW]),
        (Rule(older_than=0), [OLD, NEW]),
        (Rule(older_than=1), [OLD]),
        (Rule(older_than=39), [OLD]),
        (Rule(older_than=40), []),
        (Rule(genres=frozenset({"rock"})), []),
        (Rule(genres=frozenset({PLAYS})), []),
        (Rule(superseded=True), []),
    ],
)
def test_polls_are_due_by_their_day_and_by_no_rule_on_genres(
    lake: Lake, rule: Rule, days: list[dt.date]
) -> None:
    for day in (OLD, NEW):
        add_polls(lake, day)

    assert [one.part for one in retention.due(lake, rule, TODAY)] == days


def test_exports_are_never_due(lake: Lake) -> None:
    kept = add_export(lake)
    add_polls(lake, OLD)

    for one in retention.due(lake, Rule(), TODAY):
        assert not kept & {lake.path(file) for file in one.files}
        retention.delete(lake, one)

    assert files_of(lake) == kept


def test_the_mark_of_a_run_is_no_poll(lake: Lake) -> None:
    genre_day = GenreDay("rock", OLD)
    prepare(lake, genre_day)

    assert [one.part for one in retention.due(lake, Rule(), TODAY)] == [genre_day]


@pytest.mark.parametrize("sealed", [True, False])
def test_a_deleted_day_leaves_no_file_and_its_neighbours_are_as_they_were(
    lake: Lake, sealed: bool
) -> None:
    add_polls(lake, NEW)
    before = files_of(lake)
    old = add_polls(lake, OLD, sealed=sealed)

    retention.delete(lake, of_day(lake, OLD))

    assert files_of(lake) == before
    assert list(lake.root.rglob(f"date={OLD}")) == []
    assert (polled_days(lake), old.read()) == ([NEW], [])


def test_a_day_that_was_only_processed_is_due_too(lake: Lake) -> None:
    """As when somebody deleted its responses by hand."""
    file = history_file(lake, "processed.plays", f"date={OLD}")
    file.parent.mkdir(parents=True)
    file.touch()

    retention.delete(lake, of_day(lake, OLD))

    assert files_of(lake) == set()


def test_a_day_that_is_sealed_after_it_was_found_goes_as_a_whole(lake: Lake) -> None:
    polls = add_polls(lake, OLD, sealed=False)
    found = of_day(lake, OLD)
    polls.seal()

    retention.delete(lake, found)

    assert files_of(lake) == set()


@pytest.mark.parametrize("step", range(1, CHANGES + 1))
def test_killed_at_any_step_there_are_no_rows_without_responses_and_the_next_purge_ends_it(
    lake: Lake, step: int
) -> None:
    polls = add_polls(lake, OLD)
    arguments = (lake.root, f"date={OLD}", step)
    killed = processes.run(retention_crash_workers.deletes_polls_and_is_killed, *arguments)
    assert killed.returncode == processes.KILLED, killed.stderr

    rows = [table for table in TABLES if history_file(lake, table, f"date={OLD}").exists()]
    assert len(rows) == max(0, len(TABLES) - step + 1)
    assert len(polls.read()) == (2 if step <= len(TABLES) + 1 else 0)
    retention.delete(lake, of_day(lake, OLD))
    assert files_of(lake) == {lake.root / ".purge"}


def test_the_listing_counts_responses_and_rows_under_a_word_of_their_own(lake: Lake) -> None:
    add_polls(lake, OLD)
    add_polls(lake, NEW, sealed=False)

    files = retention.listing(lake, retention.due(lake, Rule(), TODAY))

    counted = files.group_by("genre", "date", "layer").agg(pl.col("rows").sum())
    assert sorted(counted.rows()) == [
        (PLAYS, day, layer, rows)
        for day in (OLD, NEW)
        for layer, rows in (("processed", 2), ("quarantine", 1), ("raw", 2))
    ]


def test_a_folder_that_is_no_day_is_said(lake: Lake) -> None:
    (lake.root / "processed" / "plays" / "date=yesterday").mkdir(parents=True)

    with pytest.raises(LakeError, match=r"date=yesterday has no day in its name.*Rename"):
        retention.due(lake, Rule(), TODAY)
