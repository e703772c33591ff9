"""LightGBM: one model for all releases and all days ahead.

Belongs here: fitting, predicting, and what each feature contributed. Does not belong here: what the
features are, and whether it is any good (``evaluation``). LightGBM is of the extra `predict`.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from spotify_assets.learning.releases.candidates import HORIZON
from spotify_assets.learning.releases.features import NAMES, Cases, cases
from spotify_assets.learning.releases.panel import Floats, Ints, Panel
from spotify_assets.storage.errors import FailureKind, ProjectError

if TYPE_CHECKING:
    import lightgbm

PARAMETERS: dict[str, Any] = {
    "objective": "regression_l1",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 1,
    # The same bytes from the same data: one thread, and sums in one order.
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
TREES = 80
EVERY_DAYS = 3
"""Days between the origins that it learns from: neighbours say much the same."""
MAX_ROWS = 300_000
"""Rows that it learns from; of a large label the newest origins."""
MIN_ROWS = 2_000


def is_there() -> bool:
    """Whether LightGBM is installed."""
    return find_spec("lightgbm") is not None


class CannotBeLoaded(ProjectError):
    """LightGBM is installed, and lacks a library of the system."""

    kind = FailureKind.PERMANENT


def load() -> Any:
    """LightGBM, imported.

    Raises:
        CannotBeLoaded: It lacks a library of the system.
    """
    try:
        return import_module("lightgbm")
    except OSError as error:
        raise CannotBeLoaded(
            f"LightGBM cannot be loaded: {error}. It needs OpenMP (on Debian: `apt-get install "
            "libgomp1`). Or uninstall lightgbm: the other candidates do without."
        ) from error


def lightgbm_version() -> str | None:
    """The version of it that is installed; it belongs to what a model was made with."""
    if not is_there():
        return None
    from importlib.metadata import version  # noqa: PLC0415 - only where it is asked

    return version("lightgbm")


@dataclass(frozen=True)
class Boosted:
    """A fitted model."""

    booster: "lightgbm.Booster"

    @classmethod
    def fit(cls, panel: Panel, rows: Ints, origins: Ints) -> "Boosted | None":
        """Learn from origins and what came after them, as far as the panel knows it.

        None where that is too little to learn from. Arguments as `candidates.baselines` has them.
        """
        lightgbm = load()
        newest = np.argsort(origins, kind="stable")[::-1][: MAX_ROWS // HORIZON]
        rows, origins = rows[newest], origins[newest]
        found = cases(panel, rows, origins)
        target = found.target(after(panel, rows, origins))
        is_known = np.isfinite(target)
        if is_known.sum() < MIN_ROWS:
            return None
        data = lightgbm.Dataset(
            found.matrix[is_known], target[is_known], feature_name=list(NAMES), free_raw_data=True
        )
        return cls(lightgbm.train(PARAMETERS, data, num_boost_round=TREES))

    @classmethod
    def of(cls, text: str) -> "Boosted":
        """The model that `text` gave."""
        lightgbm = load()
        return cls(lightgbm.Booster(model_str=text))

    @property
    def text(self) -> str:
        """All of it, as LightGBM writes it."""
        return str(self.booster.model_to_string(num_iteration=-1))

    def streams(self, of: Cases) -> Floats:
        """Streams, in shape (origins, `HORIZON`)."""
        found = self.booster.predict(of.matrix, num_threads=1)
        return of.streams(np.asarray(found, dtype=np.float64))

    def contributions(self, of: Cases) -> Floats:
        """What each feature adds to the logarithm of streams (SHAP values), and the base last.

        In shape (origins, `HORIZON`, features + 1); with `Cases.level` they add up to the
        logarithm of the predicted streams, plus 1.
        """
        found = self.booster.predict(of.matrix, pred_contrib=True, num_threads=1)
        shape = (*of.level.shape, len(NAMES) + 1)
        return np.asarray(found, dtype=np.float64).reshape(shape)


def after(panel: Panel, rows: Ints, origins: Ints) -> Floats:
    """Streams of the `HORIZON` days after each origin; NaN where they are not known."""
    columns = origins[:, None] + np.arange(1, HORIZON + 1)
    found = panel.streams[rows[:, None], np.minimum(columns, panel.days - 1)]
    return np.where(columns < panel.days, found, np.nan)
