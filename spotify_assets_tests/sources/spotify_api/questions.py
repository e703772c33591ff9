"""Questions to the API, as short as they can be."""

from spotify_assets.lake.exchanges import Request


def search(number: int = 0, limit: int = 10) -> Request:
    params: dict[str, str | int] = {
        "q": f'genre:"rock" year:{1000 + number}',
        "type": "track",
        "limit": limit,
        "offset": 0,
        "market": "BR",
    }
    return Request("search", "search", params)


def artists(*ids: str) -> Request:
    return Request("artists", "artists", {"ids": ",".join(ids or ["0aB"])})
