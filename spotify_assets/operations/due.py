"""Which genres wait for their day to be collected, the stalest first.

Belongs here: reading that off the lake. Does not belong here: when they are collected (``queue``).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.errors import DamagedFile
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import held_file, last_date, read_partition, under_way
from spotify_assets.schemas.catalog.processed import Extracts

LAST_TABLE = "star.fact_track_daily"
"""Written last of a genre-day's tables."""


@dataclass(frozen=True)
class Due:
    """A genre that has no complete day yet.

    Attributes:
        genre_day: What is due.
        last_day: The last day that is complete; ``None`` if there is none.
        is_under_way: Whether some of its responses are there.
    """

    genre_day: GenreDay
    last_day: dt.date | None
    is_under_way: bool


def is_complete(lake: Lake, genre_day: GenreDay) -> bool:
    """Whether a genre-day has all its responses and its facts, and no run is working on it.

    A raw file that is missing or cut is noticed; other damage is when the file is read.
    """
    return (
        RawPartition(lake, genre_day).is_finished()
        and RawPartition(lake, genre_day).is_intact()
        and held_file(lake, LAST_TABLE, genre_day) is not None
        and under_way(lake, genre_day) is None
        and has_all_pages(lake, genre_day)
    )


def has_all_pages(lake: Lake, genre_day: GenreDay) -> bool:
    """Whether a genre-day that was processed lacks no page (`processed.extracts`)."""
    try:
        collection = read_partition(lake, Extracts.table(), genre_day)
    except (FileNotFoundError, DamagedFile):
        # The publication tells of a damaged file; asking again would not mend it.
        return True
    # Rows that an earlier version made do not say; they are made again by themselves.
    return "is_complete" not in collection.columns or bool(collection["is_complete"].all())


def stalest_first(lake: Lake, genres: Iterable[str]) -> list[str]:
    """The genres, those that have waited longest first; else in the given order."""
    return sorted(genres, key=lambda genre: _last_day(lake, genre) or dt.date.min)


def due(lake: Lake, genres: Iterable[str], day: dt.date) -> list[Due]:
    """The genres of which a day is not complete: the stalest first, of these the begun ones."""
    waiting = [
        Due(genre_day, _last_day(lake, genre), RawPartition(lake, genre_day).is_under_way())
        for genre in genres
        for genre_day in [GenreDay(genre, day)]
        if not is_complete(lake, genre_day)
    ]
    return sorted(waiting, key=lambda one: (one.last_day or dt.date.min, not one.is_under_way))


def _last_day(lake: Lake, genre: str) -> dt.date | None:
    return last_date(lake, LAST_TABLE, genre)
