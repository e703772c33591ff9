import datetime as dt
import logging
import re
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from spotify_assets.spotify.callback import Callback
from spotify_assets.spotify.client import Connection
from spotify_assets.spotify.errors import (
    CredentialsRefused,
    NotSignedIn,
    SignInFailed,
    SpotifyError,
    TokenStoreError,
    Unavailable,
)
from spotify_assets.spotify.sign_in import SCOPES, Condition, UserTokens, sign_in
from spotify_assets.spotify.tokens import TokenFile, UserToken
from spotify_assets_tests.lake import processes
from spotify_assets_tests.spotify import accounts as hosts
from spotify_assets_tests.spotify.accounts import Accounts
from spotify_assets_tests.spotify.faults import Says, says_json
from spotify_assets_tests.spotify.token_processes import says_its_token_when_told, token

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


class Signed:
    """A user who signed in, at a time that can be moved."""

    def __init__(self, accounts: Accounts, store: TokenFile) -> None:
        self.accounts, self.store = accounts, store
        self.now = SIGNED_IN
        self.first = token(SIGNED_IN, accounts.knows("the-first-refresh-token"))
        self.put(self.first)
        self.tokens = UserTokens(accounts.connection, store, now=lambda: self.now)

    def put(self, token: UserToken) -> None:
        with self.store.locked():
            self.store.write(token)

    @property
    def stored(self) -> UserToken:
        token = self.store.read()
        assert token is not None
        return token


@pytest.fixture
def signed(accounts: Accounts, store: TokenFile) -> Signed:
    return Signed(accounts, store)


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


def test_nobody_signed_in_is_said_at_once_and_asks_nobody(
    accounts: Accounts, store: TokenFile
) -> None:
    with pytest.raises(NotSignedIn, match="spotify-assets login") as raised:
        UserTokens(accounts.connection, store).access_token()
    assert str(store.path) in str(raised.value)
    assert not accounts.forms


@pytest.mark.parametrize(("seconds_left", "requests_sent"), [(3600, 0), (60, 0), (59, 1), (-9, 1)])
def test_a_token_is_refreshed_when_less_than_a_minute_is_left(
    signed: Signed, seconds_left: int, requests_sent: int
) -> None:
    signed.now = signed.first.expires_at - dt.timedelta(seconds=seconds_left)

    given = signed.tokens.access_token()

    assert len(signed.accounts.forms) == requests_sent
    assert (given == signed.first.access_token) == (requests_sent == 0)
    assert given == signed.stored.access_token


def test_a_refresh_keeps_the_day_of_the_sign_in(signed: Signed) -> None:
    signed.now += dt.timedelta(days=20)
    signed.tokens.access_token()

    assert signed.stored.signed_in_at == SIGNED_IN
    assert signed.stored.refreshed_at == signed.now
    assert signed.stored.expires_at == signed.now + dt.timedelta(hours=1)
    assert signed.stored.scopes == signed.first.scopes
    assert signed.stored.days_left(signed.now) == 162


def test_a_rotated_refresh_token_is_kept(signed: Signed) -> None:
    for _ in range(3):
        signed.now += dt.timedelta(hours=2)
        signed.tokens.access_token()

    sent = [form["refresh_token"] for form in signed.accounts.forms]
    assert sent[0] == signed.first.refresh_token
    assert len(set(sent)) == 3
    assert signed.stored.refresh_token not in sent


def test_a_refresh_token_that_is_not_rotated_is_used_again(signed: Signed) -> None:
    signed.accounts.rotates = False
    for _ in range(2):
        signed.now += dt.timedelta(hours=2)
        signed.tokens.access_token()

    sent = [form["refresh_token"] for form in signed.accounts.forms]
    assert sent == [signed.first.refresh_token] * 2


def test_a_token_that_the_api_refused_is_replaced_once(signed: Signed) -> None:
    first = signed.tokens.access_token()
    second = signed.tokens.access_token(refused=first)

    assert second != first
    # Whoever was refused the same one takes what is there.
    assert signed.tokens.access_token(refused=first) == second
    assert len(signed.accounts.forms) == 1


def test_a_dead_token_is_marked_and_never_sent_again(signed: Signed) -> None:
    signed.now += dt.timedelta(days=183)
    signed.accounts.says = [hosts.REVOKED]

    for _ in range(2):
        with pytest.raises(NotSignedIn, match=r"2026-11-20.*spotify-assets login"):
            signed.tokens.access_token()

    assert len(signed.accounts.forms) == 1
    assert signed.stored.is_dead
    assert signed.stored.signed_in_at == SIGNED_IN


def test_a_new_sign_in_revives_a_dead_one(signed: Signed, sign_in_by: SignIn) -> None:
    signed.now += dt.timedelta(hours=2)
    signed.accounts.says = [hosts.REVOKED]
    with pytest.raises(NotSignedIn):
        signed.tokens.access_token()

    signed.now = SIGNED_IN
    fresh = sign_in_by(agree)

    assert signed.tokens.access_token() == fresh.access_token


@pytest.mark.parametrize("answer", NO_TOKENS)
def test_a_refresh_without_an_answer_leaves_the_token_as_it_was(
    signed: Signed, answer: Says
) -> None:
    signed.now += dt.timedelta(hours=2)
    signed.accounts.says = [answer]

    with pytest.raises(Unavailable):
        signed.tokens.access_token()

    assert signed.stored == signed.first
    assert signed.tokens.access_token() == signed.stored.access_token


