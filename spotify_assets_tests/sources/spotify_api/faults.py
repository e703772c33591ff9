"""A Web API that misbehaves as told: real HTTP, and every answer written down beforehand.

What does not belong here: a catalog. For answers as they should be there is the sandbox.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from spotify_assets.sandbox import DATE_HEADER
from spotify_assets.sources.spotify_api.connection import Connection

CLIENT_ID = "an-id-of-an-app"
CLIENT_SECRET = "a-secret-that-nobody-may-see"  # noqa: S105 - of nobody  # pragma: allowlist secret


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    path: str
    params: Mapping[str, str]
    token: str
    day: str | None = None

    @property
    def offset(self) -> int:
        return int(self.params["offset"])

    @property
    def limit(self) -> int:
        return int(self.params["limit"])


@dataclass(frozen=True)
class Says:
    """An answer: status, body and headers, and how many bytes it promises but never sends."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing_bytes: int = 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        length = str(len(self.body) + self.missing_bytes)
        headers = {"content-type": "application/json", **self.headers, "content-length": length}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})


Answer = Says | Callable[[Asked], Says]


def says_json(value: Any, status: int = 200) -> Says:
    return Says(status, json.dumps(value).encode())


def error(status: int, message: str, **more: str) -> Says:
    """An error in the API's own form."""
    return says_json({"error": {"status": status, "message": message, **more}}, status)


NOTHING_FOUND = says_json(
    {
        kind: {"items": [], "total": 0, "next": None, "offset": 0, "limit": 50}
        for kind in ("artists", "tracks")
    }
)
FINE = NOTHING_FOUND
TOO_MANY_IN_PLAIN_TEXT = Says(429, b"Too many requests", {"content-type": "text/plain"})
PREMIUM_LAPSED = Says(
    403, b"Active premium subscription required for the owner of the app.", {"content-type": "text"}
)
NOT_REGISTERED = error(
    403, "Check settings on developer.spotify.com/dashboard, the user may not be registered."
)
EXPIRED = Says(
    401,
    error(401, "The access token expired").body,
    {"www-authenticate": 'Bearer realm="spotify", error="invalid_token"'},
)
INVALID_LIMIT = error(400, "Invalid limit")
CUT = Says(200, b'{"tracks":{"items":[', missing_bytes=500)


def too_many(retry_after: str) -> Says:
    return Says(429, error(429, "API rate limit exceeded").body, {"retry-after": retry_after})


class Script:
    """What the API says, answer by answer; the last one is said for ever.

    The accounts host gives another token each time, once it has said all of ``accounts``.
    """

    def __init__(self, *answers: Answer, accounts: tuple[Says, ...] = ()) -> None:
        self.asked: list[Asked] = []
        self.tokens: list[str] = []
        self.token_requests = 0
        self._answers = list(answers)
        self._accounts = list(accounts)
        self.app = Starlette(
            routes=[
                Route("/api/token", self._token, methods=["POST"]),
                Route("/v1/{path:path}", self._answer),
            ]
        )

    async def _token(self, _request: Request) -> Says:
        self.token_requests += 1
        if self._accounts:
            return self._accounts.pop(0)
        self.tokens.append(f"a-token-nobody-may-see-{len(self.tokens)}")
        return says_json(
            {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 3600}
        )

    async def _answer(self, request: Request) -> Says:
        token = request.headers["authorization"].removeprefix("Bearer ")
        path = request.path_params["path"].rstrip("/")
        day = request.headers.get(DATE_HEADER)
        self.asked.append(Asked(path, dict(request.query_params), token, day))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer if isinstance(answer, Says) else answer(self.asked[-1])


class Stage:
    """An application that plays one script after the other, so that one server does for all."""

    def __init__(self) -> None:
        self.script = Script(FINE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.script.app(scope, receive, send)


def connection(url: str) -> Connection:
    """As if to Spotify itself; only the addresses are local."""
    return Connection("spotify", CLIENT_ID, CLIENT_SECRET, f"{url}/v1/", f"{url}/api/token")
