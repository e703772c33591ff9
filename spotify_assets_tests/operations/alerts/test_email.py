"""Mails, taken by a real mail server."""

import contextlib
import datetime as dt
import ipaddress
import logging
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from spotify_assets.operations.alerts import Alerts, Email, Message, Notice
from spotify_assets.operations.alerts.channels import DeliveryError, Rejected, Tls
from spotify_assets_tests.hostile import NAMES
from spotify_assets_tests.operations.alerts.samples import (
    FORRO,
    NOON,
    ROCK,
    Clock,
    ends,
    incident,
    opens,
)
from spotify_assets_tests.operations.alerts.servers import (
    HOST,
    PASSWORD,
    USER,
    Mailbox,
    free_port,
    mail_server,
)

UNENCRYPTED_LOGIN = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
ANA, BIA = "ana@example.com", "bia@example.com"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture
def mailbox(port: int) -> Iterator[Mailbox]:
    """Of a server without TLS and login."""
    mailbox = Mailbox()
    with mail_server(mailbox, port):
        yield mailbox


def email(
    port: int, to: tuple[str, ...] = (ANA, BIA), tls: Tls = "none", password: str | None = None
) -> Email:
    return Email(
        HOST,
        "warehouse@example.com",
        to,
        port,
        user=USER if password else None,
        password=SecretStr(password) if password else None,
        tls=tls,
        timeout=10,
    )


def opening(*titles: str) -> Message:
    told = [incident(f"genre-{n}", title=title) for n, title in enumerate(titles)]
    return Message("id-1", "open", tuple(Notice(one, 1, NOON) for one in told))


def test_a_mail_says_in_the_subject_what_opened_and_in_the_text_what_to_do(
    mailbox: Mailbox, port: int
) -> None:
    title = "The run of catalog failed for forró on 2026-11-20 — não há faixas"

    assert email(port).send(opening(title)) is None

    [mail] = mailbox.mails
    assert mail["Subject"] == f"[spotify-assets] OPEN {title}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == f"{ANA}, {BIA}"
    assert mail.get_content().splitlines() == opening(title).text.splitlines()
    assert mailbox.envelopes[0].rcpt_tos == [ANA, BIA]


def test_the_mail_of_an_end_is_in_the_thread_of_its_opening(
    mailbox: Mailbox, port: int, tmp_path: Path, clock: Clock
) -> None:
    alerts = Alerts(tmp_path / "operations.sqlite", [email(port)], clock)
    opens(alerts, ROCK)
    alerts.deliver()
    ends(alerts, ROCK)
    alerts.deliver()

    first, last = mailbox.mails
    assert last["Subject"] == f"[spotify-assets] OVER {ROCK.title}"
    assert last["References"] == last["In-Reply-To"] == first["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")


