"""A reader of JSON lists that loses no more than what is broken.

Belongs here: where the elements of a list begin and end, in a file that may be cut, corrupted or
huge. Does not belong here: what is in an element. Nothing of one is quoted: it may be personal.
"""

import codecs
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

MAX_ELEMENT = 1 << 20
"""In characters. A row of Spotify's has some 800."""
USUAL_ELEMENT = 1 << 13
DEEP = 1_000
"""What is nested too deeply for Python is so for at least as many characters."""

# A list within the list, or one without its commas, is read all the same.
BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
# An object that is no value of another: after a broken element, the next row.
ROW_BEGINS = re.compile(r'[^:\s]\s*(?=\{\s*["}])')
# A word such as `false` that is cut is an error where it begins.
WORD = re.compile("[-A-Za-z]{0,9}")
# Escapes, of which half a surrogate pair is no character: U+FFFD stands for it.
HALF_PAIR = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|(\\.)"
)
NO_CHARACTER = r"\ufffd"
KEY = r'"(?:[^"\\]|\\.){0,200}"\s*:\s*'
PLAIN = r'(?:"(?:[^"\\]|\\.){0,1000}"|-?[0-9][-+.0-9eE]*|true|false|null)'
# Objects around the list, such as {"version": 1, "data": [...]}.
WRAPPER = re.compile(rf"[\s\ufeff]*(?:\{{\s*(?:{KEY}{PLAIN}\s*,\s*)*{KEY})+(?=\[)")
BETWEEN_WRAPPED = re.compile(
    rf"(?:[\s,\[\]}}\ufeff]|\{{\s*(?={KEY}[\[{{])|{KEY}(?:(?=[\[{{])|{PLAIN}(?=\s*[,}}])))*"
)
CLOSES = re.compile(r"\][^\[{]*\}\s*$")


class Element(NamedTuple):
    """An element of a list: its JSON, which is an object; or else why it cannot be read."""

    text: str | None
    problem: str | None = None


def elements(chunks: Iterable[bytes], keys: Collection[str] = ()) -> Iterator[Element]:
    """The elements of a JSON list, one after the other, in bounded memory.

    The list may lie in objects, and may lack its brackets and commas. Whatever is no object, is
    broken, or is longer than `MAX_ELEMENT` is one element with a problem; reading goes on at
    the next thing that looks like a row.

    Args:
        chunks: UTF-8; what is none, and half a surrogate pair, become U+FFFD.
        keys: Of a row, as they are spelled; a row may have them in other capitals.
    """
    spelled = {key.lower(): key for key in keys}
    window = _Window(chunks, keys)
    while window.goes_on():
        yield _element(window, spelled)


def wrapper(text: str, keys: Collection[str] = ()) -> int:
    """How long that is which stands before a list that lies in an object; 0 where none does."""
    found = WRAPPER.match(text)
    if found is None:
        return 0
    # A row may hold a list too.
    of_rows = {key.lower() for key in keys}
    has_row = any(key.lower() in of_rows for key in re.findall(r'"([^"\\]*)"\s*:', found[0]))
    return 0 if has_row else found.end()


def closes(end: str) -> bool:
    """Whether a text ends with the end of a list that lies in an object."""
    return CLOSES.search(end) is not None


def _element(window: "_Window", spelled: Mapping[str, str]) -> Element:
    try:
        value, length = _decode(window)
    except json.JSONDecodeError as error:
        problem = _in_words(error)
        window.skip_to_row()
    except _RepeatedKeyError:
        problem = "has a key twice"
        window.skip_to_row()
    except RecursionError:
        problem = "is nested too deeply"
        window.skip_to_row(DEEP)
    else:
        text = window.take(length)
        if not isinstance(value, dict):
            return Element(None, "is no object")
        if len(text) > MAX_ELEMENT:
            return Element(None, "is longer than 1 MiB")
        return Element(_whole_characters(_spelled(value, text, spelled)))
    return Element(None, problem)


def _spelled(value: dict[str, Any], text: str, spelled: Mapping[str, str]) -> str:
    """A row with its keys as they are spelled elsewhere."""
    right = {key: spelled.get(key.lower(), key) for key in value}
    changed = {key: name for key, name in right.items() if name != key and name not in value}
    if not changed:
        return text
    return json.dumps({changed.get(key, key): one for key, one in value.items()})


def _whole_characters(text: str) -> str:
    if "\\u" not in text:
        return text
    return HALF_PAIR.sub(lambda found: found[1] or found[2] or NO_CHARACTER, text)


def _decode(window: "_Window") -> tuple[object, int]:
    """The value that comes next, and its length."""
    try:
        # An error counts the lines before it: in little text that costs little.
        return DECODER.raw_decode(window.ahead(USUAL_ELEMENT))
    except json.JSONDecodeError as error:
        if not _is_open(error):
            raise
    return DECODER.raw_decode(window.ahead(MAX_ELEMENT + 1))


def _is_open(error: json.JSONDecodeError) -> bool:
    """Whether the text ends before the value does."""
    is_at_end = WORD.fullmatch(error.doc, error.pos) is not None
    return is_at_end or error.msg.startswith("Unterminated string")


def _in_words(error: json.JSONDecodeError) -> str:
    if _is_open(error):
        is_long = len(error.doc) > MAX_ELEMENT
        return "is longer than 1 MiB" if is_long else "is cut off: the file ends"
    return f"is no valid JSON: {error.msg[:1].lower()}{error.msg[1:]}".rstrip(": ")


class _Window:
    """The part of a text that is in memory: from where reading is, more than an element."""

    def __init__(self, chunks: Iterable[bytes], keys: Collection[str]) -> None:
        self._texts = _decoded(chunks)
        self.text = ""
        self.at = 0
        self.is_last = False
        self._fill()
        self.at = wrapper(self.text, keys)
        self._between = BETWEEN_WRAPPED if self.at else BETWEEN

    def goes_on(self) -> bool:
        """Go to where the next element begins; false at the end."""
        while True:
            self._fill()
            self.at = _end(self._between.match(self.text, self.at), self.at)
            if self.at < len(self.text):
                # So that the element is here as a whole, if it is of a bearable length.
                self._fill()
                return True
            if self.is_last:
                return False

    def ahead(self, length: int) -> str:
        """So much of the text, or what there is."""
        return self.text[self.at : self.at + length]

    def take(self, length: int) -> str:
        """So much of the text, and go past it."""
        text = self.ahead(length)
        self.at += length
        return text

    def skip_to_row(self, at_least: int = 0) -> None:
        """Go past what is broken, to the next thing that looks like a row."""
        self.at += at_least
        while not (match := ROW_BEGINS.search(self.text, self.at)):
            self.at = len(self.text)
            if self.is_last:
                return
            # The row may begin with the next part.
            self.at -= 1
            self._fill()
        self.at = match.end()

    def _fill(self) -> None:
        if self.is_last or len(self.text) - self.at > MAX_ELEMENT:
            return
        parts = [self.text[self.at :]]
        length = len(parts[0])
        while length < 2 * MAX_ELEMENT and not self.is_last:
            part = next(self._texts, None)
            self.is_last = part is None
            parts.append(part or "")
            length += len(parts[-1])
        self.text, self.at = "".join(parts), 0


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    return match.end() if match else otherwise


class _RepeatedKeyError(ValueError):
    """Which of its values is meant, nobody knows."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


# Numbers stay texts: they are not looked at here, and may be too long for Python.
DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str)
