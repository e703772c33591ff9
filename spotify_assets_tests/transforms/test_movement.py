"""What the days of a genre say of each other: movement, and who is missing on the next day."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.schemas import Contract, rankings
from spotify_assets_tests.transforms.music import spotify_id
from spotify_assets_tests.transforms.small_warehouse import (
    GENRE,
    SmallWarehouse,
    day_number,
    numbers,
)

TOP: dict[str, type[Contract]] = {
    "track": rankings.TopTracks,
    "artist": rankings.TopArtists,
}
both_kinds = pytest.mark.parametrize("kind", TOP)


@dataclass(frozen=True)
class Ranking:
    """An asked day: who is ranked, first rank first, each at the position of its rank."""

    ids: tuple[int, ...]
    depth: int = 50
    basis: str = "popularity"


Movement = dict[tuple[int, int], tuple[str, int | None, int | None, int | None]]
"""``(day, number): (status, movement, previous rank, previous day)``."""
Days = dict[int, Ranking]
"""The days that were asked, by number; the others were not."""


def rankings_of(*days: list[int] | None) -> Days:
    """Day 1, day 2, …; ``None`` where it was not asked."""
    return {on: Ranking(tuple(ids)) for on, ids in enumerate(days, start=1) if ids is not None}


def store(warehouse: SmallWarehouse, days: Days, kind: str, genre: str = GENRE) -> None:
    for on, ranking in days.items():
        warehouse.collected(on, genre, **{f"{kind}s_asked": ranking.depth})
        for rank, number in enumerate(ranking.ids, start=1):
            warehouse.ranked(kind, number, rank, on, genre, basis=ranking.basis)


def movement(warehouse: SmallWarehouse, days: Days, kind: str = "track") -> Movement:
    store(warehouse, days, kind)
    return _movement(warehouse, kind)


def _movement(warehouse: SmallWarehouse, kind: str, genre: str = GENRE) -> Movement:
    rows = warehouse.query(TOP[kind]).filter(genre=genre)
    return {
        (day_number(row["date"]) or 0, int(row[f"{kind}_id"][1:])): (
            row["status"],
            row["movement"],
            row["previous_rank"],
            day_number(row["previous_date"]),
        )
        for row in rows.iter_rows(named=True)
    }


def departures(
    warehouse: SmallWarehouse, days: Days, kind: str = "track"
) -> set[tuple[int, int, str]]:
    """``(day, number, reason)``."""
    store(warehouse, days, kind)
    return _departures(warehouse)


def _departures(warehouse: SmallWarehouse, genre: str = GENRE) -> set[tuple[int, int, str]]:
    rows = warehouse.query(rankings.Departures).filter(genre=genre)
    missing = (day_number(date) or 0 for date in rows["date"])
    return set(zip(missing, numbers(rows["id"]), rows["reason"], strict=True))


@both_kinds
def test_what_was_never_ranked_is_new(warehouse: SmallWarehouse, kind: str) -> None:
    days = rankings_of([1], [1, 2])
    assert movement(warehouse, days, kind) == {
        (1, 1): ("new", None, None, None),
        (2, 1): ("same", 0, 1, 1),
        (2, 2): ("new", None, None, None),
    }


@both_kinds
def test_ranks_gained_are_up_and_ranks_lost_are_down(warehouse: SmallWarehouse, kind: str) -> None:
    seen = movement(warehouse, rankings_of([1, 2, 3, 4], [4, 2, 1, 3]), kind)
    assert seen[2, 4] == ("up", 3, 4, 1)
    assert seen[2, 2] == ("same", 0, 2, 1)
    assert seen[2, 1] == ("down", -2, 1, 1)
    assert seen[2, 3] == ("down", -1, 3, 1)


@both_kinds
def test_what_comes_back_after_a_day_without_it_is_a_re_entry(
    warehouse: SmallWarehouse, kind: str
) -> None:
    seen = movement(warehouse, rankings_of([1, 2], [1], [2, 1]), kind)
    assert seen[3, 2] == ("re-entry", None, 2, 1)
    assert seen[3, 1] == ("down", -1, 1, 2)


def test_the_day_before_is_the_last_one_ranked_not_the_first(warehouse: SmallWarehouse) -> None:
    seen = movement(warehouse, rankings_of([9, 1], [1, 9], [8, 9], [1]))
    assert seen[4, 1] == ("re-entry", None, 1, 2)


def test_a_day_that_was_not_asked_is_no_day_without_it(warehouse: SmallWarehouse) -> None:
    seen = movement(warehouse, rankings_of([1, 2], None, None, [2, 1]))
    assert seen[4, 2] == ("up", 1, 2, 1)
    assert seen[4, 1] == ("down", -1, 1, 1)


def test_an_asked_day_with_an_empty_answer_is_a_day_without_it(warehouse: SmallWarehouse) -> None:
    seen = movement(warehouse, rankings_of([1], [], [1]))
    assert seen[3, 1] == ("re-entry", None, 1, 1)


@both_kinds
def test_a_day_on_which_only_the_other_kind_was_asked_is_no_asked_day(
    warehouse: SmallWarehouse, kind: str
) -> None:
    """With SPOTIFY_ARTISTS=0 the day is collected, and says nothing of artists."""
    days = {1: Ranking((1, 2)), 2: Ranking((), depth=0), 3: Ranking((1,))}
    assert movement(warehouse, days, kind)[3, 1] == ("same", 0, 1, 1)
    assert _departures(warehouse) == {
        (2, 1, "not_asked"),
        (2, 2, "not_asked"),
        (3, 2, "left"),
    }


def test_ranks_of_another_basis_are_not_compared(warehouse: SmallWarehouse) -> None:
    """Development mode on the second day: there are no popularities to rank by."""
    days = rankings_of([1, 2], [2, 1], [2, 1])
    days[2] = Ranking((2, 1), basis="search_position")
    seen = movement(warehouse, days)

    assert seen[2, 2] == ("new", None, None, None)
    assert seen[3, 2] == ("up", 1, 2, 1)
    assert _departures(warehouse) == {(2, 1, "not_asked"), (2, 2, "not_asked")}


def test_days_may_arrive_in_any_order(warehouse: SmallWarehouse) -> None:
    days = rankings_of([1, 2], [2, 1], [2])
    late = {on: days[on] for on in (3, 1, 2)}
    seen = movement(warehouse, late)
    left = _departures(warehouse)

    in_order = warehouse.emptied()
    assert movement(in_order, days) == seen
    assert _departures(in_order) == left == {(3, 1, "left")}


def test_a_day_that_arrives_late_changes_what_its_neighbours_say(
    warehouse: SmallWarehouse,
) -> None:
    days = rankings_of([1, 2], None, [1, 2])
    assert movement(warehouse, days)[3, 2] == ("same", 0, 2, 1)
    store(warehouse, {2: Ranking((1,))}, "track")
    assert _movement(warehouse, "track")[3, 2] == ("re-entry", None, 2, 1)


def test_genres_do_not_mix(warehouse: SmallWarehouse) -> None:
    store(warehouse, rankings_of([1], [1]), "track", "axé")
    store(warehouse, rankings_of([2], [], [1]), "track", "choro")

    assert _movement(warehouse, "track", "axé")[2, 1] == ("same", 0, 1, 1)
    assert _movement(warehouse, "track", "choro")[3, 1] == ("new", None, None, None)
    assert _departures(warehouse, "axé") == set()
    assert _departures(warehouse, "choro") == {(2, 2, "left")}


@both_kinds
def test_who_was_asked_for_again_and_not_there_has_left(
    warehouse: SmallWarehouse, kind: str
) -> None:
    assert departures(warehouse, rankings_of([1, 2], [1]), kind) == {(2, 2, "left")}
    ((row),) = warehouse.query(rankings.Departures).iter_rows(named=True)
    assert (row["kind"], row["basis"]) == (kind, "popularity")
    assert (row["last_rank"], day_number(row["last_date"])) == (2, 1)
    assert row["id"] == spotify_id(kind[0], 2)
    assert row["name"] == {"track": "A track", "artist": "Somebody"}[kind]


def test_an_empty_answer_means_that_all_have_left(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, rankings_of([1, 2], [])) == {(2, 1, "left"), (2, 2, "left")}


def test_who_stood_deeper_than_the_next_day_was_asked_is_not_asked_for(
    warehouse: SmallWarehouse,
) -> None:
    days = {1: Ranking((1, 2, 3, 4)), 2: Ranking((1,), depth=3)}
    assert departures(warehouse, days) == {(2, 2, "left"), (2, 3, "left"), (2, 4, "not_asked")}


def test_it_is_the_position_in_the_search_that_is_deep_not_the_rank(
    warehouse: SmallWarehouse,
) -> None:
    for on, depth in ((1, 100), (2, 10)):
        warehouse.collected(on, tracks_asked=depth)
    warehouse.ranked("track", 1, 1, 1, search_position=60)
    warehouse.ranked("track", 2, 90, 1, search_position=2)
    warehouse.ranked("track", 3, 1, 2)

    assert _departures(warehouse) == {(2, 1, "not_asked"), (2, 2, "left")}


def test_on_a_day_that_was_not_asked_all_are_not_asked_for(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, rankings_of([1, 2], None, None, [1])) == {
        (2, 1, "not_asked"),
        (2, 2, "not_asked"),
        (4, 2, "left"),
    }


def test_the_last_day_has_no_departures_yet(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, rankings_of([1, 2])) == set()
    assert departures(warehouse, {3: Ranking((1, 2))}) == {
        (2, 1, "not_asked"),
        (2, 2, "not_asked"),
    }


def test_who_leaves_twice_is_missing_twice(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, rankings_of([1], [2], [1], [2])) == {
        (2, 1, "left"),
        (3, 2, "left"),
        (4, 1, "left"),
    }


def test_a_track_and_an_artist_may_leave_on_the_same_day(warehouse: SmallWarehouse) -> None:
    for on in (1, 2):
        warehouse.collected(on)
    warehouse.ranked("track", 1, 1, 1)
    warehouse.ranked("artist", 1, 1, 1)

    assert warehouse.rows(rankings.Departures, "kind", "id") == [
        ("artist", spotify_id("a", 1)),
        ("track", spotify_id("t", 1)),
    ]


RANKINGS = st.builds(
    Ranking,
    ids=st.lists(st.integers(1, 4), unique=True, max_size=4).map(tuple),
    depth=st.integers(1, 4),
    basis=st.sampled_from(["popularity", "popularity", "search_position"]),
)
DAYS = st.dictionaries(st.integers(1, 7), RANKINGS | st.just(Ranking((), depth=0)), max_size=7)


def series(days: Days, basis: str) -> list[int]:
    """The asked days that are compared with each other, by the contract's own words."""
    return sorted(
        on
        for on, one in days.items()
        if (one.ids and one.basis == basis) or (not one.ids and one.depth)
    )


