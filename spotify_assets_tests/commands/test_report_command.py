"""`spotify-assets report`."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets_tests.operations.alerts.servers import HOST, Mailbox, free_port, mail_server
from spotify_assets_tests.pages.report.conftest import empty, filled

__all__ = ["empty", "filled"]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    shutil.copy(filled, tmp_path / "data" / "spotify.duckdb")
    return tmp_path / "data"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", *words])


def test_what_is_public_is_made_and_taken_away_by_the_setting(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = data / "public" / "index.html"
    nothing = run()
    assert nothing.exit_code == 2
    assert "SPOTIFY_PUBLIC_REPORT is empty" in nothing.output
    monkeypatch.setenv("SPOTIFY_PUBLIC_REPORT", "comments,releases")
    made = run()
    assert made.exit_code == 0
    assert str(page) in made.output.replace("\n", "")
    assert "Falésia" in page.read_text(encoding="utf-8")
    monkeypatch.setenv("SPOTIFY_PUBLIC_REPORT", "")
    assert run().exit_code == 0
    assert not page.exists()


def test_without_a_warehouse_it_says_what_makes_one(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTIFY_PUBLIC_REPORT", "comments")
    (data / "spotify.duckdb").unlink()
    failed = run()
    assert failed.exit_code == 1
    assert "`spotify-assets collect` makes it" in failed.output


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SPOTIFY_PUBLIC_REPORT", "rankings", "there is no part 'rankings'"),
        ("SPOTIFY_PUBLIC_REPORT_URL", "https://bucket", "write s3://bucket/prefix"),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    failed = run()
    assert failed.exit_code == 2
    assert name in failed.output
    assert said in failed.output.replace("\n", " ")


def test_the_mail_is_shown_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SPOTIFY_REPORT_PARTS and SPOTIFY_PUBLIC_REPORT are empty" in run("--show").output
    monkeypatch.setenv("SPOTIFY_REPORT_PARTS", "releases")
    shown = run("--show")
    assert (shown.exit_code, "RELEASES" in shown.output) == (0, True)
    assert run("--html").output.startswith("<!doctype html>")
    assert run("--html", "--show").exit_code == 2
    unset = run("--send")
    assert unset.exit_code == 2
    assert "SPOTIFY_SMTP_HOST, SPOTIFY_ALERT_FROM and SPOTIFY_REPORT_TO" in unset.output
    port, mailbox = free_port(), Mailbox()
    for name, value in {
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(port),
        "SMTP_TLS": "none",
        "ALERT_FROM": "warehouse@example.com",
        "REPORT_TO": "ana@example.com",
    }.items():
        monkeypatch.setenv(f"SPOTIFY_{name}", value)
    down = run("--send")
    assert down.exit_code == 1
    assert "did not take the mail" in down.output
    with mail_server(mailbox, port):
        sent = run("--send")
    assert (sent.exit_code, sent.output) == (0, "Sent to ana@example.com.\n")
    assert len(mailbox.mails) == 1
