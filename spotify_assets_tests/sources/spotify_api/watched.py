"""The sandbox, and a list of what it was asked."""

from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from spotify_assets.sandbox import DATE_HEADER
from spotify_assets_tests.sources.spotify_api.faults import Asked


class Watched:
    """An application that notes each request for the API before it passes it on."""

    url: str

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.asked: list[Asked] = []
        self.before_answer: Callable[[], None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            self._note(scope)
            if self.before_answer is not None:
                self.before_answer()
        await self._app(scope, receive, send)

    @property
    def searches(self) -> list[Asked]:
        return [one for one in self.asked if one.path == "search"]

    @property
    def batches(self) -> list[Asked]:
        return [one for one in self.asked if one.path == "artists"]

    def _note(self, scope: Scope) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode())
        params = {name: values[0] for name, values in query.items()}
        path = scope["path"].removeprefix("/v1/").rstrip("/")
        self.asked.append(
            Asked(path, params, headers["authorization"], headers.get(DATE_HEADER.lower()))
        )
