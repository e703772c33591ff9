"""catalog.md, "Which candidates each table has": which value fits a column."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

ID = re.compile(r"[0-9A-Za-z]{22}")
RELEASE_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
ALBUM_TYPES = ("album", "single", "compilation", "ep")
EXACT = 2**53
"""From here on a float does not tell one whole number from the next."""
LENGTHS = {"year": 4, "month": 7, "day": 10}


class BrokenError(Exception):
    """The value breaks a rule of its column."""


def at(value: Any, *path: str) -> Any:
    """What stands there; null in JSON and an absent key are the same."""
    for name in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise BrokenError
        value = value.get(name)
    return value


def text(value: Any) -> str:
    """Any text, but no other type."""
    if not isinstance(value, str):
        raise BrokenError
    return value


def spotify_id(value: Any) -> str:
    """22 base-62 characters."""
    if not ID.fullmatch(text(value)):
        raise BrokenError
    return text(value)


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise BrokenError
    return value


def whole(least: int, most: int) -> Callable[[Any], int]:
    """A whole number of that range, also where it is written as `85.0` or `8.5e1`."""

    def fits(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BrokenError
        if value != int(value) or not least <= value <= most:
            raise BrokenError
        if isinstance(value, float) and abs(value) >= EXACT:
            raise BrokenError
        return int(value)

    return fits


def texts(value: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list):
        raise BrokenError
    return [text(one) for one in value]


def one_of(*words: str) -> Callable[[Any], str]:
    """One of a few words, in whatever case."""

    def fits(value: Any) -> str:
        word = text(value).lower()
        if word not in words:
            raise BrokenError
        return word

    return fits


def release_date(value: Any) -> str:
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``."""
    if not RELEASE_DATE.fullmatch(text(value)):
        raise BrokenError
    return text(value)


def released_from(date: str, precision: str) -> dt.date:
    """The first day that it can mean; broken where it does not fit the precision."""
    if len(date) != LENGTHS[precision] or date.startswith("0000"):
        raise BrokenError
    try:
        return dt.date.fromisoformat(date + "-01-01"[len(date) - LENGTHS["year"] :])
    except ValueError:
        raise BrokenError from None


def nullable(fits: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, or null."""
    return lambda value: None if value is None else fits(value)
