"""Whether a call may be sent now, later, or not before tomorrow.

The rules hold for all processes that share the ledger together, because they are read off it in
the same step in which a call is entered there:

- no call while the API has asked to wait,
- at most so many calls of a family in a rolling day, so that Spotify never has to ask,
- at most so many calls in a rolling window. A 429 teaches a lower number, for an hour.

Belongs here: these rules. Does not belong here: HTTP, and what is kept (``ledger``).
"""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from spotify_assets.lake.exchanges import Request, Source
from spotify_assets.sources.spotify_api.errors import Blocked, BudgetSpent
from spotify_assets.sources.spotify_api.ledger import (
    DAY_SECONDS,
    EVERY_FAMILY,
    Block,
    Ledger,
    Outcome,
    Purpose,
)
from spotify_assets.storage.clock import Clock, Moment
from spotify_assets.storage.errors import FailureKind, StoreError

log = logging.getLogger(__name__)

WINDOW_SECONDS = 30.0
"""Spotify counts requests over a rolling window of this length."""
SAFE_PER_WINDOW = 90
"""Spotify does not publish the number; people report 180 a minute as safe."""
DEVELOPMENT_PER_DAY = 500
"""A family; also unpublished: people in development mode were stopped after 600 to 1,400 a day."""
MIN_PER_WINDOW = 5
LEARNED_FOR_SECONDS = 3600.0
MAX_WAIT_SECONDS = 30.0
SAID_FROM_SECONDS = 1.0
FAMILIES = ("search", "artists", "me")
"""Families of requests that the client sends."""
TOKEN = "token"  # noqa: S105 - the name of a family


@dataclass(frozen=True)
class Limits:
    """How much may be asked.

    Attributes:
        per_window: Calls of all families in 30 seconds; ``None`` is as many as the API answers.
        per_day: Calls of each family in 24 hours; `EVERY_FAMILY` stands for those not named.
        per_day_in_development: The same for an app in development mode, where none is named.
        longest_wait_seconds: What is waited for; a longer wait ends the run.
        learned_for_seconds: How long a lower limit that a 429 taught is kept.
    """

    per_window: int | None = SAFE_PER_WINDOW
    per_day: Mapping[str, int] = field(default_factory=dict)
    per_day_in_development: int | None = DEVELOPMENT_PER_DAY
    longest_wait_seconds: float = MAX_WAIT_SECONDS
    learned_for_seconds: float = LEARNED_FOR_SECONDS


