"""A mail server and a webhook on this machine: real SMTP, real HTTP, and what came is kept."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
USER, PASSWORD = "warehouse", "a-password-that-nobody-may-see"  # pragma: allowlist secret


@dataclass
class Mailbox:
    """What a mail server has taken, and how it answers."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    says_to_data: str = "250 OK"
    says_to_quit: str = "221 Bye"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.says_to_data.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.envelopes.append(envelope)
        return self.says_to_data

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        return self.says_to_quit

    def login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data)
        fits = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=fits, handled=False)


@contextlib.contextmanager
def mail_server(
    mailbox: Mailbox,
    port: int,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
) -> Iterator[None]:
    """Serve SMTP on the port for as long as the context lasts."""
    controller = Controller(
        mailbox,
        hostname=HOST,
        port=port,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        authenticator=mailbox.login if login else None,
        auth_required=login,
        auth_require_tls=starttls is not None,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Hook:
    """What a webhook was sent, and how it answers."""

    url: str
    status: int = 200
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    @property
    def states(self) -> list[str]:
        return [body["state"] for body in self.bodies]


@contextlib.contextmanager
def webhook(path: str = "/") -> Iterator[Hook]:
    """Serve HTTP for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.headers.append(dict(self.headers))
            hook.bodies.append(json.loads(body))
            hook.before_answer()
            self.send_response(hook.status)
            self.send_header("Location", f"{hook.url}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    hook = Hook(f"http://{HOST}:{server.server_port}{path}")
    # It asks every half second whether to stop, where it is not told otherwise.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
