"""Soak: two machines collect together, and one is killed while it asks.

``python -m benchmarks.cluster [--times N] [--seed N] [--celery | --accounts]``. Each machine is a
process with a data folder of its own; they share an S3 and a PostgreSQL of this machine. Ends with
1 where a genre-day is missing in the end, something was asked twice that had an answer, or a window
held more calls than the limit. ``--celery``: the same with Dagster's daemon and two workers of
Celery, and genres instead of days. ``--accounts`` asks instead how much two accounts' quotas
collect more than one's.
"""

import argparse
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg

from benchmarks.measuring import OURS, BenchmarkError
from benchmarks.reporting import caption, machine, out, say, table, verdict
from benchmarks.s3 import bucket_of_moto
from benchmarks.witness import Question, question
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.operations.due import is_complete
from spotify_assets.sandbox import api, catalog, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.log import Entry, Log
from spotify_assets.storage.database import Shared
from spotify_assets.storage.postgresql import SCHEMA
from spotify_assets.storage.postgresql import Server as State
from spotify_assets_tests import redis_server
from spotify_assets_tests.places import empty_database
from spotify_assets_tests.warehouse.databases.postgresql.server import Server, running

REPOSITORY = Path(__file__).parents[1]
GENRES = ("rock", "sertanejo", "forró")
FIRST_DAY = dt.date(2026, 1, 1)
DAYS = 5
TRACKS = 20_000
WINDOW_S = 30.0
LIMIT = 40
"""Calls in a window: of 105 that are needed, so that both machines wait for it."""
SLOW_S = 0.3
"""How long each answer takes: most kills meet one under way."""
ASKED = {"SPOTIFY_ARTISTS": "20", "SPOTIFY_TRACKS": "200"}
PATIENCE_S = 600
IN_FLIGHT = f"""
SELECT genre, date, path, params FROM {SCHEMA}.requests
WHERE status IS NULL AND failure IS NULL AND endpoint = 'search'
"""


@dataclass(frozen=True)
class Account:
    """A sandbox with a quota, as the account of somebody."""

    name: str
    url: str
    log: Log


@dataclass
class Soaked:
    """What came of one time."""

    killed_after: int = 0
    """Requests that were sent before."""
    under_way: str = ""
    """The genre-day that the killed machine was asking for."""
    requests: int = 0
    cut_off: int = 0
    """Requests that were sent again because the kill cut off their answer."""
    repeated: int = 0
    """Requests that were sent again though there was an answer."""
    most_in_window: int = 0
    refused: int = 0
    complete: int = 0
    published: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether it is as it must be."""
        wanted = len(GENRES) * DAYS
        return (self.complete, self.published, self.repeated, self.refused) == (
            wanted,
            wanted,
            0,
            0,
        ) and self.most_in_window <= LIMIT


class Machine:
    """A machine: a process, and a folder of its own."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self._errors = (self.folder / "errors").open("wb")
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(OURS)},
            **environment,
            **ASKED,
            "SPOTIFY_ASSETS_DATA_DIR": str(self.folder / "data"),
        }

    def collect(self, genres: Sequence[str], days: int) -> None:
        """Let it collect."""
        last = FIRST_DAY + dt.timedelta(days=days - 1)
        named = [word for genre in genres for word in ("--genre", genre)]
        self.start("collect", *named, "--date", f"{FIRST_DAY}..{last}", "--no-interactive")

    def start(self, *words: str) -> None:
        """Let it run our command."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spotify_assets", *words],
            cwd=self.folder,
            env=self._environment,
            stdout=self._errors,
            stderr=self._errors,
            start_new_session=True,
        )

    def is_of(self, holder: str) -> bool:
        """Whether a process, ``host/pid``, is one of its own."""
        with suppress(ProcessLookupError):
            return os.getpgid(int(holder.rpartition("/")[2])) == self.process.pid
        return False

    def kill(self) -> None:
        """As when it loses its power: all of its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """Stop what runs until it is stopped."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Let it come to its end.

        Raises:
            BenchmarkError: It did not, or failed.
        """
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise BenchmarkError(f"{self.folder.name} does not end:\n{self.said}") from None
        if code:
            raise BenchmarkError(f"{self.folder.name} ended with {code}:\n{self.said}")

    @property
    def said(self) -> str:
        """What it has said so far."""
        return (self.folder / "errors").read_text(encoding="utf-8", errors="replace")[-3000:]


