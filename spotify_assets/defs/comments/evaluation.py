"""How good the labeller of comments is, as an asset; and fitting it to what people decided.

Belongs here: the asset, its check and its picture. Does not belong here: the measures
(``learning.evaluation``).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from spotify_assets.defs.failures import failing
from spotify_assets.defs.resources import LakeResource
from spotify_assets.lake import Lake, comment_decisions
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.learning.labellers.language import language_of
from spotify_assets.learning.labellers.training import Example
from spotify_assets.operations.curation import topics_of
from spotify_assets.settings import Settings

EVALUATION = dg.AssetKey(lake_of_comments.EVALUATIONS.split("."))
PICTURE, LEARNED = "how good it is", "decisions that were learned from"


class EvaluationConfig(dg.Config):
    """What to do before."""

    train: bool = Field(False, description="Fit the embedded labeller to decisions first.")


@dg.asset(
    key=EVALUATION,
    group_name="processed",
    kinds={"python", "parquet"},
    tags={"grain": "measure"},
    check_specs=[
        dg.AssetCheckSpec(
            "floors",
            asset=EVALUATION,
            description="Coverage, and F1 of each category, on the golden set.",
        )
    ],
    pool="labeller",
)
@failing
def comment_evaluations(
    config: EvaluationConfig,
    lake: LakeResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """The labeller that is configured, and baselines, against the golden set."""
    from spotify_assets.defs.comments.labeller import labeller  # noqa: PLC0415 - heavy, perhaps
    from spotify_assets.learning.evaluation import keeping  # noqa: PLC0415 - as above

    learned = 0
    if config.train and settings.labelling.head:
        learned = keeping.fit_to_decisions(_decided(lake.lake), settings.labelling.head)
    chosen = labeller(settings)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    kept = keeping.evaluate_into(lake.lake, chosen, topics_of(lake.lake).words, now)
    yield dg.MaterializeResult(
        metadata={
            "labeller": chosen.name,
            "version": chosen.version,
            "macro F1": kept.of.of("macro_f1"),
            "coverage": kept.of.of("coverage"),
            LEARNED: learned,
            PICTURE: dg.MetadataValue.md(kept.of.markdown(kept.beside)),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="floors",
                passed=not kept.below,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"below": dg.MetadataValue.md("\n".join(kept.below) or "none")},
            )
        ],
    )


def _decided(lake: Lake) -> Iterator[Example]:
    """What people decided, with the texts; of each text the last decision."""
    decisions = comment_decisions.decisions(comment_decisions.decision_files(lake))
    by_text = {
        one["text_id"]: one["category"]
        for one in sorted(decisions, key=lambda one: str(one["decided_at"]))
    }
    if not by_text:
        return
    for day in lake_of_comments.received_days(lake):
        rows = lake_of_comments.read_day(lake, lake_of_comments.RECEIVED, day)
        said = rows.filter(pl.col("text_id").is_in([*by_text])).unique("text_id")
        for text_id, text in said.select("text_id", "text").iter_rows():
            yield Example(text, language_of(text), by_text[text_id])
