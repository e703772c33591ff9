"""Which plays of two sources are the same: one to one, in order, and as many as there can be."""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import combinations
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.datatypes import DataTypeClass

from spotify_assets.transforms.listening.reconciliation import making_way, merged, pairs

NOON = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001 - in UTC, as all times of the tables
SCHEMA: dict[str, DataTypeClass | pl.DataType] = {
    "left": pl.Int64,
    "right": pl.Int64,
    "left_at": pl.Datetime("us"),
    "right_at": pl.Datetime("us"),
    "distance": pl.Float64,
}
Pair = tuple[int, int]
Candidate = tuple[int, int, dt.datetime, dt.datetime, float]


def at(seconds: int) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def rows(left: Sequence[int], right: Sequence[int], allowed: Iterable[Pair]) -> list[Candidate]:
    """Candidates of plays that are at those seconds; their ids are their places, from 0."""
    return [
        (a, b, at(left[a]), at(right[b]), abs(float(left[a] - right[b])))
        for a, b in sorted(allowed)
    ]


def chosen(candidates: Sequence[Candidate]) -> list[Pair]:
    frame = pl.DataFrame(candidates, schema=SCHEMA, orient="row")
    return sorted(pairs(frame).select("left", "right").rows())


def near(left: Sequence[int], right: Sequence[int], seconds: int = 90) -> list[Pair]:
    return [
        (a, b)
        for a in range(len(left))
        for b in range(len(right))
        if abs(left[a] - right[b]) <= seconds
    ]


def cross(one: Pair, other: Pair, left: Sequence[int], right: Sequence[int]) -> bool:
    return (left[one[0]] - left[other[0]]) * (right[one[1]] - right[other[1]]) < 0


def best_by_trying_all(
    left: Sequence[int], right: Sequence[int], allowed: Sequence[Pair]
) -> tuple[int, float]:
    """The most pairs that any choice has, and the least sum of distances of such a choice."""
    for size in range(min(len(left), len(right)), 0, -1):
        sums = [
            sum(abs(left[a] - right[b]) for a, b in choice)
            for choice in combinations(allowed, size)
            if len({a for a, _ in choice}) == len({b for _, b in choice}) == size
            and not any(cross(*two, left, right) for two in combinations(choice, 2))
        ]
        if sums:
            return size, min(sums)
    return 0, 0


# Times are distinct on each side: where two plays end in the same second, nothing tells them apart.
seconds = st.lists(st.integers(0, 400), max_size=5, unique=True)


@st.composite
def small_cases(draw: st.DrawFn) -> tuple[list[int], list[int], list[Pair]]:
    left, right = draw(seconds), draw(seconds)
    every = [(a, b) for a in range(len(left)) for b in range(len(right))]
    # Some are candidates by their starts, so that not all that are near are in, and some far are.
    allowed = draw(st.lists(st.sampled_from(every), unique=True, max_size=12)) if every else []
    return left, right, allowed


def test_no_candidates_give_no_pairs() -> None:
    assert chosen([]) == []


def test_a_play_that_has_one_candidate_only_is_that_one() -> None:
    assert chosen(rows([0, 500], [3, 500], [(0, 0), (1, 1)])) == [(0, 0), (1, 1)]


def test_of_two_candidates_the_nearer_is_taken() -> None:
    assert chosen(rows([100], [40, 105], [(0, 0), (0, 1)])) == [(0, 1)]


def test_more_pairs_come_before_nearer_ones() -> None:
    # 60 is nearest to 62, but then 140 would be nobody.
    assert chosen(rows([60, 140], [0, 62], [(0, 0), (0, 1), (1, 1)])) == [(0, 0), (1, 1)]


def test_a_track_that_is_repeated_all_night_is_aligned_play_by_play() -> None:
    left = [40 * n for n in range(200)]
    right = [40 * n + 5 for n in range(200)]
    found = chosen(rows(left, right, near(left, right)))
    assert found == [(n, n) for n in range(200)]


def test_a_lost_report_amid_repeats_leaves_one_play_alone() -> None:
    right = [60 * n for n in range(10)]
    left = [time + 2 for n, time in enumerate(right) if n != 4]
    found = chosen(rows(left, right, near(left, right)))
    assert {b for _, b in found} == set(range(10)) - {4}


def test_ids_keep_their_types() -> None:
    frame = pl.DataFrame(rows([0], [0], [(0, 0)]), schema=SCHEMA, orient="row")
    assert dict(pairs(frame).schema) == {"left": pl.Int64, "right": pl.Int64}
    assert dict(pairs(frame.clear()).schema) == {"left": pl.Int64, "right": pl.Int64}


@given(small_cases())
def test_pairs_are_candidates_and_each_play_is_in_one_at_most(
    case: tuple[list[int], list[int], list[Pair]],
) -> None:
    left, right, allowed = case
    found = chosen(rows(left, right, allowed))
    assert set(found) <= set(allowed)
    assert len({a for a, _ in found}) == len({b for _, b in found}) == len(found)


@given(seconds, seconds)
def test_no_choice_that_keeps_the_order_has_more_pairs_or_nearer_ones(
    left: list[int], right: list[int]
) -> None:
    allowed = near(left, right)
    found = chosen(rows(left, right, allowed))
    assert not any(cross(*two, left, right) for two in combinations(found, 2))
    distance = sum(abs(left[a] - right[b]) for a, b in found)
    # Equal sums may be of other pairs.
    assert (len(found), distance) == best_by_trying_all(left, right, allowed)


@given(seconds, seconds, st.randoms())
def test_the_order_of_the_candidates_does_not_matter(
    left: list[int], right: list[int], random: Random
) -> None:
    candidates = rows(left, right, near(left, right))
    shuffled = random.sample(candidates, len(candidates))
    assert chosen(shuffled) == chosen(candidates)


def test_a_pair_moves_only_where_it_makes_way() -> None:
    allowed = [(0, 0), (0, 1), (1, 2)]
    candidates = pl.DataFrame(rows([0, 500], [0, 40, 500], allowed), SCHEMA, orient="row")
    same = pairs(candidates)
    assert sorted(same.rows()) == [(0, 0), (1, 2)]
    none = candidates.clear()
    assert sorted(making_way(same, candidates, none).rows()) == [(0, 0), (1, 2)]
    # One that wants the place of a pair that may move, and one that wants that of one that may not.
    earlier = candidates.head(2).with_columns(left=pl.Series([7, 8]), right=pl.Series([0, 2]))
    assert sorted(making_way(same, candidates, earlier).rows()) == [(0, 1), (1, 2), (7, 0)]


def test_what_may_not_be_one_joins_no_clusters() -> None:
    at = [0, 10, 5, 20]
    editions = [[1], [1, 3], [2], [2, 3]]
    plays = pl.DataFrame(
        {
            "play": [1, 2, 3, 4],
            "editions": editions,
            "ended_at": at,
            "ms_played": [0] * 4,
            "item_key": [0] * 4,
        }
    )
    # 2 and 4 are told by one file; were they of one cluster, the other two would cross.
    candidates = pl.DataFrame({"one": [1, 2, 2], "other": [4, 3, 4], "distance": [20.0, 5.0, 10.0]})
    assert sorted(merged(plays, candidates).rows()) == [(3, 2), (4, 1)]
