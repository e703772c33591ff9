"""The channels: e-mail and webhook.

A channel delivers a message, or says why not, and whether to try again. It keeps nothing.

Does not belong here: when to try again (``store``).
"""

import logging
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.header import Header
from email.headerregistry import Address
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate
from typing import Literal, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from spotify_assets.operations.alerts.messages import MAX_IN_FULL, Message
from spotify_assets.storage.errors import FailureKind, ProjectError

Tls = Literal["starttls", "ssl", "none"]

TIMEOUT_SECONDS = 10.0
TOO_MANY_REQUESTS = 429
AUTHENTICATION = range(530, 540)
"""Replies of SMTP about the login (RFC 4954): the settings can be put right, so they pass."""


class DeliveryError(ProjectError):
    """The message was not delivered. It may be by another attempt."""

    kind = FailureKind.RETRY


class Rejected(DeliveryError):
    """The message was not delivered, and no other attempt would change that."""

    kind = FailureKind.PERMANENT


class Channel(Protocol):
    """Carries messages to people."""

    @property
    def name(self) -> str:
        """Under which the store keeps what is still to be delivered."""
        ...

    def send(self, message: Message) -> str | None:
        """Deliver the message.

        Returns:
            ``None``, or what went wrong although it was delivered.

        Raises:
            DeliveryError: It was not delivered.
        """
        ...


@dataclass(frozen=True)
class Letter:
    """What one mail says.

    Attributes:
        subject: One line.
        text: Plain text.
        id: The same at each attempt to deliver it.
        answers: Ids of the mails that it answers.
        html: The same as the text, for programs that show it; nothing in it is loaded.
    """

    subject: str
    text: str
    id: str
    answers: Sequence[str] = ()
    html: str | None = None


