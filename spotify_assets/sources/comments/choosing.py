"""Which comments somebody means who wants them forgotten.

Belongs here: finding them by an id, a pseudonym, a file or a name. Does not belong here: deleting.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from spotify_assets.lake import Lake, history
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.sources.comments.records import pseudonym
from spotify_assets.storage.errors import FailureKind, ProjectError


class NotThere(ProjectError):
    """No comment is meant."""

    kind = FailureKind.USAGE


@dataclass(frozen=True)
class Chosen:
    """Comments of one batch, and rows of it that could not be read."""

    batch_id: str
    day: dt.date
    file_name: str | None
    rows: frozenset[int]
    comment_ids: frozenset[str]


def choose(lake: Lake, wanted: str) -> list[Chosen]:
    """The comments that a word means, in the batches that hold them.

    Args:
        lake: Where they lie.
        wanted: The id of a comment or of a batch, the pseudonym of an author, the name of a file
            that was imported, or of an author as the source has it.

    Raises:
        NotThere: There are none.
        LakeError: A batch cannot be read.
    """
    lake_of_comments.bring_up_to_date(lake)
    key = history.secret(lake)
    found = [
        chosen
        for day in lake_of_comments.received_days(lake)
        for chosen in _of_day(lake, day, wanted, key)
    ]
    if not found:
        raise NotThere(
            f"No comment is meant by {wanted!r}. Say the id of a comment or batch, the pseudonym "
            "or the name of an author, or the name of a file, as in monitoring.comment_batches."
        )
    return found


def _of_day(lake: Lake, day: dt.date, wanted: str, key: str) -> list[Chosen]:
    ids: dict[tuple[str, int], str] = {}
    try:
        read = lake_of_comments.read_day(lake, lake_of_comments.RECEIVED, day)
        ids = {(batch, row): one for batch, row, one in read.select(_IDS).iter_rows()}
        named = read.filter(pl.col("comment_id") == wanted).select(_IDS).iter_rows()
    except FileNotFoundError:
        named = iter(())
    rows: dict[str, set[int]] = defaultdict(set)
    for batch_id, row, _ in named:
        rows[batch_id].add(row)
    chosen = []
    for path in lake_of_comments.batch_files(lake, day):
        batch = lake_of_comments.read_batch(path)
        is_whole = wanted in (batch.batch_id, batch.file_name)
        # A name has another pseudonym at each source.
        sources = {str(line.get("source", batch.source)) for line in batch.lines}
        authors = {wanted, *(pseudonym(key, source, wanted) for source in sources)}
        rows[batch.batch_id] |= {
            line["row"] for line in batch.lines if is_whole or line.get("author") in authors
        }
        if meant := rows[batch.batch_id]:
            comment_ids = {
                ids[batch.batch_id, row] for row in meant if (batch.batch_id, row) in ids
            }
            chosen.append(
                Chosen(
                    batch.batch_id, day, batch.file_name, frozenset(meant), frozenset(comment_ids)
                )
            )
    return chosen


_IDS = ("batch_id", "batch_row", "comment_id")
