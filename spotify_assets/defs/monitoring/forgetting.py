"""Taking imports back, and publishing what is left.

Belongs here: doing it. Does not belong here: which files or comments are meant
(``choosing`` of their sources).
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import comment_decisions, comment_labels, history, release_files
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.settings import Settings
from spotify_assets.sources.comments.choosing import Chosen
from spotify_assets.transforms.comments.rows import tables
from spotify_assets.warehouse.publication.replacing import alone


def forget_comments(
    settings: Settings, chosen: Sequence[Chosen], begin: Callable[[str], None]
) -> None:
    """Delete comments from the lake, with their labels and decisions, and publish without them.

    The tables of their days go last: by these they are found, should this be killed.

    Args:
        settings: Where they are.
        chosen: Which.
        begin: Told what is done now: two steps.

    Raises:
        LakeError: Something cannot be deleted.
        WarehouseError: What is left cannot be published.
    """
    lake = settings.lake
    begin("delete the comments")
    with alone(settings.database):
        for one in chosen:
            if path := lake_of_comments.find_batch(lake, one.batch_id):
                lake_of_comments.rewrite_batch(lake, path, one.rows)
        gone = {comment_id for one in chosen for comment_id in one.comment_ids}
        comment_decisions.forget_decisions(lake, gone)
        made = {}
        for day in {one.day for one in chosen}:
            files = lake_of_comments.batch_files(lake, day)
            made[day] = tables(lake_of_comments.read_batch(file) for file in files)
        comment_labels.forget_labels(lake, _texts(settings, made))
        for day, of_day in made.items():
            lake_of_comments.write_day(lake, day, of_day)
    begin("publish what is left")
    publish_now(settings, compact=True)


def _texts(settings: Settings, made: Mapping[dt.date, Mapping[str, pl.DataFrame]]) -> set[str]:
    """The texts of all comments, where these days are as they will be."""
    table, kept = lake_of_comments.RECEIVED, set[str]()
    for day in lake_of_comments.received_days(settings.lake):
        if day in made:
            kept.update(made[day][table]["text_id"])
            continue
        # Of a day that waits, nothing is labelled yet.
        with contextlib.suppress(FileNotFoundError):
            kept.update(lake_of_comments.read_day(settings.lake, table, day)["text_id"])
    return kept


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
