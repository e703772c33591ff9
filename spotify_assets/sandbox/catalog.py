"""Catalogs: an invented one of any size (``generate``), or one from a table of tracks (``read``).

What does not belong here: what depends on a day (``drift``) or on a request (``objects``).
"""

import numpy as np

from spotify_assets.sandbox import names
from spotify_assets.sandbox.columns import (
    AlbumKind,
    Albums,
    Artists,
    Catalog,
    Ragged,
    Rows,
    Tracks,
)
from spotify_assets.sandbox.draws import Keys, below, identifiers, keys_for, numbers, uniform
from spotify_assets.sandbox.names import GENRES
from spotify_assets.sandbox.release_dates import NO_DATE_SHARE, drawn
from spotify_assets.sandbox.track_table import followers_at, read

__all__ = ["Catalog", "generate", "read"]

_TRACKS_PER_ARTIST = 12
# Each genre needs a few, and a track needs up to four different ones.
_MIN_ARTISTS = 4 * len(GENRES)
_SECOND_GENRE_SHARE = 0.3
_SHOWS_GENRES_SHARE = 0.85

# Shares of the tracks that have at most one, two, three artists; the rest has four.
_CAST_SHARES = (0.6, 0.9, 0.97)
_NAMES_GUEST_SHARE = 0.33
_EXPLICIT_SHARE = 0.12
_EPIC_SHARE, _EPIC_FACTOR = 0.01, 5

# Share, fewest and most tracks of a kind of album; together about five tracks an album.
_ALBUM_SHAPES = (
    (0.700, AlbumKind.SINGLE, 1, 3),
    (0.250, AlbumKind.ALBUM, 8, 16),
    (0.048, AlbumKind.COMPILATION, 12, 20),
    # More than fit on one page of album tracks.
    (0.002, AlbumKind.COMPILATION, 51, 70),
)
_TRACKS_ON_A_DISC = 20


