"""A day of comments through a labeller, into the lake: each text once, whatever stops it.

Belongs here: which texts are asked, in which portions, and keeping what was said. Does not belong
here: what a labeller says (``labellers``).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from spotify_assets.lake import Lake, comment_labels
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.learning.labellers import Labeller, LabelResult, Rejected
from spotify_assets.schemas.comments import TextLabels
from spotify_assets.transforms.comments.rows import label_key, tables

AT_ONCE = 200
"""Texts that a labeller is asked about at a time; what it said is on the disk before the next."""


@dataclass
class Labelled:
    """What was done with the comments of a day."""

    batches: int = 0
    received: int = 0
    """Rows that can be read."""
    quarantined: int = 0
    """Rows that cannot."""
    asked: int = 0
    """Texts that had no label of this version."""
    unsure: int = 0
    rejected: int = 0
    """Texts that the labeller gave up."""


def label_day(
    lake: Lake,
    date: dt.date,
    labeller: Labeller,
    tell: Callable[[str], None] = lambda _: None,
) -> Labelled:
    """Make the tables of a day of its batches, and label the texts that have no label yet.

    Args:
        lake: Where they lie.
        date: The day (UTC) on which the batches were received.
        labeller: Who is asked.
        tell: Takes how far it is.

    Raises:
        LakeError: The lake cannot be read or written.
        ProjectError: The labeller cannot be asked now; what it said before is kept.
    """
    done = Labelled()
    lake_of_comments.bring_up_to_date(lake)
    with lake_of_comments.finishing(lake, date) as files:
        made = tables(lake_of_comments.read_batch(file) for file in files)
        lake_of_comments.write_day(lake, date, made)
        received = made[lake_of_comments.RECEIVED]
        done.batches, done.received = len(files), received.height
        done.quarantined = made[lake_of_comments.QUARANTINED].height
        known = comment_labels.known_labels(lake, labeller.version)
        texts = {
            text_id: text
            for text_id, text in received.select("text_id", "text").unique("text_id").iter_rows()
            if label_key(labeller.version, text_id) not in known
        }
        in_order = sorted(texts)
        for begin in range(0, len(in_order), AT_ONCE):
            portion = in_order[begin : begin + AT_ONCE]
            tell(f"{done.asked:,} of {len(texts):,} texts of {date} labelled")
            said = labeller.label([texts[text_id] for text_id in portion])
            rows = _rows(labeller, portion, said, dt.datetime.now(dt.UTC).replace(tzinfo=None))
            comment_labels.add_labels(lake, date, TextLabels.validate(rows))
            done.asked += rows.height
            done.unsure += rows.filter(pl.col("category") == "unsure").height
            done.rejected += rows["reason"].count()
        comment_labels.merge_labels(lake, date)
    return done


def _rows(
    labeller: Labeller,
    text_ids: Iterable[str],
    said: Sequence[LabelResult | Rejected],
    now: dt.datetime,
) -> pl.DataFrame:
    rows = [
        {
            "label_key": label_key(labeller.version, text_id),
            "text_id": text_id,
            "labeller": labeller.name,
            "version": labeller.version,
            "labelled_at": now,
            **_said(one),
        }
        for text_id, one in zip(text_ids, said, strict=True)
    ]
    return pl.DataFrame(rows, schema=TextLabels.polars_schema(), orient="row")


def _said(one: LabelResult | Rejected) -> dict[str, object]:
    if isinstance(one, Rejected):
        return {"topics": [], "proposed_topics": [], "reason": one.reason}
    return {
        "category": one.category,
        "label_confidence": one.confidence,
        "topics": list(one.topics),
        "proposed_topics": list(one.proposed_topics),
        "language": None if one.language == UNKNOWN_LANGUAGE else one.language,
    }


UNKNOWN_LANGUAGE = "und"
"""What a labeller says of a text that has none."""