@dataclass(frozen=True)
class Email:
    """Mails by SMTP (RFC 5321).

    The server's certificate must be one that this machine trusts; for an own authority, set
    ``SSL_CERT_FILE``.

    Attributes:
        host: Of the mail server.
        sender: Address, such as ``warehouse@example.com``.
        recipients: Addresses; at least one.
        port: Of the mail server.
        user: ``None``: without a login.
        password: Of the user.
        tls: ``starttls``: asked for and insisted on; ``ssl``: from the start; ``none``: in the
            clear.
        timeout: Seconds for each step.
        setting: The one that names the recipients, for messages.

    Raises:
        ValueError: An address is none, or a secret is not ASCII. The message does not quote it.
    """

    host: str
    sender: str
    recipients: Sequence[str]
    port: int = 587
    user: str | None = None
    password: SecretStr | None = None
    tls: Tls = "starttls"
    timeout: float = TIMEOUT_SECONDS
    setting: str = "SPOTIFY_ALERT_TO"

    name = "email"

    def __post_init__(self) -> None:
        if not self.recipients:
            raise ValueError(f"A mail needs a recipient: set {self.setting}.")
        for address in (self.sender, *self.recipients):
            _check_address(address, self.setting)
        if not f"{self.user or ''}{self._password}".isascii():
            raise ValueError("SPOTIFY_SMTP_USER and SPOTIFY_SMTP_PASSWORD must be ASCII.")

    def send(self, message: Message) -> str | None:
        """Deliver the message to all recipients that the server takes."""
        return self.deliver(Letter(message.subject, message.text, message.id, message.answers))

    def deliver(self, letter: Letter) -> str | None:
        """Deliver a mail to all recipients that the server takes.

        Returns:
            ``None``, or whom the server did not take.

        Raises:
            DeliveryError: Nobody got it.
        """
        mail = self._mail(letter)
        try:
            with self._connection() as connection:
                refused = connection.send_message(mail, self.sender, list(self.recipients))
        except smtplib.SMTPAuthenticationError as error:
            raise self._error(
                DeliveryError,
                f"refused the login ({_reply(error)}). Check SPOTIFY_SMTP_USER and "
                "SPOTIFY_SMTP_PASSWORD",
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            said = _refusals(error.recipients)
            kind = Rejected if _for_good(*_codes(error.recipients)) else DeliveryError
            raise self._error(
                kind, f"refused every recipient: {said}. Check {self.setting}"
            ) from None
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            kind = Rejected if _for_good(error.smtp_code) else DeliveryError
            raise self._error(kind, f"refused the mail: {_reply(error)}") from None
        except smtplib.SMTPNotSupportedError as error:
            raise self._error(
                DeliveryError, f"cannot do what is set: {error} Check SPOTIFY_SMTP_TLS"
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise self._error(
                DeliveryError,
                f"did not take the mail: {type(error).__name__}: {error}. Check SPOTIFY_SMTP_HOST, "
                "SPOTIFY_SMTP_PORT and SPOTIFY_SMTP_TLS",
            ) from None
        if not refused:
            return None
        return f"Delivered, but not to everybody: {_refusals(refused)}. Check {self.setting}."

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        # Without a context smtplib does not look at the certificate. To make one takes 20 ms.
        context = None if self.tls == "none" else ssl.create_default_context()
        if self.tls == "ssl":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=context
            )
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            if self.tls == "starttls":
                opened.starttls(context=context)
            if self.user is not None:
                opened.login(self.user, self._password)
            yield opened
            # The mail is delivered: a server that is rude to QUIT must not make us send it again.
            with suppress(smtplib.SMTPException, OSError):
                opened.quit()
        finally:
            opened.close()

    def _mail(self, letter: Letter) -> MIMEBase:
        # The newer `EmailMessage` loses spaces when it folds a long subject that is not ASCII.
        domain = self.sender.rpartition("@")[2]
        mail: MIMEBase = MIMEText(letter.text, _charset="utf-8")
        if letter.html is not None:
            # The last is what a program prefers.
            shown = MIMEText(letter.html, "html", "utf-8")
            mail = MIMEMultipart("alternative", _subparts=[mail, shown])
        mail["Subject"] = Header(letter.subject, header_name="Subject").encode()
        mail["From"] = formataddr(("spotify-assets", self.sender))
        mail["To"] = ", ".join(self.recipients)
        mail["Date"] = formatdate(localtime=True)
        mail["Message-ID"] = f"<{letter.id}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if letter.answers:
            mail["In-Reply-To"] = f"<{letter.answers[0]}@{domain}>"
            answered = letter.answers[:MAX_IN_FULL]
            mail["References"] = " ".join(f"<{one}@{domain}>" for one in answered)
        return mail

    @property
    def _password(self) -> str:
        return self.password.get_secret_value() if self.password else ""

    def _error(self, kind: type[DeliveryError], what: str) -> DeliveryError:
        said = f"The mail server {self.host}:{self.port} {what}."
        # A server may quote what it was sent.
        return kind(said.replace(self._password, "…") if self._password else said)


@dataclass(frozen=True)
class Webhook:
    """JSON by HTTP POST, in a form that hooks compatible with Slack's take too.

    Attributes:
        url: Where to; whoever knows it can post, so it is a secret.
        headers: Sent with it, such as ``Authorization``.
        timeout: Seconds to connect, and between two bytes of the answer.

    Raises:
        ValueError: The URL or a header is none. The message does not quote it.
    """

    url: SecretStr
    headers: Mapping[str, SecretStr] = field(default_factory=dict)
    timeout: float = TIMEOUT_SECONDS

    name = "webhook"

    def __post_init__(self) -> None:
        import requests  # noqa: PLC0415 - slow to import

        try:
            prepared = requests.Request("POST", self._url, headers=self._headers).prepare()
            is_http = str(prepared.url).startswith(("http://", "https://")) and all(
                f"{name}{value}".isascii() for name, value in self._headers.items()
            )
        except ValueError:
            is_http = False
        if not is_http:
            raise ValueError(
                "No webhook can be called so. SPOTIFY_ALERT_WEBHOOK must be a URL that begins with "
                "https:// or http://; names and values of SPOTIFY_ALERT_WEBHOOK_HEADERS, ASCII."
            )

    def send(self, message: Message) -> str | None:
        """Deliver the message; a redirect is not followed, because the headers are secret."""
        import requests  # noqa: PLC0415 - slow to import

        try:
            with self._path_unlogged():
                status = requests.post(
                    self._url,
                    json=message.payload,
                    headers=self._headers,
                    timeout=self.timeout,
                    allow_redirects=False,
                ).status_code
        except requests.RequestException as error:
            trouble = type(error).__name__
        else:
            trouble = f"status {status}"
            match status // 100:
                case 2:
                    return None
                case 4 if status != TOO_MANY_REQUESTS:
                    raise Rejected(
                        f"The webhook at {self._host} refuses the message: {trouble}. Check "
                        "SPOTIFY_ALERT_WEBHOOK and SPOTIFY_ALERT_WEBHOOK_HEADERS."
                    )
        # Outside the handler: what requests says holds the URL, and would be kept as the context.
        raise DeliveryError(f"The webhook at {self._host} did not take the message: {trouble}.")

    @property
    def _url(self) -> str:
        return self.url.get_secret_value()

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or "an unknown host"

    @property
    def _headers(self) -> dict[str, str]:
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    @contextmanager
    def _path_unlogged(self) -> Iterator[None]:
        """The HTTP library logs the path of each request at DEBUG."""
        import requests  # noqa: PLC0415 - slow to import

        parts = urlsplit(requests.Request("POST", self._url).prepare().url or "")

        def without_path(record: logging.LogRecord) -> bool:
            return len(parts.path) <= 1 or parts.path not in record.getMessage()

        log = logging.getLogger("urllib3.connectionpool")
        log.addFilter(without_path)
        try:
            yield
        finally:
            log.removeFilter(without_path)


def _check_address(address: str, setting: str) -> None:
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, IndexError):
        parsed = Address()
    if not (parsed.username and parsed.domain and address.isascii() and address.isprintable()):
        raise ValueError(
            f"{address!r} is no e-mail address; write SPOTIFY_ALERT_FROM=warehouse@example.com and "
            f"{setting}=ana@example.com,bia@example.com."
        )


def _for_good(*codes: int) -> bool:
    """Whether SMTP replies mean that the mail need not come again."""
    return all(code >= 500 and code not in AUTHENTICATION for code in codes)  # noqa: PLR2004 - 5xx


def _codes(refused: Mapping[str, tuple[int, bytes]]) -> list[int]:
    return [code for code, _ in refused.values()]


def _refusals(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return ", ".join(
        f"{address} ({code} {said.decode(errors='replace')})"
        for address, (code, said) in refused.items()
    )


def _reply(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
