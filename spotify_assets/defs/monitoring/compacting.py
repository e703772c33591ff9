"""Merging the small files of months that are over, and deleting files that nobody needs any more.

Belongs here: doing it, for the command and for the daily housekeeping. Does not belong here: how it
is done (``lake.upkeep``).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import history, mirror, upkeep
from spotify_assets.settings import Settings
from spotify_assets.warehouse.publication.publish import Published


@dataclass(frozen=True)
class Compacted:
    """What became of a lake."""

    merged: list[upkeep.Merged]
    left: list[str]
    """Why months stay as they are."""
    deleted: list[str]
    """Files that nobody needs any more."""
    published: Published
    """The warehouse after it."""


def compact(
    settings: Settings,
    genres: Sequence[str],
    today: dt.date,
    begin: Callable[[str], None] = lambda _: None,
) -> Compacted:
    """Merge what can be merged, publish, and delete what nobody needs.

    Args:
        settings: Where it lies.
        genres: The genres.
        today: Months before its month are over (UTC).
        begin: Told what is done now: each genre, then the publication.

    Raises:
        LakeError: A folder cannot be read or written.
        WarehouseError: The lake cannot be published.
    """
    merged: list[upkeep.Merged] = []
    left: list[str] = []
    for genre in genres:
        begin(f"merge {genre}")
        for month in upkeep.months_over(settings.lake, genre, today):
            now_merged, stayed = upkeep.compact(settings.lake, genre, month)
            merged += now_merged
            left += map(str, stayed)
    begin("publish")
    published = publish_now(settings, compact=bool(merged))
    days = settings.versions_kept_days
    keep = None if days is None else dt.timedelta(days)
    deleted = upkeep.collect(settings.lake, keep=keep)
    if keep is not None:
        before = dt.datetime.now(dt.UTC) - keep
        deleted += mirror.collect(settings.lake, history.TABLES, before)
    settings.lake.sweep()
    return Compacted(merged, left, deleted, published)
