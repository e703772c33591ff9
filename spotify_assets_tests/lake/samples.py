"""Questions and answers, as short as they can be."""

import datetime as dt

from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.lake.journal import CollectionParameters

ASKED_AT = dt.datetime(2025, 11, 20, 12, 30, 0, 123456, tzinfo=dt.UTC)
TERMS = CollectionParameters(source="sandbox", market="BR", artists=50, tracks=100)
OTHER_TERMS = CollectionParameters(source="sandbox", market="US", artists=50, tracks=100)


def question(number: int = 1) -> Request:
    return Request("search", "search", {"q": 'genre:"forró"', "limit": 50, "offset": number})


def answer(body: bytes = b'{"tracks":{"items":[]}}', status: int = 200) -> Response:
    headers = {"content-type": "application/json; charset=utf-8"}
    return Response(status, headers, body, ASKED_AT, elapsed_ms=12)


def numbered_answer(number: int, size: int = 0) -> Response:
    """An answer that only the question of that number has; ``size`` bytes are added to it."""
    return answer(b'{"number":%d,"padding":"%s"}' % (number, b"x" * size))
