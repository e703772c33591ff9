"""Whether a call may be sent now, later, or not before tomorrow."""

import bisect
import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake.exchanges import Request
from spotify_assets.spotify.budget import LEAST_PER_WINDOW, SAFE_PER_WINDOW, Budget, Limits
from spotify_assets.spotify.errors import Blocked, BudgetSpent
from spotify_assets.spotify.ledger import (
    DAY_SECONDS,
    EVERY_FAMILY,
    LONGEST_FLIGHT_SECONDS,
    Ledger,
    Outcome,
)
from spotify_assets.spotify.modes import Mode
from spotify_assets_tests.spotify.questions import artists, search
from spotify_assets_tests.spotify.times import SetClock

WINDOW = 30.0
LONGEST_WAIT = 30.0
TOKEN = Request("token", "api/token", {})
TO_TELL_APART = 0.01
"""Seconds; the times below are of eighths."""


def eighths(least: float, most: float) -> st.SearchStrategy[float]:
    return st.integers(int(least * 8), int(most * 8)).map(lambda number: number / 8)


@dataclass(frozen=True)
class Step:
    """What one of several runs does next.

    Attributes:
        run: Which one.
        after: Seconds until then.
        request: What it asks.
        flight: Seconds until the answer; ``None`` where the run dies before.
        wait: Seconds that the answer, a 429, asks to wait; ``None`` where it is none.
        jump: By how many seconds somebody sets the clock before.
        restart: Seconds that the machine is off before; ``None`` where it stays on.
    """

    run: int
    after: float
    request: Request = field(default_factory=search)
    flight: float | None = 0.0
    wait: int | None = None
    jump: float = 0.0
    restart: float | None = None


@dataclass
class Sent:
    """A call that was sent; times are true seconds, whatever the clock says."""

    request: Request
    asked_at: float
    at: float
    ended: float
    limit: int
    wait: int | None = None

    def counts(self, time: float) -> bool:
        return self.at <= time < self.ended + WINDOW

    def blocks(self, time: float, endpoint: str) -> bool:
        """Whether its answer has asked for no call of a family at a time."""
        if self.wait is None or not self.ended < time < self.ended + self.wait:
            return False
        return self.wait <= LONGEST_WAIT or self.request.endpoint == endpoint


