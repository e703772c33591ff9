"""How good the predictions were, once their days have come; and which models take themselves out.

Belongs here: comparing what was predicted with what came. Does not belong here: predicting.
"""

import datetime as dt

import polars as pl

from spotify_assets.learning.releases.forecast import PREDICTED
from spotify_assets.schemas.predictions import Scores

DAYS_WORSE = 28
"""A model whose predictions of so many days missed by more than the naive ones takes itself out."""


def scores(predicted: pl.DataFrame, streams: pl.DataFrame) -> pl.DataFrame:
    """Rows of `Scores`. Grain: one prediction whose day has come.

    Args:
        predicted: `StreamsDaily`.
        streams: `FactStreamsDaily`.
    """
    came = streams.select("release_id", "date", "streams")
    told = predicted.filter(pl.col("status") == PREDICTED).join(came, on=("release_id", "date"))
    scored = told.with_columns(
        error=pl.col("streams") - pl.col("predicted"),
        naive_error=pl.col("streams") - pl.col("naive"),
        is_inside=pl.col("streams").is_between("low", "high"),
    )
    return scored.select(Scores.polars_schema().names()).sort(Scores.key())


def withdrawn(scored: pl.DataFrame) -> dict[str, dt.date]:
    """Of each model that took itself out the day on which it did.

    Args:
        scored: `Scores`.
    """
    by_day = (
        scored.group_by("model_version", "date")
        .agg(pl.col("error").abs().sum(), pl.col("naive_error").abs().sum())
        .sort("model_version", "date")
        .with_columns(
            pl.col("error", "naive_error")
            .rolling_sum(DAYS_WORSE, min_samples=DAYS_WORSE)
            .over("model_version")
        )
    )
    worse = by_day.filter(pl.col("error") > pl.col("naive_error"))
    first = worse.group_by("model_version").agg(pl.col("date").min())
    return dict(first.iter_rows())
