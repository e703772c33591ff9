"""Deleting what is kept too long, and publishing what is left.

Belongs here: doing it, for the command and for the daily housekeeping. Does not belong here: what
is due (``lake.retention``).
"""

from collections.abc import Callable, Sequence

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import Lake, LakeError, retention
from spotify_assets.settings import Settings


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
        for genre in sorted({one.genre for one in due}):
            begin(f"delete {genre}")
            reasons += _delete(settings.lake, [one for one in due if one.genre == genre])
        begin("publish what is left")
        publish_now(settings, compact=True)
    return reasons


def _delete(lake: Lake, due: Sequence[retention.Due]) -> list[str]:
    """Delete what is due of a genre; the reasons why some of it stays."""
    reasons = []
    try:
        retention.drop_tables(lake, [one for one in due if not retention.busy(lake, one.part)])
    except LakeError as error:
        reasons.append(str(error))
    for one in due:
        try:
            retention.delete(lake, one)
        except LakeError as error:
            # One that cannot go keeps no other from going.
            reasons.append(str(error))
    return list(dict.fromkeys(reasons))
