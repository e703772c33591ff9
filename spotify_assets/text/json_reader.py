"""The one reader of JSON that came from outside.

The client judges by it whether an answer is whole, and the rows are made by it: what the one takes,
the other can never refuse. Belongs here: what counts as JSON, and what an odd value reads as. Does
not belong here: what a body should hold.
"""

import itertools
import json
import math
import re
from typing import Any

MAX_DEPTH = 200
"""Lists and objects within each other. Python's own limit depends on who calls."""
MAX_DIGITS = 400
"""Of a whole number; no float holds more than 309."""
# A backslash is always followed by what it escapes, so that pairs are seen from the left.
ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
BYTE_ORDER_MARK = "\ufeff"


def read(body: bytes | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """The value of ``body``, which is UTF-8 where it is bytes.

    - Half of a surrogate pair reads as U+FFFD, the replacement character.
    - A number that no float holds (``1e400``) reads as its text, so that it spoils one value.
    - Of a key that is a duplicate in an object the last one counts.
    - A byte order mark before it is passed over.

    Args:
        body: What came.
        max_depth: How deep lists and objects may lie within each other.

    Raises:
        ValueError: It is not JSON (RFC 8259), or nested deeper than ``max_depth``.
    """
    text = body.decode() if isinstance(body, bytes) else body
    text = text.removeprefix(BYTE_ORDER_MARK)
    if _is_deeper(text, max_depth):
        raise ValueError(f"it is nested deeper than {max_depth} levels")
    if SURROGATE.search(text):
        text = ESCAPES.sub(lambda found: r"\ufffd" if found["lone"] else found[0], text)
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_whole, parse_float=_number)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def write(value: Any) -> str:
    """The value as JSON that every reader takes, on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _number(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _is_deeper(text: str, depth: int) -> bool:
    """Whether it is nested deeper; brackets within texts are looked for only if it matters."""
    if text.count("[") + text.count("{") <= depth:
        return False
    return _depth(text) > depth and _depth(TEXTS.sub("", text)) > depth


def _depth(text: str) -> int:
    steps = (STEPS[one] for one in re.findall(r"[\[{\]}]", text))
    return max(itertools.accumulate(steps), default=0)
