"""Deleting days whose rows are in the file of their month."""

from polars.testing import assert_frame_equal

from spotify_assets.lake import GenreDay, Lake, months, retention
from spotify_assets.lake.retention import Rule
from spotify_assets.schemas import LAKE
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
    months.merge(lake, day(0))

    assert_frame_equal(retention.listing(lake, [whole(lake, day(0))]), alone, check_row_order=False)
    retention.delete(lake, whole(lake, day(0)))

    assert [one.part for one in retention.due(lake, Rule(), TODAY)] == [day(1)]
    assert publish_lake(lake).loaded == [day(0)]
    assert published_names(lake) == {"new"}
    assert all(months.holding(lake, table, day(0)) is None for table in LAKE)


def test_a_damaged_month_goes_with_its_last_day_and_keeps_nothing_else_from_going(
    lake: Lake,
) -> None:
    for number in (0, 1):
        add_genre_day(lake, day(number), ["a"])
        add_genre_day(lake, day(number, "forró"), ["a"])
    months.merge(lake, day(0))
    damaged = months.month_file(lake, "processed.tracks", day(0))
    damaged.write_bytes(damaged.read_bytes()[:-1])

    due = retention.due(lake, Rule(), TODAY)
    with retention.purging(lake):
        retention.drop_merged(lake, due)
        for one in due:
            retention.delete(lake, one)

    # All but the day that the damaged file stands for, if that is yet to come.
    assert {one.part for one in due} >= {
        day(number, genre) for number in (0, 1) for genre in ("rock", "forró")
    }
    last = GenreDay("rock", months.last_day(damaged))
    assert damaged.exists() == (last not in {one.part for one in due})
    assert not [file for file in lake.root.rglob("rows.parquet") if file != damaged]
