"""Bench ``comments``: posts while others read, and while server and labeller are killed.

1,000 requests of 100 comments go to `spotify-assets serve`, from four clients that go on where no
answer came, beside 8 readers of the published file and `spotify-assets label` again and again. In
the middle both are ended by ``kill -9``. Between the posts the same clients ask for ``/health``,
which does nothing: what a post costs is held against that. In the end every comment that was
accepted has to stand once in the published file, as label, `unsure` or quarantine.
"""

import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import requests
from rich.table import Table

from benchmarks.measuring import BenchmarkError, run, started
from benchmarks.reporting import caption, say, table, verdict
from benchmarks.scale import Scale

TOKEN = "of-the-bench"  # noqa: S105 - made up
CLIENTS, READERS = 4, 8
PATIENCE_SECONDS = 120
MOODS = (
    "I love it",
    "terrible mix",
    "please come to Recife",
    "when is it out?",
    "hm",
    "seguidores",
)


@dataclass(frozen=True)
class Size:
    """How much is posted."""

    posts: int
    comments: int
    large: int
    """Comments of the one large post."""


FULL, SMOKE = Size(1_000, 100, 10_000), Size(100, 10, 1_000)


@dataclass
class Posted:
    """What the clients saw."""

    posts: list[float] = field(default_factory=list)
    """Seconds of each that was answered."""
    empty: list[float] = field(default_factory=list)
    """The same of ``/health``."""
    accepted: set[int] = field(default_factory=set)
    """Numbers of the posts that were answered."""
    unanswered: int = 0
    """Requests without an answer; each was sent again."""
    refused: int = 0


