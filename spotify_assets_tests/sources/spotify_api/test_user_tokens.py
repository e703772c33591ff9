"""The tokens of a user who signed in: refreshed when needed, and how long they hold."""

import datetime as dt
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import (
    CredentialsRefused,
    NotSignedIn,
    SpotifyError,
    TokenStoreError,
    Unavailable,
)
from spotify_assets.sources.spotify_api.sign_in import UserTokens
from spotify_assets.sources.spotify_api.tokens import Condition, TokenFile, UserToken
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api import accounts as hosts
from spotify_assets_tests.sources.spotify_api.accounts import Accounts
from spotify_assets_tests.sources.spotify_api.faults import Says
from spotify_assets_tests.sources.spotify_api.test_sign_in import (
    NO_TOKENS,
    SIGNED_IN,
    SignIn,
    agree,
)
from spotify_assets_tests.sources.spotify_api.test_sign_in import (
    sign_in_by as sign_in_by,  # noqa: PLC0414 - a fixture
)
from spotify_assets_tests.sources.spotify_api.test_sign_in import (
    store as store,  # noqa: PLC0414 - a fixture
)
from spotify_assets_tests.sources.spotify_api.token_processes import says_its_token_when_told, token


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

    with pytest.raises(Unavailable, match="refuses the connection"):
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


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
