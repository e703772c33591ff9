"""A user signs in: what is asked, what is stored, and what is not heeded."""

import datetime as dt
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from spotify_assets.sources.spotify_api.callback import Callback
from spotify_assets.sources.spotify_api.errors import (
    CredentialsRefused,
    SignInFailed,
    TokenStoreError,
    Unavailable,
)
from spotify_assets.sources.spotify_api.sign_in import SCOPES, sign_in
from spotify_assets.sources.spotify_api.tokens import TokenFile, UserToken
from spotify_assets_tests.sources.spotify_api import accounts as hosts
from spotify_assets_tests.sources.spotify_api.accounts import Accounts
from spotify_assets_tests.sources.spotify_api.faults import Says, says_json

SIGNED_IN = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
NO_TOKENS = [
    hosts.HTML_503,
    Says(200),
    Says(200, b'{"access_token":"cut', missing_bytes=20),
    Says(302, b"", {"location": "/elsewhere"}),
    Says(429, b"Too many requests", {"retry-after": "3"}),
    says_json([]),
    says_json({"access_token": "without-an-end"}),
    says_json({"access_token": "", "expires_in": 3600}),
    says_json({"access_token": "with-an-odd-end", "expires_in": "soon"}),
]
SignIn = Callable[..., UserToken]


@pytest.fixture
def store(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "app.token.json")


def agree(url: str) -> None:
    """Open the address as a browser does, which follows to the callback."""
    page = requests.get(url, timeout=5)
    assert page.status_code == 200
    assert "You can close this window" in page.text


@pytest.fixture
def sign_in_by(accounts: Accounts, store: TokenFile, port: int) -> SignIn:
    """Sign in with a browser of one's own: ``sign_in_by(agree)``."""

    def by(browser: Callable[[str], None], patience_s: float = 5.0) -> UserToken:
        return sign_in(
            accounts.connection,
            store,
            port=port,
            show=browser,
            patience_s=patience_s,
            now=lambda: SIGNED_IN,
        )

    return by


def test_a_sign_in_stores_what_the_user_agreed_to(
    sign_in_by: SignIn, accounts: Accounts, store: TokenFile
) -> None:
    token = sign_in_by(agree)

    assert token == store.read()
    assert token.scopes == SCOPES
    assert token.signed_in_at == token.refreshed_at == SIGNED_IN
    assert token.expires_at == SIGNED_IN + dt.timedelta(hours=1)
    assert not token.is_dead
    assert {token.access_token, token.refresh_token} < set(accounts.given)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_sign_in_asks_for_the_callback_on_the_loopback_address(
    sign_in_by: SignIn, accounts: Accounts, port: int
) -> None:
    sign_in_by(agree)

    (asked,) = accounts.asked_to_agree
    assert asked["redirect_uri"] == f"http://127.0.0.1:{port}/callback"
    assert asked["scope"].split() == ["user-read-recently-played", "user-top-read"]
    assert asked["response_type"] == "code"
    assert asked["client_id"] == hosts.CLIENT_ID


def test_a_sign_in_proves_itself_without_a_client_secret(
    sign_in_by: SignIn, accounts: Accounts
) -> None:
    sign_in_by(agree)

    assert "client_secret" not in accounts.forms[0]
    assert "authorization" not in accounts.headers[0]


def test_each_sign_in_has_a_state_and_a_challenge_of_its_own(
    sign_in_by: SignIn, accounts: Accounts
) -> None:
    sign_in_by(agree)
    sign_in_by(agree)

    first, second = accounts.asked_to_agree
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


@pytest.mark.parametrize("forged", ["state=another&", "", "state=%C3%A9&"])
def test_an_answer_with_another_state_is_not_heeded(
    sign_in_by: SignIn, accounts: Accounts, port: int, forged: str
) -> None:
    def be_attacked(url: str) -> None:
        callback = f"http://127.0.0.1:{port}/callback?{forged}code=of-an-attacker"
        assert requests.get(callback, timeout=5).status_code == 400
        agree(url)

    sign_in_by(be_attacked)

    assert [form["code"] for form in accounts.forms] == [accounts.given[0]]


