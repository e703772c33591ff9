"""Answers of the API that a test writes down, as the raw files keep them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
LIMIT = 3
"""Objects on a page: few, so that a small lake has several pages."""


@dataclass(frozen=True)
class Answer:
    """A question and its answer."""

    endpoint: str
    params: dict[str, str | int]
    body: bytes
    status: int = 200


@dataclass(frozen=True)
class Collected:
    """What was asked and answered for a genre on a day."""

    genre: str
    day: int
    answers: list[Answer] = field(default_factory=list)
    market: str = "BR"
    artists: int = 6
    tracks: int = 6


def search(offset: int = 0, status: int = 200, **lists: Any) -> Answer:
    """A page of the search, which holds these lists: ``search(tracks=[…], artists=[…])``."""
    body = {kind: {"items": items} for kind, items in lists.items()}
    return of_search(json.dumps(body, ensure_ascii=False).encode(), offset, status)


def of_search(body: bytes, offset: int = 0, status: int = 200) -> Answer:
    """A page of the search, byte for byte."""
    params: dict[str, str | int] = {
        "q": 'genre:"forró"',
        "type": "artist,track",
        "limit": LIMIT,
        "offset": offset,
        "market": "BR",
    }
    return Answer("search", params, body, status)


def pages(tracks: Sequence[Any], artists: Sequence[Any], *, deep: int = 0) -> Iterator[Answer]:
    """The pages of a search, to the end of the longer list, or at least that deep."""
    for offset in range(0, max(len(tracks), len(artists), deep, 1), LIMIT):
        page = slice(offset, offset + LIMIT)
        yield search(offset, tracks=tracks[page], artists=artists[page])


def looked_up(endpoint: str, *objects: Any) -> Answer:
    """The answer to a look-up of several ids."""
    body = json.dumps({endpoint: objects}, ensure_ascii=False).encode()
    return Answer(endpoint, {"ids": ""}, body)