@dataclass
class Budget:
    """The budget of one app, as one run draws on it."""

    ledger: Ledger
    app: str
    source: Source
    limits: Limits = field(default_factory=Limits)
    clock: Clock = None  # type: ignore[assignment]
    """That of the ledger, unless a test has another."""
    purpose: Purpose = field(default_factory=Purpose)

    def __post_init__(self) -> None:
        self.clock = self.clock or self.ledger.clock

    def check(self, endpoint: str) -> None:
        """See whether a call of the family may be sent soon; nothing is waited for.

        Raises:
            Blocked: It may not be sent for longer than is waited for.
        """
        self._wait(endpoint, self.clock.now())

    def admit(self, request: Request, attempt: int = 1) -> int:
        """Wait until the call may be sent, and enter it in the ledger; returns its id there.

        Raises:
            Blocked: It may not be sent for longer than is waited for.
        """
        begun = self.clock.now()
        while True:
            with self.ledger.alone():
                now = self.clock.now()
                seconds, why = self._wait(request.endpoint, now)
                if seconds <= 0:
                    return self.ledger.enter(
                        self.app,
                        self.source,
                        request,
                        self.purpose,
                        now,
                        attempt=attempt,
                        waited_ms=round(now.seconds_since(begun) * 1000),
                    )
            if seconds >= SAID_FROM_SECONDS:
                log.warning("%s: waiting %.0f s.", why, seconds)
            self.clock.sleep(seconds)

    def settle(self, request_id: int, outcome: Outcome) -> None:
        """Enter in the ledger how the call ended.

        Where that cannot be, the answer is of use all the same: the call counts as one that is
        under way for as long as it can be, which is longer.
        """
        try:
            self.ledger.settle(request_id, outcome, self.clock.now())
        except StoreError as error:
            if error.kind is not FailureKind.RETRY:
                raise
            log.warning("How a call ended could not be entered: %s", error)

    def refused(
        self, endpoint: str, retry_after_seconds: int | None, said: str, *, is_quota: bool
    ) -> None:
        """Learn from a 429: nothing is sent before the time that it names.

        A short wait is the rate limit, which all families share; a long one, or a quota, is of the
        one family. Where no time is named, it is the window or the day that they are counted over.

        Raises:
            Blocked: It is a quota, which ends the run however short the wait.
        """
        now = self.clock.now()
        seconds: float = retry_after_seconds or (DAY_SECONDS if is_quota else WINDOW_SECONDS)
        is_rate = not is_quota and seconds <= self.limits.longest_wait_seconds
        shared = is_rate and endpoint != TOKEN
        with self.ledger.alone():
            self.ledger.block(self.app, EVERY_FAMILY if shared else endpoint, seconds, said, now)
            if shared:
                self._learn_limit(now)
        if is_quota:
            raise Blocked(endpoint, _after(now, seconds), said)

    def per_window(self, now: Moment) -> int | None:
        """Calls that may be sent in a window, as far as is known now."""
        learned = self.ledger.learned_limit(self.app, now, self.limits.learned_for_seconds)
        known = [limit for limit in (learned, self.limits.per_window) if limit is not None]
        return min(known, default=None)

    def per_day(self, endpoint: str) -> int | None:
        """Calls of a family that may be sent in 24 hours; ``None`` where there is no limit."""
        if endpoint == TOKEN:
            return None
        named = self.limits.per_day.get(endpoint, self.limits.per_day.get(EVERY_FAMILY))
        if named is not None:
            return named
        mode = self.ledger.mode(self.app)
        in_development = mode is not None and mode.mode == "development"
        return self.limits.per_day_in_development if in_development else None

    def _wait(self, endpoint: str, now: Moment) -> tuple[float, str]:
        """Seconds to wait before a call of the family, and why.

        Raises:
            Blocked: It is longer than is waited for.
        """
        waits = [(0.0, "")]
        for block in self.ledger.blocks(self.app, now):
            if _holds_for(block, endpoint):
                if block.seconds > self.limits.longest_wait_seconds:
                    raise Blocked(endpoint, _after(now, block.seconds), block.reason)
                waits.append((block.seconds, f"The API asks to wait ({block.reason})"))
        if (most := self.per_day(endpoint)) is not None:
            seconds = self.ledger.room_in(self.app, now, DAY_SECONDS, most, endpoint)
            if seconds > self.limits.longest_wait_seconds:
                raise BudgetSpent(endpoint, _after(now, seconds), most)
            waits.append((seconds, f"{most} calls of {endpoint} in 24 h are the budget"))
        if endpoint != TOKEN and (most := self.per_window(now)) is not None:
            seconds = self.ledger.room_in(self.app, now, WINDOW_SECONDS, most)
            waits.append((seconds, f"{most} calls in {WINDOW_SECONDS:.0f} s are the limit"))
        return max(waits)

    def _learn_limit(self, now: Moment) -> None:
        """Lower the limit: to what was answered, but at once to no less than half of it.

        A 429 that comes early can be the doing of another program with the same app.
        """
        answered = self.ledger.answered_in(self.app, now, WINDOW_SECONDS)
        current = self.per_window(now) or max(SAFE_PER_WINDOW, answered + 1)
        least = min(MIN_PER_WINDOW, current)
        lower = max(min(answered, current - 1), current // 2, least)
        log.warning("The API is rate limited: at most %d calls in 30 s from now on.", lower)
        self.ledger.learn_limit(self.app, lower, now)


def _holds_for(block: Block, endpoint: str) -> bool:
    # Tokens come from another host, which does not count the API's calls.
    shared = block.endpoint == EVERY_FAMILY and endpoint != TOKEN
    return shared or block.endpoint == endpoint


def _after(now: Moment, seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(now.wall + seconds, dt.UTC)
