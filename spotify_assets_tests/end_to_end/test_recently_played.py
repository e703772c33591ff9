"""From the sign-in over polls, a gap and a block to the export that closes the gap: real processes.

The tests go on from one another, because each poll is a run; the sandbox's clock is moved.
"""

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from spotify_assets.sandbox import api, catalog, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.clock import Clock
from spotify_assets_tests.end_to_end.conftest import spotify_assets
from spotify_assets_tests.lake.processes import REPOSITORY
from spotify_assets_tests.operations.alerts.servers import free_port

pytestmark = pytest.mark.end_to_end
FIRST_POLL = dt.datetime(2026, 3, 10, 20, tzinfo=dt.UTC)
AWAY_DAYS = 3
IN_BETWEEN = dt.date(2026, 3, 10)
"""A day of which no poll shows a play: there are some 50 a day."""


class Listening:
    """A user of the sandbox, and a data folder."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.data_dir = url, folder, folder / "data"
        self._settings = {
            "SPOTIFY_SANDBOX_URL": url,
            "SPOTIFY_REDIRECT_PORT": str(free_port()),
            "SPOTIFY_TOKEN_FILE": str(folder / "token.json"),
            "BROWSER": f"{sys.executable} -m spotify_assets_tests.sources.spotify_api.browser %s",
            "PYTHONPATH": str(REPOSITORY),
        }

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = spotify_assets(*words, data_dir=self.data_dir, **self._settings)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def sandbox(self, method: str, path: str, body: dict[str, Any]) -> None:
        url = f"{self.url}/sandbox/{path}"
        requests.request(method, url, json=body, timeout=5).raise_for_status()

    def ask(self, sql: str, *bound: object) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.data_dir / "spotify.duckdb", read_only=True) as connection:
            return connection.execute(sql, bound).fetchall()

    def coverage(self, day: dt.date) -> str:
        [(said,)] = self.ask("SELECT coverage FROM star.play_coverage WHERE date = ?", day)
        return str(said)


def running_from(start: dt.datetime) -> Callable[[], float]:
    """A clock that shows this time now, and goes on."""
    begun = time.time()
    return lambda: start.timestamp() + time.time() - begun


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    application = api.create_app(
        # The music that `sample-history` plays too.
        catalog.generate(),
        behaviour=Behaviour(sign_in="agree"),
        clock=Clock(running_from(FIRST_POLL)),
    )
    with server.running(application) as sandbox:
        yield Listening(sandbox.url, tmp_path_factory.mktemp("listening"))


def test_a_poll_without_a_sign_in_says_how_to_sign_in(listening: Listening) -> None:
    done = listening.command("poll")
    assert (done.returncode, done.stdout) == (1, "")
    assert "`spotify-assets login`" in done.stderr


def test_a_first_poll_shows_the_last_50_plays_and_no_gap(listening: Listening) -> None:
    assert listening.command("login").returncode == 0
    done = listening.command("poll")
    assert (done.returncode, done.stdout) == (
        0,
        "Polled\nplays seen\tnew\tgap\n50\t50\tno\n",
    ), done.stderr
    assert listening.ask("SELECT count(*), any_value(source) FROM star.fact_play") == [(50, "api")]


def test_a_poll_after_which_nothing_was_played_brings_nothing_new(listening: Listening) -> None:
    done = listening.command("poll")
    assert done.stdout.endswith("\n50\t0\tno\n"), done.stderr
    assert listening.ask("SELECT count(*) FROM processed.polls") == [(2,)]


def test_a_blocked_poll_ends_with_75_and_says_until_when(listening: Listening) -> None:
    fault = {"fault": "quota_exceeded", "family": "me", "too_many": {"wait_s": 3600}}
    listening.sandbox("PATCH", "state", {"script": [fault]})
    done = listening.command("poll")
    assert done.returncode == 75, done.stderr
    assert "QUOTA_EXCEEDED" in done.stderr
    # The block is this machine's own word by now: nothing more is sent.
    assert listening.command("poll").returncode == 75
    (listening.data_dir / "ledger.sqlite").unlink()


def test_more_plays_than_a_poll_shows_leave_a_gap(listening: Listening) -> None:
    listening.sandbox("POST", "clock", {"advance_s": AWAY_DAYS * 86_400})
    done = listening.command("poll")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("\n50\t50\tyes\n")
    assert "may be missing" in done.stderr
    [(first, last, is_closed)] = listening.ask(
        "SELECT from_at, to_at, is_closed FROM monitoring.play_gaps"
    )
    assert first.date() < IN_BETWEEN < last.date()
    assert not is_closed
    assert listening.coverage(IN_BETWEEN) == "partial"


def test_an_export_closes_the_gap_and_tells_of_each_reported_play(listening: Listening) -> None:
    folder = str(listening.folder / "export")
    words = ("sample-history", folder, "--from", "2026-03-01", "--until", "2026-03-31")
    assert listening.command(*words).returncode == 0
    done = listening.command("import", folder)
    assert done.returncode == 0, done.stderr
    assert listening.ask("SELECT is_closed FROM monitoring.play_gaps") == [(True,)]
    assert listening.coverage(IN_BETWEEN) == "complete"
    sources = "SELECT source, count(*) FROM star.fact_play WHERE is_in_api GROUP BY ALL"
    assert listening.ask(sources) == [("extended", 100)]
