"""A genre-day as an AWS Lambda: called by the runtime that is in its image, on this machine."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.operations.due import is_complete
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.end_to_end.conftest import environment
from spotify_assets_tests.end_to_end.test_on_s3 import in_cloud
from spotify_assets_tests.lake.s3 import S3, running
from spotify_assets_tests.places import empty_database
from spotify_assets_tests.warehouse.databases.postgresql.server import Server

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
NEXT = "/2018-06-01/runtime/invocation/next"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with running() as server:
        yield server


@contextmanager
def runtime_api(events: list[Any], milliseconds: int) -> Iterator[tuple[str, list[Any]]]:
    """What Lambda is to a function: it gives events, and is told what came of each."""
    waiting, answers = list(enumerate(events)), []
    done = threading.Event()

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == NEXT
            if not waiting:
                done.wait(60)
                return
            number, event = waiting.pop(0)
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", str(number))
            self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline(milliseconds)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:x")
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-1-1;Sampled=0")
            self.send_header("Lambda-Runtime-Client-Context", "{}")
            self.send_header("Lambda-Runtime-Cognito-Identity", "{}")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answers.append((self.path.rpartition("/")[2], said))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", answers
    finally:
        done.set()
        server.shutdown()
        server.server_close()


def deadline(milliseconds: int) -> int:
    return int(time.time() * 1000) + milliseconds


def call(
    events: list[Any], folder: Path, more: dict[str, str], milliseconds: int = 300_000
) -> list[Any]:
    """What the function makes of events, one after the other."""
    pytest.importorskip("awslambdaric", reason="pip install 'spotify-assets[cluster]'")
    folder.mkdir()
    with runtime_api(events, milliseconds) as (address, answers):
        own = {"AWS_LAMBDA_RUNTIME_API": address, "TMPDIR": str(folder)}
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "spotify_assets.commands.function.handler"],
            env=environment(folder / "never", **more, **own),
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            for _ in range(1200):
                if len(answers) == len(events) or process.poll() is not None:
                    break
                threading.Event().wait(0.1)
        finally:
            process.kill()
            process.wait()
    return answers


def test_a_genre_day_is_collected_without_a_disk_that_lives(
    s3: S3, sandbox_url: str, tmp_path: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = s3.bucket()
    shared = empty_database(postgresql)
    cloud = in_cloud(s3, sandbox_url, bucket)
    events = [{"genre": "rock", "date": str(TODAY)}, {"genre": " "}]
    state = {"SPOTIFY_STATE_URL": shared.url.get_secret_value()}
    answers = call(events, tmp_path / "tmp", {**cloud, **state})
    assert [kind for kind, _ in answers] == ["response", "error"], answers
    assert answers[0][1]["genre"] == "rock"
    assert answers[1][1]["errorType"] == "NotCollected"
    assert list((tmp_path / "tmp").iterdir()) == []
    for name, value in cloud.items():
        monkeypatch.setenv(name, value)
    assert is_complete(
        Lake(tmp_path / "looked", cloud["SPOTIFY_LAKE_URL"]), GenreDay("rock", TODAY)
    )


def test_a_function_without_a_store_says_so(tmp_path: Path) -> None:
    [(kind, said)] = call([{"genre": "rock"}], tmp_path / "tmp", {})
    assert (kind, said["errorMessage"]) == ("error", "'SPOTIFY_LAKE_URL'")


def test_a_call_whose_time_is_over_ends_by_itself(
    s3: S3, sandbox_url: str, tmp_path: Path, postgresql: Server
) -> None:
    cloud = in_cloud(s3, sandbox_url, s3.bucket())
    state = empty_database(postgresql).url.get_secret_value()
    event = {"genre": "rock", "date": str(TODAY)}
    cloud["SPOTIFY_STATE_URL"] = state
    [(kind, said)] = call([event], tmp_path / "tmp", cloud, milliseconds=22_000)
    assert kind == "error"
    assert said["errorType"] == "NotCollected"
    assert list((tmp_path / "tmp").iterdir()) == []
