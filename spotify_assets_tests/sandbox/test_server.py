import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest
import requests
from starlette.applications import Starlette

from spotify_assets.sandbox.server import running, serve


def test_a_running_server_is_gone_after_its_context() -> None:
    with running(Starlette()) as server:
        assert requests.get(server.url, timeout=5).status_code == 404
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=1)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(Starlette(), port=port)
        with pytest.raises(OSError, match="Choose another port"), running(Starlette(), port):
            pass


# uvicorn ends its thread by SystemExit, which only pytest takes notice of.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_application_that_does_not_start_is_an_error() -> None:
    @contextlib.asynccontextmanager
    async def broken(_: Starlette) -> AsyncIterator[None]:
        raise ValueError("no")
        yield

    app = Starlette(lifespan=broken)
    with pytest.raises(RuntimeError, match="did not start"), running(app):
        pass


SERVE = """
from starlette.applications import Starlette
from spotify_assets.sandbox.server import serve
serve(Starlette(), port={port})
print("ended")
"""


def test_an_interrupt_ends_the_server_quietly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.format(port=port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(400):
            try:
                requests.get(f"http://127.0.0.1:{port}", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.025)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "ended\n", "")
