"""Time, as limits need it: one that people read, and one that never jumps.

Belongs here: reading and waiting. Does not belong here: what is waited for.
"""

import time
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Moment:
    """Now, on both clocks.

    Attributes:
        wall: Seconds since 1970 (UTC). It jumps where somebody sets the clock.
        steady: Seconds on a clock that only runs forward, the same for all processes.
        boot: Since which start of the machine ``steady`` counts.
    """

    wall: float
    steady: float
    boot: str

    def seconds_since(self, earlier: "Moment") -> float:
        """Seconds gone by since then; by the wall only across a start of the machine."""
        if self.boot == earlier.boot:
            return self.steady - earlier.steady
        return max(self.wall - earlier.wall, 0.0)


class Clock:
    """The machine's."""

    def now(self) -> Moment:
        """This moment."""
        return Moment(time.time(), _steady(), _boot())

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def _steady() -> float:
    # It goes on while the machine sleeps, as the API's own clock does.
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@cache
def _boot() -> str:
    """The id of this start; where the system has none, of this process: then the wall decides."""
    return BOOT_ID.read_text(encoding="utf-8").strip() if BOOT_ID.exists() else uuid.uuid4().hex
