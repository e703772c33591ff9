"""One question to the API at a time: sent, noted, retried where that is of use.

spotipy's own session sleeps in the thread for the whole `Retry-After` (hours) and then loses the
header and the reason. So it gets a session of ours, which never retries and keeps the very bytes of
each response; what to do about a failure is decided here.
"""

import datetime as dt
import logging
import random
import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyOauthError

from spotify_assets.lake.raw import Journal, Request, Response, Source, is_final
from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET, DATE_HEADER
from spotify_assets.spotify.budget import TOKEN, Budget, Limits
from spotify_assets.spotify.clock import Clock
from spotify_assets.spotify.errors import (
    CredentialsRefused,
    RateLimited,
    Refused,
    SpotifyError,
    Unavailable,
    refusal,
)
from spotify_assets.spotify.ledger import DAY_SECONDS, KnownMode, Ledger, Outcome, Purpose, app_of
from spotify_assets.spotify.modes import told_by

log = logging.getLogger(__name__)
# It prints every 4xx as an error, those that we expect too, and tokens at the level DEBUG.
logging.getLogger("spotipy").setLevel(logging.CRITICAL)

KEPT_HEADERS = ("content-type", "date", "retry-after", "etag", "www-authenticate")
TIMEOUT_SECONDS = (5.0, 30.0)
"""To connect; to read."""
ATTEMPTS = 5
"""For what may pass: no connection, 5xx, a body that was cut."""
LONGEST_RETRYING_SECONDS = 180.0
FIRST_PAUSE_SECONDS = 0.5
OK, UNAUTHORIZED, TOO_MANY = 200, 401, 429
TOKEN_REFUSED = (400, 401, 403)
TOKEN_REQUEST = Request(TOKEN, "api/token", {"grant_type": "client_credentials"})


@dataclass(frozen=True)
class Connection:
    """Which API, and as whom."""

    source: Source
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = "https://api.spotify.com/v1/"
    token_url: str = "https://accounts.spotify.com/api/token"  # noqa: S105
    authorize_url: str = "https://accounts.spotify.com/authorize"

    @classmethod
    def to_sandbox(cls, url: str) -> "Connection":
        """A connection to the local Web API at ``url``."""
        base = url.rstrip("/")
        urls = f"{base}/v1/", f"{base}/api/token", f"{base}/authorize"
        return cls("sandbox", CLIENT_ID, CLIENT_SECRET, *urls)

    @property
    def app(self) -> str:
        """The name of the app in the ledger."""
        return app_of(self.client_id, self.api_url)

    @property
    def answers_for_any_day(self) -> bool:
        """Only the sandbox can; the API answers for now."""
        return self.source == "sandbox"


