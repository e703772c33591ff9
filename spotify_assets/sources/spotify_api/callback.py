"""The small server that the browser comes back to at the end of a sign-in.

What does not belong here: what is done with the code that it brings (``sign_in``).
"""

import logging
import queue
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from spotify_assets.sources.spotify_api.errors import SignInFailed

log = logging.getLogger(__name__)

# Spotify refuses the name `localhost`, and nobody but this machine may reach the server.
HOST = "127.0.0.1"
PATH = "/callback"
IDLE_SECONDS = 30
POLL_SECONDS = 0.05
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>spotify-assets</title>
<body><p>{said}</p></body></html>
"""


def redirect_uri(port: int | str) -> str:
    """Where Spotify sends the browser back to; the app must have it among its redirect URIs."""
    return f"http://{HOST}:{port}{PATH}"


class Callback:
    """Listens on the loopback address within its context, and waits for one answer."""

    def __init__(self, port: int, state: str) -> None:
        """Listen.

        Args:
            port: On 127.0.0.1.
            state: What the answer must bring back; any other is not ours, and is not heeded.

        Raises:
            SignInFailed: The port cannot be had.
        """
        try:
            self._server = _Server((HOST, port), _Handler)
        except OSError as error:
            raise SignInFailed(
                f"Cannot listen on {HOST}:{port} for Spotify's answer: {error.strerror}. End what "
                "uses the port, or choose another one with --port and add "
                f"http://{HOST}:PORT{PATH} to the redirect URIs of your app."
            ) from error
        self._server.state = state
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="callback", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> str:
        """The code that the browser brings.

        Raises:
            SignInFailed: The user did not agree, or nothing came within ``seconds``.
        """
        try:
            answer = self._server.answers.get(timeout=seconds)
        except queue.Empty:
            raise SignInFailed(
                f"No answer from the browser within {seconds:.0f} s. Run `spotify-assets login` "
                "again and open the address that it shows. If the browser says `Invalid redirect "
                "URI`, add the address of the callback to the redirect URIs of your app."
            ) from None
        if "code" in answer:
            return answer["code"]
        if answer["error"] == "access_denied":
            raise SignInFailed(
                "Spotify was not allowed to share anything: the sign-in was cancelled, and nothing "
                "was stored. Run `spotify-assets login` again to agree."
            )
        raise SignInFailed(
            f"Spotify ended the sign-in with {answer['error']!r}; nothing was stored. Run "
            "`spotify-assets login` again."
        )


# Threads, because browsers open connections in advance on which nothing is ever sent. Not
# HTTPServer, which asks the name server for the name of 127.0.0.1 and can take seconds.
class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    # A port stays reserved for a minute after the last sign-in otherwise.
    allow_reuse_address = True
    state: str

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.answers: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        super().__init__(address, handler)

    def handle_error(self, _request: Any, _client: Any) -> None:
        """A browser that hangs up is no news, and must not fill the terminal."""
        log.debug("A connection of the browser broke off.", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        answer = dict(parse_qsl(query))
        state = answer.get("state", "")
        if path != PATH:
            self._show(HTTPStatus.NOT_FOUND, "There is nothing here.")
        elif not secrets.compare_digest(state.encode(), self.server.state.encode()):
            self._show(
                HTTPStatus.BAD_REQUEST,
                "This answer does not belong to the sign-in that is under way. Open the address "
                "that the terminal shows.",
            )
        elif "code" not in answer and "error" not in answer:
            self._show(HTTPStatus.BAD_REQUEST, "This answer holds neither a code nor an error.")
        else:
            try:
                self._show(HTTPStatus.OK, "You can close this window and go back to the terminal.")
            finally:
                # After the page, because the process may end as soon as it has the answer.
                self.server.answers.put(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing: the line of a request holds the code."""

    def _show(self, status: HTTPStatus, said: str) -> None:
        body = PAGE.format(said=said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)
