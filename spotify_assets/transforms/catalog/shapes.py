"""Where each endpoint's response keeps its objects, and which of their values are read.

A shape is a JSON-like value: an object is a dict, a list is a list of one shape, a value is `VALUE`
or `WORD`. Values are read as JSON and typed afterwards: DuckDB's own typed reading rounds 5.7 to 6
and takes "66" for 66 without a word. Words are read as text at once, which is faster: what was no
text breaks the pattern that the contract has for them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Shape = str | dict[str, "Shape"] | list["Shape"]
Kind = Literal["artist", "track", "album"]
VALUE, WORD = "JSON", "VARCHAR"


def _values(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names, VALUE)


CREDIT: Shape = {"id": WORD, "name": VALUE}
ARTIST: dict[str, Shape] = {
    "id": WORD,
    **_values("name", "popularity"),
    "followers": _values("total"),
    "genres": [VALUE],
}
ALBUM: dict[str, Shape] = {
    "id": WORD,
    **_values("name", "release_date", "total_tracks"),
    "album_type": WORD,
    "release_date_precision": WORD,
    "artists": [CREDIT],
}
TRACK: dict[str, Shape] = {
    "id": WORD,
    **_values("name", "popularity", "duration_ms", "explicit", "disc_number"),
    **_values("track_number", "is_playable"),
    "external_ids": _values("isrc"),
    "artists": [CREDIT],
    "album": ALBUM,
}
OBJECTS: dict[Kind, Shape] = {"artist": ARTIST, "track": TRACK, "album": ALBUM}

PAGING = _values("offset", "limit", "total", "next")
PLAYLIST_ITEM: Shape = {"item": TRACK, "track": TRACK}
"""`item` since 2026, `track` before; the other one may be there too, as null."""

ENDPOINTS: dict[str, Shape] = {
    "search": {
        "tracks": {"items": [TRACK], **PAGING},
        "artists": {"items": [ARTIST], **PAGING},
        "albums": {"items": [ALBUM], **PAGING},
    },
    "artists": {"artists": [ARTIST]},
    "artist": ARTIST,
    "top_artists": {"items": [ARTIST]},
    "artist_albums": {"items": [ALBUM]},
    "albums": {"albums": [ALBUM]},
    "album": {**ALBUM, "tracks": {"items": [TRACK]}},
    "album_tracks": {"items": [TRACK]},
    "artist_top_tracks": {"tracks": [TRACK]},
    "tracks": {"tracks": [TRACK]},
    "track": TRACK,
    "top_tracks": {"items": [TRACK]},
    "saved_tracks": {"items": [{"track": TRACK}]},
    "recently_played": {"items": [{"track": TRACK}]},
    "playlist_items": {"items": [PLAYLIST_ITEM]},
}
"""The parts that are read of each endpoint's response."""


@dataclass(frozen=True)
class Container:
    """Where the objects of a kind are: ``list_path`` to the list, ``inner`` to the object in it.

    Where there are several, the object is the first that is not null.
    """

    endpoint: str
    kind: Kind
    list_path: tuple[str, ...]
    inner: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """The response is the object itself."""
        return not self.list_path


CONTAINERS: tuple[Container, ...] = (
    Container("search", "artist", ("artists", "items")),
    Container("search", "track", ("tracks", "items")),
    Container("search", "album", ("albums", "items")),
    Container("artists", "artist", ("artists",)),
    Container("artist", "artist", ()),
    Container("top_artists", "artist", ("items",)),
    Container("artist_albums", "album", ("items",)),
    Container("albums", "album", ("albums",)),
    Container("album", "album", ()),
    Container("album", "track", ("tracks", "items")),
    Container("album_tracks", "track", ("items",)),
    Container("artist_top_tracks", "track", ("tracks",)),
    Container("tracks", "track", ("tracks",)),
    Container("track", "track", ()),
    Container("top_tracks", "track", ("items",)),
    Container("saved_tracks", "track", ("items",), ("track",)),
    Container("recently_played", "track", ("items",), ("track",)),
    Container("playlist_items", "track", ("items",), ("item", "track")),
)


def duckdb_type(shape: Shape) -> str:
    """The shape as a DuckDB type, for `read_json`."""
    if isinstance(shape, dict):
        fields = ", ".join(f'"{name}" {duckdb_type(inner)}' for name, inner in shape.items())
        return f"STRUCT({fields})"
    if isinstance(shape, list):
        return f"{duckdb_type(shape[0])}[]"
    return shape


def json_structure(shape: Shape) -> str:
    """The shape as a structure for `json_transform`."""
    return json.dumps(shape)


def mismatches(value: object, shape: Shape) -> Iterator[tuple[str, str]]:
    """Where a response has another shape than it should: ``(JSON pointer of the object, problem)``.

    The object is the artist, track, album or credit that it corrupts; the empty pointer is the
    response as a whole. A null is no mismatch: whether a value may be missing is for the contracts.
    """
    yield from _walk(value, shape, "", "", "")


def _walk(
    value: object, shape: Shape, pointer: str, owner: str, name: str
) -> Iterator[tuple[str, str]]:
    if value is None or isinstance(shape, str):
        return
    if isinstance(shape, list):
        if isinstance(value, list):
            for index, element in enumerate(value):
                place = f"{pointer}/{index}"
                yield from _walk(element, shape[0], place, place, "")
        else:
            yield owner, _problem(name, "a list", value)
    elif isinstance(value, dict):
        is_object = "id" in shape
        for key, inner in shape.items():
            place = f"{pointer}/{key}"
            yield from _walk(value.get(key), inner, place, pointer if is_object else owner, key)
    else:
        yield owner, _problem(name, "an object", value)


def _problem(name: str, expected: str, value: object) -> str:
    found = json.dumps(value, ensure_ascii=False)[:80]
    return (
        f"{name}: expected {expected}, got {found}" if name else f"expected an object, got {found}"
    )