class Server:
    """`spotify-assets serve` on a data folder, that can be killed and started again."""

    def __init__(self, environment: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [sys.executable, "-m", "spotify_assets", "serve", "--port", str(self.port)]
        self._process = subprocess.Popen(words, env=self._environment, stdout=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                requests.get(f"{self.url}/health", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise BenchmarkError("The server does not answer.")

    def peak_bytes(self) -> int:
        """Its largest resident set so far.

        Raises:
            BenchmarkError: This system does not tell.
        """
        status = Path(f"/proc/{self._process.pid if self._process else 0}/status")
        if not status.exists():
            raise BenchmarkError(f"There is no {status}: run it on Linux.")
        (told,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(told) * 1024

    def kill(self) -> None:
        """End it by ``kill -9``."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Publish some comments, then post, read, label and kill."""
    size = SMOKE if scale.is_smoke else FULL
    data, end = folder / "data", folder / "end"
    environment = {"SPOTIFY_ASSETS_DATA_DIR": str(data), "SPOTIFY_API_TOKEN": TOKEN}
    # What is measured is that nothing is lost, and not how fast a model is.
    environment["SPOTIFY_LABELLER"] = "keywords"
    label = [sys.executable, "-m", "spotify_assets", "label"]
    first = folder / "first.csv"
    first.write_text("text\nI love it\n", encoding="utf-8")
    run([*label, str(first)], environment=environment)
    server, posted = Server(environment), Posted()
    reader = [sys.executable, "-m", "benchmarks.comment_reading"]
    with ExitStack() as stack:
        server.start()
        stack.callback(server.kill)
        say(f"comments: one post of {size.large:,}")
        large = _large(server, size)
        readers = [
            stack.enter_context(started([*reader, str(data / "spotify.duckdb"), str(end)]))
            for _ in range(READERS)
        ]
        say(f"comments: {size.posts:,} posts beside {READERS} readers and a labeller")
        with _labelling(label, environment) as labeller:
            _post_all(server, labeller, size, posted)
        end.touch()
        seen = [json.loads(one.read()) for one in readers]
        if any(one.wait() for one in readers):
            raise BenchmarkError(f"A reader ended:\n{readers[0].errors()}")
    run(label, environment=environment)
    return [_table(size, posted, large, seen, _ended(data / "spotify.duckdb"))]


def _large(server: Server, size: Size) -> float:
    body = json.dumps([_comment("large", number) for number in range(size.large)]).encode()
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    begun = time.perf_counter()
    answer = requests.post(f"{server.url}/api/comments", body, headers=headers, timeout=60)
    took = time.perf_counter() - begun
    if answer.status_code != 202:
        raise BenchmarkError(f"{answer.status_code}: {answer.text}")
    return took


def _comment(post: object, number: int) -> dict[str, Any]:
    # Many say the same: of 110,000 texts some thousand are different.
    kind = sum(map(ord, str(post))) % 20
    text = f"{MOODS[number % len(MOODS)]} {number % 100} {kind}"
    return {"id": f"{post}-{number}", "text": text, "author": f"listener {number}", "source": "app"}


def _post_all(server: Server, labeller: "Labelling", size: Size, posted: Posted) -> None:
    """Post from several clients; when half is there, kill both and start the server again."""
    numbers, alone = iter(range(size.posts)), threading.Lock()
    killed = threading.Event()

    def client() -> None:
        session = requests.Session()
        session.headers["authorization"] = f"Bearer {TOKEN}"
        while True:
            with alone:
                number = next(numbers, None)
                if number is None:
                    return
                is_half = number == size.posts // 2 and not killed.is_set()
            if is_half:
                killed.set()
                labeller.kill()
                server.kill()
                server.start()
            _post(session, server, number, size, posted)

    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(client) for _ in range(CLIENTS)]:
            done.result()


def _post(
    session: requests.Session, server: Server, number: int, size: Size, posted: Posted
) -> None:
    body = json.dumps([_comment(number, one) for one in range(size.comments)]).encode()
    headers = {"content-type": "application/json"}
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            begun = time.perf_counter()
            session.get(f"{server.url}/health", timeout=30)
            between = time.perf_counter()
            answer = session.post(f"{server.url}/api/comments", body, headers=headers, timeout=30)
            ended = time.perf_counter()
        except requests.RequestException:
            posted.unanswered += 1
            time.sleep(0.1)
            continue
        posted.empty.append(between - begun)
        posted.posts.append(ended - between)
        if answer.status_code == 202:
            posted.accepted.add(number)
        else:
            posted.refused += 1
        return
    raise BenchmarkError("The server did not come back.")


class Labelling:
    """`spotify-assets label` again and again, as the daemon would."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self._words, self._environment = words, {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ends.is_set():
            self._process = subprocess.Popen(
                self._words,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._process.wait()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def kill(self) -> None:
        """End the one that runs now; the next begins at once."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """End after the one that runs now."""
        self._ends.set()
        self._thread.join()


@contextmanager
def _labelling(words: list[str], environment: dict[str, str]) -> Iterator[Labelling]:
    labelling = Labelling(words, environment)
    labelling.start()
    try:
        yield labelling
    finally:
        labelling.stop()


def _ended(database: Path) -> dict[str, int]:
    """How often each comment ended, by its id at the source."""
    with duckdb.connect(database, read_only=True) as connection:
        return dict(
            connection.execute(
                "SELECT c.source_id, count(l.comment_id) + count(q.batch_id) "
                "FROM comments.comments AS c "
                "LEFT JOIN comments.current_label AS l USING (comment_id) "
                "LEFT JOIN quarantine.comments AS q USING (batch_id, batch_row) "
                "WHERE c.source_id IS NOT NULL GROUP BY ALL"
            ).fetchall()
        )


def _table(
    size: Size, posted: Posted, large: float, seen: list[dict[str, int]], ended: dict[str, int]
) -> Table:
    wanted = [f"{post}-{one}" for post in posted.accepted for one in range(size.comments)]
    wanted += [f"large-{one}" for one in range(size.large)]
    wrong = sum(ended.get(one) != 1 for one in wanted)
    shown = table(f"comments: {size.posts:,} posts of {size.comments}", "", "p50 ms", "p99 ms")
    for name, values in (("POST /api/comments", posted.posts), ("GET /health", posted.empty)):
        shown.add_row(name, *(f"{1000 * one:.1f}" for one in _of(values)))
    ratio = _of(posted.posts)[1] / _of(posted.empty)[1]
    errors, odd = (sum(one[name] for one in seen) for name in ("errors", "inconsistent"))
    reads = sum(one["reads"] for one in seen)
    shown.add_row(f"reads of {READERS} readers", f"{reads:,}", "")
    shown.add_row("requests without an answer, sent again", f"{posted.unanswered:,}", "")
    accepted = f"{len(wanted):,} comments accepted; not once in the end"
    lines = [
        verdict(accepted, f"{wrong:,}", "0", is_met=not wrong and not posted.refused),
        verdict("p99 of a post by that of /health", f"{ratio:.1f}", "≤ 3", is_met=ratio <= 3),
        verdict(f"a post of {size.large:,}", f"{large:.2f} s", "< 1 s", is_met=large < 1),
        verdict(
            "reads that failed or did not add up", f"{errors + odd}", "0", is_met=not errors + odd
        ),
    ]
    return caption(shown, lines)


def _of(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles(values, n=100)[98]
