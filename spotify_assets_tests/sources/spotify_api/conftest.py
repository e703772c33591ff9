import datetime as dt
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters, Journal
from spotify_assets.lake.raw import RawPartition
from spotify_assets.sandbox import api, server
from spotify_assets.sandbox.catalog import Catalog, generate
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets_tests.lake.samples import TERMS
from spotify_assets_tests.places import Places
from spotify_assets_tests.sources.spotify_api import accounts as accounts_hosts
from spotify_assets_tests.sources.spotify_api import faults
from spotify_assets_tests.sources.spotify_api.accounts import Accounts
from spotify_assets_tests.sources.spotify_api.times import SetClock
from spotify_assets_tests.sources.spotify_api.watched import Watched

TODAY = dt.date(2025, 11, 20)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return generate(seed=1, tracks=2000)


@pytest.fixture(scope="session")
def extended_server(catalog: Catalog) -> Iterator[Watched]:
    watched = Watched(api.create_app(catalog, mode="extended", today=TODAY))
    with server.running(watched) as running:
        watched.url = running.url
        yield watched


@pytest.fixture(scope="session")
def development_server(catalog: Catalog) -> Iterator[Watched]:
    watched = Watched(api.create_app(catalog, mode="development", today=TODAY))
    with server.running(watched) as running:
        watched.url = running.url
        yield watched


@pytest.fixture
def extended(extended_server: Watched) -> Watched:
    """The sandbox in extended mode, and what it is asked in this test."""
    extended_server.asked.clear()
    return extended_server


@pytest.fixture
def development(development_server: Watched) -> Watched:
    """The sandbox in development mode, and what it is asked in this test."""
    development_server.asked.clear()
    return development_server


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[faults.Stage, str]]:
    stage = faults.Stage()
    with server.running(stage) as running:
        yield stage, running.url


@pytest.fixture(scope="session")
def accounts_host() -> Iterator[Accounts]:
    with accounts_hosts.running() as running:
        yield running


@pytest.fixture
def accounts(accounts_host: Accounts) -> Accounts:
    """An accounts host that has been asked nothing."""
    accounts_host.reset()
    return accounts_host


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def pauses(clock: SetClock) -> list[float]:
    """Seconds that clients would have waited, each time."""
    return clock.waits


@pytest.fixture
def ledger(places: Places) -> Iterator[Ledger]:
    with closing(Ledger(places("ledger"))) as opened:
        yield opened


@pytest.fixture
def playing(
    stage: tuple[faults.Stage, str], ledger: Ledger, clock: SetClock
) -> Callable[..., tuple[Client, faults.Script]]:
    """Gives a client of a Web API that says what it is told to."""
    on_stage, url = stage

    def play(
        *answers: faults.Answer, accounts: tuple[faults.Says, ...] = ()
    ) -> tuple[Client, faults.Script]:
        on_stage.script = faults.Script(*answers, accounts=accounts)
        return Client(
            faults.connection(url), ledger, limits=Limits(None), clock=clock
        ), on_stage.script

    return play


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "0001.journal.jsonl", TERMS) as opened:
        yield opened


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "data" / "lake")


@pytest.fixture
def rock(lake: Lake) -> RawPartition:
    return RawPartition(lake, GenreDay("rock", TODAY))


@pytest.fixture
def terms() -> CollectionParameters:
    return CollectionParameters(source="sandbox", market="BR", artists=10, tracks=60)
