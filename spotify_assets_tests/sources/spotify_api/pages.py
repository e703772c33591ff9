"""Pages of a search as the scripted Web API says them."""

from collections.abc import Iterable, Sequence
from typing import Any

from spotify_assets_tests.sources.spotify_api import faults
from spotify_assets_tests.sources.spotify_api.faults import Asked, Says

ELSEWHERE = "http://127.0.0.1/v1/search?offset=50"


def page(
    items: Sequence[Any], *, further: str | None = None, total: int | None = None
) -> dict[str, Any]:
    return {"items": list(items), "next": further, "total": len(items) if total is None else total}


def artists(numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [{"id": f"a{number}"} for number in numbers]


def tracks(numbers: Iterable[int], *, credited: int = 1) -> list[dict[str, Any]]:
    """Tracks, each with so many artists of its own."""
    return [
        {
            "id": f"t{number}",
            "artists": [{"id": credit(number, place)} for place in range(credited)],
        }
        for number in numbers
    ]


def credit(number: int, place: int = 0) -> str:
    """The id, well-formed, of the artist at a place of a track."""
    return f"c{number}n{place}n".ljust(22, "0")


def endless(asked: Asked) -> Says:
    """Full pages for ever, each item another one; ``next`` always points on."""
    if asked.path == "artists":
        return batch(asked)
    numbers = range(asked.offset, asked.offset + asked.limit)
    return _both(asked, artists(numbers), tracks(numbers))


def the_same_again(asked: Asked) -> Says:
    """Full pages for ever, with the items of the first one on each."""
    if asked.path == "artists":
        return batch(asked)
    return _both(asked, artists(range(asked.limit)), tracks(range(asked.limit)))


def endless_in_development(asked: Asked) -> Says:
    """As an app in development mode has it."""
    if asked.path == "artists":
        return faults.error(403, "Forbidden")
    return faults.INVALID_LIMIT if asked.limit > 10 else endless(asked)


def batch(asked: Asked) -> Says:
    return faults.says_json({"artists": [{"id": one} for one in asked.params["ids"].split(",")]})


def _both(asked: Asked, artists: list[dict[str, Any]], tracks: list[dict[str, Any]]) -> Says:
    shown = {"artist": artists, "track": tracks}
    return faults.says_json(
        {
            f"{kind}s": page(shown[kind], further=ELSEWHERE, total=900)
            for kind in asked.params["type"].split(",")
        }
    )
