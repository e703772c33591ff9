"""The HTTP API of comments: batches go into the lake, labels come out of the warehouse.

An answer of 202 says that a batch is on the disk, whatever labelling does meanwhile.

Belongs here: requests and answers. Does not belong here: what of a comment is kept
(``sources.comments``), and what is asked of the warehouse (``comments_api.sql``).
"""

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from spotify_assets.lake import Lake
from spotify_assets.lake.comments import find_batch, read_batch
from spotify_assets.schemas import examples
from spotify_assets.sources.comments.bodies import READERS, Refused
from spotify_assets.sources.comments.importing import API, accept
from spotify_assets.sources.comments.records import Records
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

MAX_BYTES = 64 * 1024 * 1024
MAX_COMMENTS = 10_000
"""Of a batch."""
MAX_LIMIT, LIMIT = 1_000, 100
"""Comments of an answer: at most, and where nothing is said."""
FORMS = {
    "": "json",
    "application/json": "json",
    "text/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
}
"""By the type of a body how it is read."""
FILTERS = ("category", "decided_by", "language", "source", "release_id", "topic", "since", "until")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
QUERIES = examples.by_question(
    resources.files(__package__).joinpath("comments_api.sql").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class CommentsApi:
    """Takes and shows comments."""

    lake: Lake
    database: Path
    """The published DuckDB file."""
    token: str
    """What every request has to show."""
    key: str
    """What makes pseudonyms, as `lake.history.secret` gives it."""

    def routes(self) -> list[Route]:
        """Below ``/api``."""
        return [
            Route("/comments", self._post, methods=["POST"]),
            Route("/comments", self._list),
            Route("/comments/batches/{batch_id}", self._batch),
        ]

    async def _post(self, request: Request) -> Response:
        self._allow(request)
        form = FORMS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if form is None:
            raise HTTPException(415, f"Send one of {', '.join(filter(None, FORMS))}.")
        body = await _body(request)
        batch_id, received = await run_in_threadpool(self._accept, body, form)
        where = f"/api/comments/batches/{batch_id}"
        said = {"batch_id": batch_id, "received": received, "state": "received", "url": where}
        return JSONResponse(said, 202, {"location": where})

    def _accept(self, body: bytes, form: str) -> tuple[str, int]:
        records = Records(self.key, API)
        try:
            READERS[form](body, records)
        except Refused as error:
            raise HTTPException(400, str(error)) from error
        if len(records.lines) > MAX_COMMENTS:
            said = f"It has {len(records.lines):,} comments: {MAX_COMMENTS:,} are the most."
            raise HTTPException(413, said)
        batch = accept(self.lake, records, dt.datetime.now(dt.UTC))
        return batch.batch_id, len(batch.lines)

    async def _batch(self, request: Request) -> Response:
        self._allow(request)
        batch_id = request.path_params["batch_id"]
        return JSONResponse(await run_in_threadpool(self._state, batch_id))

    def _state(self, batch_id: str) -> dict[str, Any]:
        path = find_batch(self.lake, batch_id)
        if path is None:
            raise HTTPException(404, "There is no batch of that id.")
        batch = read_batch(path)
        said = {
            "batch_id": batch.batch_id,
            "received_at": _text(batch.received_at.replace(tzinfo=None)),
            "received": len(batch.lines),
            "state": "received",
        }
        if not self.database.exists():
            return said
        found = self._asked("What has become of a batch?", {"batch_id": literal(batch_id)})
        for row in found:
            waits = row.pop("waiting")
            said |= row | {"waiting": waits, "state": "waiting" if waits else "labelled"}
        return said

    async def _list(self, request: Request) -> Response:
        self._allow(request)
        return JSONResponse(await run_in_threadpool(self._page, dict(request.query_params)))

    def _page(self, asked: Mapping[str, str]) -> dict[str, Any]:
        if unknown := sorted(set(asked) - {*FILTERS, "limit", "after"}):
            raise HTTPException(400, f"There is no filter {unknown[0]!r}: {', '.join(FILTERS)}.")
        limit = _limit(asked.get("limit"))
        told = {name: _literal(asked.get(name)) for name in FILTERS}
        for name in ("since", "until"):
            if asked.get(name) and not _is_day(asked[name]):
                raise HTTPException(400, f"{name} is no day: write it as 2026-11-20.")
        told |= dict(zip(("after_at", "after_id"), _cursor(asked.get("after")), strict=True))
        rows = self._asked("Which comments are there?", {**told, "limit": str(limit + 1)})
        shown = rows[:limit]
        more = len(rows) > limit
        return {
            "comments": [{name: _text(value) for name, value in row.items()} for row in shown],
            "next": _cursor_after(shown[-1]) if more else None,
        }

    def _asked(self, question: str, told: Mapping[str, str]) -> list[dict[str, Any]]:
        """Rows of a query whose names of values stand for literals."""
        # Not bound: to bind one, DuckDB's client imports pandas.
        sql = re.sub(r"\$(\w+)", lambda found: told[found[1]], QUERIES[question])
        with read_only(self.database) as connection:
            try:
                cursor = connection.execute(sql)
            except duckdb.CatalogException as error:
                # It was published by a version that knew no comments.
                said = "The warehouse has no comments yet: the next publication makes them."
                raise HTTPException(503, said, {"retry-after": "60"}) from error
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _allow(self, request: Request) -> None:
        """Raise where the request has not the token."""
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(_hash(shown.strip()), _hash(self.token))
        if kind.lower() != "bearer" or not is_right:
            said = "Send the token of the API: `Authorization: Bearer …`."
            raise HTTPException(401, said, {"www-authenticate": "Bearer"})


async def _body(request: Request) -> bytes:
    """All of it, and no more of a body that is too long than one can take."""
    too_long = HTTPException(413, f"It is longer than {MAX_BYTES >> 20} MiB: send less at once.")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > MAX_BYTES:
        raise too_long
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise too_long
    return bytes(body)


def _limit(said: str | None) -> int:
    if said is None:
        return LIMIT
    if not said.isdecimal() or not 1 <= int(said[:9]) <= MAX_LIMIT:
        raise HTTPException(400, f"limit is a number from 1 to {MAX_LIMIT:,}.")
    return int(said)


def _is_day(text: str) -> bool:
    try:
        return bool(DAY.fullmatch(text) and dt.date.fromisoformat(text))
    except ValueError:
        return False


def _literal(said: str | None) -> str:
    if said is not None and "\0" in said:
        raise HTTPException(400, "A filter holds a null byte: nothing is called so.")
    return "NULL" if said is None else literal(said)


def _cursor(said: str | None) -> tuple[str, str]:
    """The time and id of the comment after which a page begins, as literals."""
    if said is None:
        return "NULL", "NULL"
    try:
        at, comment_id = base64.urlsafe_b64decode(said.encode("ascii")).decode("ascii").split(" ")
        return literal(dt.datetime.fromisoformat(at).isoformat()), literal(comment_id)
    except ValueError as error:
        raise HTTPException(400, "after is no `next` of an earlier answer.") from error


def _cursor_after(row: Mapping[str, Any]) -> str:
    told = f"{row['received_at'].isoformat()} {row['comment_id']}"
    return base64.urlsafe_b64encode(told.encode("ascii")).decode("ascii")


def _text(value: Any) -> Any:
    """A time as ISO 8601, in UTC; all else as it is."""
    if isinstance(value, dt.datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, dt.date) else value


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