def main() -> int:
    """Soak; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--celery", action="store_true", help="by Dagster's daemon and workers")
    parser.add_argument("--accounts", action="store_true", help="two accounts against one")
    given = parser.parse_args()
    music = catalog.generate(seed=1, tracks=TRACKS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster-")))
        bucket = stack.enter_context(bucket_of_moto())
        postgresql = stack.enter_context(running())
        try:
            if given.accounts:
                return _compare(music, folder, bucket, postgresql)
            luck = random.Random(given.seed)  # noqa: S311 - no secret is made of it
            soaked = []
            for number in range(given.times):
                where, place = f"{bucket}/{number}", folder / str(number)
                by = soak_celery if given.celery else soak
                soaked.append(by(music, place, where, postgresql, luck))
                say(f"cluster: {number + 1}/{given.times}: {soaked[-1]}")
        except BenchmarkError as error:
            out.print(str(error), markup=False, style="red")
            return 1
    return _show(soaked)


def soak(
    music: Catalog, folder: Path, bucket: str, postgresql: Server, luck: random.Random
) -> Soaked:
    """Let two machines collect, kill one while it asks, and look what the other makes of it."""
    soaked, shared = Soaked(), empty_database(postgresql)
    behaviour = Behaviour(rate_limit=LIMIT, window_s=WINDOW_S, shares={"slow": 1.0}, slow_s=SLOW_S)
    application = api.create_app(music, behaviour=behaviour)
    log: Log = application.state.log
    begun = time.monotonic()
    with server.running(application) as sandbox:
        environment = _environment(sandbox.url, bucket, shared)
        machines = [Machine(name, folder, environment) for name in ("one", "other")]
        for one in machines:
            one.collect(GENRES, DAYS)
        killed, survivor = luck.sample(machines, 2)
        soaked.killed_after = luck.randint(5, 60)
        cut_off = _kill_while_it_asks(killed, survivor, log, shared, soaked)
        survivor.wait()
    soaked.seconds = time.monotonic() - begun
    _account(soaked, log.since(), cut_off)
    lake = Lake(folder / "looked", bucket)
    days = [
        GenreDay(genre, FIRST_DAY + dt.timedelta(days=number))
        for genre in GENRES
        for number in range(DAYS)
    ]
    soaked.complete = sum(is_complete(lake, one) for one in days)
    soaked.published = _published(folder, environment)
    return soaked


GENRES_OF_TODAY = (
    *("rock", "sertanejo", "forró", "pop", "samba", "mpb", "hip hop", "r&b", "jazz", "soul"),
    *("funk", "reggae", "metal", "blues", "country"),
)
"""The rotation collects the day that is: as many genre-days of one day."""
ROTATION_MINUTES = 0.2


def soak_celery(
    music: Catalog,
    folder: Path,
    bucket: str,
    postgresql: Server,
    luck: random.Random,
    genres: Sequence[str] = GENRES_OF_TODAY,
) -> Soaked:
    """The same, where Dagster's daemon gives the genres that are due to workers."""
    soaked, shared = Soaked(), empty_database(postgresql)
    behaviour = Behaviour(rate_limit=LIMIT, window_s=WINDOW_S, shares={"slow": 1.0}, slow_s=SLOW_S)
    application = api.create_app(music, behaviour=behaviour)
    log: Log = application.state.log
    home = folder / "dagster"
    home.mkdir(parents=True)
    yaml = (REPOSITORY / "deploy" / "dagster.yaml").read_text(encoding="utf-8")
    # Often enough that the soak does not mostly wait.
    yaml = yaml.replace("poll_interval_seconds: 30", "poll_interval_seconds: 5")
    (home / "dagster.yaml").write_text(yaml, encoding="utf-8")
    (folder / "genres.txt").write_text("\n".join(genres), encoding="utf-8")
    begun = time.monotonic()
    with ExitStack() as stack:
        sandbox = stack.enter_context(server.running(application))
        environment = {
            **_environment(sandbox.url, bucket, shared),
            "SPOTIFY_CELERY_BROKER": stack.enter_context(redis_server.running()),
            "SPOTIFY_DAGSTER_HOME": str(home),
            "SPOTIFY_DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "SPOTIFY_DAGSTER_POSTGRES_PORT": str(postgresql.port),
            "SPOTIFY_DAGSTER_POSTGRES_USER": "postgres",
            "SPOTIFY_DAGSTER_POSTGRES_PASSWORD": "postgres",  # pragma: allowlist secret
            "SPOTIFY_DAGSTER_POSTGRES_DB": shared.url.get_secret_value().rpartition("/")[2],
            "SPOTIFY_GENRES_FILE": str(folder / "genres.txt"),
            "SPOTIFY_ROTATION_MINUTES": str(ROTATION_MINUTES),
            "SPOTIFY_ROTATION_GENRES": "4",
        }
        daemon, *machines = (
            Machine(name, folder, environment) for name in ("daemon", "one", "other")
        )
        daemon.start("serve", "daemon")
        for one in machines:
            one.start("serve", "worker")
        for one in (daemon, *machines):
            stack.callback(one.end)
        killed, survivor = luck.sample(machines, 2)
        soaked.killed_after = luck.randint(5, 4 * len(genres))
        cut_off = _kill_while_it_asks(killed, survivor, log, shared, soaked)
        lake = Lake(folder / "looked", bucket)
        days = [GenreDay(genre, dt.datetime.now(dt.UTC).date()) for genre in genres]
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            soaked.complete = sum(is_complete(lake, one) for one in days)
            if soaked.complete == len(days) or survivor.process.poll() is not None:
                break
            time.sleep(2)
        else:
            raise BenchmarkError(f"Not complete:\n{daemon.said}\n{survivor.said}")
    soaked.seconds = time.monotonic() - begun
    _account(soaked, log.since(), cut_off)
    soaked.published = _published(folder, environment)
    return soaked


