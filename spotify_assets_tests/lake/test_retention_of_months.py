"""Deleting days whose rows are in the file of their month."""

from polars.testing import assert_frame_equal

from spotify_assets.lake import Lake, retention, upkeep
from spotify_assets.lake.retention import Rule
from spotify_assets.lake.tables import held_file
from spotify_assets.schemas import LAKE
from spotify_assets_tests.lake.partition_files import rows_file
from spotify_assets_tests.lake.test_retention import (
    TODAY,
    add_genre_day,
    day,
    publish_lake,
    published_names,
    whole,
)


def test_a_day_is_taken_out_of_its_merged_month_and_the_others_stay(lake: Lake) -> None:
    add_genre_day(lake, day(0), ["old"])
    add_genre_day(lake, day(1), ["new"])
    publish_lake(lake)
    alone = retention.listing(lake, [whole(lake, day(0))])
    upkeep.compact(lake, "rock", day(0).date)

    merged = retention.listing(lake, [whole(lake, day(0))])
    assert_frame_equal(merged.drop("file"), alone.drop("file"), check_row_order=False)
    assert merged["file"].str.contains("date=2026-11-16/").all()
    retention.delete(lake, whole(lake, day(0)))

    assert [one.part for one in retention.due(lake, Rule(), TODAY)] == [day(1)]
    assert publish_lake(lake).loaded == [day(0)]
    assert published_names(lake) == {"new"}
    assert all(held_file(lake, table, day(0)) is None for table in LAKE)


def test_a_damaged_month_goes_with_the_last_day_in_it_and_keeps_nothing_else_from_going(
    lake: Lake,
) -> None:
    for number in (0, 1):
        add_genre_day(lake, day(number), ["a"])
        add_genre_day(lake, day(number, "forró"), ["a"])
    upkeep.compact(lake, "rock", day(0).date)
    damaged = rows_file(lake, "processed.tracks", day(0))
    damaged.write_bytes(damaged.read_bytes()[:-1])

    due = retention.due(lake, Rule(), TODAY)
    with retention.purging(lake):
        for one in due:
            if one.part == day(1):
                assert damaged.exists()
            retention.delete(lake, one)

    assert list(lake.root.rglob("*.parquet")) == []
