"""One question to the API at a time: sent, noted, retried where that is of use.

spotipy's own session sleeps in the thread for the whole `Retry-After` (hours) and then loses the
header and the reason. So it gets a session of ours (``session``), which never retries and keeps the
very bytes of each response; what to do about a failure is decided here.
"""

import datetime as dt
import logging
import random
from functools import partial
from typing import Any, NoReturn, Protocol

import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyOauthError

from spotify_assets.lake.exchanges import Request, Response, is_final
from spotify_assets.sandbox import DATE_HEADER
from spotify_assets.sources.spotify_api.budget import TOKEN, WINDOW_SECONDS, Budget, Limits
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import (
    REDIRECTS,
    Blocked,
    CredentialsRefused,
    RateLimited,
    Refused,
    SpotifyError,
    Unavailable,
    Unreachable,
    asked,
    redirected,
    refusal,
)
from spotify_assets.sources.spotify_api.ledger import (
    DAY_SECONDS,
    KnownMode,
    Ledger,
    Purpose,
)
from spotify_assets.sources.spotify_api.modes import told_by
from spotify_assets.sources.spotify_api.session import (
    OK,
    TOO_MANY,
    EnteredSession,
    NewSession,
    learn_refusal,
)
from spotify_assets.sources.spotify_api.transport import (
    CALL_SECONDS,
    MAX_BODY_BYTES,
    TIMEOUT_SECONDS,
    no_answer,
)
from spotify_assets.storage.clock import Clock

log = logging.getLogger(__name__)
ATTEMPTS = 5
"""For what may pass: no connection, 5xx, a body that was cut."""
MAX_RETRYING_SECONDS = 180.0
FIRST_PAUSE_SECONDS = 0.5
UNAUTHORIZED = 401
TOKEN_REFUSED = (400, 401, 403)
TOKEN_REQUEST = Request(TOKEN, "api/token", {"grant_type": "client_credentials"})


class Record(Protocol):
    """Where the responses go, such as a journal."""

    def answer(self, request: Request) -> Response | None:
        """The final answer to ``request`` that is held, or ``None`` if it must be asked."""

    def append(self, request: Request, response: Response) -> None:
        """Add a response; it is on the disk when this returns."""


class Tokens(Protocol):
    """Where the tokens of a user come from."""

    def access_token(self, *, refused: str | None = None, new_session: NewSession) -> str:
        """A token that is still good, and not the one that the API ``refused`` with 401.

        Another one is asked for in a session of ``new_session``.

        Raises:
            SpotifyError: There is none.
        """


class _AppTokens:
    """Tokens of the app itself, which reach the catalog only."""

    def __init__(self, connection: Connection, accounts: EnteredSession) -> None:
        self._connection = connection
        self._accounts = accounts
        # In memory: the default is a file ./.cache that any other app's token may lie in.
        self._held = MemoryCacheHandler()
        self._auth = SpotifyClientCredentials(
            connection.client_id,
            connection.client_secret,
            requests_session=self._accounts,
            requests_timeout=TIMEOUT_SECONDS,
            cache_handler=self._held,
        )
        self._auth.OAUTH_TOKEN_URL = connection.token_url

    def access_token(self, *, refused: str | None = None) -> str:
        """A token that is still good, and not the one that the API ``refused`` with 401.

        Raises:
            Blocked: The accounts host has asked to wait.
            Unavailable: It does not answer, or not so that it can be used.
            CredentialsRefused: It refuses the client.
        """
        held = self._held.get_cached_token() or {}
        if refused is not None and held.get("access_token") == refused:
            self._held.save_token_to_cache(None)
        self._accounts.last = None
        try:
            token: str = self._auth.get_access_token(as_dict=False)
        except (SpotifyOauthError, AttributeError, KeyError, TypeError, RecursionError) as error:
            # spotipy trips over bodies that are no object; the status says what happened.
            self._no_token(error)
        except requests.RequestException as error:
            self._no_token(error)
        return token

    def _no_token(self, error: Exception) -> NoReturn:
        answer, url = self._accounts.last, self._connection.token_url
        if answer is None and isinstance(error, requests.RequestException):
            raise no_answer(f"No token from {url}", url, error) from None
        if answer is not None and answer.status in REDIRECTS:
            to = answer.headers.get("location", "nowhere")
            raise Unavailable(redirected(url, answer.status, to)) from None
        if answer is not None and answer.status == TOO_MANY:
            raise refusal(TOKEN_REQUEST, answer) from None
        if answer is not None and answer.status in TOKEN_REFUSED:
            raise CredentialsRefused(
                f"Spotify gives no token for this client id: {error}. Check SPOTIFY_CLIENT_ID "
                "and SPOTIFY_CLIENT_SECRET."
            ) from None
        status = "nothing" if answer is None else answer.status
        raise Unavailable(f"No token from {url}: it answers {status}.") from None


