"""Objects as the Web API gives them, no longer than the contracts need, and pages of them."""

from typing import Any

Json = dict[str, Any]


def spotify_id(letter: str, number: int) -> str:
    """A well-formed id that a reader of the test recognises, e.g. ``t0…07``."""
    return f"{letter}{number:021d}"


def artist(number: int, **changes: object) -> Json:
    """A full artist object, as a search or a look-up gives it."""
    full = {"popularity": 60, "followers": {"href": None, "total": 1000}, "genres": ["forró"]}
    return {**credit(number), **full, **changes}


def credit(number: int, **changes: object) -> Json:
    """An artist as a track or an album names it."""
    return {"id": spotify_id("a", number), "name": f"Artist {number}", **changes}


def album(number: int, **changes: object) -> Json:
    return {
        "id": spotify_id("b", number),
        "name": f"Album {number}",
        "album_type": "album",
        "release_date": "2020-05-17",
        "release_date_precision": "day",
        "total_tracks": 12,
        "artists": [credit(number)],
        **changes,
    }


def track(number: int, **changes: object) -> Json:
    """A track by the artist, and on the album, of its number."""
    return {
        "id": spotify_id("t", number),
        "name": f"Track {number}",
        "popularity": 50,
        "duration_ms": 180_000,
        "explicit": False,
        "disc_number": 1,
        "track_number": 3,
        "is_playable": True,
        "external_ids": {"isrc": "BRABC2500001"},
        "artists": [credit(number)],
        "album": album(number),
        **changes,
    }


def without(thing: Json, *names: str) -> Json:
    return {name: value for name, value in thing.items() if name not in names}


def found(**items: object) -> Json:
    """The answer to a search: ``found(tracks=[…], artists=[…])``."""
    return {kind: {"items": those} for kind, those in items.items()}
