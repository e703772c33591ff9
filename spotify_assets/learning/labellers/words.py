"""Words and phrases looked for in a text: case and accents do not count, as people type neither.

Belongs here: what it is that a phrase is found. Does not belong here: what it means.
"""

import re
import unicodedata
from collections.abc import Iterable

MAX_CHARACTERS = 5000
"""Of a longer text the beginning is looked at."""


def folded(text: str) -> str:
    """The text without case, accents and doubled spaces."""
    apart = unicodedata.normalize("NFKD", text[:MAX_CHARACTERS].casefold())
    return " ".join("".join(char for char in apart if not unicodedata.combining(char)).split())


def pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """What finds any of the phrases in a folded text, as whole words; ``vinyl*`` finds ``vinyls``.

    A phrase of signs, such as ``?``, is found anywhere.
    """
    found = sorted({_one(folded(phrase)) for phrase in phrases if folded(phrase)}, reverse=True)
    return re.compile("|".join(found) or r"(?!)")


def _one(phrase: str) -> str:
    begins = phrase.rstrip("*")
    before = r"(?<!\w)" if begins[:1].isalnum() else ""
    after = r"(?!\w)" if begins[-1:].isalnum() and phrase == begins else ""
    return f"{before}{re.escape(begins)}{after}"
