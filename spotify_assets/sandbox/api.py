"""The Web API as a Starlette application: HTTP around the endpoints.

What does not belong here: what an endpoint answers (``endpoints``) and how the application is run
(``server``). Rate limits and faults will be middleware of the application.
"""

import datetime as dt

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from spotify_assets.sandbox import DATE_HEADER, tokens
from spotify_assets.sandbox.columns import Catalogue
from spotify_assets.sandbox.endpoints import ENDPOINTS, Call, Endpoint
from spotify_assets.sandbox.errors import ApiError, bad_request, forbidden
from spotify_assets.sandbox.modes import MODES, ModeName
from spotify_assets.sandbox.search import Search

ROOT = "/v1"


def create_app(
    catalogue: Catalogue, *, mode: ModeName = "extended", today: dt.date | None = None
) -> Starlette:
    """Make the application.

    Args:
        catalogue: What there is to be found.
        mode: Which of the two worlds the app lives in.
        today: The day that requests without ``DATE_HEADER`` are answered for; if not given, the
            UTC date of each request.
    """
    searches = Search(catalogue)

    def endpoint_route(endpoint: Endpoint) -> Route:
        async def answer(request: Request) -> Response:
            tokens.check(request.headers.get("authorization", ""))
            if not (endpoint.in_development or MODES[mode].has_whole_api):
                raise forbidden()
            call = Call(
                catalogue=catalogue,
                searches=searches,
                mode=MODES[mode],
                day=_day(request, today),
                url=f"{request.url.scheme}://{request.url.netloc}{ROOT}",
                path=request.path_params,
                params=request.query_params,
            )
            return _Json(endpoint.answer(call))

        return Route(f"{ROOT}{endpoint.path}", answer)

    return Starlette(
        routes=[
            Route("/api/token", _token, methods=["POST"]),
            *(endpoint_route(endpoint) for endpoint in ENDPOINTS),
        ],
        middleware=[Middleware(_AnySlash)],
        exception_handlers={ApiError: _api_error, HTTPException: _http_error},
    )


class _Json(JSONResponse):
    media_type = "application/json; charset=utf-8"


class _AnySlash:
    """Lets paths end in a slash or not: real clients send both, and do not follow redirects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)


async def _token(request: Request) -> Response:
    form = (await request.body()).decode(errors="replace")
    try:
        return _Json(tokens.grant(form, request.headers.get("authorization", "")))
    except tokens.TokenRefused as refusal:
        return _Json(refusal.body, status_code=400)


def _day(request: Request, today: dt.date | None) -> dt.date:
    text = request.headers.get(DATE_HEADER)
    if text is None:
        return today or dt.datetime.now(dt.UTC).date()
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    # fromisoformat also takes other forms, such as 20251120.
    if day is None or day.isoformat() != text:
        raise bad_request(f"Invalid {DATE_HEADER}: expected YYYY-MM-DD")
    return day


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - Starlette's signature knows no other type
    return _Json(error.body, status_code=error.status, headers=error.headers)


async def _http_error(_request: Request, error: Exception) -> Response:
    """Answer for paths and methods that there are none of."""
    assert isinstance(error, HTTPException)  # noqa: S101 - see above
    message = {404: "Service not found", 405: "Method not allowed"}.get(
        error.status_code, error.detail
    )
    body = {"error": {"status": error.status_code, "message": message}}
    return _Json(body, status_code=error.status_code, headers=error.headers)
