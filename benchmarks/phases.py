"""Where the seconds of a rebuild go: loading, making, checking, writing.

Does not belong here: what runs in them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

PHASES = ("load", "make", "check", "write")
"""From files to tables of the engine; rankings and star tables; what must hold; to the disk."""
Given = ParamSpec("Given")
Returned = TypeVar("Returned")


class Stopwatch:
    """Wall seconds of each phase; at any time exactly one runs, at first that of loading."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._phase, self._since = "load", time.perf_counter()

    def to(self, phase: str) -> str:
        """Go over to a phase; returns the one before."""
        before, now = self._phase, time.perf_counter()
        self.seconds[before] += now - self._since
        self._phase, self._since = phase, now
        return before

    @contextmanager
    def on(self, phase: str) -> Iterator[None]:
        """The body is of that phase; the one around it does not count it."""
        outer = self.to(phase)
        try:
            yield
        finally:
            self.to(outer)

    def during(self, phase: str, function: Callable[Given, Returned]) -> Callable[Given, Returned]:
        """The function, each call of which is of that phase."""

        @wraps(function)
        def timed(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
            with self.on(phase):
                return function(*args, **kwargs)

        return timed
