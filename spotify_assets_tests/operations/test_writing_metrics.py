"""Where metrics go after a run: into files, and to a push gateway that may not be there."""

import base64
import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from spotify_assets.lake.errors import LakeError
from spotify_assets.operations import metrics
from spotify_assets.operations.metrics import KEPT_FILES, as_json, as_text, write_metrics
from spotify_assets.settings import Settings
from spotify_assets_tests.operations.test_metrics import SECRET, fill
from spotify_assets_tests.operations.test_metrics import (
    clock as clock,  # noqa: PLC0414 - a fixture
)
from spotify_assets_tests.operations.test_metrics import (
    settings as settings,  # noqa: PLC0414 - a fixture
)
from spotify_assets_tests.sources.spotify_api.times import START, SetClock


@dataclass
class Gateway:
    """A push gateway: what was pushed to it, and how it answers."""

    url: str
    status: int = 200
    paths: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.paths.append(self.path)
            held.bodies.append(body.decode())
            held.authorizations.append(self.headers["Authorization"])
            self.send_response(held.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held = Gateway(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield held
        server.shutdown()
        thread.join()


def pushing_to(url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SPOTIFY_PUSHGATEWAY_URL", url)
    return Settings()


def test_after_a_run_the_metrics_lie_in_a_file_of_its_own_and_in_the_latest(
    settings: Settings, clock: SetClock
) -> None:
    fill(settings, clock)
    first = write_metrics(settings, "run-1", clock)
    clock.advance(60)
    second = write_metrics(settings, "run-2", clock)

    folder = settings.data_dir.resolve() / "metrics"
    assert (first, second) == (folder / "run-1.json", folder / "run-2.json")
    assert sorted(file.name for file in folder.iterdir()) == [
        "latest.json",
        "run-1.json",
        "run-2.json",
    ]
    assert (folder / "latest.json").read_text() == second.read_text() != first.read_text()
    assert json.loads(second.read_text()) == {"run_id": "run-2", **as_json(settings, clock)}


def test_a_run_that_is_written_again_replaces_its_file(settings: Settings, clock: SetClock) -> None:
    for _ in range(2):
        written = write_metrics(settings, "run-1", clock)
        clock.advance(60)
    assert json.loads(written.read_text())["at"] == "2025-11-20T12:01:00+00:00"
    assert len(list(settings.metrics.iterdir())) == 2


def test_only_the_newest_files_of_runs_are_kept(settings: Settings, clock: SetClock) -> None:
    settings.metrics.mkdir(parents=True)
    for age in range(KEPT_FILES + 1):
        file = settings.metrics / f"{age}.json"
        file.touch()
        os.utime(file, (START - age, START - age))

    write_metrics(settings, "run-1", clock)

    kept = {file.name for file in settings.metrics.iterdir()}
    assert kept == {"latest.json", "run-1.json", *(f"{age}.json" for age in range(KEPT_FILES - 1))}


def test_where_the_metrics_cannot_be_written_it_says_where_and_what_to_do(
    settings: Settings, clock: SetClock
) -> None:
    settings.data_dir.mkdir()
    settings.metrics.write_text("in the way")
    with pytest.raises(LakeError, match=r"Cannot write the metrics .*metrics/run-1\.json"):
        write_metrics(settings, "run-1", clock)


def test_after_a_run_the_metrics_are_pushed(
    settings: Settings, clock: SetClock, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(settings, clock)

    write_metrics(pushing_to(gateway.url, monkeypatch), "run-1", clock)

    assert gateway.paths == ["/metrics/job/spotify_assets"]
    assert gateway.bodies == [as_text(settings, clock)]
    assert gateway.authorizations == [None]


def test_without_a_push_gateway_nothing_is_pushed(
    settings: Settings, clock: SetClock, gateway: Gateway
) -> None:
    write_metrics(settings, "run-1", clock)
    assert gateway.paths == []


def test_a_name_and_a_password_in_the_address_of_the_gateway_are_used(
    settings: Settings, clock: SetClock, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = gateway.url.replace("://", f"://ana%40home:{SECRET}@")

    write_metrics(pushing_to(address, monkeypatch), "run-1", clock)

    expected = base64.b64encode(f"ana@home:{SECRET}".encode()).decode()
    assert gateway.authorizations == [f"Basic {expected}"]


def test_a_gateway_that_refuses_is_a_warning(
    settings: Settings,
    clock: SetClock,
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway.status = 503
    assert write_metrics(pushing_to(gateway.url, monkeypatch), "run-1", clock).exists()
    assert "could not be pushed: Service Unavailable" in caplog.text


@contextlib.contextmanager
def hanging_up() -> Iterator[int]:
    """A port where everybody is hung up on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_gateway_that_hangs_up_is_a_warning(
    settings: Settings,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with hanging_up() as port:
        url = f"http://127.0.0.1:{port}"
        assert write_metrics(pushing_to(url, monkeypatch), "run-1", clock).exists()
    assert "could not be pushed" in caplog.text


def test_a_gateway_that_never_answers_is_not_waited_for(
    settings: Settings,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(metrics, "PUSH_TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert write_metrics(pushing_to(url, monkeypatch), "run-1", clock).exists()
    assert "could not be pushed: TimeoutError" in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://ana:{secret}@127.0.0.1:1",
        "127.0.0.1:1",
        "http://ana:{secret}/@127.0.0.1:1",
        "http://ana:{secret}@[127.0.0.1:1",
        "ftp://ana:{secret}@127.0.0.1",
        "http://",
    ],
)
def test_a_gateway_that_is_not_there_is_a_warning_that_quotes_no_secret(
    settings: Settings,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    url: str,
) -> None:
    held = pushing_to(url.format(secret=SECRET), monkeypatch)
    assert write_metrics(held, "run-1", clock).exists()
    assert "could not be pushed" in caplog.text
    assert SECRET not in caplog.text + repr(held)
