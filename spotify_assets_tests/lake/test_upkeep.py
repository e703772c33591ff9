"""Months that are merged, days that are purged, files that nobody needs: no other row changes."""

import datetime as dt
import threading
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from spotify_assets.lake import DamagedFile, GenreDay, Lake, upkeep
from spotify_assets.lake.tables import (
    held_file,
    last_date,
    partitions,
    read_file,
    read_partition,
)
from spotify_assets_tests.lake import processes
from spotify_assets_tests.lake.partition_files import prepare, rows_file, write_partition

TABLES = ("processed.tracks", "star.fact")
MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
"""After the grace of whatever is done now."""
Held = dict[str, dict[GenreDay, list[tuple[object, ...]]]]


def day(number: int, genre: str = "r&b", month: dt.date = MAY) -> GenreDay:
    return GenreDay(genre, month.replace(day=number))


def rows_of(one: GenreDay, count: int = 2) -> pl.DataFrame:
    return pl.DataFrame(
        {"genre": one.genre, "date": one.date, "rank": range(count)},
        schema={"genre": pl.String, "date": pl.Date, "rank": pl.Int64},
    )


@pytest.fixture
def days(lake: Lake) -> list[GenreDay]:
    """Three days of May, one of them without rows, and one of June."""
    there = [day(1), day(2), day(31), day(1, month=JUNE)]
    for one in there:
        for table in TABLES:
            write_partition(lake, table, one, rows_of(one, 0 if one == day(2) else 2))
    return there


def held(lake: Lake) -> Held:
    """All rows of all partitions."""
    return {
        table: {one: read_partition(lake, table, one).rows() for one, _ in partitions(lake, table)}
        for table in TABLES
    }


def held_after(lake: Lake, seq: int) -> Held:
    """What was held after a commit, read now."""
    there: Held = {table: {} for table in TABLES}
    for date, of_day in lake.log.state("r&b", seq=seq).days.items():
        for table, file in of_day.tables.items():
            there[table][GenreDay("r&b", date)] = read_file(lake, file, date).rows()
    return there


def files(lake: Lake) -> list[str]:
    """Without what a killed process left half written: that is swept after a day."""
    return sorted(lake.relative(file) for file in lake.root.glob("[!.]*/**/*.parquet"))


def folders(lake: Lake) -> list[str]:
    return [file.rpartition("/")[0] for file in files(lake)]


def merge(lake: Lake, genre: str = "r&b") -> None:
    merged, left = upkeep.compact(lake, genre, MAY)
    assert left == []
    assert merged


def merges_and_is_killed(root: str, step: int) -> None:
    """Merge May, and die before the given change of a file's name or being."""
    processes.die_before_change(step)
    upkeep.compact(Lake(Path(root)), "r&b", MAY)


def merges_on_a_full_disk(root: str, free_bytes: int) -> None:
    """Merge May where no file may grow beyond so many bytes."""
    processes.limit_files_to(free_bytes)
    _, left = upkeep.compact(Lake(Path(root)), "r&b", MAY)
    raise left[0]


# --- Months ---------------------------------------------------------------------------------------


def test_a_merged_month_holds_the_same_rows_in_one_file_a_table(
    lake: Lake, days: list[GenreDay]
) -> None:
    before = held(lake)

    merged, left = upkeep.compact(lake, "r&b", MAY.replace(day=7))

    assert left == []
    assert held(lake) == before
    assert [one.days for one in merged] == [3, 3]
    assert [one.file.rpartition("/")[0] for one in merged] == [
        f"{table.replace('.', '/')}/genre=r%26b/month=2026-05" for table in TABLES
    ]
    assert {rows_file(lake, TABLES[0], one) for one in days[:3]} == {lake.path(merged[0].file)}
    assert [one for one, _ in partitions(lake, TABLES[0])] == days


def test_the_files_of_the_days_go_when_nobody_can_be_reading_them(
    lake: Lake, days: list[GenreDay]
) -> None:
    merge(lake)
    assert upkeep.collect(lake) == []
    assert len(files(lake)) == 10
    assert len(upkeep.collect(lake, now=LATER)) == 6
    assert folders(lake) == sorted(
        f"{table.replace('.', '/')}/genre=r%26b/{folder}"
        for table in TABLES
        for folder in ("month=2026-05", "date=2026-06-01")
    )
    assert [one for one, _ in partitions(lake, TABLES[0])] == days


def test_the_last_day_is_found_wherever_it_lies(lake: Lake, days: list[GenreDay]) -> None:
    merge(lake)
    assert last_date(lake, TABLES[0], "r&b") == days[-1].date
    upkeep.purge(lake, "r&b", {days[-1].date})
    assert last_date(lake, TABLES[0], "r&b") == day(31).date
    assert last_date(lake, TABLES[0], "rock") is None


@pytest.mark.usefixtures("days")
def test_a_day_without_rows_is_still_there(lake: Lake) -> None:
    merge(lake)
    assert_frame_equal(read_partition(lake, TABLES[0], day(2)), rows_of(day(2), 0))
    assert held_file(lake, TABLES[0], day(3)) is None
    with pytest.raises(FileNotFoundError):
        read_partition(lake, TABLES[0], day(3))


