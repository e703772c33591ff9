"""Which candidate is best for each day ahead, how far it strays, and how often its interval holds.

The last half year is predicted as it would have been (rolling origin): every five days from what
was known then. LightGBM learns again before each of four stretches of it, from what lies before.
The interval of a candidate is that of its errors, as ratios (split conformal); how often it holds
is measured on the last stretch, with the errors of those before it.

Belongs here: evaluating. Does not belong here: what the candidates say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spotify_assets.learning.releases import boosting, candidates
from spotify_assets.learning.releases.boosting import Boosted, after
from spotify_assets.learning.releases.candidates import HORIZON, LIGHTGBM
from spotify_assets.learning.releases.features import cases
from spotify_assets.learning.releases.panel import Bools, Floats, Ints, Panel

ORIGINS, EVERY_DAYS = 36, 5
"""Origins that are evaluated, the last that are known. Not weekly: each day ahead would be of one
weekday."""
STRETCHES = 4
COVERAGE = 0.8
"""Share of the days that an interval is meant to hold."""
NEIGHBOURS = 3
"""Days ahead on either side whose errors count for a day's interval too: they are much alike."""
MIN_ERRORS = 50
"""Errors below which there is no interval, and so no prediction."""
MIN_KNOWN, OF_DAYS = 28, 35
"""A release is predicted where so many of its last days are known."""


@dataclass(frozen=True)
class Scored:
    """A candidate at one day ahead."""

    errors: int
    """Predictions that were compared with what came."""
    wape: float
    """Sum of the absolute errors as a share of the streams."""
    low: float
    high: float
    """The interval, as factors of the prediction plus 1."""
    coverage: float | None
    """Share of the last stretch that lay in the interval of those before it."""


@dataclass(frozen=True)
class Evaluated:
    """The outcome: for each day ahead the candidates, and the best of them."""

    days_ahead: list[dict[str, Scored]]
    winners: list[str | None]
    """None where too little is known."""


def origins(panel: Panel, columns: Ints) -> tuple[Ints, Ints]:
    """Releases and columns that something can be predicted from, of these columns."""
    rows, found = np.nonzero(_is_enough(panel)[:, columns])
    return rows, columns[found]


def last_origins(panel: Panel) -> tuple[Ints, Bools]:
    """Of each release the column of its last known day, and whether it can be predicted from."""
    known = np.isfinite(panel.streams)
    last = panel.days - 1 - known[:, ::-1].argmax(axis=1)
    return last, _is_enough(panel)[np.arange(len(last)), last]


def _is_enough(panel: Panel) -> Bools:
    """Of each release and day whether it is known, and enough of the days up to it."""
    known = np.isfinite(panel.streams)
    counts = np.pad(known.cumsum(axis=1), ((0, 0), (OF_DAYS, 0)))
    enough: Bools = known & (counts[:, OF_DAYS:] - counts[:, :-OF_DAYS] >= MIN_KNOWN)
    return enough


def evaluate(panel: Panel, *, with_lightgbm: bool) -> Evaluated:
    """Predict the last half year as it would have been, and compare.

    Args:
        panel: What is known.
        with_lightgbm: Whether LightGBM is a candidate.
    """
    columns = np.arange(panel.days - 2, 0, -EVERY_DAYS)[:ORIGINS][::-1]
    rows, of = origins(panel, columns)
    truth = after(panel, rows, of)
    said: dict[str, Floats] = {}
    stretch = np.searchsorted(columns, of) * STRETCHES // max(len(columns), 1)
    if len(rows):
        said = dict(candidates.baselines(panel, rows, of))
    if len(rows) and with_lightgbm:
        found = np.full(truth.shape, np.nan)
        for number in range(STRETCHES):
            is_of = stretch == number
            if is_of.any() and (fitted := fit(panel.until(panel.day(int(of[is_of].min()))))):
                found[is_of] = fitted.streams(cases(panel, rows[is_of], of[is_of]))
        # Where it could not learn yet, it is not compared with the others.
        if np.isfinite(found).any():
            said[LIGHTGBM] = found
            truth = np.where(np.isfinite(found), truth, np.nan)
    return _chosen(said, truth, stretch == STRETCHES - 1)


def fit(panel: Panel) -> Boosted | None:
    """LightGBM, fitted to all that is known; none where that is too little."""
    rows, of = origins(panel, np.arange(panel.days - 2, 0, -boosting.EVERY_DAYS))
    return Boosted.fit(panel, rows, of) if len(rows) else None


def _chosen(said: Mapping[str, Floats], truth: Floats, is_last: Bools) -> Evaluated:
    scored: list[dict[str, Scored]] = []
    winners: list[str | None] = []
    for ahead in range(HORIZON):
        of_day = {
            name: found
            for name, streams in said.items()
            if (found := _scored(streams, truth, is_last, ahead))
        }
        scored.append(of_day)
        winners.append(min(of_day, key=lambda name: of_day[name].wape, default=None))
    return Evaluated(scored, winners)


def _scored(streams: Floats, truth: Floats, is_last: Bools, ahead: int) -> Scored | None:
    near = slice(max(ahead - NEIGHBOURS, 0), ahead + NEIGHBOURS + 1)
    ratios = np.log1p(truth[:, near]) - np.log1p(streams[:, near])
    errors = np.abs(truth[:, ahead] - streams[:, ahead])
    is_known = np.isfinite(errors)
    total = float(truth[is_known, ahead].sum())
    if is_known.sum() < MIN_ERRORS or total <= 0:
        return None
    low, high = _interval(ratios)
    before, last = ratios[~is_last], ratios[is_last]
    measured = None
    if np.isfinite(last).any() and np.isfinite(before).sum() >= MIN_ERRORS:
        lower, upper = _interval(before)
        tested = last[np.isfinite(last)]
        measured = float(((tested >= lower) & (tested <= upper)).mean())
    wape = float(errors[is_known].sum() / total)
    return Scored(int(is_known.sum()), wape, float(np.exp(low)), float(np.exp(high)), measured)


def _interval(ratios: Floats) -> tuple[float, float]:
    """Between which the share `COVERAGE` of the errors lies; a little wider where they are few."""
    known = ratios[np.isfinite(ratios)]
    tail = (1 - COVERAGE) / 2
    share = min((1 - tail) * (1 + 1 / len(known)), 1)
    return float(np.quantile(known, 1 - share)), float(np.quantile(known, share))