class _Session(requests.Session):
    """Enters each call in the ledger, and keeps the last response as it came.

    spotipy hands out only what it made of a response.
    """

    last: Response | None = None
    asking: Request = TOKEN_REQUEST
    attempt: int = 1

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send as soon as the budget allows, and note what came back.

        Raises:
            Blocked: It does not allow it soon.
        """
        self.last = None
        call = self._budget.admit(self.asking, self.attempt)
        requested_at = dt.datetime.now(dt.UTC)
        begun = time.monotonic()
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            self._budget.settle(call, Outcome(_ms_since(begun), failure=type(error).__name__))
            raise
        self.last = Response(
            status=response.status_code,
            headers={
                name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
            },
            body=response.content,
            requested_at=requested_at,
            elapsed_ms=_ms_since(begun),
        )
        self._budget.settle(call, _outcome(self.asking, self.last))
        return response


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
    ) -> None:
        """Connect.

        Args:
            connection: Which API, and as whom.
            ledger: Where each call is entered.
            limits: How much may be asked; else what is safe.
            day: The day to answer for; only the sandbox can.
            purpose: What the calls are made for.
            clock: Reads the time and waits; else the machine's.
        """
        self.connection = connection
        self.clock = clock or Clock()
        self.budget = Budget(
            ledger,
            connection.app,
            connection.source,
            limits or Limits(),
            self.clock,
            purpose or Purpose(),
        )
        self._session = _Session(self.budget)
        if connection.answers_for_any_day and day is not None:
            self._session.headers[DATE_HEADER] = day.isoformat()
        self._accounts = _Session(self.budget)
        # In memory: the default is a file ./.cache that any other app's token may lie in.
        self._auth = SpotifyClientCredentials(
            connection.client_id,
            connection.client_secret,
            requests_session=self._accounts,
            requests_timeout=TIMEOUT_SECONDS,
            cache_handler=MemoryCacheHandler(),
        )
        self._auth.OAUTH_TOKEN_URL = connection.token_url
        self._spotipy = spotipy.Spotify(
            auth_manager=self._auth,
            requests_session=self._session,
            requests_timeout=TIMEOUT_SECONDS,
        )
        self._spotipy.prefix = connection.api_url

    @property
    def mode(self) -> KnownMode | None:
        """Which API the app was last found to have; ``None`` if it was never asked."""
        return self.budget.ledger.mode(self.connection.app)

    def ask(self, request: Request, journal: Journal) -> Any:
        """The answer to ``request`` as JSON: from the journal if it is there, else from the API.

        Every response is in the journal before anything is made of it.

        Raises:
            SpotifyError: One of its kinds; see each.
            LedgerError: The ledger cannot be used.
        """
        response = journal.answer(request) or self._send_until_final(request, journal)
        if response.status != OK:
            raise refusal(request, response)
        return response.json()

    def _send_until_final(self, request: Request, journal: Journal) -> Response:
        """Send, again where that is of use, until there is an answer that stays."""
        begun = self.clock.now()
        attempt, had_fresh_token = 1, False
        while True:
            try:
                response = self._send(request, attempt)
            except Unavailable as error:
                failure: SpotifyError = error
            else:
                journal.append(request, response)
                self._learn(request, response)
                if is_final(response):
                    return response
                failure = refusal(request, response)
                if response.status == UNAUTHORIZED and not had_fresh_token:
                    had_fresh_token = True
                    self._auth.cache_handler.save_token_to_cache(None)
                    continue
                if not isinstance(failure, Unavailable | RateLimited):
                    raise failure
            attempt += 1
            self._pause(failure, attempt, self.clock.now().seconds_since(begun))

    def _pause(self, failure: SpotifyError, attempt: int, retrying_seconds: float) -> None:
        """Wait before the next attempt.

        Raises:
            SpotifyError: It was the last one.
        """
        if attempt > ATTEMPTS:
            raise failure
        if isinstance(failure, RateLimited):
            # The ledger holds when it may go on; whoever sends next waits for that.
            return
        # Jitter over a doubling pause, so that several runs do not come back together.
        backoff = FIRST_PAUSE_SECONDS * 2 ** (attempt - 2)
        seconds = random.uniform(backoff / 2, backoff)  # noqa: S311 - no secret is made of it
        if retrying_seconds + seconds > LONGEST_RETRYING_SECONDS:
            raise failure
        log.warning("%s Attempt %d of %d in %.1f s.", failure, attempt, ATTEMPTS, seconds)
        self.clock.sleep(seconds)

    def _learn(self, request: Request, response: Response) -> None:
        """What a fresh answer tells of the app's limits and rights."""
        if response.status == TOO_MANY:
            self._refused(request.endpoint, refusal(request, response))
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

    def _refused(self, endpoint: str, failure: SpotifyError) -> None:
        assert isinstance(failure, RateLimited)  # noqa: S101 - that is what 429 means
        self.budget.refused(endpoint, failure.retry_after, str(failure), is_quota=failure.is_quota)

    def _send(self, request: Request, attempt: int) -> Response:
        """Send once; the response whatever its status.

        Raises:
            Blocked: It may not be sent for longer than is waited for.
            Unavailable: There was no whole response.
            CredentialsRefused: The accounts host gives no token.
            Refused: The request is none that can be sent.
        """
        # Before a token is asked for, which would be of no use.
        self.budget.check(request.endpoint)
        self._have_token()
        # What is judged below must never be the answer to an earlier request.
        self._session.last = None
        self._session.asking, self._session.attempt = request, attempt
        try:
            _call(self._spotipy, request)
        except requests.RequestException as error:
            raise Unavailable(
                f"No answer from {self.connection.api_url} to {request.endpoint}: "
                f"{type(error).__name__}. Is it running and reachable?"
            ) from error
        except spotipy.SpotifyException as error:
            # What came back is judged below by its own bytes.
            if self._session.last is None:
                raise Refused(
                    f"{request.endpoint} {dict(request.params)} cannot be sent: {error.msg}"
                ) from error
        except AttributeError:
            # spotipy trips over an error body that is JSON but no object.
            if self._session.last is None:
                raise
        if self._session.last is None:
            raise Unavailable(f"No answer to {request.endpoint}.")
        return self._session.last

    def _have_token(self) -> None:
        """Get a token, unless one is there that is still good.

        Raises:
            Blocked: The accounts host has asked to wait.
            Unavailable: It does not answer, or not so that it can be used.
            CredentialsRefused: It refuses the client.
        """
        self._accounts.last = None
        try:
            self._auth.get_access_token(as_dict=False)
        except (SpotifyOauthError, AttributeError, KeyError, TypeError) as error:
            # spotipy trips over bodies that are no object; the status says what happened.
            self._no_token(error)
        except requests.RequestException as error:
            raise Unavailable(
                f"No token from {self.connection.token_url}: {type(error).__name__}. Is it running "
                "and reachable?"
            ) from error

    def _no_token(self, error: Exception) -> NoReturn:
        answer = self._accounts.last
        if answer is not None and answer.status in TOKEN_REFUSED:
            raise CredentialsRefused(
                f"Spotify gives no token for this client id: {error}. Check SPOTIFY_CLIENT_ID "
                "and SPOTIFY_CLIENT_SECRET."
            ) from None
        if answer is not None and answer.status == TOO_MANY:
            self._refused(TOKEN, refusal(TOKEN_REQUEST, answer))
        status = "nothing" if answer is None else answer.status
        raise Unavailable(
            f"No token from {self.connection.token_url}: it answers {status}."
        ) from None


def _call(api: spotipy.Spotify, request: Request) -> None:
    params = dict(request.params)
    match request.endpoint:
        case "search":
            api.search(**params)
        case "artists":
            api.artists(str(params["ids"]).split(","))
        case endpoint:
            raise ValueError(f"There is no endpoint {endpoint!r}.")


def _outcome(request: Request, response: Response) -> Outcome:
    failure = refusal(request, response) if response.status == TOO_MANY else None
    return Outcome(
        response.elapsed_ms,
        status=response.status,
        rows=_rows(response.json())
        if response.status == OK and request.endpoint != TOKEN
        else None,
        bytes=len(response.body),
        retry_after_s=failure.retry_after if isinstance(failure, RateLimited) else None,
    )


def _rows(body: Any) -> int | None:
    """How many objects an answer lists; ``None`` where it is not one that lists any."""
    if not isinstance(body, dict):
        return None
    pages = [page.get("items") if isinstance(page, dict) else page for page in body.values()]
    return sum(len(items) for items in pages if isinstance(items, list))


def _ms_since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
