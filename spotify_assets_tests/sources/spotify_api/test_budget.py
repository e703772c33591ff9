"""Whether a call may be sent now, later, or not before tomorrow."""

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import closing

import pytest

from spotify_assets.lake.exchanges import Request
from spotify_assets.sources.spotify_api.budget import (
    MIN_PER_WINDOW,
    SAFE_PER_WINDOW,
    Budget,
    Limits,
)
from spotify_assets.sources.spotify_api.errors import Blocked, BudgetSpent
from spotify_assets.sources.spotify_api.ledger import DAY_SECONDS, EVERY_FAMILY, Ledger, Outcome
from spotify_assets.sources.spotify_api.modes import Mode
from spotify_assets_tests.sources.spotify_api.questions import artists, search
from spotify_assets_tests.sources.spotify_api.times import SetClock

TOKEN = Request("token", "api/token", {})


@pytest.fixture
def budget(ledger: Ledger, clock: SetClock) -> Budget:
    return Budget(ledger, "app", "sandbox", clock=clock)


@pytest.fixture
def other(ledger: Ledger, clock: SetClock) -> Iterator[Budget]:
    """That of another run."""
    with closing(Ledger(ledger.place)) as opened:
        yield Budget(opened, "app", "sandbox", clock=clock)


def test_a_wait_from_a_second_on_is_said(
    budget: Budget, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    budget.limits = Limits(per_window=2)
    _ask(budget, 2)
    clock.advance(29.5)
    _ask(budget, 2)
    assert (clock.waits, caplog.messages) == ([0.5], [])

    _ask(budget)

    assert clock.waits == [0.5, 30]
    assert caplog.messages == ["2 calls in 30 s are the limit: waiting 30 s."]


def test_a_call_says_how_long_it_waited(budget: Budget, clock: SetClock) -> None:
    budget.limits = Limits(per_window=1)
    _ask(budget, 2)

    calls = budget.ledger.requests(0, clock.now())
    assert [one["waited_ms"] for one in calls] == [0, 30_000]


def test_a_call_under_way_is_waited_for_no_longer_than_it_takes(
    budget: Budget, other: Budget, clock: SetClock
) -> None:
    budget.limits = Limits(per_window=1)
    call = other.admit(search())
    real_sleep = clock.sleep

    def sleep(seconds: float) -> None:
        if not clock.waits:
            clock.advance(0.25)
            other.settle(call, Outcome(250, status=200))
            seconds -= 0.25
        real_sleep(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]
    begun = clock.now()
    budget.admit(search())

    assert clock.now().seconds_since(begun) == 30.25


def test_a_limit_holds_for_families_together_and_not_for_tokens(
    budget: Budget, clock: SetClock
) -> None:
    budget.limits = Limits(per_window=2)
    for request in (search(), artists(), TOKEN, TOKEN, TOKEN):
        _ask(budget, request=request)
    assert clock.waits == []

    _ask(budget)
    assert clock.waits == [30]


def test_a_spent_budget_ends_the_run_at_once_and_says_until_when(
    budget: Budget, other: Budget, clock: SetClock
) -> None:
    budget.limits = other.limits = Limits(per_day={"search": 3})
    first = clock.time
    for run in (budget, other, budget):
        _ask(run)
        clock.advance(3600)

    with pytest.raises(BudgetSpent, match=r"budget of 3 calls in 24 h .*SPOTIFY_DAILY") as spent:
        other.admit(search())

    assert (spent.value.endpoint, clock.waits) == ("search", [])
    assert spent.value.until == first + dt.timedelta(days=1)
    _ask(other, request=artists())
    clock.advance((spent.value.until - clock.time).total_seconds())
    _ask(other)
    assert clock.waits == []
    with pytest.raises(BudgetSpent):
        budget.admit(search())


def test_a_budget_that_has_room_soon_is_waited_for(
    budget: Budget, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    budget.limits = Limits(per_day={"search": 1})
    _ask(budget)
    clock.advance(DAY_SECONDS - 20)

    _ask(budget)

    assert clock.waits == [20]
    assert "1 calls of search in 24 h are the budget: waiting 20 s." in caplog.text


def test_a_budget_holds_across_a_start_of_the_machine(budget: Budget, clock: SetClock) -> None:
    budget.limits = Limits(per_day={"search": 1})
    _ask(budget)
    until = clock.time + dt.timedelta(days=1)

    clock.restart(after_seconds=60)

    with pytest.raises(BudgetSpent) as spent:
        budget.admit(search())
    assert spent.value.until == until


@pytest.mark.parametrize(
    ("limits", "mode", "per_day"),
    [
        (Limits(), None, None),
        (Limits(), "extended", None),
        (Limits(), "development", 500),
        (Limits(per_day_in_development=None), "development", None),
        (Limits(per_day={EVERY_FAMILY: 7}), None, 7),
        (Limits(per_day={EVERY_FAMILY: 7, "search": 9}), "development", 9),
        (Limits(per_day={"artists": 7}), "extended", None),
        (Limits(per_day={"artists": 7}), "development", 500),
    ],
)
def test_the_budget_of_a_family_is_what_was_set_or_what_is_safe_in_development_mode(
    budget: Budget, clock: SetClock, limits: Limits, mode: Mode | None, per_day: int | None
) -> None:
    budget.limits = limits
    if mode is not None:
        budget.ledger.learn_mode("app", mode, "a test", clock.now(), is_sure=True)

    assert budget.per_day("search") == per_day
    assert budget.per_day("token") is None


def test_a_short_wait_holds_for_all_families_and_runs_but_not_for_tokens(
    budget: Budget, other: Budget, clock: SetClock
) -> None:
    budget.refused("search", 7, "too many", is_quota=False)

    _ask(other, request=TOKEN)
    assert clock.waits == []
    _ask(other, request=artists())
    assert clock.waits == [7]


@pytest.mark.parametrize(("seconds", "is_quota"), [(31, False), (85771, False), (2, True)])
def test_a_long_wait_or_a_quota_is_of_the_one_family(
    budget: Budget, other: Budget, clock: SetClock, seconds: int, is_quota: bool
) -> None:
    until = clock.time + dt.timedelta(seconds=seconds)
    if is_quota:
        with pytest.raises(Blocked) as blocked:
            budget.refused("search", seconds, "QUOTA_EXCEEDED", is_quota=True)
        assert blocked.value.until == until
    else:
        budget.refused("search", seconds, "too many", is_quota=False)

    _ask(other, request=artists())
    assert clock.waits == []
    if not is_quota:
        with pytest.raises(Blocked) as blocked:
            other.check("search")
        assert blocked.value.until == until
    clock.advance(seconds)
    _ask(other)
    assert clock.waits == []


def test_a_wait_that_has_become_short_is_waited_for(
    budget: Budget, other: Budget, clock: SetClock
) -> None:
    budget.refused("search", 85771, "too many", is_quota=False)
    clock.advance(85771 - 30)

    _ask(other)

    assert clock.waits == [30]


def test_a_longer_bound_waits_for_more(budget: Budget, clock: SetClock) -> None:
    budget.limits = dataclasses.replace(budget.limits, longest_wait_seconds=120)
    budget.refused("search", 120, "too many", is_quota=False)

    _ask(budget)

    assert clock.waits == [120]


def test_a_refusal_without_a_time_is_of_a_window_or_of_a_day(
    budget: Budget, clock: SetClock
) -> None:
    budget.refused("search", None, "too many", is_quota=False)
    _ask(budget)
    assert clock.waits == [30]

    with pytest.raises(Blocked) as blocked:
        budget.refused("search", None, "QUOTA_EXCEEDED", is_quota=True)
    assert blocked.value.until == clock.time + dt.timedelta(days=1)


def test_checking_waits_for_nothing_and_enters_nothing(budget: Budget, clock: SetClock) -> None:
    budget.limits = Limits(per_window=1)
    _ask(budget)

    budget.check("search")

    assert clock.waits == []
    assert len(list(budget.ledger.requests(0, clock.now()))) == 1


@pytest.mark.parametrize(
    ("limit", "answered", "learned"),
    [
        (90, 60, 60),
        (90, 200, 89),
        (90, 10, 45),  # Another program with the same app may have made the rest.
        (None, 10, 45),
        (None, 200, 200),
        (8, 1, MIN_PER_WINDOW),
        (3, 3, 3),
    ],
)
def test_a_429_teaches_what_was_answered_but_no_less_than_half_at_once(
    budget: Budget, clock: SetClock, limit: int | None, answered: int, learned: int
) -> None:
    _answered(budget, answered)
    budget.limits = Limits(limit)

    budget.refused("search", 1, "too many", is_quota=False)

    assert budget.per_window(clock.now()) == learned


def test_each_429_teaches_less_and_all_runs_learn_it(
    budget: Budget, other: Budget, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    for learned in (45, 22, 11, 5, 5):
        budget.refused("search", 1, "too many", is_quota=False)
        assert other.per_window(clock.now()) == learned
        assert f"at most {learned} calls in 30 s from now on" in caplog.text


def test_what_was_learned_is_forgotten_after_an_hour(budget: Budget, clock: SetClock) -> None:
    budget.refused("search", 1, "too many", is_quota=False)

    clock.advance(3599)
    assert budget.per_window(clock.now()) == SAFE_PER_WINDOW // 2
    clock.advance(1)
    assert budget.per_window(clock.now()) == SAFE_PER_WINDOW


def test_a_long_wait_or_one_for_tokens_teaches_nothing_of_the_rate(
    budget: Budget, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    budget.refused("search", 85771, "too many", is_quota=False)
    budget.refused("token", 5, "too many", is_quota=False)

    assert budget.per_window(clock.now()) == SAFE_PER_WINDOW
    assert caplog.messages == []


def _ask(budget: Budget, times: int = 1, request: Request | None = None) -> None:
    """Calls that are answered at once."""
    for _ in range(times):
        call = budget.admit(request or search())
        budget.settle(call, Outcome(0, status=200))


def _answered(budget: Budget, calls: int) -> None:
    budget.limits = Limits(None)
    _ask(budget, calls)
