"""The control endpoint: what a test or a user sets in a running sandbox, and reads from it.

It needs no token, is not counted and not logged. What does not belong here: what is set
(``behaviour``) and what comes of it (``state``).
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from spotify_assets.sandbox.behaviour import checked
from spotify_assets.sandbox.errors import bad_request
from spotify_assets.sandbox.log import Entry
from spotify_assets.sandbox.state import State

CONTROL = "/sandbox/"
_LINES_AT_ONCE = 1000
_MAX_ADVANCE_S = 100 * 366 * 86_400


class Advance(BaseModel):
    """What the clock is told.

    Attributes:
        advance_s: Seconds to move on.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    advance_s: Annotated[float, Field(ge=0, le=_MAX_ADVANCE_S)]


def routes(state: State) -> list[Route]:
    """Return the routes of the control endpoint."""

    async def show(_request: Request) -> Response:
        return JSONResponse(state.shown())

    async def change(request: Request) -> Response:
        values = await _json(request)
        if not isinstance(values, dict):
            raise bad_request("The body has to be a JSON object of settings.")
        try:
            state.change(values)
        except ValueError as error:
            raise bad_request(str(error)) from None
        return JSONResponse(state.shown())

    async def clock(request: Request) -> Response:
        try:
            advance = checked(Advance, await _json(request))
        except ValueError as error:
            raise bad_request(str(error)) from None
        state.clock.advance(advance.advance_s)
        return JSONResponse(state.shown())

    async def reset(_request: Request) -> Response:
        state.reset()
        return JSONResponse(state.shown())

    async def log(request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not (since.isascii() and since.isdigit()):
            raise bad_request("since has to be the ordinal number of a request, 0 or more.")
        entries = state.log.since(int(since))
        return StreamingResponse(_lines(entries), media_type="application/x-ndjson")

    return [
        Route(f"{CONTROL}state", show, methods=["GET"]),
        Route(f"{CONTROL}state", change, methods=["PATCH"]),
        Route(f"{CONTROL}clock", clock, methods=["POST"]),
        Route(f"{CONTROL}reset", reset, methods=["POST"]),
        Route(f"{CONTROL}log", log, methods=["GET"]),
    ]


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        raise bad_request("The body has to be JSON.") from None


def _lines(entries: list[Entry]) -> Iterator[str]:
    """Yield the log piece by piece, so that other requests are served in between."""
    for start in range(0, len(entries), _LINES_AT_ONCE):
        yield "".join(entry.line() for entry in entries[start : start + _LINES_AT_ONCE])
