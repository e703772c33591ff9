"""The whole deployment: a sandbox, a mail server, and Dagster with its daemon, each on a free port.

Belongs here: starting it, and what people do and see: lists, the UI's GraphQL, mails. Does not
belong here: what has to be so (the tests).
"""

import datetime as dt
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import duckdb
import requests

from spotify_assets_tests.end_to_end.conftest import spotify_assets
from spotify_assets_tests.end_to_end.processes import started, until
from spotify_assets_tests.operations.alerts.servers import HOST, Mailbox, free_port, mail_server

UP_SECONDS = 90.0
LATE_HOURS = 0.0225
"""81 s: Dagster takes no window below 60 s, and the warning comes at three quarters of it."""
EVERY_SECONDS = "5"

AUTOMATION = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
    sensors { name sensorState { status } } schedules { name scheduleState { status } } } } } }"""
RUNS = """{ runsOrError { ... on Runs { results { status jobName tags { key value } } } } }"""
FRESHNESS = """{ assetNodes { assetKey { path } partitionDefinition { type }
    freshnessStatusInfo { freshnessStatus } } }"""
LAUNCH = """mutation ($asked: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $asked) {
        __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs { status } } } }"""


@dataclass(frozen=True)
class Dagster:
    """What the UI asks, and is told."""

    url: str

    def is_up(self) -> bool:
        try:
            return bool(self.automation())
        except requests.ConnectionError:
            return False

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = requests.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
        ).json()
        assert "errors" not in answer, answer
        return cast(dict[str, Any], answer["data"])

    def automation(self) -> dict[str, str]:
        """The status of each sensor and schedule; nothing before the code is loaded."""
        nodes = self.ask(AUTOMATION)["repositoriesOrError"].get("nodes", [])
        return {
            one["name"]: one[f"{kind}State"]["status"]
            for node in nodes
            for kind in ("sensor", "schedule")
            for one in node[f"{kind}s"]
        }

    def runs(self, genre: str, job: str = "catalog") -> Counter[str]:
        """How many runs of a genre there are, by status."""
        return Counter(
            run["status"]
            for run in self.ask(RUNS)["runsOrError"]["results"]
            if run["jobName"] == job
            and {"key": "dagster/partition/genre", "value": genre} in run["tags"]
        )

    def freshness(self) -> dict[str, str]:
        """``HEALTHY``, ``WARNING``, ``DEGRADED`` or ``UNKNOWN``, by table of the catalog."""
        return {
            ".".join(node["assetKey"]["path"]): node["freshnessStatusInfo"]["freshnessStatus"]
            for node in self.ask(FRESHNESS)["assetNodes"]
            # Plays come when somebody signs in or brings an export.
            if (node["partitionDefinition"] or {}).get("type") == "MULTIPARTITIONED"
        }

    def launch_backfill(self, partitions: Sequence[str]) -> str:
        """Materialize all assets of the partitions; returns the id of the backfill."""
        keys = [{"path": table.split(".")} for table in self.freshness()]
        asked = {"assetSelection": keys, "partitionNames": list(partitions)}
        launched = self.ask(LAUNCH, asked=asked)["launchPartitionBackfill"]
        return str(launched["backfillId"])

    def backfill(self, identity: str) -> tuple[str, list[str]]:
        """The status of a backfill, and that of each of its runs."""
        found = self.ask(BACKFILL, id=identity)["partitionBackfillOrError"]
        return found["status"], [run["status"] for run in found["runs"]]


@dataclass
class Deployment:
    """All that runs, in one data folder."""

    data_dir: Path
    logs: Path
    mailbox: Mailbox = field(default_factory=Mailbox)
    ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("sandbox", "smtp", "ui")}
    )

    @property
    def dagster(self) -> Dagster:
        return Dagster(f"http://{HOST}:{self.ports['ui']}")

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SPOTIFY_SANDBOX_URL": f"http://{HOST}:{self.ports['sandbox']}",
            "SPOTIFY_TOKEN_FILE": str(self.data_dir / "token.json"),
            # Days can be backfilled that nobody has collected yet.
            "SPOTIFY_ASSETS_START_DATE": str(dt.datetime.now(dt.UTC).date() - dt.timedelta(7)),
            "SPOTIFY_ARTISTS": "3",
            "SPOTIFY_TRACKS": "5",
            "SPOTIFY_ROTATION_MINUTES": "0.1",
            "SPOTIFY_LATE_HOURS": str(LATE_HOURS),
            "FRESHNESS_DAEMON_INTERVAL_SECONDS": EVERY_SECONDS,
            "SPOTIFY_ALERTS_EVERY_SECONDS": EVERY_SECONDS,
            "SPOTIFY_SMTP_HOST": HOST,
            "SPOTIFY_SMTP_PORT": str(self.ports["smtp"]),
            "SPOTIFY_SMTP_TLS": "none",
            "SPOTIFY_ALERT_FROM": "warehouse@example.com",
            "SPOTIFY_ALERT_TO": "ana@example.com",
        }

    def command(self, *words: str) -> str:
        """What a command says that succeeds."""
        done = spotify_assets(*words, data_dir=self.data_dir, **self.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def genre_days(self) -> set[tuple[str, str]]:
        """Those that the warehouse holds, with facts; none before there is one."""
        database = self.data_dir / "spotify.duckdb"
        if not database.exists():
            return set()
        with duckdb.connect(database, read_only=True) as connection:
            sql = "SELECT DISTINCT genre, date::VARCHAR FROM star.fact_track_daily"
            return {(genre, day) for genre, day in connection.execute(sql).fetchall()}

    def told(self, *states: str) -> Counter[str]:
        """The titles that the mails gave to what is `Error`, `Warning` or `Over`."""
        begins = re.compile(rf"^(?:{'|'.join(states)}): (.+)$", re.MULTILINE)
        return Counter(title for text in self.texts() for title in begins.findall(text))

    def advice(self, subject: str) -> list[str]:
        """The words of the command that the mail advises which tells of the subject."""
        [text] = [text for text in self.texts() if text.startswith(f"Error: {subject}")]
        [line] = re.findall(r"^  spotify-assets (.+)$", text, re.MULTILINE)
        return shlex.split(line)

    def texts(self) -> list[str]:
        """Of the mails, in the order in which they came."""
        return [mail.get_content().replace("\r", "") for mail in self.mailbox.mails]

    @contextmanager
    def sandbox(self) -> Iterator[None]:
        """The API answers."""
        words = ("sandbox", "--port", str(self.ports["sandbox"]), "--tracks", "2000")
        with started(*words, data_dir=self.data_dir, log=self.logs / "sandbox.log"):
            until(self._is_sandbox_up, UP_SECONDS, "the sandbox answers")
            yield

    @contextmanager
    def dev(self) -> Iterator[subprocess.Popen[str]]:
        """The UI and the daemon run."""
        words = ("dev", "--port", str(self.ports["ui"]), "--pages-port", "0")
        log = self.logs / "dev.log"
        with started(*words, data_dir=self.data_dir, log=log, **self.settings) as process:
            until(self.dagster.is_up, UP_SECONDS, "the UI shows the sensors")
            yield process

    def _is_sandbox_up(self) -> bool:
        try:
            url = self.settings["SPOTIFY_SANDBOX_URL"]
            return requests.get(f"{url}/sandbox/state", timeout=10).ok
        except requests.ConnectionError:
            return False


@contextmanager
def deployment(folder: Path, genres: Sequence[str]) -> Iterator[Deployment]:
    """A house with a list of genres and a mail server; nothing else runs yet."""
    built = Deployment(folder / "data", folder)
    built.data_dir.mkdir(parents=True)
    (built.data_dir / "genres.txt").write_text("".join(f"{one}\n" for one in genres))
    with ExitStack() as stack:
        stack.enter_context(mail_server(built.mailbox, built.ports["smtp"]))
        yield built
