"""How an answer comes in: within a time, up to a size, and from nobody but who was asked.

requests alone limits the time between two bytes only, unpacks a body whatever its size, and follows
a redirect to any host. Belongs here: these bounds, and what to say where no answer came. Does not
belong here: the ledger (``session``), and what an answer means.
"""

import datetime as dt
import io
import logging
import re
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from spotify_assets.sources.spotify_api.errors import Unavailable, Unreachable

# It prints every 4xx as an error, those that we expect too, and tokens at the level DEBUG.
logging.getLogger("spotipy").setLevel(logging.CRITICAL)

TIMEOUT_SECONDS = (5.0, 30.0)
"""To connect; between two bytes."""
CALL_SECONDS = 60.0
"""A whole call; the slowest page that was ever seen took a few."""
MAX_BODY_BYTES = 64 << 20
"""Unpacked; a page of 50 has 0.3 MB."""
CHUNK_BYTES = 64 << 10


MISCONFIGURED = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
"""The API's own address is checked before: what remains is that of a proxy."""
UNVERIFIED = "CERTIFICATE_VERIFY_FAILED"


def no_answer(asked: str, url: str, error: requests.RequestException) -> Unavailable:
    """The error for a call that nothing came of; `Unreachable` where another attempt is of no use.

    A name that cannot be resolved, a refused connection or a proxy that is down may pass.
    """
    is_lasting = isinstance(error, (*MISCONFIGURED, NoTrustStore)) or _is_unverified(error)
    kind = Unreachable if is_lasting else Unavailable
    return kind(f"{asked}: {why_no_answer(url, error)}")


def why_no_answer(url: str, error: requests.RequestException) -> str:
    """Why nothing came from ``url``, and what to do; one or more sentences."""
    parts = urlsplit(url)
    host, causes = parts.hostname or url, list(_causes(error))
    reasons = " ".join(str(cause) for cause in causes)
    match error:
        case TookTooLong():
            said = f"the answer was not whole after {CALL_SECONDS:.0f} s. The network is too slow"
        case TooLarge():
            said = (
                f"the answer has more than {MAX_BODY_BYTES >> 20} MB, which no page has. Something "
                "between here and Spotify may have sent it"
            )
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidSchema():
            said = (
                # What the library says quotes the address, and so the proxy's password.
                "the address of the proxy cannot be used. Write HTTPS_PROXY, HTTP_PROXY or "
                "ALL_PROXY as http://HOST:PORT"
            )
        case NoTrustStore():
            said = (
                f"there are no certificates to verify {host} with: {error}. Set REQUESTS_CA_BUNDLE "
                "or CURL_CA_BUNDLE to a file that is there, or to none"
            )
        case requests.exceptions.ProxyError():
            said = (
                "the proxy does not let it through. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
                f" ({_shortest(causes)})"
            )
        case requests.exceptions.SSLError() if _is_unverified(error):
            said = (
                f"the certificate of {host} cannot be verified ({_of_verification(reasons)}). If "
                "a proxy of your network opens TLS connections, set REQUESTS_CA_BUNDLE to the file "
                f"with its certificate; else check this machine's clock (it says {_now()} UTC)"
            )
        case requests.exceptions.SSLError():
            said = (
                f"no TLS connection to {host} can be made. Is {parts.scheme}:// right, and does "
                f"nothing between here and there stop it? ({_shortest(causes)})"
            )
        case requests.exceptions.ConnectTimeout():
            said = f"{host} takes no connection in time. Is it reachable from this network?"
        case requests.exceptions.ConnectionError() if any(
            isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes
        ):
            said = f"the name {host} cannot be resolved. Is this machine online, and its DNS right?"
        case requests.exceptions.Timeout():
            said = f"{host} sends nothing. It may be overloaded; run again later"
        case _ if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            said = f"{parts.netloc} refuses the connection. Is it running and reachable?"
        case _:
            said = f"{type(error).__name__} ({_shortest(causes)}). Is it running and reachable?"
    return said if said.endswith("?") else f"{said}."


def host_of(location: str) -> str:
    """Where a redirect points to; the rest of it may say who was sent there."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "nowhere that can be read"
    return f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another path"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it was made from."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [getattr(one, "reason", None), one.__cause__, one.__context__, *one.args]


def _shortest(causes: list[BaseException]) -> str:
    """The cause itself: each of the libraries wraps it in longer words."""
    said = [text for cause in causes if (text := " ".join(str(cause).split()))]
    return min(said, key=len, default="no reason given")


def _of_verification(reasons: str) -> str:
    """What OpenSSL says, without the places in its source."""
    found = re.search(r"certificate verify failed: ([^()]+?) \(", reasons)
    return found[1] if found else "it is not trusted"


def _now() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"


def _is_unverified(error: BaseException) -> bool:
    return any(UNVERIFIED in str(cause) for cause in _causes(error))


class NoTrustStore(requests.RequestException):
    """The file of certificates that is set, is not there."""


class TookTooLong(requests.Timeout):
    """The answer was not whole at the end of the time for a call."""


class TooLarge(requests.RequestException):
    """The body is larger than any answer."""


class BoundedSession(requests.Session):
    """A session that gives up what takes too long or is too large, and follows no redirect."""

    def __init__(
        self, *, call_seconds: float = CALL_SECONDS, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        """Bound each call.

        Args:
            call_seconds: From the connection to the last byte.
            max_body_bytes: Of a body, unpacked.
        """
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _BoundedAdapter(call_seconds, max_body_bytes))

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """``None``: the API has no redirects; what sends one is a portal or a proxy."""
        return None


class _BoundedAdapter(HTTPAdapter):
    def __init__(self, call_seconds: float, max_body_bytes: int) -> None:
        self._seconds, self._max_bytes = call_seconds, max_body_bytes
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._sockets)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _pools(self._sockets)
        return manager

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().cert_verify(*args, **kwargs)  # type: ignore[no-untyped-call]
        except OSError as error:
            raise NoTrustStore(error) from None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send, and read the body within the bounds.

        Raises:
            TookTooLong: The time was over.
            TooLarge: The body passes the size.
            requests.RequestException: As of requests.
        """
        is_over = threading.Event()
        timer = threading.Timer(self._seconds, self._cut, (is_over,))
        timer.daemon = True
        timer.start()
        try:
            response = super().send(request, **{**kwargs, "stream": True})
            response.raw = io.BytesIO(self._read(response))
        except (requests.RequestException, OSError, ValueError) as error:
            if not is_over.is_set():
                raise
            raise TookTooLong(request=request) from error
        finally:
            timer.cancel()
        # A body without a length looks whole when its connection is cut.
        if is_over.is_set():
            raise TookTooLong(request=request)
        return response

    def _cut(self, is_over: threading.Event) -> None:
        """End whatever waits for a byte. A session has one call at a time."""
        is_over.set()
        for one in list(self._sockets):
            try:
                # Not TLS's own shutdown, which waits for the other side.
                socket.socket.shutdown(one, socket.SHUT_RDWR)
            except OSError:
                # It is closed already.
                continue

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        # Of another response over the same bytes: this one's content must not count as consumed.
        reader = self.build_response(response.request, response.raw)
        # urllib3 unpacks no more at a time than it is asked for.
        for chunk in reader.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > self._max_bytes:
                response.close()
                raise TooLarge(response=response)
        return bytes(body)


def _pools(
    sockets: "weakref.WeakSet[socket.socket]",
) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections tell their sockets."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            # Before TLS and a proxy's tunnel, which can be slow too.
            opened = super()._new_conn()
            sockets.add(opened)
            return opened

        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
