"""Programs as processes of their own, and what they took.

Does not belong here: what is measured, and how it is shown.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# ru_maxrss is in KiB, but on macOS in bytes.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
OURS = ("SPOTIFY_", "SPOTIPY_", "DAGSTER_")
"""Beginnings of the environment variables that would change what is measured."""


class BenchmarkError(Exception):
    """A program that was to be measured failed."""


@dataclass
class Cost:
    """What a program took; seconds and bytes."""

    wall_s: float = 0
    cpu_s: float = 0
    """User and system, all threads."""
    peak_bytes: int = 0
    """Largest resident set."""

    def __add__(self, other: "Cost") -> "Cost":
        """One after the other."""
        peak = max(self.peak_bytes, other.peak_bytes)
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, peak)

    def __sub__(self, other: "Cost") -> "Cost":
        """Without a part of it."""
        wall_s, cpu_s = self.wall_s - other.wall_s, self.cpu_s - other.cpu_s
        return Cost(wall_s, cpu_s, self.peak_bytes)


@dataclass(frozen=True)
class Finished:
    """A program that came to its end."""

    cost: Cost
    output: str


@dataclass(frozen=True)
class Spread:
    """Some measurements of the same thing."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of at least one value."""
        listed = list(values)
        return cls(statistics.median(listed), min(listed), max(listed))


def run(
    command: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Finished:
    """Run a program to its end.

    Raises:
        BenchmarkError: It failed.
    """
    with started(command, cwd=cwd, environment=environment) as child:
        output = child.read()
        exit_code = child.wait()
    if exit_code:
        raise BenchmarkError(f"{' '.join(command)} ended with {exit_code}:\n{child.errors()}")
    return Finished(child.cost, output)


def call(module: str, *arguments: object) -> tuple[Any, Cost]:
    """Run a module of this package; what it prints as JSON, and its cost."""
    finished = run([sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)])
    return json.loads(finished.output), finished.cost


class Child:
    """A program under way; ``cost`` is known once it has ended."""

    def __init__(self, process: subprocess.Popen[str], said: Any) -> None:
        self.cost = Cost()
        self._process, self._said, self._begun = process, said, time.perf_counter()
        self._errors = ""

    def read(self) -> str:
        """What it prints until it ends."""
        return self._process.stdout.read() if self._process.stdout else ""

    def is_running(self) -> bool:
        """Whether it has not ended."""
        if self._process.returncode is None:
            self._reap(os.WNOHANG)
        return self._process.returncode is None

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.is_running():
            os.kill(self._process.pid, signal.SIGINT)
            self.wait()

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        if self._process.returncode is None:
            self._reap(0)
        return int(self._process.returncode)

    def errors(self) -> str:
        """The end of what it wrote to the standard error."""
        return self._errors

    def _reap(self, options: int) -> None:
        # `wait4` tells the cost of this one child; `getrusage` adds up all that there were.
        pid, status, usage = os.wait4(self._process.pid, options)
        if pid:
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cost.wall_s = time.perf_counter() - self._begun
            self.cost.cpu_s = usage.ru_utime + usage.ru_stime
            self.cost.peak_bytes = usage.ru_maxrss * MAXRSS_UNIT
            self._said.seek(0)
            self._errors = self._said.read()[-4000:]


@contextmanager
def started(
    command: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """A program that runs beside this one, and is ended with the context."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        child = Child(
            subprocess.Popen(
                command,
                cwd=cwd,
                env={**inherited, **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            ),
            said,
        )
        try:
            yield child
        finally:
            child.stop()


@contextmanager
def taking() -> Iterator[Cost]:
    """Fills in the seconds that the body takes in this process."""
    cost = Cost()
    wall, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.wall_s, cost.cpu_s = time.perf_counter() - wall, time.process_time() - cpu
