"""Answers of the API written down in a test, sealed as a collection would have sealed them."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spotify_assets.defs.catalog.raw_file import raw_file
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition
from spotify_assets.transforms.catalog.responses import RawFile

DAY = dt.date(2026, 11, 20)
ASKED_AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
TERMS = CollectionParameters(source="sandbox", market="BR", artists=50, tracks=100)


@dataclass(frozen=True)
class Answer:
    body: bytes
    endpoint: str = "search"
    params: Mapping[str, str | int] = field(default_factory=dict)
    status: int = 200


def search(body: object, *, kinds: str = "track", page: int = 0) -> Answer:
    """The answer to a page of 50 of a search."""
    return Answer(as_bytes(body), params={"type": kinds, "limit": 50, "offset": 50 * page})


def answer(endpoint: str, body: object, *, status: int = 200) -> Answer:
    return Answer(as_bytes(body), endpoint, status=status)


def as_bytes(body: object) -> bytes:
    """Bytes are the body itself; all else is written as JSON, as the API writes it: in UTF-8."""
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


def seal(
    root: Path,
    *answers: Answer,
    genre: str = "forró",
    date: dt.date = DAY,
    terms: CollectionParameters = TERMS,
) -> RawFile:
    """A genre-day of these answers in a lake at ``root``."""
    partition = RawPartition(Lake(root), GenreDay(genre, date))
    with partition.journal(terms) as journal:
        for number, one in enumerate(answers):
            # No two questions are the same, as in a real collection.
            request = Request(one.endpoint, f"{one.endpoint}/{number}", one.params)
            journal.append(request, Response(one.status, {}, one.body, ASKED_AT, elapsed_ms=12))
        sealed = partition.seal(journal)
    return raw_file(sealed)
