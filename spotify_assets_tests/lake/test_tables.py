"""Parquet partitions: whole or not at all, and touched only where they changed."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.tables import partitions, read_partition
from spotify_assets_tests.lake import processes
from spotify_assets_tests.lake.partition_files import rows_file, write_partition

TABLE = "star.fact"
ROWS = pl.DataFrame({"name": ["Águas de Março", None], "rank": [1, 2]})


def writes_rows_to_a_full_disk(root: str, folder: str, rows: int, free_bytes: int) -> None:
    """Write a partition where no file may grow beyond so many bytes."""
    processes.limit_files_to(free_bytes)
    genre_day = GenreDay.from_folder(Path(folder))
    write_partition(Lake(Path(root)), TABLE, genre_day, pl.DataFrame({"number": range(rows)}))


def test_written_rows_are_read_back_without_the_columns_of_the_path(
    lake: Lake, genre_day: GenreDay
) -> None:
    written = write_partition(lake, TABLE, genre_day, ROWS)

    assert written.path == rows_file(lake, TABLE, genre_day)
    assert written.path.parent == lake.partition(TABLE, genre_day)
    assert (written.rows, written.bytes) == (2, written.path.stat().st_size)
    assert written.changed
    assert_frame_equal(read_partition(lake, TABLE, genre_day), ROWS)


def test_the_same_rows_again_touch_no_byte_and_no_time(lake: Lake, genre_day: GenreDay) -> None:
    first = write_partition(lake, TABLE, genre_day, ROWS)
    before = first.path.stat()

    again = write_partition(lake, TABLE, genre_day, ROWS.clone())

    assert not again.changed
    after = first.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (again.path, again.rows, again.bytes) == (first.path, first.rows, first.bytes)
    assert _scratch(lake) == []


def test_other_rows_take_the_place_of_the_old_ones_at_once(lake: Lake, genre_day: GenreDay) -> None:
    first = write_partition(lake, TABLE, genre_day, ROWS)
    with first.path.open("rb") as reader:
        assert write_partition(lake, TABLE, genre_day, ROWS.head(1)).changed
        # Who was reading goes on reading the old file, whole.
        assert_frame_equal(pl.read_parquet(reader), ROWS)
    assert_frame_equal(read_partition(lake, TABLE, genre_day), ROWS.head(1))
    assert _scratch(lake) == []


def test_a_partition_without_rows_is_a_file_with_its_columns(
    lake: Lake, genre_day: GenreDay
) -> None:
    assert write_partition(lake, TABLE, genre_day, ROWS.clear()).rows == 0
    assert read_partition(lake, TABLE, genre_day).schema == ROWS.schema


def test_partitions_do_not_touch_each_other(lake: Lake, genre_day: GenreDay) -> None:
    other = GenreDay("rock/metal", genre_day.date)
    write_partition(lake, TABLE, genre_day, ROWS)
    write_partition(lake, TABLE, other, ROWS.head(1))

    assert [one for one, _ in partitions(lake, TABLE)] == [genre_day, other]
    assert_frame_equal(read_partition(lake, TABLE, genre_day), ROWS)


def test_partitions_are_found_in_order(lake: Lake, genre_day: GenreDay) -> None:
    there = [GenreDay("..", genre_day.date), GenreDay("rock/metal", genre_day.date)]
    for one in reversed(there):
        write_partition(lake, "star.fact", one, ROWS)
    write_partition(lake, "star.other", GenreDay("pop", genre_day.date), ROWS)

    assert [one for one, _ in partitions(lake, "star.fact")] == there
    assert list(partitions(lake, "star.absent")) == []


# Nothing fits; the file begins to fit.
@pytest.mark.parametrize("free", [0, 5000])
def test_a_full_disk_leaves_the_old_rows_whole(lake: Lake, genre_day: GenreDay, free: int) -> None:
    first = write_partition(lake, TABLE, genre_day, ROWS)
    before = first.path.read_bytes()
    refused = processes.run(writes_rows_to_a_full_disk, lake.root, genre_day.folder, 100_000, free)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write" in refused.stdout
    assert "star/fact/genre=forr%C3%B3/date=2025-11-20" in refused.stdout
    assert first.path.read_bytes() == before
    assert _scratch(lake) == []


def test_a_folder_that_cannot_be_made_is_said_and_leaves_nothing(
    lake: Lake, genre_day: GenreDay
) -> None:
    in_the_way = lake.partition(TABLE, genre_day).parent
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where the folder must be")

    with pytest.raises(LakeError, match=r"Cannot write .*star/fact/genre=.*run again"):
        write_partition(lake, TABLE, genre_day, ROWS)

    assert in_the_way.read_text() == "a file where the folder must be"
    assert _scratch(lake) == []


def _scratch(lake: Lake) -> list[Path]:
    return list(lake.scratch.iterdir())