def generate(seed: int = 1, tracks: int = 20_000) -> Catalog:
    """Invent a catalog; the same seed and size give the same one, always.

    Args:
        seed: Which catalog.
        tracks: Number of tracks, at least 1. With less than a few hundred some genres stay empty.

    Raises:
        ValueError: ``tracks`` is less than 1.
    """
    if tracks < 1:
        raise ValueError(f"A catalog needs at least one track, not {tracks}.")
    artists = _artists(keys_for(f"{seed}:artist", max(tracks // _TRACKS_PER_ARTIST, _MIN_ARTISTS)))
    kinds, sizes = _album_shapes(seed, tracks)
    albums = _albums(keys_for(f"{seed}:album", len(sizes)), kinds, artists)
    genres = tuple(genre.name for genre in GENRES)
    return Catalog(
        genres, artists, albums, _tracks(keys_for(f"{seed}:track", tracks), sizes, albums, artists)
    )


def _artists(keys: Keys) -> Artists:
    weights = np.array([genre.weight for genre in GENRES])
    # By quota rather than by lot: every genre has its share whatever the seed. Neighbouring rows
    # so play the same genre, which _tracks makes use of.
    edges = np.cumsum(weights) / weights.sum() * len(keys)
    primary = np.searchsorted(edges, np.arange(len(keys)), side="right")
    # One minus the fourth root of a uniform number: a few stars, a long tail, a mean of 20.
    popularity = 100 * (1 - uniform(keys, "popularity") ** 0.25)
    return Artists(
        keys=keys,
        ids=identifiers(keys),
        names=[
            names.artist(GENRES[genre].language, number)
            for genre, number in zip(primary.tolist(), numbers(keys, "name").tolist(), strict=True)
        ],
        popularity=popularity,
        followers=followers_at(popularity, keys),
        genres=_with_second_genres(keys, primary),
        shows_genres=uniform(keys, "shows genres") < _SHOWS_GENRES_SHARE,
    )


def _with_second_genres(keys: Keys, primary: Rows) -> Ragged:
    languages = np.array([genre.language for genre in GENRES])
    relatives = [
        np.array([other for other in np.flatnonzero(languages == language) if other != genre])
        for genre, language in enumerate(languages)
    ]
    choices = Ragged.of_lengths(
        np.array([len(related) for related in relatives]), np.concatenate(relatives)
    )
    related_to = choices.lengths[primary]
    has_second = (uniform(keys, "has second genre") < _SECOND_GENRE_SHARE) & (related_to > 0)
    rows = np.flatnonzero(has_second)
    picked = choices.starts[primary[rows]] + below(keys[rows], "second genre", related_to[rows])
    places = np.cumsum(1 + has_second)[rows] - 1
    genres = np.repeat(primary, 1 + has_second)
    genres[places] = choices.values[picked]
    return Ragged.of_lengths(1 + has_second, genres)


def _album_shapes(seed: int, tracks: int) -> tuple[Rows, Rows]:
    """Return the kind and the number of tracks of each album; the numbers add up to ``tracks``."""
    # No album is empty, so as many albums as tracks are always enough.
    keys = keys_for(f"{seed}:album", tracks)
    shares, kinds, fewest, most = (np.array(column) for column in zip(*_ALBUM_SHAPES, strict=True))
    # The last edge is 1 whatever rounding makes of the sum.
    shape = np.searchsorted(np.cumsum(shares)[:-1], uniform(keys, "kind"), side="right")
    sizes = fewest[shape] + below(keys, "size", most[shape] - fewest[shape] + 1)
    ends = np.cumsum(sizes)
    albums = int(np.searchsorted(ends, tracks)) + 1
    sizes = sizes[:albums]
    sizes[-1] -= ends[albums - 1] - tracks
    return kinds[shape[:albums]], sizes


def _albums(keys: Keys, kinds: Rows, artists: Artists) -> Albums:
    # First an album for each artist (or for some of all genres, if they are too few), then by lot.
    artist = below(keys, "artist", len(artists))
    firsts = min(len(keys), len(artists))
    artist[:firsts] = np.arange(firsts) * len(artists) // firsts
    released, precision = drawn(keys, no_date_share=NO_DATE_SHARE)
    return Albums(
        keys=keys,
        ids=identifiers(keys),
        names=_titles(keys, artist, artists),
        artist=artist.astype(np.int32),
        kind=kinds.astype(np.int8),
        released=released,
        precision=precision.astype(np.int8),
        popularity=artists.popularity[artist] * (0.5 + 0.5 * uniform(keys, "popularity")),
    )


def _tracks(keys: Keys, album_sizes: Rows, albums: Albums, artists: Artists) -> Tracks:
    album = np.repeat(np.arange(len(albums)), album_sizes)
    starts = np.repeat(np.cumsum(album_sizes) - album_sizes, album_sizes)
    disc, number = np.divmod(np.arange(len(keys)) - starts, _TRACKS_ON_A_DISC)
    primary = albums.artist[album].astype(np.int64)
    cast = _cast(keys, primary, len(artists))
    return Tracks(
        keys=keys,
        ids=identifiers(keys),
        names=_with_features(keys, _titles(keys, primary, artists), cast, artists),
        album=album.astype(np.int32),
        artists=cast,
        genres=artists.genres.take(primary),
        popularity=artists.popularity[primary] * (0.3 + 0.7 * uniform(keys, "popularity")),
        duration_ms=_durations(keys),
        explicit=uniform(keys, "explicit") < _EXPLICIT_SHARE,
        disc=(disc + 1).astype(np.int16),
        number=(number + 1).astype(np.int16),
    )


def _cast(keys: Keys, primary: Rows, artists: int) -> Ragged:
    """Return who plays on each track: the album's artist, and up to three of the same genre."""
    sizes = 1 + np.searchsorted(_CAST_SHARES, uniform(keys, "cast"), side="right")
    owners = np.repeat(np.arange(len(keys)), sizes)
    place = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # Guests come from three separate stretches of the following rows, so none plays twice.
    stretch = 8
    distance = below(keys[owners] + place.astype(np.uint64), "guest", stretch) + 1
    offset = np.where(place > 0, distance + stretch * (place - 1), 0)
    return Ragged.of_lengths(sizes, (primary[owners] + offset) % artists)


def _durations(keys: Keys) -> np.ndarray:
    # The sum of two numbers, so that most are near 3.5 minutes.
    seconds = 70 + 140 * (uniform(keys, "duration") + uniform(keys, "duration, too"))
    seconds *= np.where(uniform(keys, "epic") < _EPIC_SHARE, _EPIC_FACTOR, 1)
    return (seconds * 1000).astype(np.int32)


def _titles(keys: Keys, artist: Rows, artists: Artists) -> list[str]:
    languages = [genre.language for genre in GENRES]
    first_genre = artists.genres.values[artists.genres.starts[artist]]
    return [
        names.title(languages[genre], number)
        for genre, number in zip(first_genre.tolist(), numbers(keys, "title").tolist(), strict=True)
    ]


def _with_features(keys: Keys, titles: list[str], cast: Ragged, artists: Artists) -> list[str]:
    """Name the first guest in the title of some of the tracks that have one."""
    names_guest = uniform(keys, "feat.") < _NAMES_GUEST_SHARE
    rows = np.flatnonzero((cast.lengths > 1) & names_guest)
    guests = cast.values[cast.starts[rows] + 1]
    for row, guest in zip(rows.tolist(), guests.tolist(), strict=True):
        titles[row] += f" (feat. {artists.names[guest].strip()})"
    return titles