@pytest.mark.usefixtures("days")
def test_only_months_that_are_over_and_have_files_of_days_are_merged(lake: Lake) -> None:
    assert upkeep.months_over(lake, "r&b", dt.date(2026, 6, 30)) == [MAY]
    assert upkeep.months_over(lake, "r&b", dt.date(2026, 7, 1)) == [MAY, JUNE]
    assert upkeep.months_over(lake, "r&b", dt.date(2026, 5, 31)) == []
    assert upkeep.months_over(lake, "rock", dt.date(2026, 7, 1)) == []
    merge(lake)
    assert upkeep.months_over(lake, "r&b", dt.date(2026, 6, 30)) == []
    assert upkeep.compact(lake, "r&b", MAY) == ([], [])


@pytest.mark.usefixtures("days")
def test_a_day_that_is_written_again_leaves_the_file_of_its_month_and_is_merged_again(
    lake: Lake,
) -> None:
    before = held(lake)
    merge(lake)

    write_partition(lake, TABLES[0], day(1), rows_of(day(1), 5))

    before[TABLES[0]][day(1)] = rows_of(day(1), 5).rows()
    assert held(lake) == before
    merge(lake)
    assert held(lake) == before


@pytest.mark.usefixtures("days")
def test_a_day_that_comes_late_is_merged_into_its_month(lake: Lake) -> None:
    merge(lake)
    for table in TABLES:
        write_partition(lake, table, day(9), rows_of(day(9)))
    before = held(lake)
    merge(lake)
    assert held(lake) == before
    assert upkeep.months_over(lake, "r&b", JUNE) == []


@pytest.mark.usefixtures("days")
def test_the_same_rows_again_are_no_revision_of_a_merged_day(lake: Lake) -> None:
    merge(lake)
    assert not write_partition(lake, TABLES[0], day(1), rows_of(day(1))).changed
    assert not (lake.root / "revisions.jsonl").exists()


@pytest.mark.usefixtures("days")
def test_a_day_of_an_older_contract_lacks_a_column_in_the_month_as_it_did_alone(
    lake: Lake,
) -> None:
    write_partition(lake, TABLES[0], day(1), rows_of(day(1)).drop("rank"))
    merge(lake)
    expected = rows_of(day(1)).with_columns(rank=pl.lit(None, pl.Int64))
    read = read_partition(lake, TABLES[0], day(1))
    assert_frame_equal(read, expected, check_column_order=False)


@pytest.mark.usefixtures("days")
def test_days_whose_columns_are_of_different_types_stay_apart(lake: Lake) -> None:
    write_partition(lake, TABLES[0], day(1), rows_of(day(1)).cast({"rank": pl.String}))
    before = held(lake)
    merged, [stays] = upkeep.compact(lake, "r&b", MAY)
    assert "2026-05 of processed.tracks of r&b stay as they are" in str(stays)
    assert [one.file.partition("/genre")[0] for one in merged] == ["star/fact"]
    assert held(lake) == before


@pytest.mark.usefixtures("days")
def test_what_a_run_has_prepared_stays_prepared(lake: Lake) -> None:
    prepare(lake, day(31))
    before = held(lake)
    merge(lake)
    assert held(lake) == before
    assert lake.log.state("r&b").days[day(31).date].draft
    assert not (set(upkeep.collect(lake, now=LATER)) & lake.log.state("r&b").files())


@pytest.mark.usefixtures("days")
def test_a_damaged_day_is_named_and_stays(lake: Lake) -> None:
    damaged = rows_file(lake, TABLES[0], day(1))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    merged, [stays] = upkeep.compact(lake, "r&b", MAY)
    assert isinstance(stays, DamagedFile)
    assert stays.path == damaged
    assert "backfill" in str(stays)
    assert [one.file.partition("/genre")[0] for one in merged] == ["star/fact"]


@pytest.mark.usefixtures("days")
def test_a_damaged_month_is_named_and_a_day_of_it_can_be_made_again(lake: Lake) -> None:
    merge(lake)
    damaged = rows_file(lake, TABLES[0], day(1))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(DamagedFile, match=r"month=2026-05/.* backfill"):
        read_partition(lake, TABLES[0], day(1))
    assert write_partition(lake, TABLES[0], day(1), rows_of(day(1))).changed
    assert read_partition(lake, TABLES[0], day(1)).rows() == rows_of(day(1)).rows()


# Two files of months and the commit get their names, and each loses a temporary one.
@pytest.mark.parametrize("step", [1, 4, 5, 6])
@pytest.mark.usefixtures("days")
def test_killed_at_any_step_every_row_is_there_once_and_the_next_merge_ends_it(
    lake: Lake, step: int
) -> None:
    before = held(lake)
    killed = processes.run(merges_and_is_killed, lake.root, step)
    assert killed.returncode == processes.KILLED, killed.stderr
    assert held(lake) == before
    upkeep.compact(lake, "r&b", MAY)
    assert held(lake) == before
    upkeep.collect(lake, now=LATER)
    assert len(files(lake)) == 2 * len(TABLES)


