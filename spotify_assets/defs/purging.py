"""Deleting what is kept too long, and publishing what is left.

Belongs here: doing it, for the command and for the daily housekeeping. Does not belong here: what
is due (``lake.retention``).
"""

from collections.abc import Callable, Sequence

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import LakeError, retention
from spotify_assets.lake.errors import writing
from spotify_assets.settings import Settings
from spotify_assets.warehouse.replacing import alone


def purge(
    settings: Settings, due: Sequence[retention.Due], begin: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Delete, and publish what is left.

    Args:
        settings: Where it lies.
        due: What is to go.
        begin: Told what is done now: each genre, the plays, then the publication.

    Returns:
        What could not be deleted, with the reasons.

    Raises:
        LakeError: Another purge is under way.
        WarehouseError: What is left cannot be published.
    """
    reasons = []
    with retention.purging(settings.lake):
        with writing(settings.database, "the lock of the warehouse"), alone(settings.database):
            for genre in sorted({one.genre for one in due}):
                begin(f"delete {genre}")
                of_genre = (one for one in due if one.genre == genre)
                reasons += [said for one in of_genre if (said := _why_it_stays(settings, one))]
        begin("publish what is left")
        publish_now(settings, everywhere=True, compact=True)
    return reasons


def _why_it_stays(settings: Settings, due: retention.Due) -> str | None:
    try:
        retention.delete(settings.lake, due)
    except LakeError as error:
        # One that cannot go keeps no other from going.
        return str(error)
    return None
