"""The candidates that need no fitting: what every model has to beat.

Belongs here: what they say. Does not belong here: which of the candidates is best (``evaluation``).
"""

from collections.abc import Mapping

import numpy as np

from spotify_assets.learning.releases.panel import Floats, Ints, Panel

HORIZON = 28
"""Days ahead that are predicted."""
WEEK = 7
NAIVE, MEAN_7, SEASONAL_NAIVE, LIGHTGBM = "naive", "mean_7", "seasonal_naive", "lightgbm"
CANDIDATES = (NAIVE, MEAN_7, SEASONAL_NAIVE, LIGHTGBM)
"""In the order of their simplicity: of two that are equally good, the first wins."""


def baselines(panel: Panel, rows: Ints, origins: Ints) -> Mapping[str, Floats]:
    """What each says of the `HORIZON` days after an origin.

    Args:
        panel: The label; days after an origin are not looked at.
        rows: Releases, as rows of the panel.
        origins: For each the column of the last day that is known; it is.

    Returns:
        For each candidate streams, in shape (origins, `HORIZON`).
    """
    last = panel.streams[rows, origins]
    week = last_days(panel.streams, rows, origins, WEEK)
    mean = np.nanmean(week, axis=1, keepdims=True)
    # The day a week before the target, or two weeks, …: within the last week that is known.
    seasonal = np.where(np.isfinite(week), week, mean)[:, np.arange(HORIZON) % WEEK]
    return {
        NAIVE: np.repeat(last[:, None], HORIZON, axis=1),
        MEAN_7: np.repeat(mean, HORIZON, axis=1),
        SEASONAL_NAIVE: seasonal,
    }


def last_days(values: Floats, rows: Ints, origins: Ints, days: int) -> Floats:
    """The values of so many days up to each origin, the oldest first; NaN before the first day."""
    columns = origins[:, None] + np.arange(1 - days, 1)
    found = values[rows[:, None], np.maximum(columns, 0)]
    return np.where(columns >= 0, found, np.nan)
