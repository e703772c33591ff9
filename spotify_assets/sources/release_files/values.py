"""Dates and numbers as people's computers write them, told apart by the whole column.

Belongs here: which notation a column is in, and reading a value of it. Does not belong here: what
the numbers may be.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Collection

MONTHS = (
    ("jan", "ene"),
    ("feb", "fev", "fév"),
    ("mar", "mär", "mrz"),
    ("apr", "abr", "avr"),
    ("may", "mai"),
    ("jun", "juin"),
    ("jul", "juil"),
    ("aug", "ago", "aoû", "aou"),
    ("sep", "set"),
    ("oct", "out", "okt"),
    ("nov",),
    ("dec", "dez", "déc", "dic"),
)
"""How the names of the months begin in English, Portuguese, French, Spanish and German."""
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
WORDS = re.compile(r"(?:(\d{1,2})\.?(?: de)? )?([^\W\d]{3,})\.?,?(?: de)?(?: (\d{1,2}),?)? (\d{4})")
COMMA_DECIMAL = re.compile(
    r"-?(\d+,(\d{1,2}|\d{4,})|0,\d+|\d{1,3}([. ’']\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})"
)
POINT_DECIMAL = re.compile(
    r"-?(\d+\.(\d{1,2}|\d{4,})|0\.\d+|\d{1,3}([, ’']\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})"
)
MONTH = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?")

MAX_DIGITS = 15
"""Of a count: more streams than there ever were, and the sum of many still fits 64 bits."""
DAY_FIRST, MONTH_FIRST = "day first", "month first"
POINT, COMMA = ".", ","


def order_of(values: Collection[str]) -> str | None:
    """Whether the day comes first in dates such as 03/04/2025; ``None`` where nothing tells."""
    found = [match for value in values if (match := NUMERIC.fullmatch(value.strip()))]
    if any(int(match[1]) > 12 or match[2] == "." for match in found):  # noqa: PLR2004 - months
        return DAY_FIRST
    if any(int(match[3]) > 12 for match in found):  # noqa: PLR2004 - months
        return MONTH_FIRST
    return None


def date(text: str, order: str | None) -> dt.date | None:
    """A day, if it is one; ``order`` as `order_of` tells it."""
    text = " ".join(text.split())
    try:
        if found := ISO.fullmatch(text):
            return dt.date(*map(int, found.groups()))
        if found := NUMERIC.fullmatch(text):
            if order is None:
                return None
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            day, month = (first, second) if order == DAY_FIRST else (second, first)
            return dt.date(year, month, day)
        if found := WORDS.fullmatch(text.casefold()):
            day_text = found[1] or found[3]
            month = _month(found[2])
            return dt.date(int(found[4]), month, int(day_text)) if day_text and month else None
    except ValueError:
        pass
    return None


def _month(word: str) -> int:
    for number, beginnings in enumerate(MONTHS, start=1):
        if word.startswith(beginnings):
            return number
    return 0


def month(text: str) -> dt.date | None:
    """The first day of a month such as 2025-03."""
    found = MONTH.fullmatch(text.strip())
    try:
        return dt.date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None


def decimal_mark(values: Collection[str]) -> str:
    """The decimal mark that most of the values speak for; the point where nothing tells."""
    commas = sum(COMMA_DECIMAL.fullmatch(value.strip()) is not None for value in values)
    points = sum(POINT_DECIMAL.fullmatch(value.strip()) is not None for value in values)
    return COMMA if commas > points else POINT


def decimal(mark: str) -> Callable[[str], float | None]:
    """Reads numbers that have this decimal mark; of others it says ``None``."""
    thousands = re.escape(POINT if mark == COMMA else COMMA)
    pattern = re.compile(
        rf"-?(?:\d+|\d{{1,3}}(?:[{thousands} ’']\d{{3}})+)(?:{re.escape(mark)}\d+)?"
    )
    marks = re.compile(rf"[{thousands} ’']")

    def read(text: str) -> float | None:
        # No-break spaces separate thousands in French.
        text = " ".join(text.split())
        if not pattern.fullmatch(text):
            return None
        number = float(marks.sub("", text).replace(mark, POINT))
        return number if math.isfinite(number) else None

    return read


def count(text: str) -> int | None:
    """A whole number of at most `MAX_DIGITS`; thousands may be set apart."""
    text = " ".join(text.split())
    if re.fullmatch(r"[0-9]{1,3}([.,  ’'][0-9]{3})+", text):
        text = re.sub(r"[^0-9]", "", text)
    is_count = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_count else None
