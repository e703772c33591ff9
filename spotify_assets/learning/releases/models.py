"""A model: which candidate says what is predicted how many days ahead, and all that it is made of.

Belongs here: training one, and its form as text. Does not belong here: where it is stored.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spotify_assets.learning.releases import boosting, version
from spotify_assets.learning.releases.boosting import Boosted
from spotify_assets.learning.releases.candidates import CANDIDATES, LIGHTGBM
from spotify_assets.learning.releases.evaluation import Scored, evaluate, fit
from spotify_assets.learning.releases.panel import Panel

NOT_INSTALLED = "the extra `predict` is not installed"
TOO_LITTLE = "too little is known to fit it"


@dataclass(frozen=True)
class Model:
    """A trained model. The same data, code and libraries give the same text."""

    facts: dict[str, Any]
    """What it learned from, and of each of the `days_ahead` the candidates and the winner; as
    `train` puts it together."""
    booster: str | None
    """LightGBM's own text, where it won for a day at least."""

    @property
    def text(self) -> str:
        """What it knows, as JSON."""
        return json.dumps(self.facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @cached_property
    def version(self) -> str:
        """First 16 digits of the hash of all of it."""
        whole = f"{self.text}\0{self.booster or ''}"
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @cached_property
    def boosted(self) -> Boosted | None:
        """LightGBM, ready to predict."""
        return Boosted.of(self.booster) if self.booster else None

    @property
    def winners(self) -> list[str | None]:
        """Of each day ahead the candidate that is used; none where too little is known."""
        return [one["winner"] for one in self.facts["days_ahead"]]

    def scored(self, ahead: int, candidate: str) -> Scored:
        """How a candidate did so many days ahead, from 0."""
        return Scored(**self.facts["days_ahead"][ahead]["candidates"][candidate])


def train(panel: Panel, files_until: str, *, with_lightgbm: bool) -> Model:
    """Evaluate all candidates, and fit the best to all that is known.

    Args:
        panel: What is known.
        files_until: When the newest file that it comes from was imported: of the files up to then
            the lake gives the same panel again.
        with_lightgbm: Whether LightGBM is installed.
    """
    evaluated = evaluate(panel, with_lightgbm=with_lightgbm)
    booster = None
    if LIGHTGBM in evaluated.winners and (fitted := fit(panel)):
        booster = fitted.text
    days_ahead = [
        {
            "days_ahead": ahead,
            "winner": winner,
            "candidates": {name: asdict(one) for name, one in scored.items()},
        }
        for ahead, (scored, winner) in enumerate(
            zip(evaluated.days_ahead, evaluated.winners, strict=True), 1
        )
    ]
    is_compared = any(LIGHTGBM in one for one in evaluated.days_ahead)
    facts = {
        "first_day": str(panel.first),
        "last_day": str(panel.last),
        "releases": len(panel.release_ids),
        "days": int(np.isfinite(panel.streams).sum()),
        "data": fingerprint(panel),
        "files_until": files_until,
        "code_version": version(),
        "candidates": [one for one in CANDIDATES if one != LIGHTGBM or is_compared],
        "why_no_lightgbm": None
        if is_compared
        else (TOO_LITTLE if with_lightgbm else NOT_INSTALLED),
        "lightgbm": boosting.lightgbm_version() if with_lightgbm else None,
        "parameters": {**boosting.PARAMETERS, "trees": boosting.TREES} if is_compared else {},
        "days_ahead": days_ahead,
    }
    return Model(facts, booster)


def fingerprint(panel: Panel) -> str:
    """A hash of all that a model learns from."""
    parts = (
        json.dumps([panel.release_ids, str(panel.first), panel.streams.shape]).encode(),
        panel.streams.tobytes(),
        panel.ages.tobytes(),
        panel.advertised.tobytes(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
