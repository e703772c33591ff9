"""Several runs on one machine draw on one limit. Real processes, HTTP and waits, in faster time."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from spotify_assets.sandbox import api, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.clock import Clock as SandboxClock
from spotify_assets.sandbox.log import Log
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api import crash_workers
from spotify_assets_tests.sources.spotify_api.conftest import TODAY
from spotify_assets_tests.sources.spotify_api.times import FastClock

SPEED = 30.0
"""A window is a second; an answer may take longer than that before it counts too early."""
PROCESSES, QUESTIONS = 3, 15
Asking = Callable[[int], None]


@dataclass
class Limited:
    """A sandbox with a rate limit, and what came of it."""

    url: str
    log: Log

    def statuses(self) -> list[int | None]:
        return [one.status for one in self.log.since() if one.family == "search"]

    def seconds(self) -> float:
        times = [one.clock_at for one in self.log.since() if one.family == "search"]
        return max(times) - min(times)


@contextmanager
def limited(catalog: Catalog, rate_limit: int) -> Iterator[Limited]:
    clock = SandboxClock(lambda: FastClock(SPEED).now().wall)
    app = api.create_app(
        catalog, today=TODAY, behaviour=Behaviour(rate_limit=rate_limit), clock=clock
    )
    with server.running(app) as running:
        yield Limited(running.url, app.state.log)


def ask_together(sandbox: Limited, folder: Path, per_window: int) -> None:
    """Let processes ask as fast as they may, all from the same moment on."""

    def start(number: int) -> subprocess.Popen[str]:
        journal = folder / str(number) / "0001.journal.jsonl"
        return subprocess.Popen(
            processes.command(
                crash_workers.asks_many,
                *(sandbox.url, folder / "ledger.sqlite", journal, QUESTIONS, per_window, SPEED),
            ),
            cwd=processes.REPOSITORY,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    started = [start(number) for number in range(PROCESSES)]
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, said


def test_processes_together_stay_below_the_limit_and_use_it(
    catalog: Catalog, tmp_path: Path
) -> None:
    with limited(catalog, rate_limit=15) as sandbox:
        ask_together(sandbox, tmp_path, per_window=15)

    assert sandbox.statuses() == [200] * PROCESSES * QUESTIONS
    # Three windows' worth: it cannot be done in less than two, and must not take four.
    assert 60 <= sandbox.seconds() < 120
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        app = Connection.to_sandbox(sandbox.url).app
        counted = ledger.families(app, FastClock(SPEED).now(), 24 * 3600)
    assert counted == {"search": PROCESSES * QUESTIONS, "token": PROCESSES}


@pytest.mark.parametrize("per_window", [40])
def test_processes_learn_the_limit_from_each_other(
    catalog: Catalog, tmp_path: Path, per_window: int
) -> None:
    with limited(catalog, rate_limit=20) as sandbox:
        ask_together(sandbox, tmp_path, per_window)

    statuses = sandbox.statuses()
    assert statuses.count(200) == PROCESSES * QUESTIONS
    # Once for each process at most: those that were under way when the first was refused.
    assert 1 <= statuses.count(429) <= PROCESSES
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        app = Connection.to_sandbox(sandbox.url).app
        learned = ledger.learned_limit(app, FastClock(SPEED).now(), 3600)
    assert learned is not None
    assert learned <= 20
