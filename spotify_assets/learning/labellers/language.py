"""Which language a comment is in, by py3langid, held to what comments are.

Belongs here: when its answer counts. Does not belong here: what a labeller does with it.
"""

import re
from functools import cache
from typing import Any

OURS = ("en", "pt", "es")
"""The languages that the labellers know."""
UNDETERMINED = "und"
MIN_MARGIN = 12.0
"""Nats by which another language must be likelier than the best of ours.

Of three words it cannot tell Portuguese from Galician, and most comments are in one of ours. A
sentence of German, French or Japanese is ahead by 25 and more.
"""
MAX_CHARACTERS = 1000
"""More of a text says nothing new."""
NO_WORDS = re.compile(r"https?://\S+|www\.\S+|[@#]\w+|[\ud800-\udfff]")
"""What is the same in all languages, and half characters, which cannot be encoded."""


def language_of(text: str) -> str:
    """ISO 639-1 of the text; ``und`` where it has no letters."""
    read = NO_WORDS.sub(" ", text[:MAX_CHARACTERS])
    if not any(char.isalpha() for char in read):
        return UNDETERMINED
    scores = dict(_identifier().rank(read))
    best, of_all = max(OURS, key=scores.__getitem__), max(scores, key=scores.__getitem__)
    if scores[of_all] - scores[best] < MIN_MARGIN:
        return best
    return of_all if len(of_all) == len(best) else UNDETERMINED


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - slow to import

    return LanguageIdentifier.from_model_file(MODEL_FILE)
