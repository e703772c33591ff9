"""Months that are merged: the same rows in fewer files, whatever happens meanwhile."""

import datetime as dt
import threading
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spotify_assets.lake import DamagedFile, GenreDay, Lake, months
from spotify_assets.lake.months import Fingerprint, MonthBusy
from spotify_assets.lake.tables import last_date, partitions, read_partition, write_partition
from spotify_assets_tests.lake import processes

TABLES = ("processed.tracks", "star.fact")
MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)


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


def held(lake: Lake) -> dict[str, dict[GenreDay, list[tuple[object, ...]]]]:
    """All rows of all partitions."""
    return {
        table: {one: read_partition(lake, table, one).rows() for one, _ in partitions(lake, table)}
        for table in TABLES
    }


def files(lake: Lake) -> list[str]:
    """Without what a killed process left half written: that is swept after a day."""
    return sorted(lake.relative(file) for file in lake.root.glob("[!.]*/**/*.parquet"))


def merges_and_is_killed(root: str, step: int) -> None:
    """Merge May, and die before the given change of a file's name or being."""
    processes.die_before_change(step)
    months.merge(Lake(Path(root)), day(1))


def merges_on_a_full_disk(root: str, free_bytes: int) -> None:
    """Merge May where no file may grow beyond so many bytes."""
    processes.limit_files_to(free_bytes)
    _, left = months.merge(Lake(Path(root)), day(1))
    raise left[0]


def test_a_merged_month_holds_the_same_rows_in_one_file_a_table(
    lake: Lake, days: list[GenreDay]
) -> None:
    before = held(lake)

    merged, left = months.merge(lake, day(7))

    assert left == []
    assert held(lake) == before
    assert [(one.days, lake.relative(one.file)) for one in merged] == [
        (3, f"{table.replace('.', '/')}/genre=r%26b/month=2026-05/rows.parquet") for table in TABLES
    ]
    assert files(lake) == sorted(
        f"{table.replace('.', '/')}/genre=r%26b/{folder}/rows.parquet"
        for table in TABLES
        for folder in ("month=2026-05", "date=2026-06-01")
    )
    assert [one for one, _ in partitions(lake, TABLES[0])] == days


def test_the_last_day_is_found_wherever_it_lies(lake: Lake, days: list[GenreDay]) -> None:
    def last() -> dt.date | None:
        return last_date(lake, TABLES[0], "r&b")

    assert last() == days[-1].date
    months.merge(lake, days[0])
    assert last() == days[-1].date
    lake.rows(TABLES[0], days[-1]).unlink()
    assert last() == day(31).date
    assert last_date(lake, TABLES[0], "rock") is None


@pytest.mark.usefixtures("days")
def test_a_damaged_month_stops_nobody_from_asking_for_the_last_day(lake: Lake) -> None:
    months.merge(lake, day(1))
    damaged = months.month_file(lake, TABLES[0], day(1))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert last_date(lake, TABLES[0], "r&b") == day(1, month=JUNE).date
    lake.rows(TABLES[0], day(1, month=JUNE)).unlink()
    assert last_date(lake, TABLES[0], "r&b") == day(31).date


@pytest.mark.usefixtures("days")
def test_days_are_taken_out_of_a_month_that_stays_merged(lake: Lake) -> None:
    months.merge(lake, day(1))
    before = held(lake)
    months.drop(lake, "r&b", {day(1).date, day(2).date, day(9).date})
    for table in TABLES:
        assert set(months.days(months.month_file(lake, table, day(1)))) == {day(31).date}
        assert read_partition(lake, table, day(31)).rows() == before[table][day(31)]
    months.drop(lake, "r&b", {day(31).date})
    assert files(lake) == sorted(
        lake.relative(lake.rows(table, day(1, month=JUNE))) for table in TABLES
    )


@pytest.mark.usefixtures("days")
def test_a_foreign_file_beside_a_month_is_left_and_in_nobodys_way(lake: Lake) -> None:
    months.merge(lake, day(1))
    foreign = months.month_file(lake, TABLES[0], day(1)).with_name(".DS_Store")
    foreign.touch()
    months.begin(lake, day(1))
    assert foreign.exists()
    assert lake.rows(TABLES[0], day(1)).exists()


def test_a_day_without_rows_is_still_there(lake: Lake, days: list[GenreDay]) -> None:
    months.merge(lake, day(1))
    assert day(2) in days
    assert_frame_equal(read_partition(lake, TABLES[0], day(2)), rows_of(day(2), 0))
    assert months.holding(lake, TABLES[0], day(3)) is None
    with pytest.raises(FileNotFoundError):
        read_partition(lake, TABLES[0], day(3))


@pytest.mark.usefixtures("days")
def test_a_month_knows_what_its_days_were_before(lake: Lake) -> None:
    stamps = {
        one.date: Fingerprint.of(lake.rows(TABLES[0], one)) for one in (day(1), day(2), day(31))
    }
    months.merge(lake, day(1))
    assert months.days(months.month_file(lake, TABLES[0], day(1))) == stamps
    months.unmerge_all(lake, day(1))
    assert {date: Fingerprint.of(lake.rows(TABLES[0], day(date.day))) for date in stamps} == stamps


@pytest.mark.usefixtures("days")
def test_only_months_that_are_over_and_have_files_of_days_are_merged(lake: Lake) -> None:
    assert months.over(lake, "r&b", dt.date(2026, 6, 30)) == [day(1)]
    assert months.over(lake, "r&b", dt.date(2026, 7, 1)) == [day(1), day(1, month=JUNE)]
    assert months.over(lake, "r&b", dt.date(2026, 5, 31)) == []
    assert months.over(lake, "rock", dt.date(2026, 7, 1)) == []
    months.merge(lake, day(1))
    assert months.over(lake, "r&b", dt.date(2026, 6, 30)) == []


