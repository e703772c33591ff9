"""``/public``: the report as it lies in its folder, for everybody.

Belongs here: its answers, and for how long they may be kept. Does not belong here: making it
(``placing``).
"""

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from spotify_assets.pages.report.page import FILES
from spotify_assets.pages.report.placing import CACHE_CONTROL, NAMES, TYPES
from spotify_assets.pages.sign_in import language_of

PUBLIC = "/public"
# The page has the hash of its style itself: it may have been made by an earlier version.
HEADERS = {
    "cache-control": CACHE_CONTROL,
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
}
NOT_YET = "There is no report yet. It is made with the next publication.\n"


def routes(folder: Path) -> list[BaseRoute]:
    """What answers without a session: the files of the report, and nothing else of the folder."""

    def begin(_: Request) -> Response:
        return RedirectResponse(f"{PUBLIC}/", 308)

    def page(request: Request) -> Response:
        name = FILES[language_of(request)]
        return _answer(request, folder / name, {"vary": "accept-language"})

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in NAMES:
            raise HTTPException(404)
        return _answer(request, folder / name)

    return [Route(PUBLIC, begin), Route(f"{PUBLIC}/", page), Route(f"{PUBLIC}/{{name}}", file)]


def _answer(request: Request, path: Path, more: Mapping[str, str] | None = None) -> Response:
    """A file as it is now, read at once: another may take its place meanwhile."""
    try:
        with path.open("rb") as file:
            held, modified = file.read(), os.fstat(file.fileno()).st_mtime
    except OSError:
        return Response(NOT_YET, 404, {"cache-control": "no-cache"}, "text/plain")
    # HTTP knows whole seconds.
    changed = dt.datetime.fromtimestamp(int(modified), dt.UTC)
    headers = {
        **HEADERS,
        **(more or {}),
        "etag": f'"{hashlib.sha256(held).hexdigest()[:32]}"',
        "last-modified": format_datetime(changed, usegmt=True),
    }
    if _is_known(request, headers["etag"], changed):
        return Response(status_code=304, headers=headers)
    return Response(held, 200, headers, TYPES[path.suffix.removeprefix(".")])


def _is_known(request: Request, tag: str, changed: dt.datetime) -> bool:
    """Whether the reader has it already, by its tag or else by its time (RFC 9110, 13.2.2)."""
    if (tags := request.headers.get("if-none-match")) is not None:
        return tags == "*" or tag in [one.strip().removeprefix("W/") for one in tags.split(",")]
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and changed <= since