def expected_movement(
    days: Days,
) -> Movement:
    said: Movement = {}
    for on, one in days.items():
        comparable = [before for before in series(days, one.basis) if before < on]
        for rank, number in enumerate(one.ids, start=1):
            with_it = [before for before in comparable if number in days[before].ids]
            if not with_it:
                said[on, number] = ("new", None, None, None)
                continue
            previous = days[with_it[-1]].ids.index(number) + 1
            if with_it[-1] != comparable[-1]:
                said[on, number] = ("re-entry", None, previous, with_it[-1])
                continue
            gained = previous - rank
            word = "up" if gained > 0 else "down" if gained < 0 else "same"
            said[on, number] = (word, gained, previous, with_it[-1])
    return said


def expected_departures(days: Days) -> set[tuple[int, int, str]]:
    said: set[tuple[int, int, str]] = set()
    for on, one in days.items():
        asked_next = next((after for after in series(days, one.basis) if after > on), None)
        for position, number in enumerate(one.ids, start=1):
            if asked_next is None:
                continue
            if asked_next > on + 1:
                said.add((on + 1, number, "not_asked"))
            if number not in days[asked_next].ids:
                is_deep = position <= days[asked_next].depth
                said.add((asked_next, number, "left" if is_deep else "not_asked"))
    return said


@settings(max_examples=20, deadline=None)
@given(DAYS)
def test_movement_and_departures_are_what_the_contracts_say(
    reused_warehouse: SmallWarehouse, days: Days
) -> None:
    warehouse = reused_warehouse.emptied()
    assert movement(warehouse, days) == expected_movement(days)
    assert _departures(warehouse) == expected_departures(days)
