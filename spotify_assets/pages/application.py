"""The one application that `spotify-assets serve` serves.

Belongs here: putting its parts together, and what all of them share. Does not belong here: a part.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from spotify_assets.lake.errors import LakeError
from spotify_assets.pages.comments_api import CommentsApi
from spotify_assets.warehouse.errors import WarehouseError

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Of every answer that does not say otherwise: a text of somebody is never run as a page."""


def create_app(
    comments: CommentsApi,
    pages: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Put the parts together.

    Args:
        comments: What takes and shows comments.
        pages: Routes of other parts; each says itself who may see it.
        lifespan: What they need to run while the server does.
    """
    return Starlette(
        routes=[
            Route("/health", _health),
            Mount("/api", routes=comments.routes()),
            *pages,
        ],
        lifespan=lifespan,
        middleware=[Middleware(_Headers)],
        exception_handlers={
            HTTPException: _refused,
            LakeError: _unavailable,
            WarehouseError: _unavailable,
            Exception: _failed,
        },
    )


async def _health(_: Request) -> Response:
    """Says that the server answers, and nothing else; it needs no token."""
    return Response(status_code=204)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _unavailable(_: Request, error: Exception) -> Response:
    """The disk is full, or there is no warehouse yet: nothing was taken, and later it may be."""
    return JSONResponse({"error": str(error)}, 503, {"retry-after": "60"})


async def _failed(_: Request, __: Exception) -> Response:
    """Nobody foresaw it; the server's log says what it was."""
    return JSONResponse({"error": "The server failed; its log says why."}, 500)


class _Headers:
    """Adds `HEADERS` to every answer that has not its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] += [pair for pair in added if pair[0] not in said]
            await send(message)

        await self._app(scope, receive, with_headers)