def _published(folder: Path, environment: dict[str, str]) -> int:
    """How many genre-days a further machine publishes, with an empty folder."""
    publisher = Machine("publisher", folder, environment)
    publisher.start("publish")
    publisher.wait()
    with duckdb.connect(publisher.folder / "data" / "spotify.duckdb", read_only=True) as db:
        # Of a genre that the API knows nothing of there are no tracks, but what was received.
        counted = "SELECT count(DISTINCT (genre, date)) FROM processed.extracts"
        [row] = db.execute(counted).fetchall()
        return int(row[0])


def _environment(url: str, bucket: str, shared: Shared, limit: int = LIMIT) -> dict[str, str]:
    return {
        "SPOTIFY_SANDBOX_URL": url,
        "SPOTIFY_LAKE_URL": bucket,
        "SPOTIFY_STATE_URL": shared.url.get_secret_value(),
        "SPOTIFY_REQUESTS_PER_30S": str(limit),
        "SPOTIFY_PUBLISH_AFTER_COLLECTING": "no",
    }


def _kill_while_it_asks(
    killed: Machine, survivor: Machine, log: Log, shared: Shared, soaked: Soaked
) -> list[Question]:
    """Kill a machine as soon as so many requests were sent and one of its own is under way.

    Returns:
        What it had asked and not heard.
    """
    until = time.monotonic() + PATIENCE_S
    url = shared.url.get_secret_value()
    with closing(State(shared.url)) as state, psycopg.connect(url, autocommit=True) as db:
        while time.monotonic() < until:
            if killed.process.poll() is not None or survivor.process.poll() is not None:
                raise BenchmarkError(f"One ended too early:\n{killed.said}\n{survivor.said}")
            if len(log) < soaked.killed_after:
                time.sleep(0.02)
                continue
            mine = {hold.name for hold in state.holds() if killed.is_of(hold.holder)}
            asked = [
                (f"{genre} on {date}", question(date, path, json.loads(params)))
                for genre, date, path, params in db.execute(IN_FLIGHT).fetchall()
            ]
            if under_way := [one for one in asked if one[0] in mine]:
                killed.kill()
                soaked.killed_after = len(log)
                soaked.under_way = under_way[0][0]
                return [what for _, what in under_way]
            time.sleep(0.01)
    raise BenchmarkError(f"It never asked:\n{killed.said}")


