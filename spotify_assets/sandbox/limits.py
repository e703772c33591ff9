"""Limits: how many requests were counted lately, and how long to wait for room.

What does not belong here: what a refusal looks like (``faults``).
"""

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from spotify_assets.sandbox.behaviour import Behaviour

DAY_S = 86_400.0


class Rolling:
    """Times of requests, in seconds and in order, as far as a period goes back."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._first = 0

    def count(self, now: float, period_s: float) -> int:
        """Return how many lie within the period that ends now."""
        # What has left the period never comes back: where it ends is found from there on.
        self._first = bisect_right(self._times, now - period_s, lo=self._first)
        if self._first > len(self._times) // 2:
            del self._times[: self._first]
            self._first = 0
        return len(self._times) - self._first

    def wait(self, now: float, period_s: float, limit: int) -> int | None:
        """Return whole seconds until there is room for one more, None if there is room now."""
        counted = self.count(now, period_s)
        if counted < limit:
            return None
        if limit == 0:
            return math.ceil(period_s)
        leaves = self._times[-limit] + period_s
        return max(math.ceil(leaves - now), 1)

    def add(self, now: float, period_s: float) -> None:
        """Count a request, and forget those that have left the period."""
        self.count(now, period_s)
        self._times.append(now)


@dataclass(frozen=True)
class Refusal:
    """A limit that is reached, and whole seconds until there is room."""

    limit: Literal["rate_limit", "quota"]
    wait_s: int


class Meter:
    """Counts the requests for the API: all together, and by family over a day."""

    def __init__(self) -> None:
        self._all = Rolling()
        self._by_family: defaultdict[str, Rolling] = defaultdict(Rolling)

    def take(self, family: str, now: float, behaviour: Behaviour) -> Refusal | None:
        """Count a request, or say why not: a refused one does not count."""
        if behaviour.rate_limit is not None:
            wait = self._all.wait(now, behaviour.window_s, behaviour.rate_limit)
            if wait is not None:
                return Refusal("rate_limit", wait)
        if family in behaviour.quotas:
            wait = self._by_family[family].wait(now, DAY_S, behaviour.quotas[family])
            if wait is not None:
                fixed = behaviour.quota_retry_after_s
                return Refusal("quota", wait if fixed is None else fixed)
        self._all.add(now, behaviour.window_s)
        self._by_family[family].add(now, DAY_S)
        return None

    def in_window(self, now: float, window_s: float) -> int:
        """Return how many requests count towards the rate limit."""
        return self._all.count(now, window_s)

    def in_day(self, now: float) -> dict[str, int]:
        """Return how many requests of each family count towards its quota."""
        return {name: times.count(now, DAY_S) for name, times in self._by_family.items()}
