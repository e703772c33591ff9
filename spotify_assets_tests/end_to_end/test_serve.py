"""The services of the compose file, without containers: their commands in a clean folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from psycopg import sql

from spotify_assets_tests.test_containers import OURS
from spotify_assets_tests.warehouse.databases.postgresql.server import running

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
IMAGE_USER = 10001
PATIENCE_SECONDS = 300


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def image_user() -> int | None:
    """The user of the image, where this one may become it and it may run this Python."""
    if os.geteuid() != 0:
        return None
    code = [sys.executable, "-c", "import spotify_assets.cli"]
    with suppress(OSError):
        if subprocess.run(code, user=IMAGE_USER, capture_output=True, check=False).returncode == 0:
            return IMAGE_USER
    return None


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder that other users of this machine can pass: pytest's own is closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start a service of the compose file in a folder that is empty but for its data folder."""
    user = image_user()
    folder = place / "app"
    (folder / "data").mkdir(parents=True)
    for each in (folder, folder / "data"):
        each.chmod(0o755)
        if user:
            os.chown(each, user, user)
    started: list[subprocess.Popen[bytes]] = []

    def begin(
        service: str, changed: dict[str, str], words: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        said = OURS[service]
        environment = {name: str(value) for name, value in said["environment"].items()}
        command = [words.get(word, word) for word in said["command"]]
        if service != "daemon":
            command += ["--port", words["port"]]
        process = subprocess.Popen(
            [sys.executable, "-m", "spotify_assets", *command],
            cwd=folder,
            user=user,
            env={
                "PATH": os.environ["PATH"],
                "HOME": "/nonexistent",
                "SPOTIFY_ASSETS_DATA_DIR": str(folder / "data"),
                "DAGSTER_HOME": str(folder / "data" / "dagster"),
                **environment,
                **changed,
            },
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answered(url: str, query: str = "") -> Any:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = (
                requests.post(url, json={"query": query}, timeout=10)
                if query
                else requests.get(url, timeout=10)
            )
            answer.raise_for_status()
            return answer.json()
        except requests.RequestException:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@pytest.fixture
def postgres() -> Iterator[dict[str, str]]:
    """Where Dagster keeps its runs: in a PostgreSQL server of this test."""
    pytest.importorskip("dagster_postgres", reason="the extra container is not installed")
    with running() as server:
        url = server.url("postgres").get_secret_value()
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            for database in ("dagster", "warehouse"):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        yield {
            "SPOTIFY_DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "SPOTIFY_DAGSTER_POSTGRES_PORT": str(server.port),
            "SPOTIFY_DAGSTER_POSTGRES_USER": "postgres",
            "SPOTIFY_PUBLISH_URL": server.url("warehouse").get_secret_value(),
        }


RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
ANYWHERE = "0.0.0.0"  # noqa: S104 - as the compose file says it


def test_web_server_and_daemon_and_sandbox_start_together_and_collect(
    start: Callable[..., "subprocess.Popen[bytes]"], postgres: dict[str, str], place: Path
) -> None:
    ports = {"web": str(free_port()), "sandbox": str(free_port())}
    changed = {
        **postgres,
        "SPOTIFY_FALLBACK_SANDBOX_URL": f"http://127.0.0.1:{ports['sandbox']}",
        "SPOTIFY_ARTISTS": "5",
        "SPOTIFY_TRACKS": "5",
        "SPOTIFY_ROTATION_MINUTES": "0.5",
    }
    start("sandbox", changed, {"port": ports["sandbox"], ANYWHERE: "127.0.0.1"})
    answered(f"http://127.0.0.1:{ports['sandbox']}/sandbox/state")
    daemon = start("daemon", changed, {})
    start("web", changed, {"port": ports["web"], ANYWHERE: "127.0.0.1"})
    url = f"http://127.0.0.1:{ports['web']}"
    answered(f"{url}/server_info")

    until = time.monotonic() + PATIENCE_SECONDS
    statuses: list[str] = []
    while "SUCCESS" not in statuses:
        assert daemon.poll() is None
        assert time.monotonic() < until, statuses
        said = answered(f"{url}/graphql", RUNS)
        statuses = [run["status"] for run in said["data"]["runsOrError"]["results"]]
        time.sleep(1)

    assert (place / "app" / "data" / "spotify.duckdb").exists()
    assert not (place / "app" / ".env").exists()
    # The second daemon of a data folder is refused.
    assert start("daemon", changed, {}).wait(PATIENCE_SECONDS) == 1
