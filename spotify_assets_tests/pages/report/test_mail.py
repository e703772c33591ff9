"""The weekly mail: the same numbers as text and HTML, and nothing in it is loaded or followed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from spotify_assets.operations.alerts import DeliveryError, Email
from spotify_assets.pages.report import mail
from spotify_assets.pages.report.contents import NoReport, read
from spotify_assets.pages.report.parts import PARTS
from spotify_assets.pages.report.sections import sections
from spotify_assets.pages.words import Say
from spotify_assets_tests.operations.alerts.servers import (
    HOST,
    Mailbox,
    free_port,
    mail_server,
)
from spotify_assets_tests.pages.report.conftest import SECRETS, TITLES
from spotify_assets_tests.pages.report.test_page import Seen

ANA, BIA = "ana@example.com", "bia@example.com"
TAGS = {
    "html", "head", "meta", "title", "body", "h1", "h2", "h3", "p", "span", "br", "table", "tr",
    "td",
}  # fmt: skip
HARMLESS = {
    "lang", "charset", "name", "content", "style", "align", "width", "height", "role",
    "cellspacing", "cellpadding", "bgcolor",
}  # fmt: skip


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture
def mailbox(port: int) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with mail_server(mailbox, port):
        yield mailbox


def email(port: int) -> Email:
    return Email(
        HOST, "warehouse@example.com", (ANA, BIA), port, tls="none", setting="SPOTIFY_REPORT_TO"
    )


@pytest.mark.parametrize(("language", "title"), [("en", "Report"), ("pt", "Relatório")])
def test_a_mail_says_the_same_as_text_and_as_html(
    filled: Path, mailbox: Mailbox, port: int, language: str, title: str
) -> None:
    assert email(port).deliver(mail.of(filled, PARTS, language, "report-2026-W48")) is None

    [got] = mailbox.mails
    assert got["Subject"].startswith(f"[spotify-assets] {title} 20")
    assert got["To"] == f"{ANA}, {BIA}"
    assert got["Message-ID"] == "<report-2026-W48@example.com>"
    assert got.get_content_type() == "multipart/alternative"
    text, page = (part.get_content() for part in got.iter_parts())
    shown = Seen(page)
    for section in sections(read(filled, PARTS), Say(language)):
        assert section.title.upper() in text
        assert section.title in shown.texts
        for figure in section.figures:
            assert f"{figure.title}: {figure.number} ({'; '.join(figure.beside)})" in text
            assert figure.number in shown.texts
    for name in TITLES.values():
        assert name in text
        assert any(name in one for one in shown.texts)


def test_nothing_in_it_is_loaded_or_leads_anywhere(filled: Path) -> None:
    letter = mail.of(filled, PARTS, "en", "id")
    assert letter.html is not None
    seen = Seen(letter.html)
    assert seen.tags <= TAGS
    assert seen.names <= HARMLESS
    for said in (letter.text, letter.html):
        assert "http" not in said
        assert "url(" not in said
        assert not [one for one in SECRETS if one in said]


def test_of_what_is_over_time_the_newest_are_told_and_what_is_known_in_part_is_marked(
    filled: Path,
) -> None:
    text = mail.of(filled, ["releases", "comments"], "en", "id").text
    assert "    20 Nov*  " in text
    assert "    13 Nov   " in text
    assert "* not every day of every release is known" in text
    # Of several series their sums: 28 days of three categories.
    assert "Comments, by what they are (comments)" in text
    assert "    Criticism   9\n" in text


def test_only_the_parts_that_are_named_are_in_it(filled: Path) -> None:
    text = mail.of(filled, ["topics"], "en", "id").text
    assert "Lyrics" in text
    assert "Falésia" not in text


def test_of_an_empty_warehouse_it_says_so(empty: Path) -> None:
    letter = mail.of(empty, PARTS, "en", "id")
    assert "No plays yet." in letter.text
    assert "No plays yet." in str(letter.html)


def test_without_a_warehouse_there_is_no_mail(tmp_path: Path) -> None:
    with pytest.raises(NoReport, match="No warehouse is published yet"):
        mail.of(tmp_path / "spotify.duckdb", PARTS, "en", "id")


def test_a_refusal_names_the_setting_of_the_report(
    filled: Path, mailbox: Mailbox, port: int
) -> None:
    letter = mail.of(filled, ["topics"], "en", "id")
    mailbox.refused = {ANA: "550 no such user"}
    assert "Check SPOTIFY_REPORT_TO" in str(email(port).deliver(letter))
    mailbox.refused |= {BIA: "550 no such user"}
    with pytest.raises(DeliveryError, match="Check SPOTIFY_REPORT_TO"):
        email(port).deliver(letter)
    with pytest.raises(ValueError, match="SPOTIFY_REPORT_TO=ana@example"):
        Email(HOST, "warehouse@example.com", ["ana"], port, setting="SPOTIFY_REPORT_TO")


def test_a_password_is_not_in_what_went_wrong(filled: Path) -> None:
    secret = SecretStr("nobody-may-see")
    sender = Email(HOST, "w@example.com", [ANA], free_port(), user="u", password=secret, timeout=1)
    with pytest.raises(DeliveryError) as failed:
        sender.deliver(mail.of(filled, ["topics"], "en", "id"))
    assert "nobody-may-see" not in str(failed.value)
    assert "Check SPOTIFY_SMTP_HOST" in str(failed.value)
