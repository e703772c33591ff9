"""The two worlds of the API: what an app in each may ask for, and what it gets to see.

What does not belong here: what the endpoints do (``endpoints``) and how errors look (``errors``).
"""

from dataclasses import dataclass
from typing import Literal

ModeName = Literal["extended", "development"]


@dataclass(frozen=True)
class Mode:
    """Limits of a quota mode.

    ``hidden`` names the keys that are absent (not null) from objects of each type. They do not
    depend on the endpoint.
    """

    search_limit: int
    search_default: int
    artist_albums_limit: int
    artist_albums_default: int
    has_whole_api: bool
    hidden: dict[str, frozenset[str]]


MODES: dict[ModeName, Mode] = {
    "extended": Mode(
        search_limit=50,
        search_default=20,
        artist_albums_limit=50,
        artist_albums_default=20,
        has_whole_api=True,
        hidden={
            "track": frozenset(),
            "album": frozenset(),
            "artist": frozenset(),
            "user": frozenset(),
        },
    ),
    "development": Mode(
        search_limit=10,
        search_default=5,
        artist_albums_limit=10,
        artist_albums_default=5,
        has_whole_api=False,
        hidden={
            "track": frozenset({"popularity", "available_markets", "linked_from"}),
            "album": frozenset({"popularity", "label", "available_markets", "album_group"}),
            "artist": frozenset({"popularity", "followers"}),
            "user": frozenset({"country", "email", "product", "followers", "explicit_content"}),
        },
    ),
}