@pytest.mark.usefixtures("days")
def test_a_full_disk_leaves_every_day_where_it_was(lake: Lake) -> None:
    before = files(lake)
    refused = processes.run(merges_on_a_full_disk, lake.root, 100)
    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write" in refused.stdout
    assert files(lake) == before


@pytest.mark.usefixtures("days")
def test_merging_beside_a_writer_loses_nothing(lake: Lake) -> None:
    stop = threading.Event()

    def merge_on() -> None:
        while not stop.is_set():
            upkeep.compact(lake, "r&b", MAY)

    merging = threading.Thread(target=merge_on)
    merging.start()
    try:
        for count in range(3, 40):
            write_partition(lake, TABLES[0], day(1), rows_of(day(1), count))
            assert held(lake)[TABLES[0]][day(1)] == rows_of(day(1), count).rows()
    finally:
        stop.set()
        merging.join()


# --- Purges ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("days")
def test_a_purged_day_is_in_no_file_and_the_others_of_its_month_are_as_they_were(
    lake: Lake,
) -> None:
    write_partition(lake, TABLES[0], day(1), rows_of(day(1), 7))
    merge(lake)
    before = held(lake)

    upkeep.purge(lake, "r&b", {day(1).date, day(9).date})

    assert held(lake) == {
        table: {one: rows for one, rows in of_table.items() if one != day(1)}
        for table, of_table in before.items()
    }
    for file in files(lake):
        rows = pl.read_parquet(lake.path(file), hive_partitioning=False)
        assert day(1).date not in rows["date"].to_list(), file


@pytest.mark.usefixtures("days")
def test_a_purged_day_is_in_no_earlier_state_either(lake: Lake) -> None:
    seq = lake.log.state("r&b").seq
    upkeep.purge(lake, "r&b", {day(1).date})
    then = held_after(lake, seq)
    assert set(then[TABLES[0]]) == {day(2), day(31), day(1, month=JUNE)}


# --- Files that nobody needs ----------------------------------------------------------------------


def test_earlier_versions_stay_for_as_long_as_they_are_kept(lake: Lake) -> None:
    write_partition(lake, TABLES[0], day(1), rows_of(day(1), 1))
    write_partition(lake, TABLES[0], day(1), rows_of(day(1), 2))
    merge(lake)
    write_partition(lake, TABLES[0], day(1), rows_of(day(1), 3))
    assert upkeep.collect(lake) == []
    # Of the second version one copy is enough.
    assert len(upkeep.collect(lake, now=LATER)) == 1
    assert [held_after(lake, seq)[TABLES[0]][day(1)] for seq in (1, 2, 3, 4)] == [
        rows_of(day(1), count).rows() for count in (1, 2, 2, 3)
    ]
    assert len(upkeep.collect(lake, keep=dt.timedelta(days=1), now=LATER)) == 2
    assert held(lake)[TABLES[0]] == {day(1): rows_of(day(1), 3).rows()}


@pytest.mark.usefixtures("days")
def test_what_a_killed_writer_left_goes_when_its_commit_cannot_come_any_more(lake: Lake) -> None:
    key = "star/fact/genre=r%26b/date=2026-05-01/0123456789ab-01234567.parquet"
    lake.log.store.create(key, b"rows that no commit names")
    assert upkeep.collect(lake) == []
    assert upkeep.collect(lake, now=LATER) == [key]


numbers = st.integers(1, 3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), numbers, st.integers(0, 2)),
        st.tuples(st.just("merge"), numbers, st.just(0)),
        st.tuples(st.just("purge"), numbers, st.just(0)),
        st.tuples(st.just("collect"), numbers, st.just(0)),
    ),
    max_size=10,
)


@settings(max_examples=30)
@given(steps)
def test_every_state_since_the_last_purge_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    lake, purged = Lake(tmp_path_factory.mktemp("lake")), 0
    model: dict[GenreDay, int] = {}
    history: dict[int, dict[GenreDay, int]] = {0: {}}
    for what, number, count in steps:
        one = day(number)
        match what:
            case "write":
                write_partition(lake, TABLES[0], one, rows_of(one, count))
                model = {**model, one: count}
            case "merge":
                upkeep.compact(lake, "r&b", MAY)
            case "purge":
                # Earlier versions of others can go with it, and are refused then; what holds stays.
                purged = lake.log.state("r&b").seq if one in model else purged
                upkeep.purge(lake, "r&b", {one.date})
                model = {day: held for day, held in model.items() if day != one}
                for seq, then in history.items():
                    history[seq] = {day: held for day, held in then.items() if day != one}
            case _:
                upkeep.collect(lake, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
        history[lake.log.state("r&b").seq] = model
    for seq, then in history.items():
        if seq <= purged:
            continue
        assert held_after(lake, seq)[TABLES[0]] == {
            one: rows_of(one, count).rows() for one, count in then.items()
        }
