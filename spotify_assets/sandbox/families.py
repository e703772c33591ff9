"""Families of endpoints: what a quota is counted for, and what the log calls a request.

What does not belong here: what an endpoint answers (``endpoints``).
"""

from spotify_assets.sandbox.endpoints import ENDPOINTS

ROOT = "/v1"
TOKEN = "token"  # noqa: S105 - the name of a family
ACCOUNTS_PATHS = ("/api/token", "/authorize")
"""Paths that the real API has on its accounts host."""

# Kinds of which there is a single object at /kind/{id}; other paths go by their first part.
_OBJECTS = frozenset({"artists", "albums", "tracks", "playlists", "users"})


def family(path: str) -> str:
    """Return the family of a path.

    It is the first part of the path: ``/v1/search`` is of ``search``. A single object is another
    family than a batch: ``/v1/artists`` is of ``artists``, ``/v1/artists/{id}`` of ``artist``,
    ``/v1/artists/{id}/albums`` of ``artist_albums``. Sign-in and tokens are ``token``.
    """
    path = path.rstrip("/")
    if path in ACCOUNTS_PATHS:
        return TOKEN
    first, *more = [part for part in path.removeprefix(ROOT).split("/") if part] or [""]
    if first in _OBJECTS and more:
        first = "_".join([first.removesuffix("s"), *more[1:]])
    return first.replace("-", "_")


FAMILIES = frozenset(family(endpoint.path) for endpoint in ENDPOINTS)
"""The families that a quota can be set for."""
