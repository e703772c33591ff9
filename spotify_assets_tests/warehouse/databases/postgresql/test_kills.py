"""Killed at any point, by any side, a publication leaves the state before it or its own."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.publishing import publish
from spotify_assets.warehouse.databases.postgresql.verifying import verify
from spotify_assets_tests.warehouse.databases.conftest import Become
from spotify_assets_tests.warehouse.databases.postgresql.proxy import Proxy, between
from spotify_assets_tests.warehouse.databases.postgresql.readers import FORK, reading, state
from spotify_assets_tests.warehouse.databases.postgresql.server import Server, running

STATES = ("first", "grown", "rewritten")
OURS = "FROM pg_stat_activity WHERE application_name = 'spotify-assets'"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """One that may be taken down."""
    with running() as started:
        yield started


@pytest.mark.parametrize(
    ("kills", "readers"), [(4, 2), pytest.param(100, 8, marks=pytest.mark.slow)]
)
def test_a_kill_leaves_a_whole_state(
    own_server: Server, structure: Structure, database: Path, become: Become,
    kills: int, readers: int,
) -> None:  # fmt: skip
    url = own_server.url("postgres")
    plain = url.get_secret_value()
    whole, seconds = set(), 0.0
    for each in STATES:
        become(each)
        began = time.perf_counter()
        publish(url, structure, database)
        seconds = time.perf_counter() - began
        with psycopg.connect(plain, autocommit=True) as connection:
            whole.add(state(connection))
    assert len(whole) == len(STATES)

    draw, died = random.Random(1), 0  # noqa: S311
    with between(own_server.port) as proxy, reading(plain, whole, readers) as watched:
        through_proxy = SecretStr(plain.replace(str(own_server.port), str(proxy.port)))
        for number in range(kills):
            become(STATES[number % len(STATES)])
            kill = (kill_client, kill_backend, cut_network, cut_at_commit)[number % 4]
            publisher = FORK.Process(target=attempt, args=(through_proxy, structure, database))
            publisher.start()
            kill(own_server, proxy, publisher, draw.uniform(0, seconds))
            publisher.join(60)
            died += publisher.exitcode != 0
            proxy.cut_at = None
            await_server(plain)
    assert died > kills / 2
    assert watched.reads.value > kills
    assert watched.halves.value == 0

    publish(url, structure, database)
    assert verify(url, structure, database) == []
    with psycopg.connect(plain, autocommit=True) as connection:
        assert await_none(connection, OURS)
        staged = "FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'"
        assert await_none(connection, staged)


def attempt(url: SecretStr, structure: Structure, database: Path) -> None:
    """A publication in a process of its own; 1: it was told that it failed."""
    try:
        publish(url, structure, database)
    except TargetError:
        os._exit(1)


def kill_client(server: Server, proxy: Proxy, publisher: BaseProcess, seconds: float) -> None:
    time.sleep(seconds)
    publisher.kill()


def kill_backend(server: Server, proxy: Proxy, publisher: BaseProcess, seconds: float) -> None:
    """PostgreSQL then ends all others too, and recovers."""
    with psycopg.connect(server.url("postgres").get_secret_value(), autocommit=True) as asked:
        deadline = time.monotonic() + 20
        while not (found := asked.execute(f"SELECT pid {OURS}").fetchall()):
            assert time.monotonic() < deadline
        time.sleep(seconds / 2)
    for (pid,) in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def cut_network(server: Server, proxy: Proxy, publisher: BaseProcess, seconds: float) -> None:
    time.sleep(seconds)
    proxy.cut()


def cut_at_commit(server: Server, proxy: Proxy, publisher: BaseProcess, seconds: float) -> None:
    """The server gets the commit, and the client no answer: only the target knows."""
    proxy.was_cut.clear()
    proxy.cut_at = b"COMMIT"
    proxy.was_cut.wait(30)


def await_server(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


def await_none(connection: psycopg.Connection[tuple[int]], what: str) -> bool:
    """Whether soon there are none: a server notices with its next word that a client is gone."""
    deadline = time.monotonic() + 20
    while connection.execute(f"SELECT count(*) {what}").fetchall() != [(0,)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
