"""All that a listener can play: the catalog's tracks, and what only a listening history has.

Music videos, podcasts, audiobooks and local files are invented here; the catalog and its
endpoints know nothing of them. What does not belong here: who plays what, and when (``listening``).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from spotify_assets.sandbox import names
from spotify_assets.sandbox.columns import Catalog, Ragged, Rows
from spotify_assets.sandbox.draws import below, identifiers, keys_for, numbers, uniform
from spotify_assets.sandbox.objects import isrcs

_MAX_VIDEOS = 1000
_SHOWS, _EPISODES = 60, 200
_BOOKS, _CHAPTERS = 20, 40
_LOCAL_FILES = 80
_VIDEO_SHOW_EVERY = 8


class Items(NamedTuple):
    """Where the items of a sort are in the repertoire: ``size`` rows from ``first`` on."""

    first: int
    size: int


@dataclass(frozen=True, eq=False)
class Repertoire:
    """Everything that can be played, one row an item.

    ``items`` has ``track`` (row of the catalog, else null), ``kind`` (music, podcast, audiobook
    or local_file), ``is_video``, ``uri`` and ``track_id`` (null where there is none), ``book_uri``
    (of chapters), ``name``, ``artist_name`` (or show, or audiobook), ``album_name``,
    ``duration_ms`` and ``isrc``.

    ``of_artist`` lists the tracks of each artist that has any.
    """

    items: pl.DataFrame
    of_artist: Ragged
    tracks: Items
    videos: Items
    episodes: Items
    chapters: Items
    local_files: Items

    @classmethod
    def of(cls, catalog: Catalog) -> "Repertoire":
        """Make the one that goes with a catalog."""
        tracks = _tracks(catalog)
        parts = [tracks, _videos(catalog, tracks), _episodes(), _chapters(), _local_files()]
        ends = np.cumsum([len(part) for part in parts]).tolist()
        places = [Items(end - len(part), len(part)) for part, end in zip(parts, ends, strict=True)]
        played = np.flatnonzero(catalog.artist_tracks.lengths)
        items = pl.concat(parts, how="diagonal_relaxed").with_columns(
            pl.col("track").cast(pl.Int32), pl.col("duration_ms").cast(pl.Int64)
        )
        return cls(items.rechunk(), catalog.artist_tracks.take(played), *places)


def _tracks(catalog: Catalog) -> pl.DataFrame:
    table, albums = catalog.tracks, catalog.albums
    first_artist = table.artists.values[table.artists.starts[:-1]]
    return pl.DataFrame(
        {
            "track": np.arange(len(table)),
            "kind": "music",
            "is_video": False,
            "uri": [f"spotify:track:{name}" for name in table.ids],
            "track_id": list(table.ids),
            "name": list(table.names),
            "artist_name": [catalog.artists.names[row] for row in first_artist.tolist()],
            "album_name": [albums.names[row] for row in table.album.tolist()],
            "duration_ms": table.duration_ms,
            "isrc": isrcs(table.keys, albums.year[table.album]),
        },
        schema_overrides={"isrc": pl.String},
    )


def _videos(catalog: Catalog, tracks: pl.DataFrame) -> pl.DataFrame:
    """Return the videos of some tracks; their ids are of their own, and no endpoint has them."""
    size = min(_MAX_VIDEOS, len(tracks))
    ids = identifiers(numbers(catalog.tracks.keys[:size], "video"))
    return tracks.head(size).with_columns(
        pl.lit(None).alias("track"),
        pl.lit(True).alias("is_video"),
        pl.Series("uri", [f"spotify:track:{name}" for name in ids]),
        pl.Series("track_id", ids),
        pl.lit(None, pl.String).alias("isrc"),
    )


def _episodes() -> pl.DataFrame:
    keys = keys_for("podcast", _SHOWS * _EPISODES)
    show, episode = np.divmod(np.arange(len(keys)), _EPISODES)
    shows = _titles("show", _SHOWS)
    titles = [names.title("pt", number) for number in numbers(keys, "title").tolist()]
    return pl.DataFrame(
        {
            "kind": "podcast",
            "is_video": show % _VIDEO_SHOW_EVERY == 0,
            "uri": [f"spotify:episode:{name}" for name in identifiers(keys)],
            "name": [f"#{n + 1} {text}" for n, text in zip(episode.tolist(), titles, strict=True)],
            "artist_name": [shows[row] for row in show.tolist()],
            "duration_ms": _minutes(8, 75, uniform(keys, "duration")),
        }
    )


def _chapters() -> pl.DataFrame:
    keys = keys_for("audiobook", _BOOKS * _CHAPTERS)
    book, chapter = np.divmod(np.arange(len(keys)), _CHAPTERS)
    books, ids = _titles("book", _BOOKS), identifiers(keys_for("book", _BOOKS))
    return pl.DataFrame(
        {
            "kind": "audiobook",
            "is_video": False,
            "uri": [f"spotify:episode:{name}" for name in identifiers(keys)],
            "book_uri": [f"spotify:show:{ids[row]}" for row in book.tolist()],
            "name": [f"Chapter {number + 1}" for number in chapter.tolist()],
            "artist_name": [books[row] for row in book.tolist()],
            "duration_ms": _minutes(10, 40, uniform(keys, "duration")),
        }
    )


def _local_files() -> pl.DataFrame:
    keys = keys_for("local file", _LOCAL_FILES)
    artists = [names.artist("en", number) for number in numbers(keys, "artist").tolist()]
    return pl.DataFrame(
        {
            "kind": "local_file",
            "is_video": False,
            "name": _titles("local file", _LOCAL_FILES),
            "artist_name": artists,
            "album_name": [
                "Demos" if is_demo else None for is_demo in (below(keys, "is a demo", 2) == 1)
            ],
            "duration_ms": _minutes(2, 5, uniform(keys, "duration")),
        }
    )


def _titles(purpose: str, size: int) -> list[str]:
    drawn = numbers(keys_for(purpose, size), "title").tolist()
    return [names.title("en", number) for number in drawn]


def _minutes(fewest: int, most: int, drawn: np.ndarray) -> Rows:
    return ((fewest + (most - fewest) * drawn) * 60_000).astype(np.int64)