def test_with_no_answer_but_a_forged_one_nothing_is_stored(
    sign_in_by: SignIn, accounts: Accounts, store: TokenFile, port: int
) -> None:
    def be_attacked(_url: str) -> None:
        requests.get(f"http://127.0.0.1:{port}/callback?state=x&code=y", timeout=5)

    with pytest.raises(SignInFailed, match="No answer from the browser"):
        sign_in_by(be_attacked, patience_s=0.05)
    assert not accounts.forms
    assert store.read() is None


def test_what_else_a_browser_asks_for_does_not_end_the_sign_in(
    sign_in_by: SignIn, port: int
) -> None:
    def browser(url: str) -> None:
        assert requests.get(f"http://127.0.0.1:{port}/favicon.ico", timeout=5).status_code == 404
        # A connection in advance, on which nothing is ever sent.
        with socket.create_connection(("127.0.0.1", port)):
            agree(url)

    sign_in_by(browser)


def test_the_callback_listens_on_the_loopback_address_only(sign_in_by: SignIn, port: int) -> None:
    def browser(url: str) -> None:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=1)
        agree(url)

    sign_in_by(browser)


def test_the_callback_is_gone_after_the_sign_in(sign_in_by: SignIn, port: int) -> None:
    sign_in_by(agree)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_denied_consent_stores_nothing_and_leaves_the_old_token(
    sign_in_by: SignIn, accounts: Accounts, store: TokenFile
) -> None:
    before = sign_in_by(agree)
    accounts.error = "access_denied"

    with pytest.raises(SignInFailed, match="cancelled"):
        sign_in_by(agree)
    assert store.read() == before


def test_any_other_end_at_spotify_is_said(sign_in_by: SignIn, accounts: Accounts) -> None:
    accounts.error = "server_error"
    with pytest.raises(SignInFailed, match="'server_error'"):
        sign_in_by(agree)


def test_a_port_in_use_is_said_before_anybody_is_sent_off(
    accounts: Accounts, store: TokenFile
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SignInFailed, match=rf"127\.0\.0\.1:{port}.*in use.*--port"):
            sign_in(accounts.connection, store, port=port, show=pytest.fail)


def test_a_place_that_cannot_be_written_is_said_before_anybody_is_sent_off(
    accounts: Accounts, tmp_path: Path, port: int
) -> None:
    (tmp_path / "config").write_text("a file, not a folder")
    store = TokenFile(tmp_path / "config" / "app.token.json")
    with pytest.raises(TokenStoreError):
        sign_in(accounts.connection, store, port=port, show=pytest.fail)


def test_a_code_that_spotify_does_not_take_fails_the_sign_in(
    sign_in_by: SignIn, accounts: Accounts, store: TokenFile
) -> None:
    accounts.says = [hosts.oauth_error("invalid_grant", "Authorization code expired")]
    with pytest.raises(SignInFailed, match="does not take the code"):
        sign_in_by(agree)
    assert store.read() is None


def test_an_app_that_spotify_does_not_know_is_said(
    sign_in_by: SignIn, accounts: Accounts, store: TokenFile
) -> None:
    accounts.says = [hosts.INVALID_CLIENT]
    with pytest.raises(CredentialsRefused, match=r"Invalid client\. Check SPOTIFY_CLIENT_ID"):
        sign_in_by(agree)
    assert store.read() is None


@pytest.mark.parametrize(
    "answer", [*NO_TOKENS, says_json({"access_token": "without-refresh", "expires_in": 3600})]
)
def test_an_accounts_host_that_gives_no_token_is_unavailable(
    sign_in_by: SignIn, accounts: Accounts, store: TokenFile, answer: Says
) -> None:
    accounts.says = [answer]
    with pytest.raises(Unavailable):
        sign_in_by(agree)
    assert store.read() is None


def test_a_browser_that_hangs_up_ends_nothing_and_prints_nothing(
    sign_in_by: SignIn, port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    def browser(url: str) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            # Closed with a reset, in the middle of a request.
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            connection.sendall(b"GET /callback?code=x HTTP/1.1\r\nHost:")
        agree(url)

    sign_in_by(browser)

    assert capfd.readouterr() == ("", "")


def test_a_sign_in_right_after_another_gets_the_port_again(port: int) -> None:
    for _ in range(3):
        with Callback(port, "a-state"):
            page = requests.get(f"http://127.0.0.1:{port}/callback?state=a-state", timeout=5)
            assert page.status_code == 400
