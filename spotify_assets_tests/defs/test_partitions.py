"""Genre-days are put together to the fewest runs that Dagster can make of them."""

import datetime as dt

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.defs.partitions import (
    PARTITION,
    RANGE_END,
    RANGE_START,
    PartitionRange,
    UnclearPartitions,
    dimensions,
    genre_days,
    genre_days_of_run,
    genre_days_to_check,
    in_rectangles,
    key_of,
    partition_ranges,
)
from spotify_assets.lake import GenreDay

KNOWN = ("rock", "samba", "forró", "pop", "mpb")
FIRST = dt.date(2026, 2, 27)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


some_genre_days = st.builds(GenreDay, st.sampled_from(KNOWN), st.integers(0, 9).map(day))


def days_of(rectangle: PartitionRange) -> list[GenreDay]:
    """As Dagster reads a range: every genre between the first and the last on its list."""
    first, last = KNOWN.index(rectangle.genres[0]), KNOWN.index(rectangle.genres[-1])
    number = (rectangle.last - rectangle.first).days + 1
    return [
        GenreDay(genre, rectangle.first + dt.timedelta(days=n))
        for genre in KNOWN[first : last + 1]
        for n in range(number)
    ]


@given(st.lists(some_genre_days), st.integers(1, 12))
def test_together_the_runs_are_of_just_what_was_wanted_each_once(
    wanted: list[GenreDay], most: int
) -> None:
    runs = in_rectangles(wanted, KNOWN, most)
    made = [one for run in runs for one in days_of(run)]
    assert sorted(made) == sorted(set(wanted))
    assert all(run.days == len(days_of(run)) <= most for run in runs)
    assert [run.last for run in runs] == sorted((run.last for run in runs), reverse=True)


def test_neighbours_with_the_same_days_share_a_run_and_others_do_not() -> None:
    wanted = [GenreDay(genre, day(n)) for genre in ("rock", "samba", "pop") for n in range(4)]
    runs = in_rectangles(wanted, KNOWN, 100)
    assert {(run.genres, run.first, run.last) for run in runs} == {
        (("rock", "samba"), day(0), day(3)),
        (("pop",), day(0), day(3)),
    }


def test_the_newest_days_are_made_first() -> None:
    wanted = [GenreDay(genre, day(n)) for genre in ("rock", "samba") for n in range(5)]
    runs = in_rectangles(wanted, KNOWN, 4)
    assert [(run.first, run.last) for run in runs] == [
        (day(3), day(4)),
        (day(1), day(2)),
        (day(0), day(0)),
    ]


def test_a_run_is_of_the_genre_days_of_its_rectangle() -> None:
    wanted = [GenreDay(genre, day(n)) for genre in ("rock", "samba") for n in range(2)]
    with dg.DagsterInstance.ephemeral() as instance:
        (one,) = partition_ranges(instance, wanted)
        assert genre_days_of_run(one.tags, instance) == sorted(wanted)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {PARTITION: "2026-11-20"},
        {RANGE_START: "2026-11-19", RANGE_END: "2026-11-20"},
    ],
)
def test_a_run_without_genres_is_of_no_genre_day(tags: dict[str, str]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert genre_days_of_run(tags, instance) == []


ROCK, SAMBA = GenreDay("rock", day(0)), GenreDay("samba", day(0))
OF_RANGE = PartitionRange(("rock", "samba"), day(0), day(1)).tags
OF_RANGE_OF_ONE = PartitionRange(("rock",), day(0), day(0)).tags


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({PARTITION: f"{day(0)}|rock"}, [ROCK]),
        (dimensions(ROCK), [ROCK]),
        ({PARTITION: f"{day(0)}|rock", **dimensions(ROCK), **OF_RANGE_OF_ONE}, [ROCK]),
        (OF_RANGE, [GenreDay(genre, day(n)) for n in (0, 1) for genre in ("rock", "samba")]),
    ],
    ids=["a key", "dimensions", "all, of one", "a range"],
)
def test_tags_that_agree_name_the_genre_days_of_a_run(
    tags: dict[str, str], named: list[GenreDay]
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("genre", list(KNOWN))
        assert genre_days_to_check(tags, instance) == genre_days_of_run(tags, instance) == named


@pytest.mark.parametrize(
    "tags",
    [
        {**OF_RANGE, **dimensions(ROCK)},
        {**OF_RANGE, PARTITION: f"{day(0)}|rock"},
        {**OF_RANGE_OF_ONE, **dimensions(SAMBA)},
        {PARTITION: f"{day(0)}|rock", **dimensions(SAMBA)},
        {**OF_RANGE_OF_ONE, "dagster/partition/genre": "rock"},
    ],
    ids=["range, dimensions", "range, key", "range of one, dimensions", "key, dimensions", "half"],
)
def test_tags_that_disagree_are_refused_and_name_no_genre_day(tags: dict[str, str]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("genre", list(KNOWN))
        assert genre_days_of_run(tags, instance) == []
        with pytest.raises(UnclearPartitions, match="unclear which genre-days"):
            genre_days_to_check(tags, instance)


@pytest.mark.parametrize(
    "tags",
    [
        {PARTITION: "yesterday|rock"},
        {PARTITION: f"{day(0)}|rock|samba"},
        {"dagster/partition/date": day(0).isoformat()},
        {RANGE_START: f"{day(1)}|rock", RANGE_END: f"{day(0)}|rock"},
        {RANGE_START: f"{day(0)}|samba", RANGE_END: f"{day(1)}|rock"},
        {RANGE_START: f"{day(0)}|rock"},
        {RANGE_START: f"{day(0)}|rock", RANGE_END: f"{day(0)}|unknown"},
    ],
)
def test_tags_that_name_no_partition_are_refused_and_stop_nobody_who_only_looks(
    tags: dict[str, str],
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("genre", list(KNOWN))
        assert genre_days_of_run(tags, instance) == []
        with pytest.raises(UnclearPartitions, match=r": none.* so nothing was made"):
            genre_days_to_check(tags, instance)


def test_the_key_of_a_partition_becomes_one_tag_and_so_a_range_cannot_inherit_its_dimensions() -> (
    None
):
    assert genre_days.get_tags_for_partition_key(key_of(ROCK)) == {PARTITION: f"{day(0)}|rock"}