class World(SetClock):
    """Things happen in it while somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, time: float, happens: Callable[[], None]) -> None:
        bisect.insort(self._due, (time, len(self._due), happens))

    def advance(self, seconds: float) -> None:
        end = self.elapsed + seconds
        while self._due and self._due[0][0] <= end:
            time, _, happens = self._due.pop(0)
            self._move(time - self.elapsed)
            happens()
        self._move(end - self.elapsed)

    def restart(self, after_seconds: float) -> None:
        self._due.clear()
        super().restart(after_seconds)
        self.elapsed += after_seconds

    def _move(self, seconds: float) -> None:
        super().advance(seconds)
        self.elapsed += seconds


@dataclass
class Played:
    """What came of the steps."""

    sent: list[Sent] = field(default_factory=list)
    refused: list[tuple[float, str, float]] = field(default_factory=list)
    """When, which family, and for how many seconds more."""


def play(limit: int | None, steps: list[Step]) -> Played:
    """Let three runs, each with the ledger open for itself, take the steps."""
    played, world = Played(), World()
    limits = Limits(limit, longest_wait_seconds=LONGEST_WAIT, learned_for_seconds=1e9)
    with ExitStack() as opened, TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        runs = [
            Budget(
                opened.enter_context(closing(Ledger(path))), "app", "sandbox", limits, clock=world
            )
            for _ in range(3)
        ]
        for step in steps:
            _take(step, runs[step.run], world, played)
    return played


def _take(step: Step, run: Budget, world: World, played: Played) -> None:
    world.advance(step.after)
    world.set(world.wall + step.jump)
    if step.restart is not None:
        for lost in played.sent:
            if lost.ended > world.elapsed:
                lost.ended, lost.wait = lost.at + LONGEST_FLIGHT_SECONDS, None
        world.restart(step.restart)
    asked_at = world.elapsed
    try:
        call = run.admit(step.request)
    except Blocked as blocked:
        left = blocked.until.timestamp() - world.wall
        played.refused.append((world.elapsed, step.request.endpoint, left))
        return
    now, flight = world.elapsed, step.flight
    most = run.per_window(world.now()) or 10**9
    is_lost = flight is None
    ended = now + (LONGEST_FLIGHT_SECONDS if flight is None else flight)
    sent = Sent(step.request, asked_at, now, ended, most, None if is_lost else step.wait)
    played.sent.append(sent)
    if not is_lost:
        world.at(ended, lambda: _answer(step, run, call))


def _answer(step: Step, run: Budget, call: int) -> None:
    run.settle(call, Outcome(1, status=200 if step.wait is None else 429))
    if step.wait is not None:
        run.refused(step.request.endpoint, step.wait, "too many", is_quota=False)


runs = st.integers(0, 2)
flights = st.one_of(st.just(0.0), eighths(0, 2), eighths(0, LONGEST_FLIGHT_SECONDS), st.none())
calm = st.builds(Step, run=runs, after=eighths(0, 12), flight=flights)
set_clocks = st.builds(
    Step,
    run=runs,
    after=eighths(0, 12),
    flight=flights,
    jump=st.sampled_from([0.0, 0.0, -86400.0, -10.0, 10.0, 86400.0]),
)
restarts = st.builds(
    Step,
    run=runs,
    after=eighths(0, 12),
    flight=flights,
    restart=st.one_of(st.none(), st.none(), eighths(1, 70)),
)
refusals = st.builds(
    Step,
    run=runs,
    after=eighths(0, 12),
    request=st.sampled_from([search(), artists()]),
    flight=eighths(0, 5),
    wait=st.one_of(st.none(), st.none(), st.integers(1, 30), st.integers(31, 200)),
)
kinds_of_steps = st.one_of(
    *(st.lists(kind, max_size=25) for kind in (calm, set_clocks, restarts, refusals))
)
limits = st.one_of(st.integers(1, 6), st.none())


@given(limit=limits, steps=kinds_of_steps)
@settings(database=None, deadline=None, max_examples=80)
def test_no_window_ever_holds_more_than_the_limit(limit: int | None, steps: list[Step]) -> None:
    """From each call's sending to a window after its answer: it reached the API in between."""
    sent = play(limit, steps).sent

    for place, call in enumerate(sent):
        counted = [one for one in sent[:place] if one.counts(call.at + TO_TELL_APART)]
        assert len(counted) < call.limit
    if limit is not None:
        assert all(call.limit <= limit for call in sent)


@given(limit=limits, steps=kinds_of_steps)
@settings(database=None, deadline=None, max_examples=80)
def test_no_call_is_sent_while_the_api_has_asked_to_wait(
    limit: int | None, steps: list[Step]
) -> None:
    sent = play(limit, steps).sent

    for place, call in enumerate(sent):
        late = call.at + TO_TELL_APART
        assert not [one for one in sent[:place] if one.blocks(late, call.request.endpoint)]


@given(limit=limits, steps=kinds_of_steps)
@settings(database=None, deadline=None, max_examples=80)
def test_nobody_waits_longer_than_needed(limit: int | None, steps: list[Step]) -> None:
    """A moment before a call that waited, it was not yet to be sent."""
    played = play(limit, steps)

    for place, call in enumerate(played.sent):
        before = call.at - TO_TELL_APART
        if before <= call.asked_at:
            continue
        earlier = played.sent[:place]
        is_full = len([one for one in earlier if one.counts(before)]) >= call.limit
        assert is_full or [one for one in earlier if one.blocks(before, call.request.endpoint)]


@given(limit=limits, steps=st.lists(refusals, max_size=25))
@settings(database=None, deadline=None, max_examples=80)
def test_only_a_wait_that_is_long_ends_a_run_and_it_names_its_end(
    limit: int | None, steps: list[Step]
) -> None:
    played = play(limit, steps)

    for time, endpoint, left in played.refused:
        asked = [one for one in played.sent if one.blocks(time + TO_TELL_APART, endpoint)]
        longest = max(one.ended + (one.wait or 0) - time for one in asked)
        assert left == pytest.approx(longest, abs=TO_TELL_APART)
        assert left > LONGEST_WAIT


@pytest.fixture
def budget(ledger: Ledger, clock: SetClock) -> Budget:
    return Budget(ledger, "app", "sandbox", clock=clock)


@pytest.fixture
def other(ledger: Ledger, clock: SetClock) -> Iterator[Budget]:
    """That of another run."""
    with closing(Ledger(ledger.path)) as opened:
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
        (8, 1, LEAST_PER_WINDOW),
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
