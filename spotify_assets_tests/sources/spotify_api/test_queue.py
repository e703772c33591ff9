from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.sources.spotify_api.queue import Room, calls_needed, plan

DAY = 24 * 3600
TERMS = CollectionParameters(source="spotify", market="BR", artists=50, tracks=100)


def test_a_genre_needs_pages_of_the_size_that_the_app_may_have() -> None:
    assert calls_needed(TERMS, "extended", {}) == {"search": 2, "artists": 2}
    assert calls_needed(TERMS, "development", {}) == {"search": 10}
    assert calls_needed(TERMS, None, {}) == calls_needed(TERMS, "extended", {})


def test_answers_that_are_there_are_not_needed_again() -> None:
    assert calls_needed(TERMS, "extended", {"search": 1, "artists": 2}) == {"search": 1}
    assert calls_needed(TERMS, "development", {"search": 11}) == {}


def test_without_limits_everything_is_done_now() -> None:
    planned = plan([("rock", {"search": 10}), ("samba", {"search": 10})], {}, None)

    assert [(one.genre, one.done_in_seconds) for one in planned] == [("rock", 0), ("samba", 0)]


def test_the_limit_of_the_window_sets_the_pace() -> None:
    (rock, samba) = plan([("rock", {"search": 60}), ("samba", {"search": 30})], {}, 30)

    assert (round(rock.done_in_seconds), round(samba.done_in_seconds)) == (60, 90)


def test_where_the_budget_ends_the_queue_waits_until_the_oldest_call_is_a_day_old() -> None:
    room = Room(per_day=10, ages=[3600.0] * 8)

    first, second = plan(
        [("rock", {"search": 2}), ("samba", {"search": 3})], {"search": room}, None
    )

    assert first.done_in_seconds == 0
    assert second.done_in_seconds == DAY - 3600


def test_nothing_is_done_before_a_block_is_over_and_other_families_do_not_wait() -> None:
    rooms = {"search": Room(blocked_seconds=85_771)}

    blocked, free = plan([("rock", {"search": 1}), ("samba", {"artists": 1})], rooms, None)

    assert (blocked.done_in_seconds, free.done_in_seconds) == (85_771, 0)


@given(
    per_day=st.integers(1, 20),
    ages=st.lists(st.floats(0, DAY - 1), max_size=20),
    calls=st.lists(st.integers(1, 30), min_size=1, max_size=5),
)
def test_no_rolling_day_of_a_plan_holds_more_calls_than_the_budget(
    per_day: int, ages: list[float], calls: list[int]
) -> None:
    room = Room(per_day=per_day, ages=ages)
    singles = [(str(number), {"search": 1}) for number in range(sum(calls))]

    done = [one.done_in_seconds for one in plan(singles, {"search": room}, None)]

    assert done == sorted(done)
    sent = sorted([-age for age in ages] + done)
    for at in done:
        # Of the calls before now there may be more: the budget can have been lowered since.
        assert sum(at - DAY + 0.001 < other <= at for other in sent) <= max(per_day, 1)
    together = plan([("rock", {"search": sum(calls)})], {"search": room}, None)
    assert together[0].done_in_seconds == done[-1]
