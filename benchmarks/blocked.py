"""Part of the bench ``limits``: the real command where the quota of a day is spent."""

import datetime as dt
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests
from rich.table import Table

from benchmarks import collecting
from benchmarks.collecting import Task
from benchmarks.fewest import fewest
from benchmarks.measuring import BenchmarkError, started
from benchmarks.reporting import caption, say, table, verdict
from spotify_assets.commands.exit_codes import LATER
from spotify_assets.lake import GenreDay
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.sandbox import api, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.families import TOKEN
from spotify_assets.sandbox.log import Log
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.storage.clock import Clock, Moment

GENRE, ARTISTS, TRACKS = "rock", 50, 100
QUOTA, RETRY_AFTER_S = 6, 85_771
"""The first request teaches the mode, so that five pages come."""
EARLY_S = RETRY_AFTER_S - 60
# The sandbox counts its quota over a whole day.
LATE_S = 86_400 + 1
TARGET_S = 5


@dataclass(frozen=True)
class _Ended:
    code: int
    wall_s: float
    at: float
    """Unix time."""
    output: str


class _Later(Clock):
    """The machine's, moved on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> Moment:
        """That moment."""
        now = super().now()
        return Moment(now.wall + self._seconds, now.steady + self._seconds, now.boot)


@dataclass(frozen=True)
class _Served:
    """What the log holds after the first command."""

    entries: int
    pages: int
    taught: int
    refused_at: float
    """Unix time."""


@dataclass(frozen=True)
class _Blocked:
    """What was seen of a block, from its begin to after its end."""

    first: _Ended
    served: _Served
    second: _Ended
    needless: int
    """What the second command sent, tokens too."""
    status: _Ended
    early: int
    """What was sent shortly before the end, tokens too."""
    late: int
    """API requests that were sent after the end."""
    missing: int
    """API requests that had no answer before."""

    @property
    def ended_after_s(self) -> float:
        """Seconds from the 429 to the end of the command."""
        return self.first.at - self.served.refused_at

    @property
    def is_right(self) -> bool:
        """Whether nothing was sent while it was blocked, and later what was missing."""
        codes = self.first.code, self.second.code
        return (
            codes == (LATER, LATER)
            and self.needless == self.early == 0
            and self.late == self.missing
        )


def measured(music: Catalog, folder: Path) -> Table:
    """Be blocked, be blocked again, and go on when it is over."""
    say("limits: a spent quota")
    seen = _seen(music, folder)
    shown = table(
        f"limits: {GENRE}, a quota of {QUOTA} requests, then Retry-After {RETRY_AFTER_S:,} s",
        "",
        "measured",
    )
    for name, value in (
        ("the whole command, s", f"{seen.first.wall_s:.1f}"),
        ("from the 429 to its end, s", f"{seen.ended_after_s:.1f}"),
        ("exit code", str(seen.first.code)),
        ("requests answered before / refused", f"{seen.served.pages + seen.served.taught} / 1"),
        ("status says", _blocked_line(seen.status.output)),
        ("a second command: exit code, s", f"{seen.second.code}, {seen.second.wall_s:.1f}"),
        ("  what it sent, tokens too", str(seen.needless)),
        (f"sent {EARLY_S:,} s later, tokens too", str(seen.early)),
        (f"API requests sent {LATE_S:,} s later / missing", f"{seen.late} / {seen.missing}"),
    ):
        shown.add_row(name, value)
    return caption(
        shown,
        [
            verdict(
                "ends after the 429",
                f"{seen.ended_after_s:.1f} s",
                f"< {TARGET_S} s",
                is_met=seen.ended_after_s < TARGET_S,
            ),
            verdict(
                f"exit code {LATER}, nothing sent while blocked, then what is missing",
                "as it should be" if seen.is_right else "not so",
                "all",
                is_met=seen.is_right,
            ),
        ],
    )


def _seen(music: Catalog, folder: Path) -> _Blocked:
    behaviour = Behaviour(
        mode="development", quotas={"search": QUOTA}, quota_retry_after_s=RETRY_AFTER_S
    )
    application = api.create_app(music, behaviour=behaviour)
    log: Log = application.state.log
    genre_day = GenreDay(GENRE, dt.datetime.now(dt.UTC).date())
    words = ("collect", "-g", GENRE, "-n", str(ARTISTS), "-t", str(TRACKS))
    with server.running(application) as sandbox:
        first = _command(sandbox.url, folder, *words)
        served = _served(log)
        second = _command(sandbox.url, folder, *words)
        needless = len(log) - served.entries
        status = _command(sandbox.url, folder, "status")
        terms = CollectionParameters("sandbox", "BR", ARTISTS, TRACKS)
        limits = Limits(None, per_day_in_development=None)
        task = Task(sandbox.url, folder / "data", terms, [genre_day], limits)
        early = _sent_later(task, log, EARLY_S)
        _post(f"{sandbox.url}/sandbox/clock", {"advance_s": LATE_S})
        late = _sent_later(task, log, LATE_S)
    least = fewest(music, "development", genre_day, ARTISTS, TRACKS).requests
    missing = least - served.pages
    return _Blocked(first, served, second, needless, status, early, late, missing)


def _served(log: Log) -> _Served:
    entries = [entry for entry in log.since() if entry.family != TOKEN]
    statuses = [entry.status for entry in entries]
    if statuses.count(HTTPStatus.TOO_MANY_REQUESTS) != 1:
        raise BenchmarkError(f"The API should have refused once; it answered {statuses}.")
    return _Served(
        len(log),
        statuses.count(HTTPStatus.OK),
        statuses.count(HTTPStatus.BAD_REQUEST),
        entries[-1].received_at,
    )


def _sent_later(task: Task, log: Log, seconds: float) -> int:
    """Requests that are sent so much later; with those for tokens where it is still blocked."""
    before = len(log)
    try:
        collecting.run(task, _Later(seconds))
    except Blocked:
        return len(log) - before
    return sum(entry.family != TOKEN for entry in log.since(before))


def _command(url: str, folder: Path, *words: str) -> _Ended:
    environment = {
        "SPOTIFY_ASSETS_DATA_DIR": str(folder / "data"),
        "SPOTIFY_SANDBOX_URL": url,
    }
    command = [sys.executable, "-m", "spotify_assets", *words]
    with started(command, cwd=folder, environment=environment) as child:
        output = child.read()
        code = child.wait()
    if code not in (0, LATER):
        raise BenchmarkError(f"{' '.join(words)} ended with {code}:\n{child.errors()}")
    return _Ended(code, child.cost.wall_s, time.time(), output)


def _blocked_line(output: str) -> str:
    """What `status` says of the block."""
    _, _, block = output.partition("Not to be asked")
    lines = [line for line in block.splitlines() if line.startswith("search")]
    return " ".join(lines[0].split("\t")) if lines else "nothing of a block"


def _post(url: str, body: dict[str, float]) -> None:
    requests.post(url, json=body, timeout=10).raise_for_status()
