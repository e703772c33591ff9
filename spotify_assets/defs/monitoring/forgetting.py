"""Taking imports back, and publishing what is left.

Belongs here: doing it. Does not belong here: which files are meant (``choosing`` of each source).
"""

from collections.abc import Callable, Sequence

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import history, release_files
from spotify_assets.settings import Settings
from spotify_assets.warehouse.publication.replacing import alone


def forget(
    settings: Settings,
    file_ids: Sequence[str],
    downloads: Sequence[str],
    begin: Callable[[str], None],
) -> None:
    """Delete export files and downloads of a team from the lake, and publish without them.

    What says which file it was goes last, so that a command that was killed can be given again.

    Args:
        settings: Where they are.
        file_ids: Of export files of the lake.
        downloads: Ids of downloads of a team.
        begin: Told what is done now: two steps.

    Raises:
        LakeError: Something cannot be deleted.
        WarehouseError: What is left cannot be published: the raw rows are still there.
    """
    begin("delete the rows")
    with alone(settings.database):
        for file_id in file_ids:
            history.withdraw(settings.lake, file_id)
        for file_id in downloads:
            release_files.erase(settings.lake, file_id)
    begin("publish what is left")
    publish_now(settings, compact=True)
    for file_id in file_ids:
        history.erase(settings.lake, file_id)
