"""Runs the application as a real HTTP server: in the foreground, or beside other code.

What does not belong here: anything about what is served.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "sandbox.transport"
"""Where in a request's ``state`` its connection is."""

_SECONDS_TO_START, _SECONDS_TO_STOP = 30, 5
_POLL_S = 0.005


@dataclass(frozen=True)
class Running:
    """A server that answers at ``url``, such as ``http://127.0.0.1:54321``."""

    url: str


def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 8765) -> None:
    """Serve until interrupted.

    Raises:
        OSError: The port cannot be had.
    """
    with _bound(host, port) as listener, contextlib.suppress(KeyboardInterrupt):
        _server(app).run(sockets=[listener])


@contextlib.contextmanager
def running(app: ASGIApp, port: int = 0) -> Iterator[Running]:
    """Serve in a thread of this process for as long as the context lasts.

    Args:
        app: What to serve.
        port: 0 takes a free one.

    Raises:
        OSError: The port cannot be had.
        RuntimeError: The server does not start.
    """
    host = "127.0.0.1"
    with _bound(host, port) as listener:
        server = _server(app)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield Running(f"http://{host}:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join(_SECONDS_TO_STOP)


class _Protocol(HttpToolsProtocol):
    """Hands the connection to the application, which is to break some off on purpose."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The sandbox did not start; its log says why.")
        time.sleep(_POLL_S)


def _server(app: ASGIApp) -> uvicorn.Server:
    # Clients keep connections open: without a limit they would hold up the end.
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )


def _bound(host: str, port: int) -> socket.socket:
    """Bind the port here: uvicorn would log the error and end the process."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(
            error.errno,
            f"The sandbox cannot listen on {host}:{port}. Is something else running there? Choose "
            f"another port. ({error.strerror})",
        ) from error
