"""A data folder with labelled comments, made without a run of Dagster."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from spotify_assets.lake import Lake
from spotify_assets.learning.labellers import LabelResult, Rejected
from spotify_assets.learning.labelling import label_day
from spotify_assets.sources.comments.importing import accept
from spotify_assets.sources.comments.records import Records
from spotify_assets.transforms import comments
from spotify_assets.transforms.comments.topics import vocabulary
from spotify_assets.warehouse.publication.comments import Comments
from spotify_assets.warehouse.publication.publish import publish


class Praising:
    """Takes everything for praise of the lyrics, but a question for what it is unsure of."""

    name, version = "praising", "v1"

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        return [
            LabelResult("unsure" if "?" in text else "praise", 0.9, ("lyrics",), ("parking",), "en")
            for text in texts
        ]


def receive(lake: Lake, *received: Mapping[str, object], at: dt.datetime | None = None) -> str:
    """Put a batch into the lake; returns its id."""
    records = Records("key", "web")
    records.extend(received)
    return accept(lake, records, at or dt.datetime.now(dt.UTC)).batch_id


def label_and_publish(lake: Lake, database: Path) -> None:
    """Label what was received today, and publish."""
    label_day(lake, dt.datetime.now(dt.UTC).date(), Praising())
    how = Comments(
        derive=lambda connection, own: comments.derive(connection, vocabulary(own)),
        made=comments.DERIVED,
        version=comments.version(),
    )
    publish(lake, database, {}, domains=[how])
