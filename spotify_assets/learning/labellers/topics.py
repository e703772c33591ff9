"""What a comment is about: codes of the controlled vocabulary, by the words that stand for each.

Belongs here: finding them in a text. Does not belong here: the vocabulary.
"""

import re
from collections.abc import Mapping, Sequence

from spotify_assets.learning.labellers.words import folded, pattern


class TopicFinder:
    """Finds the topics of texts."""

    def __init__(self, vocabulary: Mapping[str, Sequence[str]]) -> None:
        """Prepare to find.

        Args:
            vocabulary: Code → the words and phrases that stand for it, in any language.
        """
        self.codes = frozenset(vocabulary)
        self.words = {code: tuple(vocabulary[code]) for code in sorted(vocabulary)}
        self._patterns: dict[str, re.Pattern[str]] = {
            code: pattern(words) for code, words in self.words.items()
        }

    def find(self, text: str) -> tuple[str, ...]:
        """The codes, sorted."""
        read = folded(text)
        return tuple(code for code, words in self._patterns.items() if words.search(read))
