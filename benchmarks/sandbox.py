"""Bench ``sandbox``: from the command to the first answered search, and the memory it takes."""

import base64
import http.client
import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from rich.table import Table

from benchmarks.measuring import BenchmarkError, Child, Spread, started
from benchmarks.reporting import GIB, caption, gib, say, seconds, table, verdict
from benchmarks.scale import Scale
from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET

TARGET_S, TARGET_BYTES = 20, 2 * GIB
PATIENCE_S, POLL_S = 300, 0.02
SEARCH = {"q": 'genre:"rock"', "type": "track,artist", "limit": 50, "market": "BR"}


@dataclass(frozen=True)
class Answering:
    """A sandbox in another process."""

    url: str
    answered_after_s: float
    """From the command to the first answered search."""
    child: Child


@contextmanager
def answering(tracks: int) -> Iterator[Answering]:
    """A sandbox that has answered once; its cost is known after the context."""
    port = _free_port()
    command = [sys.executable, "-m", "spotify_assets", "sandbox"]
    begun = time.perf_counter()
    with started([*command, "--port", str(port), "--tracks", str(tracks)]) as child:
        _wait_for_an_answer(child, port)
        yield Answering(f"http://127.0.0.1:{port}", time.perf_counter() - begun, child)


def bench(scale: Scale, _folder: Path) -> list[Table]:
    """Start it several times."""
    ready, peaks, processors = [], [], []
    if not scale.is_smoke:
        say("sandbox: a small one, without counting")
        with answering(1000):
            pass
    for number in range(scale.runs):
        say(f"sandbox: {number + 1}/{scale.runs}")
        with answering(scale.tracks) as running:
            ready.append(running.answered_after_s)
        peaks.append(running.child.cost.peak_bytes)
        processors.append(running.child.cost.cpu_s)
    shown = table(
        f"sandbox: {scale.tracks:,} tracks, {scale.runs} runs, median (min–max)",
        "until the first answered search",
        "wall s",
        "CPU s",
        "peak memory",
    )
    shown.add_row(
        "spotify-assets sandbox",
        seconds(Spread.of(ready)),
        seconds(Spread.of(processors)),
        gib(max(peaks)),
    )
    median = Spread.of(ready).median
    return [
        caption(
            shown,
            [
                verdict(
                    "first answer",
                    f"{median:.1f} s",
                    f"< {TARGET_S} s",
                    is_met=median < TARGET_S,
                ),
                verdict(
                    "peak memory", gib(max(peaks)), "< 2 GiB", is_met=max(peaks) < TARGET_BYTES
                ),
            ],
        )
    ]


def _wait_for_an_answer(child: Child, port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _search(port)
        except ConnectionError:
            if not child.is_running() or time.monotonic() > deadline:
                raise BenchmarkError(f"The sandbox does not answer:\n{child.errors()}") from None
            time.sleep(POLL_S)


def _search(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        client = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        headers = {"Authorization": f"Basic {client}"}
        connection.request("POST", "/api/token", "grant_type=client_credentials", headers)
        token = json.loads(connection.getresponse().read())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        connection.request("GET", f"/v1/search?{urlencode(SEARCH)}", headers=headers)
        response = connection.getresponse()
        found = json.loads(response.read())
        if response.status != http.client.OK or not found["tracks"]["items"]:
            raise BenchmarkError(f"The sandbox answers a search with {response.status}: {found}")
    finally:
        connection.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
