"""catalog.md, "Objects, and where they stand"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from spotify_assets_tests.model.raw import UNREADABLE, Collection, Response

OK = 200
LISTS = {
    "search": {"artist": "artists/items", "track": "tracks/items", "album": "albums/items"},
    "artists": {"artist": "artists"},
    "artist": {"artist": ""},
    "tracks": {"track": "tracks"},
    "track": {"track": ""},
    "albums": {"album": "albums"},
    "album": {"track": "tracks/items", "album": ""},
    "artist_albums": {"album": "items"},
    "album_tracks": {"track": "items"},
    "artist_top_tracks": {"track": "tracks"},
    "top_artists": {"artist": "items"},
    "top_tracks": {"track": "items"},
    "saved_tracks": {"track": "items/*/track"},
    "recently_played": {"track": "items/*/track"},
    "playlist_items": {"track": "items/*/item|track"},
}
"""For each endpoint, where the objects of each kind stand; "" is the body itself."""


@dataclass(frozen=True)
class Mention:
    """An object, or what stands where one should."""

    kind: str
    """``artist`` (a full one), ``credit``, ``track`` or ``album``."""
    value: Any
    line: int
    index: int
    pointer: str
    position: int | None = None
    """In the search; null where it was not found by one."""

    @property
    def place(self) -> tuple[int, int, str]:
        """Mentions are in the order of line, index, pointer."""
        return (self.line, self.index, self.pointer)


def readable(collection: Collection) -> Iterator[Response]:
    """Only responses with status 200 whose body is JSON are read."""
    for response in collection.responses:
        if response.status == OK and response.body is not UNREADABLE:
            yield response


def expected_kinds(response: Response) -> list[str]:
    """The kinds of which a response should hold a list: of a search, those in `type`."""
    kinds = list(LISTS.get(response.endpoint, {}))
    if response.endpoint == "search":
        asked = str(response.params.get("type", "")).split(",")
        return [kind for kind in kinds if kind in asked]
    return kinds


def entries(response: Response, kind: str) -> list[tuple[int, str, Any]] | None:
    """Index, pointer and value of what the list of that kind holds; None where it is missing."""
    path = LISTS[response.endpoint].get(kind)
    if path is None:
        return None
    if path == "":
        return [(0, "", response.body)] if isinstance(response.body, dict) else None
    steps, _, inner = path.partition("/*/")
    there = response.body
    for step in steps.split("/"):
        there = there.get(step) if isinstance(there, dict) else None
    if not isinstance(there, list) or _is_another_page(response, steps):
        return None
    found = [(index, f"/{steps}/{index}", value) for index, value in enumerate(there)]
    return [_inner(*entry, inner.split("|")) for entry in found] if inner else found


def _inner(index: int, pointer: str, value: Any, names: list[str]) -> tuple[int, str, Any]:
    """The track in an entry, under the first of these names that it has, else the last."""
    entry = value if isinstance(value, dict) else {}
    name = next((one for one in names if entry.get(one) is not None), names[-1])
    return index, f"{pointer}/{name}", entry.get(name)


def page(response: Response, kind: str) -> dict[str, Any]:
    """The object of a search that holds the list of that kind."""
    there = response.body.get(f"{kind}s") if isinstance(response.body, dict) else None
    return there if isinstance(there, dict) else {}


def _is_another_page(response: Response, steps: str) -> bool:
    """Whether its `offset` or `limit` is a number other than was asked."""
    *above, _ = steps.split("/")
    there = response.body
    for step in above:
        there = there.get(step)
    return any(
        is_number(there.get(name))
        and name in response.params
        and there[name] != response.params[name]
        for name in ("offset", "limit")
    )


def is_number(value: Any) -> TypeGuard[int | float]:
    """JSON's numbers; to Python, true and false are some too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def missing_lists(collection: Collection) -> list[tuple[int, str]]:
    """Line and pointer of each row of quarantine with the table name `responses`."""
    missing = []
    for response in collection.responses:
        if response.status != OK:
            continue
        if response.body is UNREADABLE:
            missing.append((response.line, ""))
            continue
        for kind in expected_kinds(response):
            if entries(response, kind) is None:
                path = LISTS[response.endpoint][kind].partition("/*/")[0]
                missing.append((response.line, f"/{path}" if path else ""))
    return missing


def mentions(collection: Collection) -> list[Mention]:
    """All objects of a genre-day, in their order."""
    found: list[Mention] = []
    for response in readable(collection):
        for kind in LISTS.get(response.endpoint, {}):
            for index, pointer, value in entries(response, kind) or []:
                position = None
                if response.endpoint == "search":
                    position = int(response.params.get("offset", 0)) + index + 1
                mention = Mention(kind, value, response.line, index, pointer, position)
                found += [mention, *_within(mention)]
    return sorted(found, key=lambda mention: mention.place)


def _within(mention: Mention) -> Iterator[Mention]:
    """The album of a track, and the credits of a track and of an album."""
    if not isinstance(mention.value, dict):
        return
    if mention.kind == "track" and mention.value.get("album") is not None:
        album = Mention(
            "album",
            mention.value["album"],
            mention.line,
            mention.index,
            f"{mention.pointer}/album",
        )
        yield album
        yield from _within(album)
    if mention.kind in ("track", "album"):
        yield from credits_of(mention)


def credits_of(mention: Mention) -> list[Mention]:
    """The artists of a track or album, in order, broken ones too."""
    those = mention.value.get("artists")
    return [
        Mention("credit", value, mention.line, mention.index, f"{mention.pointer}/artists/{place}")
        for place, value in enumerate(those if isinstance(those, list) else [])
    ]