def test_a_server_that_was_down_gets_the_mail_later(
    port: int, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    alerts = Alerts(tmp_path / "operations.sqlite", [email(port)], clock)
    opens(alerts, ROCK)
    assert alerts.deliver() == 0
    assert "ConnectionRefusedError" in caplog.text
    assert "SPOTIFY_SMTP_HOST" in caplog.text

    mailbox = Mailbox()
    with mail_server(mailbox, port):
        clock.forward(minutes=1)
        assert alerts.deliver() == 1

    assert [mail["Subject"] for mail in mailbox.mails] == [f"[spotify-assets] OPEN {ROCK.title}"]


def test_a_recipient_that_is_refused_does_not_keep_the_mail_from_the_others(
    mailbox: Mailbox, port: int
) -> None:
    mailbox.refused = {BIA: "550 no such user"}

    remark = email(port).send(opening("A"))

    assert remark
    assert f"{BIA} (550 no such user)" in remark
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [[ANA]]


def test_a_refusal_stays_visible_when_the_others_have_the_mail(
    mailbox: Mailbox,
    port: int,
    tmp_path: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailbox.refused = {BIA: "550 no such user"}
    alerts = Alerts(tmp_path / "operations.sqlite", [email(port)], clock)
    opens(alerts, ROCK)

    assert alerts.deliver() == 1
    assert "no such user" in caplog.text
    assert alerts.undelivered() == []


@pytest.mark.parametrize(
    ("reply", "is_final"), [("550 no such user", True), ("450 mailbox is busy", False)]
)
def test_a_mail_that_no_recipient_may_have_is_given_up_only_when_the_server_says_so(
    mailbox: Mailbox, port: int, reply: str, is_final: bool
) -> None:
    mailbox.refused = {ANA: reply}

    with pytest.raises(DeliveryError, match=reply) as raised:
        email(port, to=(ANA,)).send(opening("A"))

    assert isinstance(raised.value, Rejected) is is_final


@pytest.mark.parametrize(
    ("reply", "is_final"),
    [
        ("554 no spam here", True),
        ("451 try again later", False),
        ("530 authentication required", False),
    ],
)
def test_a_mail_that_is_refused_is_given_up_only_when_the_server_says_so(
    mailbox: Mailbox, port: int, reply: str, is_final: bool
) -> None:
    mailbox.says_to_data = reply

    with pytest.raises(DeliveryError, match=reply) as raised:
        email(port).send(opening("A"))

    assert isinstance(raised.value, Rejected) is is_final


def test_a_server_that_is_rude_at_the_end_has_the_mail_all_the_same(
    mailbox: Mailbox, port: int
) -> None:
    mailbox.says_to_quit = "500 what?"

    assert email(port).send(opening("A")) is None


def test_a_server_that_lacks_what_is_set_is_an_error_that_names_the_setting(
    mailbox: Mailbox, port: int
) -> None:
    with pytest.raises(DeliveryError, match="Check SPOTIFY_SMTP_TLS"):
        email(port, tls="starttls").send(opening("A"))
    assert mailbox.mails == []


@UNENCRYPTED_LOGIN
def test_a_login_is_made_where_a_user_is_set(port: int) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox, port, login=True):
        email(port, password=PASSWORD).send(opening("A"))

    assert len(mailbox.mails) == 1
    assert [login.login for login in mailbox.logins] == [USER.encode()]


@UNENCRYPTED_LOGIN
def test_a_refused_login_says_which_settings_and_no_password(
    port: int, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "another-password-that-nobody-may-see"
    channel = email(port, password=wrong)
    alerts = Alerts(tmp_path / "operations.sqlite", [channel], clock)
    opens(alerts, ROCK)
    with mail_server(Mailbox(), port, login=True):
        alerts.deliver()

    [waiting] = alerts.undelivered()
    assert waiting.next_attempt_at
    assert "SPOTIFY_SMTP_PASSWORD" in str(waiting.last_error)
    written = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    for place in (caplog.text, written, repr(channel)):
        assert wrong not in place


@UNENCRYPTED_LOGIN
def test_a_password_that_the_server_quotes_is_not_passed_on(port: int) -> None:
    mailbox = Mailbox(says_to_data=f"554 not with {PASSWORD}")
    with (
        mail_server(mailbox, port, login=True),
        pytest.raises(DeliveryError, match="554 not with …"),
    ):
        email(port, password=PASSWORD).send(opening("A"))


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_mail_is_encrypted_where_that_is_set(
    port: int, tmp_path: Path, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = _certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mailbox = Mailbox()
    with _encrypting(mailbox, port, tls, context):
        email(port, tls=tls, password=PASSWORD if tls == "starttls" else None).send(opening("A"))

    assert len(mailbox.mails) == 1
    assert len(mailbox.logins) == (tls == "starttls")


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    port: int, tmp_path: Path, tls: Tls
) -> None:
    context, _ = _certified(tmp_path)
    mailbox = Mailbox()
    with (
        _encrypting(mailbox, port, tls, context),
        pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        email(port, tls=tls, password=PASSWORD).send(opening("A"))

    assert (mailbox.mails, mailbox.logins) == ([], [])


def test_any_title_arrives_whole_and_adds_no_header(port: int) -> None:
    mailbox = Mailbox()

    @settings(max_examples=25)
    @example("A\r\nBcc: eve@example.com", "\r\n.\r\nMAIL FROM:<eve@example.com>")
    @example("Não é a Canção: " * 9, "")
    @given(st.text(min_size=1) | st.text("a\r\nBcc: éx", min_size=20), st.text())
    def sends(title: str, body: str) -> None:
        told = replace(ROCK, title=title, body=body)
        email(port).send(Message("id-1", "open", (Notice(told, 1, NOON), Notice(FORRO, 1, NOON))))
        sent.append(title)
        mail = mailbox.mails[-1]
        assert sorted(mail.keys()) == expected
        assert mail["Subject"] == f"[spotify-assets] OPEN {told.title} and 1 more"
        assert len(mailbox.mails) == len(sent)

    with mail_server(mailbox, port):
        email(port).send(opening("A"))
        sent = ["A"]
        expected = sorted(mailbox.mails[0].keys())
        assert "Bcc" not in expected
        sends()


def test_every_hostile_name_arrives_as_the_text_of_one_plain_mail(port: int) -> None:
    mailbox = Mailbox()
    notices = [Notice(replace(ROCK, title=name, body=name), 1, NOON) for name in NAMES]
    messages = [Message(f"id-{n}", "open", (notice,)) for n, notice in enumerate(notices)]
    with mail_server(mailbox, port):
        for message in messages:
            email(port).send(message)
    told = [(one["Subject"], one.get_content_type(), one.get_content()) for one in mailbox.mails]
    assert told == [(message.subject, "text/plain", message.text) for message in messages]


@pytest.mark.parametrize(
    ("sender", "to", "password"),
    [
        ("warehouse", [ANA], ""),
        ("warehouse@example.com", [], ""),
        ("warehouse@example.com", ["ana"], ""),
        ("warehouse@example.com", ["ana@example.com\r\nBcc: eve@example.com"], ""),
        ("warehouse@example.com", ["Ana <ana@example.com>"], ""),
        ("warehouse@example.com", [ANA], "pässword"),
    ],
)
def test_an_e_mail_channel_that_could_not_send_is_refused(
    sender: str, to: list[str], password: str
) -> None:
    with pytest.raises(ValueError, match="SPOTIFY_") as raised:
        Email(HOST, sender, to, password=SecretStr(password))

    assert "ssword" not in str(raised.value)


def _encrypting(
    mailbox: Mailbox, port: int, tls: Tls, context: ssl.SSLContext
) -> contextlib.AbstractContextManager[None]:
    if tls == "ssl":
        return mail_server(mailbox, port, tls=context)
    return mail_server(mailbox, port, starttls=context, login=True)


def _certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the certificate that it shows, which it has signed itself."""
    pytest.importorskip("cryptography", reason="makes the certificate; comes with keyring on Linux")
    from cryptography import x509  # noqa: PLC0415 - only where it is installed
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False
        )
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "server.pem", folder / "server.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
