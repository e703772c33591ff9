"""A call is bounded in time and size, and is answered by nobody but who was asked."""

import contextlib
import gzip
import socket
import ssl
import subprocess
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from spotify_assets.lake.exchanges import Request
from spotify_assets.lake.journal import Journal
from spotify_assets.sources.spotify_api.client import ATTEMPTS, Client
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import Unavailable, Unreachable
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.sources.spotify_api.transport import (
    BoundedSession,
    TookTooLong,
    TooLarge,
    host_of,
    why_no_answer,
)
from spotify_assets_tests.sources.spotify_api import faults
from spotify_assets_tests.sources.spotify_api.times import SetClock

Say = Callable[[socket.socket], object]
Playing = Callable[..., tuple[Client, faults.Script]]
SEARCH = Request(
    "search", "search", {"q": "x", "type": "track", "limit": 50, "offset": 0, "market": "BR"}
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SECONDS = 0.5


@contextlib.contextmanager
def saying(
    say: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A server that reads a request and then does as told; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with contextlib.suppress(OSError):
                        one = tls.wrap_socket(plain, server_side=True) if tls else plain
                        with one:
                            one.recv(65536)
                            say(one)

        threading.Thread(target=serve, daemon=True).start()
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/v1/"


def trickling(begin: bytes) -> Callable[[socket.socket], None]:
    def say(one: socket.socket) -> None:
        one.sendall(begin)
        while True:
            one.sendall(b" ")
            time.sleep(0.02)

    return say


@pytest.mark.parametrize(
    "begin",
    [
        HEAD + b"Content-Length: 9999\r\n\r\n",
        HEAD + b"\r\n",
        HEAD + b"Connection: close\r\nContent-Length: 9999\r\n\r\n",
        HEAD + b"X-Padding: ",
        b"",
    ],
    ids=["body", "body without a length", "body of a closing connection", "header", "status"],
)
def test_a_call_that_trickles_is_given_up_at_the_end_of_its_time(begin: bytes) -> None:
    with saying(trickling(begin)) as url, BoundedSession(call_seconds=SECONDS) as session:
        begun = time.monotonic()
        with pytest.raises(TookTooLong):
            session.get(url, timeout=5)
    assert time.monotonic() - begun < SECONDS + 4


def test_a_call_that_trickles_over_tls_is_given_up_too(tls: ssl.SSLContext) -> None:
    server = saying(trickling(HEAD + b"Content-Length: 9999\r\n\r\n"), tls)
    session = BoundedSession(call_seconds=SECONDS)
    with server as url, session, pytest.raises(TookTooLong):
        session.get(url, timeout=5, verify=False)


def test_a_call_within_its_time_is_whole_and_the_connection_is_used_again(playing: Playing) -> None:
    client, _ = playing(faults.FINE)
    url = client.connection.api_url + "search"
    with BoundedSession(call_seconds=30) as session:
        answers = [session.get(url, headers={"authorization": "x"}) for _ in range(2)]
    assert [one.content for one in answers] == [faults.FINE.body] * 2
    assert answers[0].json()["tracks"]["total"] == 0


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_may_have_a_size_unpacked_however_it_is_packed(
    playing: Playing, encoding: str
) -> None:
    body = b" " * (3 << 20) + b"{}"
    headers = {"content-encoding": encoding}
    client, _ = playing(faults.Says(200, PACKED[encoding](body), headers))
    url = client.connection.api_url + "search"

    with BoundedSession(max_body_bytes=len(body)) as session:
        assert session.get(url, headers={"authorization": "x"}).content == body
    with BoundedSession(max_body_bytes=len(body) - 1) as session, pytest.raises(TooLarge):
        session.get(url, headers={"authorization": "x"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("host", ["api", "accounts"])
def test_a_redirect_is_not_followed_and_its_host_is_named(
    playing: Playing, journal: Journal, status: int, host: str
) -> None:
    with saying(lambda _: pytest.fail("it was followed")) as elsewhere:
        away = faults.Says(status, b"", {"location": f"{elsewhere}?user=somebody"})
        client, script = (
            playing(away) if host == "api" else playing(faults.FINE, accounts=(away,) * ATTEMPTS)
        )
        with pytest.raises(Unavailable, match=r"redirect to http://127\.0\.0\.1 .*not followed"):
            client.ask(SEARCH, journal)
    assert len(script.asked) == (ATTEMPTS if host == "api" else 0)
    assert b"somebody" not in journal.path.read_bytes()


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://login.example/x?y=z", "https://login.example"),
        ("//login.example:8080/", "://login.example"),
        ("/elsewhere", "another path"),
        ("http://[", "nowhere that can be read"),
    ],
)
def test_of_a_redirect_only_the_host_is_kept(location: str, host: str) -> None:
    assert host_of(location) == host


def test_a_certificate_that_is_not_trusted_is_said_with_what_to_do(
    journal: Journal, ledger: Ledger, clock: SetClock, tls: ssl.SSLContext
) -> None:
    with saying(lambda _: None, tls) as url:
        connection = Connection("spotify", "id", "secret", url, url)
        with pytest.raises(Unavailable, match=r"certificate of 127\.0\.0\.1 cannot be ver") as said:
            Client(connection, ledger, clock=clock).ask(SEARCH, journal)
    assert "REQUESTS_CA_BUNDLE" in str(said.value)
    assert "clock" in str(said.value)


USER = "me:secret"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (None, None, "certificate of 127.0.0.1 cannot be verified"),
        ("HTTPS_PROXY", "http://", "the address of the proxy cannot be used"),
        ("HTTPS_PROXY", f"http://{USER}@host:99999", "the address of the proxy cannot be used"),
        ("HTTPS_PROXY", f"htp://{USER}@host:1", "the address of the proxy cannot be used"),
        ("HTTPS_PROXY", f"socks5://{USER}@host:1", "the address of the proxy cannot be used"),
        ("REQUESTS_CA_BUNDLE", "/not/there.pem", "invalid path: /not/there.pem"),
    ],
)
def test_what_somebody_has_to_change_here_is_not_asked_again(
    journal: Journal,
    ledger: Ledger,
    clock: SetClock,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    value: str,
    words: str,
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, value)
    begun = clock.now()
    with saying(lambda _: None, tls) as url:
        connection = Connection("spotify", "id", "secret", url, url)
        with pytest.raises(Unreachable) as said:
            Client(connection, ledger, clock=clock).ask(SEARCH, journal)
    assert words in str(said.value)
    told = "".join(traceback.format_exception(said.value))
    assert "secret@" not in told
    assert len(list(ledger.requests(0, clock.now()))) == 1
    assert clock.now().seconds_since(begun) == 0


