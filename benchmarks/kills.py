"""Kills a process at a moment of which only luck knows.

Belongs here: when, and the kill. Does not belong here: what must hold after it.
"""

import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotify_assets.sandbox.log import Log

KILLED = -signal.SIGKILL
POLL_S = 0.0005
START_S = 0.5
"""About what Python takes until the first request."""
CALL_S = 0.015
"""About what a call takes, from its arrival to its line in the journal."""
SEAL_S = 0.008
SEALING_SHARE, STARTING_SHARE = 0.3, 0.1


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after a process is at a point."""

    is_there: Callable[[], bool]
    then_s: float


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    pid: int
    code: int
    errors: str
    """The end of what it wrote to the standard error."""


def run(command: Sequence[str], moment: Moment | None) -> Ended:
    """Run a program until the moment, or to its end if that comes before."""
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        with subprocess.Popen(command, stderr=said) as process:
            while moment is not None and process.poll() is None:
                if moment.is_there():
                    time.sleep(moment.then_s)
                    process.kill()
                    break
                time.sleep(POLL_S)
            code = process.wait()
        said.seek(0)
        return Ended(process.pid, code, said.read()[-2000:])


def any_moment(luck: random.Random, log: Log, scratch: Path, calls: float) -> Moment:
    """Draw one: while it starts, some calls later, or while it seals.

    Args:
        luck: Draws.
        log: Of the sandbox.
        scratch: Where the process writes what it seals.
        calls: How many it may make, on average.
    """
    kind = luck.random()
    if kind < STARTING_SHARE:
        return Moment(lambda: True, luck.uniform(0, START_S))
    if kind < STARTING_SHARE + SEALING_SHARE:
        before = half_written(scratch)
        return Moment(lambda: not half_written(scratch) <= before, luck.uniform(0, SEAL_S))
    # One more, for the token.
    last = len(log) + 1 + luck.randint(1, max(round(2 * calls) - 1, 1))
    return Moment(lambda: len(log) >= last, luck.uniform(0, CALL_S))


def half_written(scratch: Path) -> set[Path]:
    """Sealed files that a process has begun to write, and that are not in their places."""
    return set(scratch.glob("*.jsonl.zst"))
