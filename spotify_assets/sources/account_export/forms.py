"""In which form the text of a file is: its encoding, and what is no JSON at all.

Belongs here: telling it by the first bytes. Does not belong here: which JSON is a
listening history.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

# UTF-32 first: its mark begins as that of UTF-16 does.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# JSON begins with one of these characters; without a mark, the zeros around it tell.
BEGINS = {
    re.compile(rb"[\[{\s]\0\0\0"): "utf-32-le",
    re.compile(rb"\0\0\0[\[{\s]"): "utf-32-be",
    re.compile(rb"[\[{\s]\0[^\0]"): "utf-16-le",
    re.compile(rb"\0[\[{\s]\0"): "utf-16-be",
}
BLANK = b"\xef\xbb\xbf \t\r\n"
WORDS = re.compile(rb"\b(ts|ms_played|endTime|msPlayed|trackName|artistName)\b")
"""Names of columns of a listening history."""
OTHERS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or an Office file",
    b"<": "HTML or XML, such as a page that asks to sign in",
}
SEPARATORS = re.compile(rb"[,;\t]")


def utf_8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8; what is no character in its encoding becomes U+FFFD."""
    parts = iter(chunks)
    first = next(parts, b"")
    encoding = _encoding(first)
    if encoding is None:
        yield first
        yield from parts
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chain([first], parts):
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def not_json(head: bytes) -> str | None:
    """What a text is that is no JSON, as the words after *is*; ``None`` if it may be JSON.

    Args:
        head: Its first bytes, in UTF-8.
    """
    start = head.lstrip(BLANK)
    if not start:
        return "empty"
    if start.startswith((b"[", b"{")):
        return None
    known = (what for mark, what in OTHERS.items() if start.startswith(mark))
    first_line = start.splitlines()[0]
    is_csv = WORDS.search(first_line) and SEPARATORS.search(first_line)
    # The beginning of JSON may be lost.
    is_json = b'":' in start and WORDS.search(start)
    return next(known, None) or (
        "CSV" if is_csv and not is_json else None if is_json else "no JSON"
    )


def _encoding(head: bytes) -> str | None:
    """The encoding of a text, where it is not UTF-8."""
    marked = (encoding for mark, encoding in MARKS.items() if head.startswith(mark))
    shaped = (encoding for shape, encoding in BEGINS.items() if shape.match(head))
    return next(marked, None) or next(shaped, None)
