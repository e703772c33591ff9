"""The sandbox's own time: that of the machine, and by how much it was moved on.

Limits, tokens and the default day go by it, so that a test need not wait for a day to pass. What
does not belong here: waiting. A slow answer is slow in real time.
"""

import time
from collections.abc import Callable


class Clock:
    """Tells the time, and can be moved on."""

    def __init__(self, machine: Callable[[], float] = time.time) -> None:
        """Start with the time of the machine.

        Args:
            machine: Gives the Unix time in seconds.
        """
        self._machine = machine
        self.advanced_s = 0.0

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return self._machine() + self.advanced_s

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.advanced_s += seconds

    def reset(self) -> None:
        """Go back to the time of the machine."""
        self.advanced_s = 0.0
