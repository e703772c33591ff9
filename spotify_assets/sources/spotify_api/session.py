"""How a call is sent: as soon as the budget allows, entered in the ledger, kept as it came.

Belongs here: what holds for every call, those for tokens too. Does not belong here: what is asked,
what an answer means, and when it is asked again (``client``, ``sign_in``).
"""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import requests

from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.sources.spotify_api.budget import TOKEN, Budget
from spotify_assets.sources.spotify_api.errors import RateLimited, refusal
from spotify_assets.sources.spotify_api.ledger import Outcome
from spotify_assets.sources.spotify_api.transport import (
    CALL_SECONDS,
    MAX_BODY_BYTES,
    BoundedSession,
    host_of,
)

KEPT_HEADERS = ("content-type", "date", "retry-after", "etag", "www-authenticate")
OK, TOO_MANY = 200, 429
NewSession = Callable[[Request], requests.Session]
"""Makes the session that a request is sent in."""


class EnteredSession(BoundedSession):
    """Enters each call in the ledger, and keeps the last response as it came.

    spotipy hands out only what it made of a response. Not for several threads at once.

    Attributes:
        asking: What is sent next, as the ledger names it.
        attempt: Which attempt that is, from 1.
        last: The last response; ``None`` while there is none.
    """

    def __init__(
        self,
        budget: Budget,
        asking: Request,
        *,
        call_seconds: float = CALL_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Send within ``budget``, and within the bounds of `BoundedSession`."""
        super().__init__(call_seconds=call_seconds, max_body_bytes=max_body_bytes)
        self.asking = asking
        self.attempt = 1
        self.last: Response | None = None
        self._budget = budget
        # The first of the hooks: one that comes after it may refuse the response by raising.
        self.hooks["response"].append(self._note)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send as soon as the budget allows, and note what came back.

        Raises:
            Blocked: It does not allow it soon.
        """
        self.last = None
        self._call = self._budget.admit(self.asking, self.attempt)
        self._requested_at = dt.datetime.now(dt.UTC)
        self._begun = time.monotonic()
        try:
            return super().request(*args, **kwargs)
        except requests.RequestException as error:
            failed = Outcome(self._elapsed_ms, failure=type(error).__name__)
            self._budget.settle(self._call, failed)
            raise

    def _note(self, response: requests.Response, **_: Any) -> None:
        headers = {
            name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
        }
        if "location" in response.headers:
            headers["location"] = host_of(response.headers["location"])
        self.last = Response(
            status=response.status_code,
            headers=headers,
            body=response.content,
            requested_at=self._requested_at,
            elapsed_ms=self._elapsed_ms,
        )
        self._budget.settle(self._call, _outcome(self.asking, self.last))
        # What the API answers goes into a record first; nothing is kept of an answer about tokens.
        if self.asking.endpoint == TOKEN and self.last.status == TOO_MANY:
            learn_refusal(self._budget, self.asking, self.last)

    @property
    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._begun) * 1000)


def learn_refusal(budget: Budget, request: Request, response: Response) -> None:
    """Learn from a 429.

    Raises:
        Blocked: It is a quota, which ends the run however short the wait.
    """
    failure = refusal(request, response)
    assert isinstance(failure, RateLimited)  # noqa: S101 - that is what 429 means
    budget.refused(request.endpoint, failure.retry_after, str(failure), is_quota=failure.is_quota)


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
