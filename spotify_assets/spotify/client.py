"""One question to the API at a time: sent, noted, retried where that is of use.

spotipy's own session sleeps in the thread for the whole `Retry-After` (hours) and then loses the
header and the reason. So it gets a session of ours, which never retries and keeps the very bytes of
each response; what to do about a failure is decided here.
"""

import datetime as dt
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyOauthError

from spotify_assets.lake.raw import Journal, Request, Response, Source, is_final
from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET, DATE_HEADER
from spotify_assets.spotify.errors import (
    CredentialsRefused,
    RateLimited,
    Refused,
    SpotifyError,
    Unavailable,
    refusal,
)

log = logging.getLogger(__name__)
# It prints every 4xx as an error, those that we expect too, and tokens at the level DEBUG.
logging.getLogger("spotipy").setLevel(logging.CRITICAL)

KEPT_HEADERS = ("content-type", "date", "retry-after", "etag", "www-authenticate")
TIMEOUT_SECONDS = (5.0, 30.0)
"""To connect; to read."""
ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
"""A `Retry-After` above this ends the run instead of sleeping through it."""
OK, UNAUTHORIZED = 200, 401
TOKEN_REFUSED = (400, 401, 403)


@dataclass(frozen=True)
class Connection:
    """Which API, and as whom."""

    source: Source
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = "https://api.spotify.com/v1/"
    token_url: str = "https://accounts.spotify.com/api/token"  # noqa: S105

    @classmethod
    def to_sandbox(cls, url: str) -> "Connection":
        """A connection to the local Web API at ``url``."""
        base = url.rstrip("/")
        return cls("sandbox", CLIENT_ID, CLIENT_SECRET, f"{base}/v1/", f"{base}/api/token")

    @property
    def answers_for_any_day(self) -> bool:
        """Only the sandbox can; the API answers for now."""
        return self.source == "sandbox"


class _Session(requests.Session):
    """Keeps the last response as it came; spotipy hands out only what it made of it."""

    last: Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and note what came back."""
        self.last = None
        requested_at = dt.datetime.now(dt.UTC)
        begun = time.monotonic()
        response = super().request(*args, **kwargs)
        self.last = Response(
            status=response.status_code,
            headers={
                name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
            },
            body=response.content,
            requested_at=requested_at,
            elapsed_ms=round((time.monotonic() - begun) * 1000),
        )
        return response


class Client:
    """Asks the API. Not for several threads at once: spotipy's token refresh is not either."""

    def __init__(
        self,
        connection: Connection,
        *,
        day: dt.date | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect.

        Args:
            connection: Which API, and as whom.
            day: The day to answer for; only the sandbox can.
            pause: Waits so many seconds.
        """
        self.connection = connection
        self.requests_sent = 0
        self._pause = pause
        self._session = _Session()
        if connection.answers_for_any_day and day is not None:
            self._session.headers[DATE_HEADER] = day.isoformat()
        self._accounts = _Session()
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

    def ask(self, request: Request, journal: Journal) -> Any:
        """The answer to ``request`` as JSON: from the journal if it is there, else from the API.

        Every response is in the journal before anything is made of it.

        Raises:
            SpotifyError: One of its kinds; see each.
        """
        response = journal.answer(request) or self._send_until_final(request, journal)
        if response.status != OK:
            raise refusal(request, response)
        return response.json()

    def _send_until_final(self, request: Request, journal: Journal) -> Response:
        had_fresh_token = False
        failure: SpotifyError | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._send(request)
            except Unavailable as error:
                failure = error
            else:
                journal.append(request, response)
                if is_final(response):
                    return response
                failure = refusal(request, response)
                if response.status == UNAUTHORIZED:
                    if had_fresh_token:
                        break
                    had_fresh_token = True
                    self._auth.cache_handler.save_token_to_cache(None)
                    continue
                if isinstance(failure, RateLimited) and failure.retry_after > LONGEST_PAUSE_SECONDS:
                    break
            if attempt < ATTEMPTS:
                self._wait(failure, attempt)
        assert failure is not None  # noqa: S101 - the loop ends early or with a failure
        raise failure

    def _send(self, request: Request) -> Response:
        """Send once; the response whatever its status.

        Raises:
            Unavailable: There was no whole response.
            CredentialsRefused: The accounts host gives no token.
            Refused: The request is none that can be sent.
        """
        self.requests_sent += 1
        self._have_token()
        # What is judged below must never be the answer to an earlier request.
        self._session.last = None
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
            Unavailable: The accounts host does not answer, or not so that it can be used.
            CredentialsRefused: It refuses the client.
        """
        self._accounts.last = None
        try:
            self._auth.get_access_token(as_dict=False)
        except (SpotifyOauthError, AttributeError, KeyError, TypeError) as error:
            # spotipy trips over bodies that are no object; the status says what happened.
            answer = self._accounts.last
            if answer is not None and answer.status in TOKEN_REFUSED:
                raise CredentialsRefused(
                    f"Spotify gives no token for this client id: {error}. Check SPOTIFY_CLIENT_ID "
                    "and SPOTIFY_CLIENT_SECRET."
                ) from None
            status = "nothing" if answer is None else answer.status
            raise Unavailable(
                f"No token from {self.connection.token_url}: it answers {status}."
            ) from None
        except requests.RequestException as error:
            raise Unavailable(
                f"No token from {self.connection.token_url}: {type(error).__name__}. Is it running "
                "and reachable?"
            ) from error

    def _wait(self, failure: SpotifyError, attempt: int) -> None:
        if isinstance(failure, RateLimited):
            seconds = float(failure.retry_after)
        else:
            # Jitter over a doubling pause, so that several runs do not come back together.
            backoff = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
            seconds = random.uniform(backoff / 2, backoff)  # noqa: S311 - no secret is made of it
        log.warning("%s Attempt %d of %d in %.1f s.", failure, attempt + 1, ATTEMPTS, seconds)
        self._pause(seconds)


def _call(api: spotipy.Spotify, request: Request) -> None:
    params = dict(request.params)
    match request.endpoint:
        case "search":
            api.search(**params)
        case "artists":
            api.artists(str(params["ids"]).split(","))
        case endpoint:
            raise ValueError(f"There is no endpoint {endpoint!r}.")
