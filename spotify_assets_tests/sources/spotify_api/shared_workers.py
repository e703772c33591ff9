"""What processes do that stand for machines of their own, which share a PostgreSQL."""

import sys
import time
from contextlib import closing
from pathlib import Path

from pydantic import SecretStr

from spotify_assets.lake.journal import CollectionParameters, Journal
from spotify_assets.sandbox import api, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.catalog import generate
from spotify_assets.sources.spotify_api import budget
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage import clock, database
from spotify_assets.storage.database import Place, Shared
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api.questions import search

TERMS = CollectionParameters("sandbox", "BR", 10, 60)
SHIFTS = (-60.0, 0.0, 60.0)


def place_of(said: str) -> Place:
    return Shared(SecretStr(said)) if "://" in said else Path(said)


def holds(place: str, name: str) -> None:
    """Hold a name until there is a line on standard input."""
    with closing(database.connect(place_of(place))) as db, db.hold(name):
        print("open", flush=True)
        sys.stdin.readline()


def asks_by_a_wrong_clock(
    url: str, place: str, journal: str, questions: int, per_window: int, window: float, shift: float
) -> None:
    """Be a machine with a clock of its own: ask as soon as there is a line on standard input."""
    right, steady = time.time, time.clock_gettime
    time.time = lambda: right() + shift
    time.clock_gettime = lambda kind: steady(kind) + shift
    clock.BOOT_ID = Path("/another/start/of/the/machine")
    budget.WINDOW_SECONDS = window
    sys.stdin.readline()
    with closing(Ledger(place_of(place))) as ledger, Journal(Path(journal), TERMS) as opened:
        client = Client(Connection.to_sandbox(url), ledger, limits=Limits(per_window))
        for number in range(questions):
            client.ask(search(number), opened)


def keep_one_limit(shared: Shared, folder: Path, window: float, limit: int, questions: int) -> None:
    """Three machines ask as fast as they may; no window holds more calls than the limit."""
    app = api.create_app(
        generate(seed=1, tracks=500), behaviour=Behaviour(rate_limit=limit, window_s=window)
    )
    with server.running(app) as running:
        codes = processes.at_once(
            asks_by_a_wrong_clock,
            *(
                (running.url, shared.url.get_secret_value(),
                 folder / str(shift) / "0001.journal.jsonl", questions, limit, window, shift)
                for shift in SHIFTS
            ),
        )  # fmt: skip
    assert codes == [0] * len(SHIFTS)
    sent = [one for one in app.state.log.since() if one.family == "search"]
    assert [one.status for one in sent] == [200] * questions * len(SHIFTS)
    times = sorted(one.clock_at for one in sent)
    windows = [sum(first <= at < first + window for at in times) for first in times]
    assert max(windows) <= limit, windows
    # Used, and not only kept: the last call comes in the window that it can come in.
    assert times[-1] - times[0] < window * (len(sent) / limit + 1)
