"""What changes from day to day: popularity, followers, the order of a search, now and then a name.

Everything is a pure function of a row's key and the day, so that any day can be asked for in any
order. What does not belong here: the levels around which the values move (``columns``).
"""

import datetime as dt
import unicodedata
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spotify_assets.sandbox.columns import Albums, Artists, Rows, Tracks
from spotify_assets.sandbox.draws import Floats, Keys, below, numbers, uniform
from spotify_assets.sandbox.names import ARTIST_SUFFIXES, TRACK_RENAMES

Table = Tracks | Artists | Albums

MAX_POPULAR = 100
# Points up and down. With these one to five of a genre's top 50 change in a day.
_SEASON, _FORTNIGHT, _DAILY = 4.0, 2.0, 1.2
# Below this level the waves fade out: what nobody plays stays at 0, as on Spotify.
_LIVELY_FROM = 12.0
_FOLLOWERS_OF = dt.date(2020, 1, 1)

# One row in a thousand is renamed on any day: each has its turn once in a thousand days.
_DAYS_BETWEEN_RENAMES = 1000
_MIN_RENAME, _MAX_RENAME = 25, 35
_LATIN_ACCENTS = range(0x0300, 0x0370)


def levels(table: Table, rows: Rows, day: dt.date) -> Floats:
    """Return the popularity of the day before rounding, 0 to 100."""
    keys, base = table.keys[rows], table.popularity[rows]
    season = _wave(keys, "season", day, shortest=60, longest=130)
    fortnight = _wave(keys, "fortnight", day, shortest=11, longest=20)
    daily = uniform(keys, f"popularity {day}") * 2 - 1
    liveliness = np.minimum(base / _LIVELY_FROM, 1.0)
    drift = _SEASON * season + _FORTNIGHT * fortnight + _DAILY * daily
    return np.clip(base + liveliness * drift, 0, MAX_POPULAR)


def popularity(table: Table, rows: Rows, day: dt.date) -> NDArray[np.int64]:
    """Return the popularity that the API shows on the day, 0 to 100."""
    return np.rint(levels(table, rows, day)).astype(np.int64)


def followers(artists: Artists, rows: Rows, day: dt.date) -> NDArray[np.int64]:
    """Return the followers on the day: nearly all grow, by a few per cent up to 40 % a year."""
    keys = artists.keys[rows]
    years = (day - _FOLLOWERS_OF).days / 365.25
    growth = uniform(keys, "growth") * 0.45 - 0.05
    daily = (uniform(keys, f"followers {day}") - 0.5) * 0.0002
    grown = artists.followers[rows] * (1 + growth * years + daily)
    return np.maximum(grown, 0).astype(np.int64)


def search_scores(table: Table, rows: Rows, day: dt.date) -> Floats:
    """Return what a search is sorted by: popularity, relevance that stays, and some noise."""
    keys = table.keys[rows]
    relevance = uniform(keys, "relevance") * 10
    noise = uniform(keys, f"relevance {day}") * 2
    return levels(table, rows, day) + relevance + noise


def track_names(tracks: Tracks, rows: Rows, day: dt.date) -> list[str]:
    """Return the names of tracks on the day."""
    return _names(tracks, rows, day, _renamed_track)


def artist_names(artists: Artists, rows: Rows, day: dt.date) -> list[str]:
    """Return the names of artists on the day."""
    return _names(artists, rows, day, _renamed_artist)


def _wave(keys: Keys, purpose: str, day: dt.date, *, shortest: int, longest: int) -> Floats:
    period = shortest + uniform(keys, f"{purpose} period") * (longest - shortest)
    phase = uniform(keys, f"{purpose} phase")
    wave: Floats = np.sin(2 * np.pi * (day.toordinal() / period + phase))
    return wave


def _names(
    table: Tracks | Artists, rows: Rows, day: dt.date, rename: Callable[[str, int], str]
) -> list[str]:
    names = [table.names[row] for row in rows.tolist()]
    keys = table.keys[rows]
    turn, since = np.divmod(
        day.toordinal() + below(keys, "day of renaming", _DAYS_BETWEEN_RENAMES),
        _DAYS_BETWEEN_RENAMES,
    )
    lasts = _MIN_RENAME + below(keys, "rename lasts", _MAX_RENAME - _MIN_RENAME + 1)
    places = np.flatnonzero(since < lasts)
    kinds = numbers(keys[places] + turn[places].astype(np.uint64), "kind of renaming")
    for place, kind in zip(places.tolist(), kinds.tolist(), strict=True):
        names[place] = rename(names[place], kind)
    return names


def _renamed_track(name: str, kind: int) -> str:
    return TRACK_RENAMES[kind % len(TRACK_RENAMES)].format(name)


def _renamed_artist(name: str, kind: int) -> str:
    # Only Latin accents: without its marks a Japanese syllable is another one.
    letters = unicodedata.normalize("NFD", name)
    plain = "".join(letter for letter in letters if ord(letter) not in _LATIN_ACCENTS)
    if plain != letters:
        return unicodedata.normalize("NFC", plain)
    return ARTIST_SUFFIXES[kind % len(ARTIST_SUFFIXES)].format(name)
