"""What a model predicts of each release, from the last day of it that is known.

Belongs here: rows of predictions. Does not belong here: which candidate is used, and why
(``models``).
"""

import datetime as dt
import json
from typing import Any

import numpy as np
import polars as pl

from spotify_assets.learning.releases.candidates import HORIZON, LIGHTGBM, NAIVE, baselines
from spotify_assets.learning.releases.evaluation import MIN_KNOWN, OF_DAYS, last_origins
from spotify_assets.learning.releases.features import NAMES, cases
from spotify_assets.learning.releases.models import Model
from spotify_assets.learning.releases.panel import Floats, Ints, Panel
from spotify_assets.schemas.predictions import StreamsDaily

PREDICTED, TOO_LITTLE_DATA = "predicted", "too little data"


def predict(
    model: Model, panel: Panel, made_at: dt.datetime, *, is_withdrawn: bool = False
) -> pl.DataFrame:
    """Rows of `StreamsDaily`. Grain: one release on one of the 28 days after its last known day.

    Args:
        model: Says which candidate is used, and how far it strays.
        panel: What is known now.
        made_at: When that is (UTC).
        is_withdrawn: Whether the model took itself out: then the naive candidate is used.
    """
    rows = np.arange(len(panel.release_ids))
    last, is_enough = last_origins(panel)
    told = _told(model, panel, rows[is_enough], last[is_enough], is_withdrawn=is_withdrawn)
    common = {
        "made_at": made_at.astimezone(dt.UTC).replace(tzinfo=None),
        "model_version": model.version,
    }
    made = []
    for row, column in zip(rows.tolist(), last.tolist(), strict=True):
        said = told.get(row, [_NOTHING] * HORIZON)
        for ahead, one in enumerate(said, 1):
            made.append(
                {
                    "release_id": panel.release_ids[row],
                    "predicted_from": panel.day(column),
                    "date": panel.day(column + ahead),
                    "days_ahead": ahead,
                    **one,
                    **common,
                }
            )
    return pl.DataFrame(made, schema=StreamsDaily.polars_schema())


_NOTHING = {
    "status": TOO_LITTLE_DATA,
    "needs": f"{MIN_KNOWN} known days of the last {OF_DAYS}, and a model that could be compared.",
}


def _told(
    model: Model, panel: Panel, rows: Ints, last: Ints, *, is_withdrawn: bool
) -> dict[int, list[dict[str, Any]]]:
    """Of each release what is predicted for each day ahead."""
    if not len(rows):
        return {}
    said = dict(baselines(panel, rows, last))
    contributions = None
    if model.boosted and not is_withdrawn:
        found = cases(panel, rows, last)
        said[LIGHTGBM] = model.boosted.streams(found)
        contributions = model.boosted.contributions(found)
    winners = [NAIVE if is_withdrawn and one else one for one in model.winners]
    told: dict[int, list[dict[str, Any]]] = {}
    for number, row in enumerate(rows.tolist()):
        told[row] = [
            _one(model, ahead, winner, said, number, contributions)
            for ahead, winner in enumerate(winners)
        ]
    return told


def _one(
    model: Model,
    ahead: int,
    winner: str | None,
    said: dict[str, Floats],
    number: int,
    contributions: Floats | None,
) -> dict[str, Any]:
    if winner is None:
        return _NOTHING
    predicted = float(said[winner][number, ahead])
    scored = model.scored(ahead, winner)
    of_features = None
    if winner == LIGHTGBM and contributions is not None:
        parts = contributions[number, ahead].round(4).tolist()
        of_features = json.dumps(dict(zip((*NAMES, "base"), parts, strict=True)))
    return {
        "status": PREDICTED,
        "candidate": winner,
        "predicted": predicted,
        "low": max((predicted + 1) * scored.low - 1, 0.0),
        "high": max((predicted + 1) * scored.high - 1, 0.0),
        "share_inside": scored.coverage,
        "naive": float(said[NAIVE][number, ahead]),
        "contributions": of_features,
    }
