"""All that a running sandbox holds: how it behaves, its clock, what it counted and what it served.

What does not belong here: HTTP (``api``, ``traffic``, ``control``).
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from spotify_assets.sandbox.accounts import Accounts
from spotify_assets.sandbox.behaviour import Behaviour, Scripted
from spotify_assets.sandbox.clock import Clock
from spotify_assets.sandbox.limits import Meter
from spotify_assets.sandbox.log import Log
from spotify_assets.sandbox.modes import MODES, Mode

DAY_S = 86_400


class State:
    """What a sandbox holds. Used by one thread: that of the server."""

    def __init__(self, behaviour: Behaviour, clock: Clock, log: Log, today: dt.date | None) -> None:
        """Start.

        Args:
            behaviour: As it is now, and again after a reset.
            clock: The sandbox's time.
            log: Where requests are noted.
            today: The day to answer for as long as the clock is not moved on; if not given, the
                UTC date of the clock.
        """
        self.clock, self.log = clock, log
        self._first, self._fixed_day = behaviour, today
        self._begin()

    def _begin(self) -> None:
        self.behaviour = self._first
        self.meter = Meter()
        self.accounts = Accounts(self.clock)

    def reset(self) -> None:
        """Become as at the start: nothing counted, nothing served, the clock not moved on."""
        self.clock.reset()
        self.log.clear()
        self._begin()

    def change(self, values: Mapping[str, Any]) -> None:
        """Behave otherwise from now on.

        Raises:
            ValueError: A value cannot be, or there is no such setting. Nothing is changed then.
        """
        self.behaviour = self.behaviour.changed(values)

    @property
    def mode(self) -> Mode:
        """The world that the app lives in."""
        return MODES[self.behaviour.mode]

    @property
    def today(self) -> dt.date:
        """The day of requests that name none; a fixed one moves on with whole days of the clock."""
        if self._fixed_day is None:
            return dt.datetime.fromtimestamp(self.clock.now(), dt.UTC).date()
        return self._fixed_day + dt.timedelta(days=self.clock.advanced_s // DAY_S)

    def take_from_script(self, family: str, *, is_api: bool) -> Scripted | None:
        """Use up one request of the first scripted entry that this request is meant by."""
        script = list(self.behaviour.script)
        for place, entry in enumerate(script):
            if entry.family == family or (is_api and entry.family is None):
                left = [entry.model_copy(update={"times": entry.times - 1})] * (entry.times > 1)
                script[place : place + 1] = left
                self.behaviour = self.behaviour.model_copy(update={"script": tuple(script)})
                return entry
        return None

    def shown(self) -> dict[str, Any]:
        """Return all that can be set, and under keys of their own what has come of it."""
        now = self.clock.now()
        return self.behaviour.model_dump(mode="json") | {
            "clock": {
                "now": dt.datetime.fromtimestamp(now, dt.UTC).isoformat(timespec="milliseconds"),
                "advanced_s": self.clock.advanced_s,
                "today": self.today.isoformat(),
            },
            "counted": {
                "requests": len(self.log),
                "in_window": self.meter.in_window(now, self.behaviour.window_s),
                "in_day": self.meter.in_day(now),
            },
        }
