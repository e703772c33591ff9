"""Whatever three runs do, and whatever the clock and the API do meanwhile, the limits hold."""

import bisect
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake.exchanges import Request
from spotify_assets.sources.spotify_api.budget import Budget, Limits
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.sources.spotify_api.ledger import MAX_FLIGHT_SECONDS, Ledger, Outcome
from spotify_assets_tests.sources.spotify_api.questions import artists, search
from spotify_assets_tests.sources.spotify_api.times import SetClock

WINDOW = 30.0
MAX_WAIT = 30.0
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
        return self.wait <= MAX_WAIT or self.request.endpoint == endpoint


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
    limits = Limits(limit, longest_wait_seconds=MAX_WAIT, learned_for_seconds=1e9)
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
                lost.ended, lost.wait = lost.at + MAX_FLIGHT_SECONDS, None
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
    ended = now + (MAX_FLIGHT_SECONDS if flight is None else flight)
    sent = Sent(step.request, asked_at, now, ended, most, None if is_lost else step.wait)
    played.sent.append(sent)
    if not is_lost:
        world.at(ended, lambda: _answer(step, run, call))


def _answer(step: Step, run: Budget, call: int) -> None:
    run.settle(call, Outcome(1, status=200 if step.wait is None else 429))
    if step.wait is not None:
        run.refused(step.request.endpoint, step.wait, "too many", is_quota=False)


runs = st.integers(0, 2)
flights = st.one_of(st.just(0.0), eighths(0, 2), eighths(0, MAX_FLIGHT_SECONDS), st.none())
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
@settings(database=None)
def test_no_window_ever_holds_more_than_the_limit(limit: int | None, steps: list[Step]) -> None:
    """From each call's sending to a window after its answer: it reached the API in between."""
    sent = play(limit, steps).sent

    for place, call in enumerate(sent):
        counted = [one for one in sent[:place] if one.counts(call.at + TO_TELL_APART)]
        assert len(counted) < call.limit
    if limit is not None:
        assert all(call.limit <= limit for call in sent)


@given(limit=limits, steps=kinds_of_steps)
@settings(database=None)
def test_no_call_is_sent_while_the_api_has_asked_to_wait(
    limit: int | None, steps: list[Step]
) -> None:
    sent = play(limit, steps).sent

    for place, call in enumerate(sent):
        late = call.at + TO_TELL_APART
        assert not [one for one in sent[:place] if one.blocks(late, call.request.endpoint)]


@given(limit=limits, steps=kinds_of_steps)
@settings(database=None)
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
@settings(database=None)
def test_only_a_wait_that_is_long_ends_a_run_and_it_names_its_end(
    limit: int | None, steps: list[Step]
) -> None:
    played = play(limit, steps)

    for time, endpoint, left in played.refused:
        asked = [one for one in played.sent if one.blocks(time + TO_TELL_APART, endpoint)]
        longest = max(one.ended + (one.wait or 0) - time for one in asked)
        assert left == pytest.approx(longest, abs=TO_TELL_APART)
        assert left > MAX_WAIT
