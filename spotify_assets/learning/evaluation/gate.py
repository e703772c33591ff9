"""The gate: whether a labeller may take the place of the one before it.

Belongs here: what must hold, and what is said where it does not. Does not belong here: measuring.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spotify_assets.learning.evaluation import Said, counts, f1_of, samples
from spotify_assets.learning.evaluation.golden import Golden
from spotify_assets.learning.labellers import CATEGORIES, UNSURE

ONE_SIDED = 95
"""Percentile of the drawn differences that must reach 0."""


@dataclass(frozen=True)
class Floors:
    """What a labeller must reach on the golden set, whatever was before it."""

    coverage: float
    f1: Mapping[str, float]
    """By category, of the comments that have an answer."""


FLOORS = {
    "embedded": Floors(
        0.85,
        {"praise": 0.5, "criticism": 0.6, "suggestion": 0.75, "question": 0.8, "spam": 0.8},
    ),
    "keywords": Floors(0.5, dict.fromkeys(CATEGORIES, 0.3)),
}


def failures(said: Said, before: Said, golden: Golden, floors: Floors) -> Iterator[str]:
    """Why a labeller may not take the place of the one before it; none where it may.

    Macro F1 is compared with those without an answer counted as missed, or a labeller would get
    better by saying less; in a paired bootstrap, so that one comment more or less fails nothing.
    """
    import numpy as np  # noqa: PLC0415 - slow to import

    truth = [one.category for one in golden.comments]
    drawn = [f1_of(samples(truth, one.categories)).mean(axis=-1) for one in (said, before)]
    highest = float(np.percentile(drawn[0] - drawn[1], ONE_SIDED))
    told = [float(f1_of(counts(truth, one.categories)).mean()) for one in (said, before)]
    if highest < 0:
        yield (
            f"Macro F1 of {said.labeller} fell from {told[1]:.3f} to {told[0]:.3f} on golden set "
            f"{golden.digest}; in {ONE_SIDED} % of {len(drawn[0])} draws by more than "
            f"{-highest:.3f}."
        )
    yield from floor_failures(said, golden, floors)


def floor_failures(said: Said, golden: Golden, floors: Floors) -> Iterator[str]:
    """Which floors a labeller does not reach."""
    truth = [one.category for one in golden.comments]
    answered = counts(truth, said.categories)[:, : len(CATEGORIES)]
    for name, f1 in zip(CATEGORIES, f1_of(answered).tolist(), strict=True):
        if f1 < floors.f1[name]:
            yield f"F1 of {name} is {f1:.3f}, below its floor of {floors.f1[name]}."
    coverage = sum(one != UNSURE for one in said.categories) / len(truth)
    if coverage < floors.coverage:
        yield f"Coverage is {coverage:.3f}, below its floor of {floors.coverage}."