class Client:
    """Asks the API. Not for several threads at once: spotipy's token refresh is not either."""

    def __init__(
        self,
        connection: Connection,
        ledger: Ledger,
        *,
        limits: Limits | None = None,
        day: dt.date | None = None,
        purpose: Purpose | None = None,
        clock: Clock | None = None,
        tokens: Tokens | None = None,
        call_seconds: float = CALL_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Connect.

        Args:
            connection: Which API, and as which app.
            ledger: Where each call is entered.
            limits: How much may be asked; else what is safe.
            day: The day to answer for; only the sandbox can.
            purpose: What the calls are made for.
            clock: Reads the time and waits; else the ledger's.
            tokens: Those of a user; else the app's own, which reach the catalog only.
            call_seconds: Within which a call must be answered whole.
            max_body_bytes: The size that no answer may pass, unpacked.
        """
        self.connection = connection
        self.clock = clock or ledger.clock
        self.budget = Budget(
            ledger,
            connection.app,
            connection.source,
            limits or Limits(),
            self.clock,
            purpose or Purpose(),
        )
        entered = partial(
            EnteredSession, self.budget, call_seconds=call_seconds, max_body_bytes=max_body_bytes
        )
        # It says what it asks before each request.
        self._session = entered(TOKEN_REQUEST)
        if connection.answers_for_any_day and day is not None:
            self._session.headers[DATE_HEADER] = day.isoformat()
        self._access_token = (
            partial(tokens.access_token, new_session=entered)
            if tokens
            else _AppTokens(connection, entered(TOKEN_REQUEST)).access_token
        )
        self._refused_token: str | None = None
        self._token: str | None = None
        self._spotipy = spotipy.Spotify(
            requests_session=self._session, requests_timeout=TIMEOUT_SECONDS
        )
        self._spotipy.prefix = connection.api_url

    @property
    def mode(self) -> KnownMode | None:
        """Which API the app was last found to have; ``None`` if it was never asked."""
        return self.budget.ledger.mode(self.connection.app)

    def ask(self, request: Request, record: Record) -> Any:
        """The answer to ``request`` as JSON: from the record if it is there, else from the API.

        Every response is in the record before anything is made of it.

        Raises:
            SpotifyError: One of its kinds; see each.
            LedgerError: The ledger cannot be used.
        """
        response = record.answer(request) or self._send_until_final(request, record)
        if response.status != OK:
            raise refusal(request, response)
        return response.json()

    def _send_until_final(self, request: Request, record: Record) -> Response:
        """Send, again where that is of use, until there is an answer that stays."""
        begun = self.clock.now()
        attempt, had_fresh_token = 1, False
        while True:
            try:
                response = self._send(request, attempt)
            except (Unavailable, RateLimited) as error:
                failure: SpotifyError = error
            else:
                record.append(request, response)
                self._learn(request, response)
                if is_final(request, response):
                    return response
                failure = refusal(request, response)
                if response.status == UNAUTHORIZED and not had_fresh_token:
                    had_fresh_token = True
                    self._refused_token = self._token
                    continue
                if not isinstance(failure, Unavailable | RateLimited):
                    raise failure
            attempt += 1
            self._pause(request, failure, attempt, self.clock.now().seconds_since(begun))

    def _pause(
        self, request: Request, failure: SpotifyError, attempt: int, retrying_seconds: float
    ) -> None:
        """Wait before the next attempt.

        Raises:
            Blocked: It was the last one, and the API still asks to wait.
            SpotifyError: It was the last one, or another is of no use.
        """
        if attempt > ATTEMPTS and isinstance(failure, RateLimited):
            seconds = failure.retry_after or WINDOW_SECONDS
            until = dt.datetime.fromtimestamp(self.clock.now().wall + seconds, dt.UTC)
            why = f"{failure}, {ATTEMPTS} times in a row"
            raise Blocked(request.endpoint, until, why) from failure
        if attempt > ATTEMPTS or isinstance(failure, Unreachable):
            raise failure
        if isinstance(failure, RateLimited):
            # The ledger holds when it may go on; whoever sends next waits for that.
            return
        # Jitter over a doubling pause, so that several runs do not come back together.
        backoff = FIRST_PAUSE_SECONDS * 2 ** (attempt - 2)
        seconds = random.uniform(backoff / 2, backoff)  # noqa: S311 - no secret is made of it
        if retrying_seconds + seconds > MAX_RETRYING_SECONDS:
            raise failure
        log.warning("%s Attempt %d of %d in %.1f s.", failure, attempt, ATTEMPTS, seconds)
        self.clock.sleep(seconds)

    def _learn(self, request: Request, response: Response) -> None:
        """What a fresh answer tells of the app's limits and rights."""
        if response.status == TOO_MANY:
            learn_refusal(self.budget, request, response)
        if response.status == OK and not is_final(request, response):
            return
        told, known = told_by(request, response), self.mode
        if told is None or (known is not None and known.mode == told.mode):
            return
        now = self.clock.now()
        if known is not None and known.is_sure and not told.is_sure:
            # Or two signs that contradict each other would cost a refused request each time.
            since_sure = now.wall - known.since.timestamp()
            # A time to come is of a clock that was set back since, and says nothing.
            if 0 <= since_sure < DAY_SECONDS:
                return
        log.info("The app has the API of %s mode: %s.", told.mode, told.why)
        self.budget.ledger.learn_mode(
            self.connection.app, told.mode, told.why, now, is_sure=told.is_sure
        )

    def _send(self, request: Request, attempt: int) -> Response:
        """Send once; the response whatever its status.

        Raises:
            Blocked: It may not be sent for longer than is waited for.
            Unavailable: There was no whole response.
            SpotifyError: There is no token.
            Refused: The request is none that can be sent.
        """
        # Before a token is asked for, which would be of no use.
        self.budget.check(request.endpoint)
        self._token = self._access_token(refused=self._refused_token)
        self._spotipy.set_auth(self._token)
        # What is judged below must never be the answer to an earlier request.
        self._session.last = None
        self._session.asking, self._session.attempt = request, attempt
        log.debug("Asking for %s %s.", request.path, dict(request.params))
        try:
            _call(self._spotipy, request)
        except requests.RequestException as error:
            url = self.connection.api_url
            raise no_answer(f"No answer from {url} to {request.endpoint}", url, error) from None
        except spotipy.SpotifyException as error:
            # What came back is judged below by its own bytes.
            if self._session.last is None:
                raise Refused(f"{asked(request)} cannot be sent: {error.msg}") from error
        except (AttributeError, RecursionError):
            # spotipy trips over bodies that are JSON but no object, or nested too deep.
            if self._session.last is None:
                raise
        if self._session.last is None:
            raise Unavailable(f"No answer to {request.endpoint}.")
        return self._session.last


def _call(api: spotipy.Spotify, request: Request) -> None:
    params = dict(request.params)
    match request.path:
        case "search":
            api.search(**params)
        case "artists":
            api.artists(str(params["ids"]).split(","))
        case "me/player/recently-played":
            api.current_user_recently_played(**params)
        case path:
            raise ValueError(f"There is no endpoint {path!r}.")
