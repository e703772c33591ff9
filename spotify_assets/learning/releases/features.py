"""What a release looks like on a day, as numbers that a model can learn from.

Belongs here: features and the target. They look at nothing after the origin but what is known
before it: the calendar, and the age of the release. Does not belong here: any model.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from spotify_assets.learning.releases.candidates import HORIZON, WEEK, last_days
from spotify_assets.learning.releases.panel import Floats, Ints, Panel

NAMES = (
    *("log_mean_7", "last_to_7", "mean_7_to_previous_7", "mean_7_to_30", "mean_30_to_90"),
    *("spread_30", "advertised_7", "days_since_campaign_began"),
    *("days_ahead", "weekday", "weekday_to_28", "week_of_year", "log_age"),
)
"""Ratios are differences of logarithms."""


@dataclass(frozen=True)
class Cases:
    """Origins and the days after them. Shape of all: (origins, `HORIZON`, …)."""

    features: Floats
    """By `NAMES`, in the last dimension."""
    level: Floats
    """Logarithm of the mean of the last seven days: what a target is measured from."""

    @property
    def matrix(self) -> Floats:
        """A row for each origin and day ahead."""
        return self.features.reshape(-1, len(NAMES))

    def target(self, streams: Floats) -> Floats:
        """What a model learns, of the streams that there were."""
        target: Floats = (np.log1p(streams) - self.level).ravel()
        return target

    def streams(self, target: Floats) -> Floats:
        """The streams that a model means."""
        return np.maximum(np.expm1(target.reshape(self.level.shape) + self.level), 0)


def cases(panel: Panel, rows: Ints, origins: Ints) -> Cases:
    """Features of origins; arguments as `candidates.baselines` has them."""
    logs = np.log1p(last_days(panel.streams, rows, origins, 90))
    spent = last_days(panel.advertised.astype(np.float64), rows, origins, 90)
    with warnings.catch_warnings():
        # What is not known at all is NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        week, month = np.nanmean(logs[:, -7:], axis=1), np.nanmean(logs[:, -30:], axis=1)
        weekdays = np.nanmean(logs[:, -28:].reshape(-1, 4, WEEK), axis=1)
        of_origin = {
            "log_mean_7": week,
            "last_to_7": logs[:, -1] - week,
            "mean_7_to_previous_7": week - np.nanmean(logs[:, -14:-7], axis=1),
            "mean_7_to_30": week - month,
            "mean_30_to_90": month - np.nanmean(logs, axis=1),
            "spread_30": np.nanstd(logs[:, -30:], axis=1),
            "advertised_7": np.nanmean(spent[:, -7:], axis=1),
            "days_since_campaign_began": _since_first(spent),
        }
        ahead = np.arange(1, HORIZON + 1)
        columns = origins[:, None] + ahead
        # The columns of the last 28 days are four weeks, each of which ends on the origin's day.
        of_weekday = weekdays[:, (ahead - 1) % WEEK] - np.nanmean(logs[:, -28:], axis=1)[:, None]
    ages = panel.ages[rows, 0][:, None] + columns
    of_day = {
        "days_ahead": np.broadcast_to(ahead, columns.shape),
        "weekday": (columns + panel.first.weekday()) % WEEK,
        "weekday_to_28": of_weekday,
        "week_of_year": _day_of_year(panel, columns) // WEEK,
        "log_age": np.log1p(np.maximum(ages, 0)),
    }
    found = {name: np.repeat(one[:, None], HORIZON, axis=1) for name, one in of_origin.items()}
    found |= {name: one.astype(np.float64) for name, one in of_day.items()}
    features = np.stack([found[name] for name in NAMES], axis=2)
    level = np.log1p(np.nanmean(last_days(panel.streams, rows, origins, WEEK), axis=1))
    return Cases(features, np.repeat(level[:, None], HORIZON, axis=1))


def _since_first(spent: Floats) -> Floats:
    """Days since a campaign began in the last 90; NaN where none did."""
    is_spent = np.nan_to_num(spent) > 0
    since = spent.shape[1] - 1 - is_spent.argmax(axis=1)
    return np.where(is_spent.any(axis=1), since, np.nan)


def _day_of_year(panel: Panel, columns: Ints) -> Ints:
    days = np.datetime64(panel.first) + columns
    of_year: Ints = (days - days.astype("datetime64[Y]")).astype(np.int64)
    return of_year
