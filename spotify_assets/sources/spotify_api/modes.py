"""Which API an app has: the whole of it, or that of development mode.

The API cannot be asked; its answers tell. Belongs here: reading that off an answer, and how large a
page each mode has. Does not belong here: remembering it (``ledger``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.sources.spotify_api.errors import InvalidLimit, NotInThisMode, refusal

Mode = Literal["extended", "development"]
PAGE_SIZE: dict[Mode, int] = {"extended": 50, "development": 10}
BATCHES = ("artists", "albums", "tracks")


@dataclass(frozen=True)
class Told:
    """What an answer gives away.

    Attributes:
        mode: The mode.
        why: What in the answer tells it.
        is_sure: Whether it is what the API lets an app do; the keys of objects say less.
    """

    mode: Mode
    why: str
    is_sure: bool = True


def told_by(request: Request, response: Response) -> Told | None:
    """The mode that an answer gives away; ``None`` if it gives nothing away."""
    limit = request.params.get("limit")
    is_long = isinstance(limit, int) and limit > PAGE_SIZE["development"]
    is_batch = request.endpoint in BATCHES
    match response.status:
        case 400 if is_long and isinstance(refusal(request, response), InvalidLimit):
            return Told("development", f"{request.endpoint} refuses pages of {limit}")
        case 403 if is_batch and isinstance(refusal(request, response), NotInThisMode):
            return Told("development", f"batches of {request.endpoint} are refused", is_sure=False)
        case 200 if is_long and request.endpoint == "search":
            return Told("extended", f"{request.endpoint} gives pages of {limit}")
        case 200 if is_batch:
            return Told("extended", f"batches of {request.endpoint} are answered")
        case 200:
            return _told_by_keys(response.json())
    return None


def _told_by_keys(body: Any) -> Told | None:
    """In development mode, tracks and artists have no key ``popularity``."""
    objects = list(_objects(body))
    if not objects:
        return None
    if any("popularity" in one for one in objects):
        return Told("extended", "objects have a popularity", is_sure=False)
    return Told("development", "objects have no popularity", is_sure=False)


def _objects(body: Any) -> Iterator[dict[str, Any]]:
    """The full artists and tracks on the pages of a search."""
    for kind in ("artists", "tracks"):
        page = body.get(kind) if isinstance(body, dict) else None
        items = page.get("items") if isinstance(page, dict) else None
        if isinstance(items, list):
            yield from (item for item in items if isinstance(item, dict))
