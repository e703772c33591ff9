"""Labellers: what says of a comment's text which category it is, and what it is about.

Belongs here: the interface that all labellers have, and which one is configured. Does not belong
here: keeping labels, asking again, and what a person decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

CATEGORIES = ("praise", "criticism", "suggestion", "question", "spam")
"""What a labeller decides between."""
UNSURE = "unsure"
"""What it says where none of them is likely enough."""


@dataclass(frozen=True)
class LabelResult:
    """What a labeller says of one text."""

    category: str
    """One of `CATEGORIES`, or `UNSURE`."""
    confidence: float
    """How likely the best category is, from 0 to 1; of `UNSURE` too."""
    topics: tuple[str, ...]
    """Codes of the vocabulary, sorted."""
    proposed_topics: tuple[str, ...]
    """Codes that the vocabulary does not have; a person accepts them, or not."""
    language: str
    """ISO 639-1, or ``und`` where the text has none."""


@dataclass(frozen=True)
class Rejected:
    """A text that this version of a labeller cannot label, however often it is asked."""

    reason: str


class Labeller(Protocol):
    """Labels texts.

    Attributes:
        name: What stands in `comments.labels`.
        version: Another for whatever can give another label: model, prompt, schema, vocabulary.
    """

    name: str
    version: str

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        """What it says of each text, in their order.

        Raises:
            ProjectError: It cannot be asked now; nothing is known of any of these texts.
        """
        ...


@dataclass(frozen=True)
class LabellerSettings:
    """Which labeller labels."""

    kind: Literal["keywords"] = "keywords"


def configured(settings: LabellerSettings, vocabulary: Mapping[str, Sequence[str]]) -> Labeller:
    """The labeller of the configuration.

    Args:
        settings: Which.
        vocabulary: Topic code → the words and phrases that stand for it, in any language.
    """
    match settings.kind:
        case "keywords":
            from spotify_assets.learning.labellers.keywords import (  # noqa: PLC0415 - imports this
                KeywordLabeller,
            )

            return KeywordLabeller(vocabulary)