@pytest.mark.usefixtures("days")
def test_a_day_that_is_written_again_opens_its_month_and_is_merged_again(lake: Lake) -> None:
    before = held(lake)
    months.merge(lake, day(1))

    write_partition(lake, TABLES[0], day(1), rows_of(day(1), 5))

    assert not months.month_file(lake, TABLES[0], day(1)).exists()
    assert months.month_file(lake, TABLES[1], day(1)).exists()
    before[TABLES[0]][day(1)] = rows_of(day(1), 5).rows()
    assert held(lake) == before
    months.merge(lake, day(1))
    assert held(lake) == before


@pytest.mark.usefixtures("days")
def test_a_day_that_comes_late_is_merged_into_its_month(lake: Lake) -> None:
    months.merge(lake, day(1))
    for table in TABLES:
        write_partition(lake, table, day(9), rows_of(day(9)))
    before = held(lake)
    months.merge(lake, day(1))
    assert held(lake) == before
    assert set(months.days(months.month_file(lake, TABLES[0], day(1)))) == {
        day(number).date for number in (1, 2, 9, 31)
    }


@pytest.mark.usefixtures("days")
def test_the_same_rows_again_are_no_revision_of_a_merged_day(lake: Lake) -> None:
    months.merge(lake, day(1))
    assert not write_partition(lake, TABLES[0], day(1), rows_of(day(1))).changed
    assert not (lake.root / "revisions.jsonl").exists()


@pytest.mark.usefixtures("days")
def test_a_day_of_an_older_contract_lacks_a_column_in_the_month_as_it_did_alone(
    lake: Lake,
) -> None:
    older = rows_of(day(1)).drop("rank")
    write_partition(lake, TABLES[0], day(1), older)
    months.merge(lake, day(1))
    expected = rows_of(day(1)).with_columns(rank=pl.lit(None, pl.Int64))
    read = read_partition(lake, TABLES[0], day(1))
    assert_frame_equal(read, expected, check_column_order=False)


@pytest.mark.usefixtures("days")
def test_days_whose_columns_are_of_different_types_stay_apart(lake: Lake) -> None:
    write_partition(lake, TABLES[0], day(1), rows_of(day(1)).cast({"rank": pl.String}))
    before = held(lake)
    merged, [stays] = months.merge(lake, day(1))
    assert "month=2026-05 of processed.tracks of r&b stay as they are" in str(stays)
    assert [one.file for one in merged] == [months.month_file(lake, TABLES[1], day(1))]
    assert held(lake) == before


@pytest.mark.usefixtures("days")
def test_a_month_that_a_run_works_on_is_left_alone(lake: Lake) -> None:
    before = files(lake)
    months.begin(lake, day(31))
    with pytest.raises(MonthBusy, match=r"2026-05 of r&b stays as it is: r&b on 2026-05-31"):
        months.merge(lake, day(1))
    assert files(lake) == before
    lake.finish(day(31))
    assert len(months.merge(lake, day(1))[0]) == len(TABLES)


@pytest.mark.usefixtures("days")
def test_a_run_finds_files_of_its_days_where_they_were_merged(lake: Lake) -> None:
    months.merge(lake, day(1))
    months.begin(lake, day(31))
    assert all(lake.rows(table, day(31)).exists() for table in TABLES)


@pytest.mark.usefixtures("days")
def test_a_damaged_day_is_named_and_stays(lake: Lake) -> None:
    damaged = lake.rows(TABLES[0], day(1))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    _, [stays] = months.merge(lake, day(1))
    assert isinstance(stays, DamagedFile)
    assert stays.path == damaged
    assert "backfill" in str(stays)
    assert damaged.exists()
    assert lake.rows(TABLES[0], day(31)).exists()
    assert not lake.rows(TABLES[1], day(31)).exists()


@pytest.mark.usefixtures("days")
def test_a_damaged_month_is_named_with_what_to_do(lake: Lake) -> None:
    months.merge(lake, day(1))
    damaged = months.month_file(lake, TABLES[0], day(1))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    for reading in (
        lambda: read_partition(lake, TABLES[0], day(1)),
        lambda: write_partition(lake, TABLES[0], day(1), rows_of(day(1), 5)),
        lambda: months.begin(lake, day(1)),
    ):
        with pytest.raises(DamagedFile, match=r"month=2026-05/rows.parquet .* Delete it; then"):
            reading()
    assert damaged.exists()
    # A run that could not begin leaves no mark.
    assert lake.under_way() == []


# The rename of the first table, its three days and their folders, the same of the second.
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 7, 8, 14])
def test_killed_at_any_step_every_row_is_there_once_and_the_next_merge_ends_it(
    lake: Lake, days: list[GenreDay], step: int
) -> None:
    before = held(lake)
    killed = processes.run(merges_and_is_killed, lake.root, step)
    assert killed.returncode == processes.KILLED, killed.stderr
    assert held(lake) == before
    months.merge(lake, day(1))
    assert held(lake) == before
    assert len(files(lake)) == 2 * len(TABLES)
    assert [one for one, _ in partitions(lake, TABLES[0])] == days


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

    def merge() -> None:
        while not stop.is_set():
            months.merge(lake, day(1))

    merging = threading.Thread(target=merge)
    merging.start()
    try:
        for count in range(3, 40):
            write_partition(lake, TABLES[0], day(1), rows_of(day(1), count))
            assert held(lake)[TABLES[0]][day(1)] == rows_of(day(1), count).rows()
    finally:
        stop.set()
        merging.join()
