"""What leaves this machine when something fails, as a server of Sentry records it."""

import getpass
import gzip
import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from spotify_assets.configuration.errors import ConfigurationError
from spotify_assets.operations import error_reports

ARTIST = "An artist that nobody may know of"


class Recorder:
    """A Sentry server."""

    def __init__(self, port: int) -> None:
        self.dsn = SecretStr(f"http://key@127.0.0.1:{port}/1")
        self.bodies: list[str] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body.splitlines()[2]) for body in self.bodies]


@pytest.fixture
def sentry() -> Iterator[Recorder]:
    pytest.importorskip("sentry_sdk", reason="the extra sentry is not installed")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            recorder.bodies.append(body.decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    recorder = Recorder(server.server_address[1])
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    error_reports.begin(recorder.dsn)
    yield recorder
    error_reports.begin(None)
    server.shutdown()
    server.server_close()


def test_a_report_says_what_failed_where_and_in_which_run_and_nothing_else(
    sentry: Recorder, tmp_path: Path
) -> None:
    heard = f"{ARTIST} at {tmp_path}"
    logging.getLogger("spotify_assets").error("A log line: %s", heard)
    try:
        raise ValueError(heard)
    except ValueError as error:
        error_reports.report_exception(error)

    [event] = sentry.events
    [raised] = event["exception"]["values"]
    assert raised["type"] == "ValueError"
    assert raised["stacktrace"]["frames"][-1]["function"] == (
        "test_a_report_says_what_failed_where_and_in_which_run_and_nothing_else"
    )
    assert event["release"].startswith("spotify-assets@")
    [body] = sentry.bodies
    for secret in (ARTIST, str(tmp_path), socket.gethostname(), f"/{getpass.getuser()}/"):
        assert secret not in body
    assert str(Path(__file__).parents[2]) not in body
    assert not {"server_name", "user", "request", "breadcrumbs", "extra", "modules"} & {*event}
    assert "vars" not in raised["stacktrace"]["frames"][-1]


def test_a_run_is_named_by_its_tags(sentry: Recorder) -> None:
    raised = [
        error_reports.Raised(
            "LakeError", ['  File "/x/spotify_assets/lake/raw.py", line 7, in read\n']
        )
    ]
    error_reports.report(raised, {"run": "a-run", "genre": "forró", "day": None})

    [event] = sentry.events
    assert event["tags"] == {"run": "a-run", "genre": "forró"}
    [frame] = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert frame["filename"] == "spotify_assets/lake/raw.py"
    assert (frame["function"], frame["lineno"], frame["in_app"]) == ("read", 7, True)


def test_nothing_is_sent_where_no_dsn_is_set(sentry: Recorder) -> None:
    error_reports.begin(None)

    error_reports.report_exception(ValueError(ARTIST))

    assert sentry.bodies == []


@pytest.mark.parametrize(
    "dsn",
    ["k3y", "https://sentry.example/1", "https://k3y@sentry.example/one", "ftp://k3y@host/1",
     "https://k3y@/1", "https://k3y@host:port/1", "https://k3y@[host/1"],
)  # fmt: skip
def test_what_is_no_dsn_is_refused_at_the_start_and_not_shown(dsn: str) -> None:
    """Not when something fails: that would hide the failure."""
    with pytest.raises(ConfigurationError, match="https://KEY@HOST/PROJECT") as refused:
        error_reports.begin(SecretStr(dsn))
    assert "k3y" not in str(refused.value)


def test_where_the_package_is_missing_it_says_which_to_install() -> None:
    code = (
        "import sys; sys.modules['sentry_sdk'] = None\n"
        "import importlib.util, importlib\n"
        "from pydantic import SecretStr\n"
        "from spotify_assets.operations import error_reports\n"
        "try:\n    error_reports.begin(SecretStr('http://k@127.0.0.1/1'))\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert said.startswith("ConfigurationError SPOTIFY_SENTRY_DSN needs the package sentry-sdk")
    assert "pip install 'spotify-assets[sentry]'" in said