def test_a_host_that_cannot_be_reached_is_unavailable(signed: Signed, port: int) -> None:
    urls = [f"http://127.0.0.1:{port}/{path}" for path in ("v1/", "api/token", "authorize")]
    nowhere = Connection("spotify", hosts.CLIENT_ID, "", *urls)
    signed.now += dt.timedelta(hours=2)

    with pytest.raises(Unavailable, match="ConnectionError"):
        UserTokens(nowhere, signed.store, now=lambda: signed.now).access_token()
    assert signed.stored == signed.first


def test_a_wrong_client_id_does_not_kill_the_token(signed: Signed) -> None:
    signed.now += dt.timedelta(hours=2)
    signed.accounts.says = [hosts.INVALID_CLIENT]
    with pytest.raises(CredentialsRefused):
        signed.tokens.access_token()
    assert not signed.stored.is_dead


def test_the_token_of_one_app_is_never_sent_for_another(signed: Signed) -> None:
    sandbox = Connection.to_sandbox(signed.accounts.url)
    tokens = UserTokens(sandbox, signed.store, now=lambda: SIGNED_IN + dt.timedelta(hours=2))

    with pytest.raises(NotSignedIn, match="the app sandbox"):
        tokens.access_token()
    assert tokens.state().condition is Condition.NONE
    assert not signed.accounts.forms


def test_a_token_that_others_can_read_is_not_used(signed: Signed) -> None:
    signed.store.path.chmod(0o644)
    with pytest.raises(TokenStoreError, match="chmod 600"):
        signed.tokens.access_token()
    with pytest.raises(TokenStoreError, match="chmod 600"):
        signed.tokens.state()


def test_of_two_processes_one_refreshes_and_both_get_its_token(
    accounts: Accounts, store: TokenFile
) -> None:
    past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    with store.locked():
        store.write(token(past, accounts.knows("the-first-refresh-token")))
    accounts.delay_s = 0.2
    command = processes.command(says_its_token_when_told, accounts.url, store.path)
    both = [
        subprocess.Popen(
            command,
            cwd=processes.REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    # Told through pipes that are both open already: the second starts within the first's delay.
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=20)[0].strip() for process in both]

    stored = store.read()
    assert stored is not None
    assert said == [stored.access_token] * 2
    assert len(accounts.forms) == 1
    assert not stored.is_dead


@pytest.mark.parametrize(
    ("days", "condition", "days_left"),
    [
        (0, Condition.VALID, 182),
        (152, Condition.VALID, 30),
        (175, Condition.VALID, 7),
        (181, Condition.VALID, 1),
        (182, Condition.EXPIRED, 0),
        (400, Condition.EXPIRED, 0),
    ],
)
def test_the_state_says_how_long_a_sign_in_holds(
    signed: Signed, days: int, condition: Condition, days_left: int
) -> None:
    state = signed.tokens.state(SIGNED_IN + dt.timedelta(days=days))

    assert (state.condition, state.days_left) == (condition, days_left)
    assert state.signed_in_at == SIGNED_IN
    assert state.scopes == signed.first.scopes
    assert state.where == str(signed.store.path)


def test_the_state_of_a_dead_sign_in_is_dead_however_young(signed: Signed) -> None:
    signed.now += dt.timedelta(hours=2)
    signed.accounts.says = [hosts.REVOKED]
    with pytest.raises(NotSignedIn):
        signed.tokens.access_token()

    state = signed.tokens.state()
    assert (state.condition, state.days_left) == (Condition.DEAD, 0)
    assert state.signed_in_at == SIGNED_IN


def test_an_expired_sign_in_is_tried_all_the_same(signed: Signed) -> None:
    """Six months are not said in days: only Spotify knows the moment."""
    signed.now += dt.timedelta(days=183)
    assert signed.tokens.access_token() == signed.stored.access_token
    assert len(signed.accounts.forms) == 1


@pytest.mark.parametrize(
    "answer", [hosts.REVOKED, hosts.INVALID_CLIENT, hosts.HTML_503, NO_TOKENS[2], None]
)
def test_no_secret_is_said_or_logged_or_left_about(
    signed: Signed,
    sign_in_by: SignIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    answer: Says | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    said = []
    for attempt in (lambda: sign_in_by(agree), signed.tokens.access_token):
        signed.now += dt.timedelta(hours=2)
        signed.accounts.says = [] if answer is None else [answer]
        try:
            attempt()
        except SpotifyError as error:
            said += [f"{one} {one!r}" for one in _chain(error)]

    # The browser of this test logs its requests, the one with the code too; we must not.
    logged = re.sub(r'"GET /callback\S* HTTP/1.1"', "", caplog.text)
    # It does read what was logged.
    assert "/api/token" in logged
    assert "callback" in caplog.text
    shown = "\n".join([logged, *capfd.readouterr(), *said])
    assert not [secret for secret in signed.accounts.secrets if secret in shown]
    assert [path for path in _files(tmp_path) if b"nobody-may-see" in path.read_bytes()] in (
        [],
        [signed.store.path],
    )


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


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
