"""A user's sign-in (authorization code with PKCE), and tokens that are refreshed when needed.

What does not belong here: where a token is kept (``tokens``), the server that the browser comes
back to (``callback``), and the app's own token, which reaches the catalog only (``client``).
"""

import contextlib
import datetime as dt
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import requests

from spotify_assets.lake.exchanges import Request, is_number, parse
from spotify_assets.sources.spotify_api.budget import TOKEN
from spotify_assets.sources.spotify_api.callback import Callback, redirect_uri
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import (
    CredentialsRefused,
    NotSignedIn,
    SignInFailed,
    Unavailable,
    redirected,
)
from spotify_assets.sources.spotify_api.session import NewSession
from spotify_assets.sources.spotify_api.tokens import (
    SIGN_IN_AGAIN,
    Condition,
    TokenStore,
    UserToken,
)
from spotify_assets.sources.spotify_api.transport import (
    TIMEOUT_SECONDS,
    BoundedSession,
    host_of,
    no_answer,
)

if TYPE_CHECKING:
    from spotipy.oauth2 import SpotifyPKCE

# Nothing that says who the user is: no e-mail, no country.
SCOPES = ("user-read-recently-played", "user-top-read")
PATIENCE_SECONDS = 300.0
"""How long the user may take in the browser."""
FRESH = dt.timedelta(seconds=60)
"""An access token that ends within this is refreshed, so that it does not end under way."""
# As the ledger names them; neither the code nor a token is in there.
EXCHANGE = Request(TOKEN, "api/token", {"grant_type": "authorization_code"})
REFRESH = Request(TOKEN, "api/token", {"grant_type": "refresh_token"})
OK = 200
REFUSED = (400, 401, 403)
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class SignIn:
    """What can be said of a sign-in without its secrets. Times are UTC."""

    condition: Condition
    client_id: str
    where: str
    """Where the token is kept, for people."""
    signed_in_at: dt.datetime | None = None
    refreshed_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    days_left: int = 0
    """Days until ``ends_at``, begun ones included; 0 where the token is of no use."""
    scopes: tuple[str, ...] = ()


class _GrantRefused(Exception):
    """``invalid_grant``: the code or the refresh token is not, or no longer, good."""


def utc_now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


def plain_session(_: Request) -> requests.Session:
    """A session that enters its calls in no ledger."""
    return BoundedSession()


def sign_in(
    connection: Connection,
    store: TokenStore,
    *,
    port: int,
    show: Callable[[str], None],
    patience_s: float = PATIENCE_SECONDS,
    now: Clock = utc_now,
    new_session: NewSession = plain_session,
) -> UserToken:
    """Let the user agree in a browser, and store the token.

    Args:
        connection: Which accounts host, and which app; its secret is not used.
        store: Where the token goes; what was there is replaced.
        port: Of the callback, on 127.0.0.1.
        show: Brings the user to an address: prints it, opens a browser.
        patience_s: Seconds to wait for the user.
        now: Tells the time.
        new_session: Makes the session in which the token is asked for.

    Raises:
        SignInFailed: The port is taken, the user did not agree, or nothing came back.
        TokenStoreError: The token cannot be stored.
        CredentialsRefused: Spotify does not know the app.
        Unavailable: The accounts host does not answer as it should.
    """
    # Before the user is sent off: a folder that cannot be written is said now.
    with store.locked():
        pass
    state = secrets.token_urlsafe(32)
    accounts = _accounts(connection, redirect_uri(port), new_session(EXCHANGE))
    with Callback(port, state) as callback:
        show(accounts.get_authorize_url(state))
        code = callback.wait(patience_s)
    try:
        with _reaching(connection):
            accounts.get_access_token(code, check_cache=False)
    except _GrantRefused:
        raise SignInFailed(
            "Spotify does not take the code that the browser brought; it may be too old. Run "
            "`spotify-assets login` again."
        ) from None
    answer = accounts.cache_handler.get_cached_token()
    if not answer.get("refresh_token"):
        raise Unavailable(f"No refresh token from {connection.token_url}. Sign in again later.")
    moment = now()
    token = UserToken(
        client_id=connection.client_id,
        access_token=answer["access_token"],
        refresh_token=answer["refresh_token"],
        expires_at=moment + dt.timedelta(seconds=answer["expires_in"]),
        scopes=_scopes(answer) or SCOPES,
        signed_in_at=moment,
        refreshed_at=moment,
    )
    with store.locked():
        store.write(token)
    return token


