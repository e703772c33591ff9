"""The keyword labeller: a category by the words that stand for it.

It needs no library and no model, is the baseline that others are compared with, and labels where
nothing better is installed. Irony it does not hear.

Belongs here: what follows from the words. Does not belong here: the words (``cues.yaml``).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import yaml

from spotify_assets.learning.labellers import CATEGORIES, UNSURE, LabelResult, Rejected
from spotify_assets.learning.labellers.language import language_of
from spotify_assets.learning.labellers.topics import TopicFinder
from spotify_assets.learning.labellers.words import folded, pattern

RULES = 1
"""Another for other labels from the same words."""


class KeywordLabeller:
    """The category whose cues a text has most of.

    Of as many, the one first in the file: whoever advertises also praises, and asks.
    """

    name = "keywords"

    def __init__(self, vocabulary: Mapping[str, Sequence[str]]) -> None:
        """Prepare to label.

        Args:
            vocabulary: Topic code → the words that stand for it.
        """
        self._topics = TopicFinder(vocabulary)
        self._cues = {category: pattern(words) for category, words in cues().items()}
        stands_for = json.dumps([RULES, cues(), self._topics.words])
        self.version = hashlib.sha256(stands_for.encode()).hexdigest()[:12]

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        """What the words of each text say; `UNSURE` where it has none of them."""
        return [self._label(text) for text in texts]

    def _label(self, text: str) -> LabelResult:
        read = folded(text)
        found = {name: len(set(cue.findall(read))) for name, cue in self._cues.items()}
        best, cues_found = max(found, key=found.__getitem__), sum(found.values())
        # As if each category had been seen once more: a single word is no certainty.
        confidence = (found[best] + 1) / (cues_found + len(CATEGORIES))
        return LabelResult(
            category=best if cues_found else UNSURE,
            confidence=confidence,
            topics=self._topics.find(text),
            proposed_topics=(),
            language=language_of(text),
        )


@cache
def cues() -> dict[str, list[str]]:
    """Category → its words, in the order in which they count."""
    text = resources.files(__package__).joinpath("cues.yaml").read_text(encoding="utf-8")
    read: dict[str, list[str]] = yaml.safe_load(text)
    return read
