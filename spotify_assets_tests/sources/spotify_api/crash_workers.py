"""What the processes do that tests start beside each other, or kill while they collect."""

import datetime as dt
import json
import sys
from dataclasses import asdict
from pathlib import Path

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters, Journal
from spotify_assets.lake.raw import RawPartition
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.sources.spotify_api.ledger import Ledger, LedgerError, Outcome, Purpose
from spotify_assets.storage.clock import Clock
from spotify_assets_tests.lake.processes import limit_files_to
from spotify_assets_tests.sources.spotify_api.ledgers import ledger_of
from spotify_assets_tests.sources.spotify_api.questions import search
from spotify_assets_tests.sources.spotify_api.times import FastClock


def collects_rock_when_told(url: str, root: str, day: str) -> None:
    """Collect from the sandbox at ``url`` as soon as there is a line on standard input."""
    sys.stdin.readline()
    today = dt.date.fromisoformat(day)
    lake = Lake(Path(root))
    client = Client(Connection.to_sandbox(url), ledger_of(lake), limits=Limits(None), day=today)
    partition = RawPartition(lake, GenreDay("rock", today))
    collect(client, partition, CollectionParameters("sandbox", "BR", 10, 60), today=today)


def collects_rock(url: str, root: str, day: str) -> None:
    """Collect from the sandbox at ``url``; say what keeps it from that."""
    today = dt.date.fromisoformat(day)
    lake = Lake(Path(root))
    client = Client(Connection.to_sandbox(url), ledger_of(lake), limits=Limits(None), day=today)
    partition = RawPartition(lake, GenreDay("rock", today))
    try:
        collect(client, partition, CollectionParameters("sandbox", "BR", 10, 60), today=today)
    except Blocked as blocked:
        print(blocked.endpoint, blocked.until.isoformat())


def asks_many(
    url: str, ledger: str, journal: str, questions: int, per_window: int, speed: float
) -> None:
    """Ask so many questions as soon as there is a line on standard input."""
    sys.stdin.readline()
    client = Client(
        Connection.to_sandbox(url),
        Ledger(Path(ledger)),
        limits=Limits(per_window),
        clock=FastClock(speed),
    )
    with Journal(Path(journal), CollectionParameters("sandbox", "BR", 10, 60)) as opened:
        for number in range(questions):
            client.ask(search(number), opened)


def enters_calls(ledger: str, calls: int) -> None:
    """Enter and settle calls as soon as there is a line on standard input; say their ids."""
    sys.stdin.readline()
    opened, clock = Ledger(Path(ledger)), Clock()
    for number in range(calls):
        call = opened.enter("app", "sandbox", search(number), Purpose(), clock.now())
        opened.settle(call, Outcome(1, status=200), clock.now())
        print(call)


def enters_calls_until_the_disk_is_full(ledger: str, free_bytes: int) -> None:
    """Enter calls in single steps until one cannot be; say why, and how many are there."""
    opened, clock = Ledger(Path(ledger)), Clock()
    limit_files_to(free_bytes)
    entered = 0
    try:
        while True:
            with opened.alone():
                opened.enter("app", "sandbox", search(entered), Purpose(), clock.now())
            entered += 1
    except LedgerError as error:
        print(entered, error)


def says_the_time() -> None:
    """Say the time as JSON."""
    print(json.dumps(asdict(Clock().now())))
