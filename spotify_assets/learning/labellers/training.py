"""Fitting the embedded labeller: logistic regression over features, calibrated, with a threshold.

All is chosen by cross-validation over what it is trained with. The golden set is not looked at.

Belongs here: from labelled texts to a `Head`. Does not belong here: what the texts look like as
numbers (``embedding``), and labelling (``embedded``).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from spotify_assets.learning.labellers import CATEGORIES
from spotify_assets.learning.labellers.embedded import Head
from spotify_assets.learning.labellers.embedding import features
from spotify_assets.learning.labellers.embedding import version as version_of_features

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float64]]

STRENGTH = 0.01
"""Inverse of the regularization, of 0.003, 0.01 and 0.03 the best in cross-validation."""
COVERAGE = 0.88
"""Share of the training texts that are to have an answer, in cross-validation."""
SAME = 0.93
"""Cosine from which two texts are one thought: both are trained with, or both held out."""
FOLDS = 5
SEED = 20_261_127
MIN_EXAMPLES = 50
"""Of each category; with fewer, five folds say nothing."""


@dataclass(frozen=True)
class Example:
    """A text that somebody has labelled."""

    text: str
    language: str
    category: str


def package_examples() -> list[Example]:
    """The training texts of the package."""
    lines = resources.files(__package__).joinpath("training.jsonl").read_text(encoding="utf-8")
    return [Example(**json.loads(line)) for line in lines.splitlines()]


def fit(examples: Sequence[Example]) -> Head:
    """The head that these examples make.

    Args:
        examples: At least `MIN_EXAMPLES` of each category; of the same text the last counts.

    Raises:
        NoEmbedding: The embedding model is not installed.
        ValueError: There are too few examples.
    """
    import numpy as np  # noqa: PLC0415 - slow to import

    last = {one.text: one for one in examples if one.category in CATEGORIES}
    used = [last[text] for text in sorted(last)]
    truth = np.array([one.category for one in used])
    few = [name for name in CATEGORIES if (truth == name).sum() < MIN_EXAMPLES]
    if few:
        raise ValueError(f"Fewer than {MIN_EXAMPLES} examples of {', '.join(few)}.")
    rows = features([one.text for one in used]).astype(np.float64)
    scores, categories = _held_out(rows, truth)
    temperature = _temperature(scores, truth, categories)
    likely = _softmax(scores / temperature)
    best, said = likely.max(axis=1), categories[likely.argmax(axis=1)]
    weights, bias, _ = _regression(rows, truth)
    threshold = float(np.quantile(best, 1 - COVERAGE))
    languages = np.array([one.language for one in used])
    is_sure = best >= threshold
    return Head(
        categories=tuple(categories.tolist()),
        weights=tuple(map(tuple, np.round(weights / temperature, 6).tolist())),
        bias=tuple(np.round(bias / temperature, 6).tolist()),
        threshold=round(threshold, 4),
        languages={
            name: round(_macro_f1(truth, said, is_sure & (languages == name)), 4)
            for name in sorted(set(languages.tolist()))
        },
        features=version_of_features(),
        trained_on=digest(used),
        examples=len(used),
    )


def digest(examples: Sequence[Example]) -> str:
    """The same for the same examples, in whatever order."""
    rows = sorted([one.text, one.language, one.category] for one in examples)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:8]


def _held_out(rows: "Matrix", truth: Any) -> tuple["Matrix", Any]:
    """Scores of each row by a regression that has not seen it, nor what is nearly it."""
    import numpy as np  # noqa: PLC0415 - slow to import
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415

    unit = rows[:, :384] / np.linalg.norm(rows[:, :384], axis=1, keepdims=True)
    _, thought = connected_components(csr_matrix(unit @ unit.T > SAME))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    scores, categories = np.zeros((len(rows), len(CATEGORIES))), np.array(sorted(CATEGORIES))
    for kept, held in folds.split(rows, truth, thought):
        weights, bias, categories = _regression(rows[kept], truth[kept])
        scores[held] = rows[held] @ weights.T + bias
    return scores, categories


def _regression(rows: "Matrix", truth: Any) -> tuple["Matrix", "Matrix", Any]:
    """Weights, bias and categories for rows as they are: what scales them is in the weights."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit((rows - mean) / spread, truth)
    weights = model.coef_ / spread
    return weights, model.intercept_ - weights @ mean, model.classes_


def _temperature(scores: "Matrix", truth: Any, categories: Any) -> float:
    """By what scores are divided for the likelihood of what was held out to be the greatest."""
    import numpy as np  # noqa: PLC0415 - slow to import
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    is_true = np.searchsorted(categories, truth)

    def loss(log_temperature: float) -> float:
        likely = _softmax(scores / np.exp(log_temperature))
        return float(-np.log(likely[np.arange(len(likely)), is_true] + 1e-12).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def _softmax(scores: "Matrix") -> "Matrix":
    from scipy.special import softmax  # noqa: PLC0415 - slow to import

    likely: Matrix = softmax(scores, axis=1)
    return likely


def _macro_f1(truth: Any, said: Any, counted: Any) -> float:
    from sklearn.metrics import f1_score  # noqa: PLC0415 - slow to import

    return float(f1_score(truth[counted], said[counted], average="macro", zero_division=0))
