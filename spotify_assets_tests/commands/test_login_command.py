"""`login` and `logout` as a user types them: real processes, a real callback."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.sources.spotify_api.sign_in import SCOPES
from spotify_assets.storage.clock import Clock
from spotify_assets_tests.lake.processes import REPOSITORY
from spotify_assets_tests.sources.spotify_api import accounts as hosts
from spotify_assets_tests.sources.spotify_api.accounts import Accounts
from spotify_assets_tests.sources.spotify_api.faults import Says

BROWSER = f"{sys.executable} -m spotify_assets_tests.sources.spotify_api.browser %s"
SECONDS = 30


@pytest.fixture
def token_file(accounts: Accounts, port: int, tmp_path: Path, env: pytest.MonkeyPatch) -> Path:
    """Where the token goes when the accounts host stands in for the sandbox."""
    env.setenv("SPOTIFY_SANDBOX_URL", accounts.url)
    env.setenv("SPOTIFY_REDIRECT_PORT", str(port))
    return tmp_path / "config" / "spotify-assets" / "sandbox.token.json"


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any setting of ours, and an empty configuration folder."""
    for name in os.environ:
        if name.startswith("SPOTI"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("BROWSER", BROWSER)
    return monkeypatch


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "spotify_assets", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address(process: subprocess.Popen[str]) -> str:
    """The address that the command tells the user to open."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"http://\S+/authorize\?\S+", line):
            return found[0]
    raise AssertionError("It ended without an address.")


def test_login_opens_the_browser_and_stores_what_comes_back(
    accounts: Accounts, token_file: Path, port: int
) -> None:
    process = start("login")
    out, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (0, "")
    assert "182 days" in out
    assert "user-read-recently-played user-top-read" in out
    assert str(token_file) in out
    assert f"http://127.0.0.1:{port}/callback" in out
    stored = json.loads(token_file.read_text())
    assert {stored["access_token"], stored["refresh_token"]} < set(accounts.given)
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    assert not [secret for secret in accounts.secrets if secret in out]


@pytest.mark.parametrize(
    ("says", "exit_code", "status"),
    [([], 0, 200), ([hosts.REVOKED], 1, 400), ([hosts.HTML_503], 1, 503)],
)
def test_the_request_for_the_token_is_in_the_ledger_without_a_secret(
    accounts: Accounts, token_file: Path, says: list[Says], exit_code: int, status: int
) -> None:
    accounts.says = says
    process = start("login")
    process.communicate(timeout=SECONDS)

    assert process.returncode == exit_code
    path = Path(str(Settings().ledger))
    with closing(Ledger(path)) as ledger:
        [entered] = ledger.requests(0, Clock().now())
    assert (entered["endpoint"], entered["http_status"]) == ("token", status)
    assert json.loads(entered["params"]) == {"grant_type": "authorization_code"}
    written = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert not [secret for secret in accounts.secrets if secret.encode() in written]


def test_a_ledger_that_cannot_be_used_is_said_before_anybody_is_sent_off(
    accounts: Accounts, token_file: Path
) -> None:
    path = Path(str(Settings().ledger))
    path.parent.mkdir()
    path.write_text("no ledger at all")

    done = CliRunner().invoke(app, ["login", "--no-browser"])

    assert (done.exit_code, str(path) in done.stderr) == (1, True)
    assert not accounts.asked_to_agree


@pytest.mark.usefixtures("token_file")
def test_a_port_that_is_taken_is_said_with_who_has_it_and_what_the_app_then_needs(
    accounts: Accounts, port: int
) -> None:
    with socket.create_server(("127.0.0.1", port)):
        done = CliRunner().invoke(app, ["login", "--no-browser"])

    said = " ".join(done.stderr.split())
    assert done.exit_code == 1
    assert f"Port {port}, for Spotify's answer, is taken by process {os.getpid()} (" in said
    assert "--port PORT, and add http://127.0.0.1:PORT/callback to the redirect URIs" in said
    assert not accounts.asked_to_agree


def test_login_to_the_sandbox_gives_tokens_that_its_api_takes(
    sandbox_url: str, token_file: Path, env: pytest.MonkeyPatch
) -> None:
    env.setenv("SPOTIFY_SANDBOX_URL", sandbox_url)
    process = start("login", "--no-browser")
    url = address(process)
    assert "user-read-recently-played" in requests.get(url, timeout=5).text
    page = requests.post(url, data={"answer": "agree"}, timeout=5)
    _, err = process.communicate(timeout=SECONDS)
    assert "You can close this window" in page.text
    assert (process.returncode, err) == (0, "")

    tokens = Settings().user_tokens
    first = tokens.access_token()
    second = tokens.access_token(refused=first)

    assert first != second
    for token in (first, second):
        profile = requests.get(
            f"{sandbox_url}/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
        assert profile.status_code == 200
    assert tokens.state().scopes == SCOPES


def test_login_without_a_browser_waits_for_one_elsewhere(
    accounts: Accounts, token_file: Path
) -> None:
    process = start("login", "--no-browser")
    url = address(process)
    assert not accounts.asked_to_agree
    page = requests.get(url, timeout=5)
    out, err = process.communicate(timeout=SECONDS)

    assert "You can close this window" in page.text
    assert (process.returncode, err) == (0, "")
    assert "182 days" in out
    assert token_file.exists()


@pytest.mark.slow
def test_ctrl_c_ends_a_login_with_a_word(token_file: Path) -> None:
    process = start("login", "--no-browser")
    address(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (130, "Stopped. Nothing was stored.\n")
    assert not token_file.exists()


def test_a_denied_login_fails_with_a_word(accounts: Accounts, token_file: Path) -> None:
    accounts.error = "access_denied"
    process = start("login")
    _, err = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert "the sign-in was cancelled" in err
    assert "Traceback" not in err
    assert not token_file.exists()


def test_a_login_on_a_port_in_use_says_which_and_what_to_do(token_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = CliRunner().invoke(app, ["login", "--no-browser", "--port", str(port)])

    assert done.exit_code == 1
    assert f"Port {port}, for" in done.stderr
    assert "--port" in done.stderr


def test_a_login_without_an_app_says_how_to_get_one(env: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(app, ["login"])

    assert done.exit_code == 1
    assert "SPOTIFY_CLIENT_ID" in done.stderr
    assert "http://127.0.0.1:8898/callback" in done.stderr


def test_logout_deletes_the_token(token_file: Path) -> None:
    token_file.parent.mkdir(parents=True)
    token_file.write_text("even a damaged one")

    done = CliRunner().invoke(app, ["logout"])

    assert done.exit_code == 0
    assert f"Deleted the token in {token_file}" in done.stdout
    assert not token_file.exists()


def test_logout_of_nobody_says_so(token_file: Path) -> None:
    done = CliRunner().invoke(app, ["logout"])
    assert (done.exit_code, done.stdout) == (0, "Nobody was signed in.\n")


def test_the_token_goes_where_the_setting_says(
    accounts: Accounts, token_file: Path, tmp_path: Path, env: pytest.MonkeyPatch
) -> None:
    env.setenv("HOME", str(tmp_path))
    env.setenv("SPOTIFY_TOKEN_FILE", "~/elsewhere/token.json")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "token.json").write_text("{}")

    done = CliRunner().invoke(app, ["logout"])

    assert f"Deleted the token in {tmp_path / 'elsewhere' / 'token.json'}" in done.stdout
