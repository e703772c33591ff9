"""A clock that tests move: waiting costs no time and is written down."""

import datetime as dt

from spotify_assets.storage.clock import Clock, Moment

START = 1_763_640_000.0
"""2025-11-20 12:00 UTC."""


class SetClock(Clock):
    """It stands still, but for waits and for what a test does to it."""

    def __init__(self) -> None:
        self.wall, self.steady, self.boot = START, 1000.0, "the first start"
        self.waits: list[float] = []

    @property
    def time(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.wall, dt.UTC)

    def now(self) -> Moment:
        return Moment(self.wall, self.steady, self.boot)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        # No real wait is shorter; less could be lost in rounding, and time would stand still.
        self.advance(max(seconds, 1e-6))

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def set(self, wall: float) -> None:
        """As when somebody sets the clock of the machine."""
        self.wall = wall

    def restart(self, after_seconds: float) -> None:
        """As when the machine is started again."""
        self.wall += after_seconds
        self.steady, self.boot = 1.0, f"{self.boot}, then another"


class FastClock(Clock):
    """The machine's, but every second of it is many: for processes that really wait."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def now(self) -> Moment:
        real = super().now()
        steady = real.steady * self._speed
        return Moment(START + steady, steady, real.boot)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / self._speed)
