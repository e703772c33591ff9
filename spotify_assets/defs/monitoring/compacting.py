"""Merging the small files of months that are over, and noting where their rows lie now.

Belongs here: doing it, for the command and for the daily housekeeping. Does not belong here: how a
month is merged (``lake.months``).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import months
from spotify_assets.settings import Settings
from spotify_assets.warehouse.publication.publish import Published
from spotify_assets.warehouse.publication.replacing import alone


@dataclass(frozen=True)
class Compacted:
    """What became of a lake."""

    merged: list[months.Merged]
    left: list[str]
    """Why months stay as they are."""
    published: Published
    """The warehouse after it."""


def compact(
    settings: Settings,
    genres: Sequence[str],
    today: dt.date,
    begin: Callable[[str], None] = lambda _: None,
) -> Compacted:
    """Merge what can be merged, then publish, with a look at every file of the lake.

    Args:
        settings: Where it lies.
        genres: The genres.
        today: Months before its month are over (UTC).
        begin: Told what is done now: each genre, then the publication.

    Raises:
        LakeError: A folder cannot be read or written.
        WarehouseError: The lake cannot be published.
    """
    merged: list[months.Merged] = []
    left: list[str] = []
    for genre in genres:
        begin(f"merge {genre}")
        for month in months.over(settings.lake, genre, today):
            # A publication reads the files; it gets its turn between two months.
            with alone(settings.database):
                try:
                    now_merged, stayed = months.merge(settings.lake, month)
                except months.MonthBusy as busy:
                    # One that must stay keeps no other from being merged.
                    left.append(str(busy))
                else:
                    merged += now_merged
                    left += map(str, stayed)
    begin("publish")
    published = publish_now(settings, everywhere=True, compact=bool(merged))
    return Compacted(merged, left, published)
