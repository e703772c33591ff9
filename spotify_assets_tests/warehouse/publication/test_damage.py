"""What of the lake can be loaded, and what is left out: damaged files, other schemas, months."""

import os
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import Lake, upkeep
from spotify_assets.schemas import LAKE
from spotify_assets_tests.lake.partition_files import rows_file
from spotify_assets_tests.warehouse.conftest import write_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import ask, contents, day, publish


def test_a_damaged_partition_is_named_and_the_rest_is_published(lake: Lake, database: Path) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a"])
    publish(lake, database)
    for number in range(4):
        write_genre_day(lake, day(number), ["b"])
    damaged = [
        rows_file(lake, table, day(number))
        for table, number in (("processed.tracks", 1), ("star.fact_track_daily", 2))
    ]
    for file in damaged:
        file.write_bytes(file.read_bytes()[:-1])

    published = publish(lake, database)

    assert published.loaded == [day(0), day(3)]
    assert sorted(published.damaged["file"]) == [lake.relative(file) for file in damaged]
    assert all("magic bytes" in reason for reason in published.damaged["reason"])
    names = "SELECT day(date)::INTEGER, name FROM processed.tracks ORDER BY date"
    assert ask(database, names) == [(16, "b"), (17, "a"), (19, "b")]
    told = ask(database, "SELECT file FROM monitoring.damaged_files ORDER BY file")
    assert told == [(lake.relative(file),) for file in damaged]


def test_a_damaged_partition_is_not_tried_again_until_it_is_written_again(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    file = rows_file(lake, "processed.tracks", day(0))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    publish(lake, database)
    before = database.read_bytes()
    assert publish(lake, database).damaged["file"].to_list() == [lake.relative(file)]
    assert database.read_bytes() == before

    file.write_bytes(whole)

    published = publish(lake, database)
    assert (published.loaded, published.damaged.height) == ([day(0)], 0)
    assert ask(database, "SELECT count(*) FROM monitoring.damaged_files") == [(0,)]


def test_a_file_restored_with_its_old_time_is_taken_in(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    file = rows_file(lake, "processed.tracks", day(0))
    whole, time_ns = file.read_bytes(), file.stat().st_mtime_ns
    for content in (bytes(len(whole)), whole):
        file.write_bytes(content)
        os.utime(file, ns=(time_ns, time_ns))
        published = publish(lake, database)
    assert (published.loaded, published.damaged.height) == ([day(0)], 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (pl.col("track_id").alias("id"), "NOT NULL constraint failed: tracks.track_id"),
        (pl.col("name").alias("duration_ms"), "Could not convert string 'a' to INT64"),
    ],
)
def test_a_partition_of_another_schema_is_refused_by_name_and_the_rest_is_published(
    lake: Lake, database: Path, change: pl.Expr, reason: str
) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a"])
    file = rows_file(lake, "processed.tracks", day(1))
    rows = pl.read_parquet(file)
    dropped = [] if change.meta.output_name() in rows.columns else change.meta.root_names()
    rows.with_columns(change).drop(dropped).write_parquet(file)

    published = publish(lake, database)

    assert published.loaded == [day(0)]
    [said] = published.damaged["reason"]
    assert reason in said


def test_columns_are_matched_by_name_and_those_of_an_older_contract_may_lack_or_be_more(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    file = rows_file(lake, "processed.tracks", day(0))
    rows = pl.read_parquet(file)
    older = rows.drop("isrc").with_columns(label=pl.lit("of an older contract"))
    older.select(reversed(older.columns)).write_parquet(file)

    publish(lake, database)

    expected = rows.with_columns(isrc=pl.lit(None, pl.String)).rows()
    assert ask(database, "FROM processed.tracks") == expected


def test_a_merged_month_is_not_loaded_again_and_its_rows_are_found_in_its_file(
    lake: Lake, database: Path
) -> None:
    for number in range(3):
        write_genre_day(lake, day(number), ["a", "b"])
        write_genre_day(lake, day(number, "forró"), [])
    publish(lake, database)
    before = contents(database)
    for genre in ("rock", "forró"):
        upkeep.compact(lake, genre, day(0).date)

    published = publish(lake, database)

    assert published.loaded == []
    assert contents(database) == before
    files = ask(database, "SELECT DISTINCT file FROM monitoring.partitions")
    assert {str(file).rpartition("/")[0] for (file,) in files} == {
        f"{table.replace('.', '/')}/genre={genre}/month=2026-11"
        for table in LAKE
        for genre in ("forr%C3%B3", "rock")
    }
    assert len(files) == 2 * len(LAKE)
    unchanged = database.read_bytes()
    publish(lake, database)
    assert database.read_bytes() == unchanged
    database.unlink()
    assert len(publish(lake, database).loaded) == 6
    assert contents(database) == before


def test_of_a_merged_month_only_the_day_that_changed_is_loaded(lake: Lake, database: Path) -> None:
    for number in range(3):
        write_genre_day(lake, day(number), ["a"])
    publish(lake, database)
    upkeep.compact(lake, "rock", day(0).date)
    write_genre_day(lake, day(1), ["b"])
    assert publish(lake, database).loaded == [day(1)]
    upkeep.compact(lake, "rock", day(0).date)
    assert publish(lake, database).loaded == []
    assert ask(database, "SELECT name FROM processed.tracks ORDER BY date") == [
        *(("a",), ("b",), ("a",))
    ]


@pytest.mark.parametrize("cut", [slice(0, -1), slice(4, None)])
def test_a_damaged_month_is_named_and_its_days_stay_as_they_were_published(
    lake: Lake, database: Path, cut: slice
) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a"])
    publish(lake, database)
    before = ask(database, "FROM processed.tracks ORDER BY date")
    upkeep.compact(lake, "rock", day(0).date)
    damaged = rows_file(lake, "processed.tracks", day(0))
    damaged.write_bytes(damaged.read_bytes()[cut])
    write_genre_day(lake, day(0, "samba"), ["s"])

    for _ in range(2):
        published = publish(lake, database)
        assert set(published.damaged["file"]) <= {lake.relative(damaged)}
        assert ask(database, "FROM processed.tracks WHERE genre = 'rock' ORDER BY date") == before
    assert ask(database, "SELECT name FROM processed.tracks WHERE genre = 'samba'") == [("s",)]
    database.unlink()
    assert set(publish(lake, database).damaged["file"]) == {lake.relative(damaged)}
    assert ask(database, "SELECT DISTINCT genre FROM processed.tracks") == [("samba",)]
