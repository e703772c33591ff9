"""The Web API as a Starlette application: HTTP around the endpoints.

What does not belong here: what an endpoint answers (``endpoints``), limits and faults (``traffic``,
a middleware of the application), and how the application is run (``server``).
"""

import datetime as dt
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from spotify_assets.sandbox import DATE_HEADER, control, sign_in, tokens
from spotify_assets.sandbox.accounts import TokenRefused, TokenRequest
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.clock import Clock
from spotify_assets.sandbox.columns import Catalog
from spotify_assets.sandbox.endpoints import ENDPOINTS, Call, Endpoint, count_items
from spotify_assets.sandbox.errors import ApiError, bad_request, forbidden, unauthorized
from spotify_assets.sandbox.families import ROOT
from spotify_assets.sandbox.log import Log
from spotify_assets.sandbox.modes import ModeName
from spotify_assets.sandbox.recently_played import Reports
from spotify_assets.sandbox.search import Search
from spotify_assets.sandbox.state import State
from spotify_assets.sandbox.traffic import Traffic


def create_app(
    catalog: Catalog,
    *,
    mode: ModeName | None = None,
    today: dt.date | None = None,
    behaviour: Behaviour | None = None,
    clock: Clock | None = None,
    log_file: Path | None = None,
) -> Starlette:
    """Make the application.

    Its ``state.log`` is what was served, its ``state.sandbox`` everything that can be set.

    Args:
        catalog: What there is to be found.
        mode: Which of the two worlds the app lives in; if not given, that of the behaviour.
        today: The day that requests without ``DATE_HEADER`` are answered for; it moves on with
            whole days of the clock. If not given, the UTC date of the clock.
        behaviour: Limits, faults and the like; if not given, the API is at its best.
        clock: What limits and tokens go by; if not given, the time of the machine.
        log_file: Where what was served is appended as JSON lines.

    Raises:
        OSError: The log file cannot be written.
    """
    behaviour = behaviour or Behaviour()
    if mode is not None:
        behaviour = behaviour.changed({"mode": mode})
    state = State(behaviour, clock or Clock(), Log(log_file), today)
    app = Starlette(
        routes=[
            _token_route(state),
            *sign_in.routes(state),
            *control.routes(state),
            *_api_routes(catalog, state),
        ],
        middleware=[Middleware(Traffic, state=state), Middleware(_AnySlash)],
        exception_handlers={ApiError: _api_error, HTTPException: _http_error},
    )
    app.state.log, app.state.sandbox = state.log, state
    return app


def _api_routes(catalog: Catalog, state: State) -> list[Route]:
    searches, reports = Search(catalog), Reports(catalog)

    def endpoint_route(endpoint: Endpoint) -> Route:
        async def answer(request: Request) -> Response:
            token = tokens.check(request.headers.get("authorization", ""), state.clock.now())
            _check_reach(endpoint, token, state)
            call = Call(
                catalog=catalog,
                searches=searches,
                reports=reports,
                listener=state.behaviour.listener,
                mode=state.mode,
                day=_day(request, state),
                now=state.clock.now(),
                url=f"{request.url.scheme}://{request.url.netloc}{ROOT}",
                path=request.path_params,
                params=request.query_params,
                scopes=token.scopes or frozenset(),
            )
            found = endpoint.answer(call)
            request.state.entry.rows = count_items(found)
            return _Json(found)

        return Route(f"{ROOT}{endpoint.path}", answer)

    return [endpoint_route(endpoint) for endpoint in ENDPOINTS]


def _check_reach(endpoint: Endpoint, token: tokens.Token, state: State) -> None:
    """Check that the app may use the endpoint, and with this token.

    Raises:
        ApiError: 401 or 403.
    """
    if not (endpoint.in_development or state.mode.has_whole_api):
        raise forbidden()
    if endpoint.needs_user and token.scopes is None:
        raise unauthorized("Valid user authentication required")
    if endpoint.scope is not None and endpoint.scope not in (token.scopes or ()):
        raise forbidden("Insufficient client scope")


def _token_route(state: State) -> Route:
    async def answer(request: Request) -> Response:
        try:
            body = (await request.body()).decode(errors="replace")
        except ClientDisconnect:
            # Nobody is there to be answered.
            return Response(status_code=400)
        asked = TokenRequest.read(body, request.headers.get("authorization", ""))
        request.state.entry.params = {"grant_type": asked.grant_type}
        try:
            return _Json(state.accounts.grant(asked))
        except TokenRefused as refusal:
            return _Json(refusal.body, status_code=400)

    return Route("/api/token", answer, methods=["POST"])


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


def _day(request: Request, state: State) -> dt.date:
    text = request.headers.get(DATE_HEADER)
    if text is None:
        return state.today
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