def _account(soaked: Soaked, entries: Sequence[Entry], cut_off: Sequence[Question]) -> None:
    """What the sandbox saw."""
    sent = [one for one in entries if one.family != "token"]
    times = sorted(one.clock_at for one in sent)
    soaked.requests = len(sent)
    soaked.refused = sum(one.status == 429 for one in sent)
    soaked.most_in_window = max(
        sum(first <= at < first + WINDOW_S for at in times) for first in times
    )
    asked = Counter(question(one.day, one.path, one.params) for one in sent)
    again = Counter({what: times - 1 for what, times in asked.items() if times > 1})
    soaked.cut_off = sum(min(again[what], 1) for what in cut_off)
    soaked.repeated = again.total() - soaked.cut_off


def _show(soaked: list[Soaked]) -> int:
    wanted = len(GENRES) * DAYS
    shown = table(
        f"cluster: two machines, {wanted} genre-days, at most {LIMIT} requests in "
        f"{WINDOW_S:.0f} s, one killed while it asks; {machine()}",
        "time",
        "killed after",
        "while it asked for",
        "requests",
        "asked again: cut off",
        "though answered",
        "most in 30 s",
        "429",
        "complete",
        "published",
        "s",
    )
    for number, one in enumerate(soaked, start=1):
        shown.add_row(
            str(number),
            str(one.killed_after),
            one.under_way,
            str(one.requests),
            str(one.cut_off),
            str(one.repeated),
            str(one.most_in_window),
            str(one.refused),
            str(one.complete),
            str(one.published),
            f"{one.seconds:.0f}",
        )
    repeated = sum(one.repeated for one in soaked)
    most = max(one.most_in_window for one in soaked)
    missing = sum(2 * wanted - one.complete - one.published for one in soaked)
    lines = [
        verdict("asked twice though answered", str(repeated), "0", is_met=not repeated),
        verdict("most requests in 30 s", str(most), f"≤ {LIMIT}", is_met=most <= LIMIT),
        verdict("genre-days missing", str(missing), "0", is_met=not missing),
    ]
    out.print(caption(shown, lines))
    return 0 if all(one.holds for one in soaked) else 1


ACCOUNTS_LIMIT, ACCOUNTS_DAYS = 15, 5
ACCOUNTS_GENRES = (*GENRES, "pop")
"""An even number, as a machine takes a genre at a time; and enough for the starts not to count."""


def _compare(music: Catalog, folder: Path, bucket: str, postgresql: Server) -> int:
    """Genre-days an hour of one account and of two; returns the exit code."""
    rates = {}
    for accounts in (1, 2):
        shared = empty_database(postgresql)
        with ExitStack() as stack:
            machines = []
            for number in range(accounts):
                behaviour = Behaviour(rate_limit=ACCOUNTS_LIMIT, window_s=WINDOW_S)
                sandbox = stack.enter_context(
                    server.running(api.create_app(music, behaviour=behaviour))
                )
                where = f"{bucket}/accounts-{accounts}"
                environment = _environment(sandbox.url, where, shared, ACCOUNTS_LIMIT)
                environment["SPOTIFY_ACCOUNT"] = f"of-person-{number}"
                machines.append(Machine(f"{accounts}-{number}", folder, environment))
            begun = time.monotonic()
            for one in machines:
                one.collect(ACCOUNTS_GENRES, ACCOUNTS_DAYS)
            for one in machines:
                one.wait()
            seconds = time.monotonic() - begun
        rates[accounts] = len(ACCOUNTS_GENRES) * ACCOUNTS_DAYS / seconds * 3600
        say(f"cluster: {accounts} account(s): {seconds:.0f} s")
    shown = table(
        f"cluster: {ACCOUNTS_LIMIT} requests in {WINDOW_S:.0f} s for each account; {machine()}",
        "accounts",
        "genre-days an hour",
    )
    for accounts, rate in rates.items():
        shown.add_row(str(accounts), f"{rate:.0f}")
    more = rates[2] / rates[1]
    lines = [verdict("two against one", f"{more:.2f} ×", "≥ 1.8 ×", is_met=more >= 1.8)]
    out.print(caption(shown, lines))
    return 0 if more >= 1.8 else 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