class UserTokens:
    """Access tokens of the user who signed in, without anybody at the keyboard.

    For several threads and processes at once: one refreshes, the others wait for it.
    """

    def __init__(self, connection: Connection, store: TokenStore, *, now: Clock = utc_now) -> None:
        """Use the token in ``store`` if it is of the connection's app."""
        self.connection = connection
        self.store = store
        self._now = now

    def access_token(
        self, *, refused: str | None = None, new_session: NewSession = plain_session
    ) -> str:
        """A token that holds for at least a minute, refreshed if need be.

        Args:
            refused: An access token that the API answered 401 to; another one is given.
            new_session: Makes the session in which it is refreshed.

        Raises:
            NotSignedIn: There is no token, or Spotify has ended it.
            TokenStoreError: The stored token cannot be used.
            CredentialsRefused: Spotify does not know the app.
            Unavailable: The accounts host does not answer as it should.
        """
        token = self._living()
        if self._is_stale(token, refused):
            with self.store.locked():
                # Another process may have refreshed it meanwhile, and with that ended the refresh
                # token that was read before.
                token = self._living()
                if self._is_stale(token, refused):
                    token = self._refreshed(token, new_session(REFRESH))
        return token.access_token

    def state(self, now: dt.datetime | None = None) -> SignIn:
        """How the sign-in stands, by what is stored; asks nobody.

        Args:
            now: The time to judge by; if not given, the present.

        Raises:
            TokenStoreError: The stored token cannot be used.
        """
        token = self._stored()
        if token is None:
            return SignIn(Condition.NONE, self.connection.client_id, self.store.where)
        days = 0 if token.is_dead else token.days_left(now or self._now())
        alive = Condition.VALID if days else Condition.EXPIRED
        return SignIn(
            condition=Condition.DEAD if token.is_dead else alive,
            client_id=token.client_id,
            where=self.store.where,
            signed_in_at=token.signed_in_at,
            refreshed_at=token.refreshed_at,
            ends_at=token.ends_at,
            days_left=days,
            scopes=token.scopes,
        )

    def _stored(self) -> UserToken | None:
        """The token, unless it is of another app: that must not be sent to this one's host."""
        token = self.store.read()
        return token if token and token.client_id == self.connection.client_id else None

    def _living(self) -> UserToken:
        token = self._stored()
        if token is None:
            raise NotSignedIn(
                f"Nobody is signed in to the app {self.connection.client_id}: there is no token "
                f"for it in {self.store.where}. Sign in with `spotify-assets login`."
            )
        if token.is_dead:
            raise _ended(token)
        return token

    def _is_stale(self, token: UserToken, refused: str | None) -> bool:
        return token.access_token == refused or token.expires_at - self._now() < FRESH

    def _refreshed(self, token: UserToken, session: requests.Session) -> UserToken:
        """A new access token, stored. The store is locked."""
        # spotipy insists on a redirect URI; a refresh does not send it.
        accounts = _accounts(self.connection, redirect_uri(0), session)
        try:
            with _reaching(self.connection):
                answer = accounts.refresh_access_token(token.refresh_token)
        except _GrantRefused:
            self.store.write(replace(token, is_dead=True))
            raise _ended(token) from None
        moment = self._now()
        fresh = replace(
            token,
            access_token=answer["access_token"],
            refresh_token=answer["refresh_token"] or token.refresh_token,
            expires_at=moment + dt.timedelta(seconds=answer["expires_in"]),
            scopes=_scopes(answer) or token.scopes,
            refreshed_at=moment,
        )
        self.store.write(fresh)
        return fresh


def _ended(token: UserToken) -> NotSignedIn:
    return NotSignedIn(
        f"The sign-in of {token.signed_in_at:%Y-%m-%d} has ended: Spotify no longer takes its "
        "token (they last six months, or until the user takes the access away). "
        f"{SIGN_IN_AGAIN}"
    )


def _accounts(connection: Connection, callback: str, session: requests.Session) -> "SpotifyPKCE":
    # Only now: they take a quarter of a second, and who is signed in is known without them.
    from spotipy.cache_handler import MemoryCacheHandler  # noqa: PLC0415
    from spotipy.oauth2 import SpotifyPKCE  # noqa: PLC0415

    session.hooks["response"].append(_judge)
    accounts = SpotifyPKCE(
        client_id=connection.client_id,
        redirect_uri=callback,
        scope=list(SCOPES),
        requests_session=session,
        requests_timeout=TIMEOUT_SECONDS,
        open_browser=False,
        # In memory: the default is a file ./.cache that anybody can read.
        cache_handler=MemoryCacheHandler(),
    )
    accounts.OAUTH_AUTHORIZE_URL = connection.authorize_url
    accounts.OAUTH_TOKEN_URL = connection.token_url
    return accounts


@contextlib.contextmanager
def _reaching(connection: Connection) -> Iterator[None]:
    try:
        yield
    except requests.RequestException as error:
        url = connection.token_url
        raise no_answer(f"No token from {url}", url, error) from None


def _judge(response: requests.Response, **_: Any) -> None:
    """Judge an answer of the accounts host before spotipy, which loses the status.

    It also trips over bodies that are no object. Only answers that hold a token pass.
    """
    body = parse(response.content)
    said = body if isinstance(body, dict) else {}
    if response.status_code == OK and _holds_token(said):
        return
    error = said.get("error")
    if error == "invalid_grant":
        raise _GrantRefused
    if response.status_code in REFUSED:
        reason = said.get("error_description") or error or f"status {response.status_code}"
        raise CredentialsRefused(
            f"Spotify gives no token to this app: {reason}. Check SPOTIFY_CLIENT_ID."
        )
    if "location" in response.headers:
        raise Unavailable(
            redirected(response.url, response.status_code, host_of(response.headers["location"]))
        )
    raise Unavailable(
        f"No token from {response.url}: it answers {response.status_code}"
        f"{' without one' if response.status_code == OK else ''}. Try again later."
    )


def _holds_token(said: Mapping[str, Any]) -> bool:
    token, seconds = said.get("access_token"), said.get("expires_in")
    return isinstance(token, str) and bool(token) and is_number(seconds) and seconds > 0


def _scopes(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes that were granted; empty where the answer does not say."""
    return tuple((answer.get("scope") or "").split())
