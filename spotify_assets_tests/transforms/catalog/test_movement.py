"""What the days of a genre say of each other: movement, and who is gone (docs/catalog.md)."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog import rankings
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
class Day:
    """A collected day, by what it was asked and answered of a kind."""

    shown: tuple[int, ...] = ()
    """What the search shows, first position first; they rank in this order."""
    wanted: int = 50
    asked: int = 50
    basis: str = "popularity"
    market: str = "BR"
    broken: frozenset[int] = frozenset()
    """Of these, what is in quarantine."""

    @property
    def ranked(self) -> tuple[int, ...]:
        return tuple(one for one in self.shown if one not in self.broken)[: self.wanted]

    @property
    def reach(self) -> int:
        if len(self.ranked) < self.wanted:
            return self.asked
        return min(max(map(self.position, self.ranked), default=0), self.asked)

    def position(self, number: int) -> int:
        return self.shown.index(number) + 1


Movement = dict[tuple[int, int], tuple[str, int | None, int | None, int | None]]
"""``(day, number): (status, movement, previous rank, previous day)``."""
Days = dict[int, Day]
"""The days that were collected, by number; the others were not."""


def days_of(*days: list[int] | None) -> Days:
    """Day 1, day 2, …, with what the search shows; ``None`` where it was not collected."""
    return {on: Day(tuple(shown)) for on, shown in enumerate(days, start=1) if shown is not None}


def store(warehouse: SmallWarehouse, days: Days, kind: str, genre: str = GENRE) -> None:
    for on, day in days.items():
        terms = {f"{kind}s_asked": day.asked, f"{kind}s_wanted": day.wanted}
        warehouse.collected(on, genre, market=day.market, **terms)
        for number in day.shown:
            warehouse.hit(kind, number, day.position(number), on, genre)
        for rank, number in enumerate(day.ranked, start=1):
            place = {"basis": day.basis, "search_position": day.position(number)}
            warehouse.ranked(kind, number, rank, on, genre, **place)


def movement(warehouse: SmallWarehouse, days: Days, kind: str = "track") -> Movement:
    store(warehouse, days, kind)
    return _movement(warehouse, kind)


def _movement(warehouse: SmallWarehouse, kind: str = "track", genre: str = GENRE) -> Movement:
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


def statuses(warehouse: SmallWarehouse, on: int) -> dict[int, str]:
    """Of the tracks of a day."""
    return {number: one[0] for (day, number), one in _movement(warehouse).items() if day == on}


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
    assert movement(warehouse, days_of([1], [1, 2]), kind) == {
        (1, 1): ("new", None, None, None),
        (2, 1): ("same", 0, 1, 1),
        (2, 2): ("new", None, None, None),
    }


@both_kinds
def test_ranks_gained_are_up_and_ranks_lost_are_down(warehouse: SmallWarehouse, kind: str) -> None:
    seen = movement(warehouse, days_of([1, 2, 3, 4], [4, 2, 1, 3]), kind)
    assert seen[2, 4] == ("up", 3, 4, 1)
    assert seen[2, 2] == ("same", 0, 2, 1)
    assert seen[2, 1] == ("down", -2, 1, 1)
    assert seen[2, 3] == ("down", -1, 3, 1)


@both_kinds
def test_what_comes_back_after_it_had_left_is_a_re_entry(
    warehouse: SmallWarehouse, kind: str
) -> None:
    seen = movement(warehouse, days_of([1, 2], [1], [2, 1]), kind)
    assert seen[3, 2] == ("re-entry", None, 2, 1)
    assert seen[3, 1] == ("down", -1, 1, 2)


def test_the_rank_before_is_the_last_one_not_the_first(warehouse: SmallWarehouse) -> None:
    seen = movement(warehouse, days_of([9, 1], [1, 9], [8, 9], [1]))
    assert seen[4, 1] == ("re-entry", None, 1, 2)


def test_a_day_that_was_not_asked_is_no_day_without_it(warehouse: SmallWarehouse) -> None:
    seen = movement(warehouse, days_of([1, 2], None, None, [2, 1]))
    assert seen[4, 2] == ("up", 1, 2, 1)
    assert seen[4, 1] == ("down", -1, 1, 1)


@both_kinds
def test_an_empty_answer_says_nothing_of_what_was_ranked(
    warehouse: SmallWarehouse, kind: str
) -> None:
    assert movement(warehouse, days_of([1, 2], [], [2, 1]), kind)[3, 2] == ("up", 1, 2, 1)
    assert _departures(warehouse) == {(2, 1, "no_results"), (2, 2, "no_results")}


def test_who_is_gone_after_an_empty_answer_has_left(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, days_of([1, 2], [], [1])) == {
        (2, 1, "no_results"),
        (3, 2, "left"),
    }


@both_kinds
def test_a_day_on_which_only_the_other_kind_was_asked_is_no_asked_day(
    warehouse: SmallWarehouse, kind: str
) -> None:
    """With SPOTIFY_ARTISTS=0 the day is collected, and says nothing of artists."""
    days = {1: Day((1, 2)), 2: Day(wanted=0, asked=0), 3: Day((1,))}
    assert movement(warehouse, days, kind)[3, 1] == ("same", 0, 1, 1)
    assert _departures(warehouse) == {(2, 1, "not_asked"), (3, 2, "left")}


def test_ranks_of_another_basis_are_not_compared(warehouse: SmallWarehouse) -> None:
    """Development mode on the second day: there are no popularities to rank by."""
    days = days_of([1, 2], [2, 1], [2, 1])
    days[2] = replace(days[2], basis="search_position")
    seen = movement(warehouse, days)

    assert seen[2, 2] == ("not_comparable", None, None, None)
    assert seen[3, 2] == ("up", 1, 2, 1)


def test_another_basis_ranks_the_same_so_who_is_not_there_has_left(
    warehouse: SmallWarehouse,
) -> None:
    days = days_of([1, 2], [1], [1, 2])
    days[2] = replace(days[2], basis="search_position")
    assert departures(warehouse, days) == {(2, 2, "left")}
    assert _movement(warehouse)[3, 2] == ("re-entry", None, 2, 1)


def test_ranks_for_another_market_are_not_compared_and_say_nothing_of_who_left(
    warehouse: SmallWarehouse,
) -> None:
    days = days_of([1, 2, 3], [2, 4], [2, 1])
    days[2] = replace(days[2], market="PT")
    seen = movement(warehouse, days)

    assert {one: seen[2, one][0] for one in (2, 4)} == dict.fromkeys((2, 4), "not_comparable")
    assert seen[3, 2] == ("up", 1, 2, 1)
    assert seen[3, 1] == ("down", -1, 1, 1)
    assert _departures(warehouse) == {
        (2, 1, "other_market"),
        (3, 3, "left"),
        (3, 4, "other_market"),
    }


def test_what_a_smaller_ranking_could_not_hold_has_not_left_and_is_no_re_entry(
    warehouse: SmallWarehouse,
) -> None:
    """On the second day fewer are wanted; the page of the search shows more than that."""
    days = days_of([1, 2, 3, 4], [2, 1, 3], [1, 2, 3, 4])
    days = {1: days[1], 2: replace(days[2], wanted=2), 3: days[3]}
    seen = movement(warehouse, days)

    assert _departures(warehouse) == {(2, 3, "not_reached"), (2, 4, "not_reached")}
    assert seen[2, 1] == ("not_comparable", None, None, None)
    assert [seen[3, one] for one in (2, 3, 4)] == [
        ("same", 0, 2, 1),
        ("same", 0, 3, 1),
        ("same", 0, 4, 1),
    ]


def test_what_the_search_shows_below_what_is_ranked_fell_below(warehouse: SmallWarehouse) -> None:
    days = {on: replace(day, wanted=2) for on, day in days_of([1, 2], [3, 1, 2], [1, 2]).items()}
    assert movement(warehouse, days)[3, 2] == ("re-entry", None, 2, 1)
    assert _departures(warehouse) == {(2, 2, "fell_below"), (3, 3, "left")}


def test_what_is_ranked_deeper_than_ever_before_may_not_be_new(warehouse: SmallWarehouse) -> None:
    days = days_of([1], [1, 2, 3], [3, 4])
    days[1] = replace(days[1], wanted=1)
    store(warehouse, days, "track")
    assert statuses(warehouse, 2) == dict.fromkeys((1, 2, 3), "not_comparable")
    assert statuses(warehouse, 3) == {3: "up", 4: "new"}


def test_what_is_in_quarantine_on_a_day_has_not_left(warehouse: SmallWarehouse) -> None:
    days = days_of([1, 2], [1, 2], [1, 2])
    days[2] = replace(days[2], broken=frozenset({1}))
    assert movement(warehouse, days)[3, 1] == ("same", 0, 1, 1)
    assert _departures(warehouse) == {(2, 1, "quarantined")}


def test_days_may_arrive_in_any_order(warehouse: SmallWarehouse) -> None:
    days = days_of([1, 2], [2, 1], [2])
    late = {on: days[on] for on in (3, 1, 2)}
    seen = movement(warehouse, late)
    left = _departures(warehouse)

    in_order = warehouse.emptied()
    assert movement(in_order, days) == seen
    assert _departures(in_order) == left == {(3, 1, "left")}


def test_a_day_that_arrives_late_changes_what_its_neighbours_say(
    warehouse: SmallWarehouse,
) -> None:
    days = days_of([1, 2], None, [1, 2])
    assert movement(warehouse, days)[3, 2] == ("same", 0, 2, 1)
    store(warehouse, {2: Day((1,))}, "track")
    assert _movement(warehouse)[3, 2] == ("re-entry", None, 2, 1)
    assert _departures(warehouse) == {(2, 2, "left")}


def test_genres_do_not_mix(warehouse: SmallWarehouse) -> None:
    store(warehouse, days_of([1], [1]), "track", "axé")
    store(warehouse, days_of([2], [3], [1, 3]), "track", "choro")

    assert _movement(warehouse, "track", "axé")[2, 1] == ("same", 0, 1, 1)
    assert _movement(warehouse, "track", "choro")[3, 1] == ("new", None, None, None)
    assert _departures(warehouse, "axé") == set()
    assert _departures(warehouse, "choro") == {(2, 2, "left")}


@both_kinds
def test_who_was_asked_for_again_and_not_there_has_left(
    warehouse: SmallWarehouse, kind: str
) -> None:
    assert departures(warehouse, days_of([1, 2], [1]), kind) == {(2, 2, "left")}
    ((row),) = warehouse.query(rankings.Departures).iter_rows(named=True)
    assert (row["kind"], row["basis"]) == (kind, "popularity")
    assert (row["last_rank"], day_number(row["last_date"])) == (2, 1)
    assert row["id"] == spotify_id(kind[0], 2)
    assert row["name"] == {"track": "A track", "artist": "Somebody"}[kind]


def test_who_stood_deeper_than_the_next_day_was_asked_is_not_reached(
    warehouse: SmallWarehouse,
) -> None:
    days = {1: Day((1, 2, 3, 4)), 2: Day((1,), asked=3)}
    assert departures(warehouse, days) == {(2, 2, "left"), (2, 3, "left"), (2, 4, "not_reached")}


def test_it_is_the_position_in_the_search_that_is_deep_not_the_rank(
    warehouse: SmallWarehouse,
) -> None:
    for on, depth in ((1, 100), (2, 10)):
        warehouse.collected(on, tracks_asked=depth)
    for number, rank, position, on in ((1, 1, 60, 1), (2, 90, 2, 1), (3, 1, 1, 2)):
        warehouse.hit("track", number, position, on)
        warehouse.ranked("track", number, rank, on, search_position=position)

    assert _departures(warehouse) == {(2, 1, "not_reached"), (2, 2, "left")}


def test_one_departure_is_one_row_however_many_days_nobody_asked(
    warehouse: SmallWarehouse,
) -> None:
    assert departures(warehouse, days_of([1, 2], None, None, [1])) == {
        (2, 1, "not_asked"),
        (4, 2, "left"),
    }
    rows = warehouse.rows(rankings.Departures, "id", "last_date")
    assert len(rows) == len(set(rows)) == 2


def test_a_day_that_cannot_say_is_passed_over_until_one_can(warehouse: SmallWarehouse) -> None:
    days = {1: Day((1, 2)), 2: Day((1,), asked=1), 3: Day(), 4: Day((1,), market="PT")}
    assert departures(warehouse, days) == {(2, 2, "not_reached"), (3, 1, "no_results")}
    store(warehouse, {5: Day((1,)), 6: Day((1,))}, "track")
    assert _departures(warehouse) == {(3, 1, "no_results"), (5, 2, "left")}


def test_the_last_day_has_no_departures_yet(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, days_of([1, 2])) == set()
    assert departures(warehouse, {2: Day(wanted=0, asked=0)}) == set()
    assert departures(warehouse, {3: Day((1, 2))}) == {(2, 1, "not_asked"), (2, 2, "not_asked")}


def test_a_day_of_which_only_later_pages_came_ends_an_absence(warehouse: SmallWarehouse) -> None:
    days = {1: Day((1,)), 4: Day((1,), asked=0)}
    assert departures(warehouse, days) == {(2, 1, "not_asked")}


def test_who_leaves_twice_is_missing_twice(warehouse: SmallWarehouse) -> None:
    assert departures(warehouse, days_of([1], [2], [1], [2])) == {
        (2, 1, "left"),
        (3, 2, "left"),
        (4, 1, "left"),
    }


def test_a_track_and_an_artist_of_one_id_may_leave_on_the_same_day(
    warehouse: SmallWarehouse,
) -> None:
    for kind in TOP:
        days = days_of([1], [2])
        for on, day in days.items():
            if kind == "track":
                warehouse.collected(on)
            for number in day.shown:
                warehouse.hit(kind, number, 1, on)
                warehouse.ranked(kind, number, 1, on)

    assert warehouse.rows(rankings.Departures, "kind", "id") == [
        ("artist", spotify_id("a", 1)),
        ("track", spotify_id("t", 1)),
    ]


DAYS = st.dictionaries(
    st.integers(1, 7),
    st.builds(
        Day,
        shown=st.lists(st.integers(1, 5), unique=True, max_size=5).map(tuple),
        wanted=st.sampled_from([2, 3, 3, 3]),
        asked=st.sampled_from([2, 5, 5, 5]),
        basis=st.sampled_from(["popularity", "popularity", "search_position"]),
        market=st.sampled_from(["BR", "BR", "BR", "PT"]),
        broken=st.sampled_from([frozenset(), frozenset(), frozenset({1})]),
    )
    | st.just(Day(wanted=0, asked=0)),
    max_size=7,
)


def could_show(day: Day, position: int, market: str) -> bool:
    return bool(day.asked and day.shown) and day.market == market and day.reach >= position


def said_of(days: Days, on: int, number: int, last: int) -> str:
    """What a day says of what was ranked last on another."""
    day = days.get(on, Day(asked=0))
    position = days[last].position(number)
    if not day.asked:
        return "not_asked"
    if not day.shown:
        return "no_results"
    if day.market != days[last].market:
        return "other_market"
    if number in day.shown and day.position(number) <= day.reach:
        return "quarantined"
    if position > day.reach:
        return "not_reached"
    return "fell_below" if number in day.shown else "left"


def expected_departures(days: Days) -> dict[tuple[int, int], tuple[int, str]]:
    """``(last day, number): (day, reason)``."""
    said: dict[tuple[int, int], tuple[int, str]] = {}
    end = max((on for on, day in days.items() if day.asked), default=0)
    for last, day in days.items():
        for number in day.ranked:
            again = (on for on in days if on > last and number in days[on].ranked)
            away = range(last + 1, min(min(again, default=end + 1), end + 1))
            reasons = [(on, said_of(days, on, number, last)) for on in away]
            decided = [one for one in reasons if one[1] in ("left", "fell_below")]
            if reasons:
                said[last, number] = (decided or reasons)[0]
    return said


def expected_movement(days: Days) -> Movement:
    gone = expected_departures(days)
    first_day = min((on for on in days if days[on].ranked), default=0)
    said: Movement = {}
    for on, day in days.items():
        for rank, number in enumerate(day.ranked, start=1):
            ever = sorted(one for one in days if one < on and number in days[one].ranked)
            terms = (day.basis, day.market, day.wanted)
            comparable = [
                one
                for one in ever
                if (days[one].basis, days[one].market, days[one].wanted) == terms
            ]
            previous = comparable[-1] if comparable else None
            previous_rank = days[previous].ranked.index(number) + 1 if previous else None
            since = previous or (ever[-1] if ever else on)
            is_back = any(
                since <= last < on and who == number and reason in ("left", "fell_below")
                for (last, who), (_, reason) in gone.items()
            )
            earlier = [days[one] for one in days if one < on]
            position = day.position(number)
            is_new = on == first_day or any(
                could_show(one, position, day.market) for one in earlier
            )
            gained = None
            if not ever:
                word = "new" if is_new else "not_comparable"
            elif is_back:
                word = "re-entry"
            elif previous_rank is None:
                word = "not_comparable"
            else:
                gained = previous_rank - rank
                word = "up" if gained > 0 else "down" if gained < 0 else "same"
            said[on, number] = (word, gained, previous_rank, previous)
    return said


@settings(max_examples=15)
@given(DAYS)
def test_movement_and_departures_are_what_the_rules_say(
    reused_warehouse: SmallWarehouse, days: Days
) -> None:
    warehouse = reused_warehouse.emptied()
    assert movement(warehouse, days) == expected_movement(days)
    rows = warehouse.query(rankings.Departures)
    assert {
        (day_number(row["last_date"]), int(row["id"][1:])): (day_number(row["date"]), row["reason"])
        for row in rows.iter_rows(named=True)
    } == expected_departures(days)