def test_what_may_pass_is_asked_again(
    journal: Journal, ledger: Ledger, clock: SetClock, nobody: str
) -> None:
    for host in (nobody, "http://no-such-host.invalid"):
        before = len(list(ledger.requests(0, clock.now())))
        connection = Connection("spotify", "id", "secret", f"{host}/", f"{host}/")
        with pytest.raises(Unavailable):
            Client(connection, ledger, clock=clock).ask(SEARCH, journal)
        assert len(list(ledger.requests(0, clock.now()))) - before == ATTEMPTS


def test_each_way_to_get_no_answer_is_said_with_what_to_do(nobody: str) -> None:
    silent = saying(lambda _: time.sleep(5))
    with silent as slow, BoundedSession() as session:
        calls: list[tuple[str, dict[str, Any], str]] = [
            (f"{nobody}/", {}, "refuses the connection. Is it running"),
            ("http://no-such-host.invalid/", {}, "cannot be resolved. Is this machine online"),
            (slow, {"timeout": 0.2}, "sends nothing"),
            (nobody.replace("http", "https"), {}, "refuses the connection"),
            ("http://api.example/", {"proxies": {"http": nobody}}, "Check HTTPS_PROXY"),
        ]
        for url, more, words in calls:
            with pytest.raises(requests.RequestException) as error:
                session.get(url, **more)
            assert words in why_no_answer(url, error.value), url


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Of a certificate that nobody trusts."""
    folder: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj"]
        + ["/CN=127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
