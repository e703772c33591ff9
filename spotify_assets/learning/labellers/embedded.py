"""The embedded labeller: logistic regression over a sentence embedding; no network, no account.

Belongs here: what it says of a text. Does not belong here: how it was fitted (``training``), and
what a text looks like as numbers (``embedding``).
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from spotify_assets.learning.labellers import UNSURE, LabelResult, Rejected
from spotify_assets.learning.labellers.embedding import features
from spotify_assets.learning.labellers.embedding import version as version_of_features
from spotify_assets.learning.labellers.language import language_of
from spotify_assets.learning.labellers.topics import TopicFinder
from spotify_assets.storage.errors import FailureKind, ProjectError

FLOOR = 0.7
"""Macro F1 in cross-validation; a language that has less, or was not trained, is `UNSURE`."""


class BadHead(ProjectError):
    """A fitted labeller cannot be read, or is of other features; the text says what to do."""

    kind = FailureKind.DAMAGED_FILE


@dataclass(frozen=True)
class Head:
    """What was fitted; plain numbers, so that it is read without scikit-learn."""

    categories: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    """A row a category, a column a feature."""
    bias: tuple[float, ...]
    threshold: float
    """Least confidence of an answer."""
    languages: Mapping[str, float]
    """Macro F1 of each, in cross-validation, of what has an answer."""
    features: str
    """Which features the weights are of."""
    trained_on: str
    """Hash of the examples."""
    examples: int

    def to_json(self) -> str:
        """As it is stored."""
        fields = [f'"{name}": {json.dumps(value)}' for name, value in vars(self).items()]
        return "{\n" + ",\n".join(fields) + "\n}\n"

    @classmethod
    def of_json(cls, text: str, where: str) -> "Head":
        """As it was stored.

        Raises:
            BadHead: It is something else.
        """
        try:
            read: dict[str, Any] = json.loads(text)
            weights = tuple(tuple(map(float, row)) for row in read.pop("weights"))
            names, bias = tuple(read.pop("categories")), tuple(map(float, read.pop("bias")))
            head = cls(categories=names, weights=weights, bias=bias, **read)
            is_whole = {len(head.categories), len(head.weights), len(head.bias)} == {5}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadHead(f"{where} is no fitted labeller ({error}); fit it again.") from error
        if not is_whole:
            raise BadHead(f"{where} is not a fitted labeller of five categories; fit it again.")
        return head


def package_head() -> Head:
    """What was fitted to the training texts of the package."""
    text = resources.files(__package__).joinpath("embedded.json").read_text(encoding="utf-8")
    return Head.of_json(text, "embedded.json of the package")


class EmbeddedLabeller:
    """The likeliest category, if it is likely enough and the language is one that was trained."""

    name = "embedded"

    def __init__(self, vocabulary: Mapping[str, Sequence[str]], head: Head | None = None) -> None:
        """Prepare to label.

        Args:
            vocabulary: Topic code → the words that stand for it.
            head: What was fitted; else that of the package.

        Raises:
            BadHead: It is of other features than those that are installed.
            NoEmbedding: The embedding model is not installed.
        """
        self.head = head or package_head()
        if self.head.features != version_of_features():
            raise BadHead(
                f"The labeller was fitted to {self.head.features}, and there is "
                f"{version_of_features()}: install that one, or fit it again."
            )
        self._topics = TopicFinder(vocabulary)
        stands_for = json.dumps([dataclasses.asdict(self.head), FLOOR, self._topics.words])
        self.version = hashlib.sha256(stands_for.encode()).hexdigest()[:12]

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        """What is likeliest of each text; `UNSURE` where that is not likely enough."""
        import numpy as np  # noqa: PLC0415 - slow to import

        if not texts:
            return []
        scores = features(texts).astype(np.float64) @ np.array(self.head.weights).T
        scores = scores + np.array(self.head.bias)
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        return [self._said(text, row) for text, row in zip(texts, likely.tolist(), strict=True)]

    def _said(self, text: str, likely: list[float]) -> LabelResult:
        confidence, category = max(zip(likely, self.head.categories, strict=True))
        language = language_of(text)
        is_known = self.head.languages.get(language, 0.0) >= FLOOR
        return LabelResult(
            category=category if is_known and confidence >= self.head.threshold else UNSURE,
            confidence=round(confidence, 6),
            topics=self._topics.find(text),
            proposed_topics=(),
            language=language,
        )
