"""Bodies of CSV, JSON and NDJSON → comments, row by row.

Belongs here: encodings and forms. Does not belong here: what of a comment is kept (``records``).
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from spotify_assets.sources.comments.records import Records, field_of

MAX_ROWS = 10_000_000
MAX_CELL = 10_000_000
"""Characters of a cell; a text above 100,000 is set aside later, with its reason."""
NOT_UTF8 = "It is not UTF-8, as other rows of it are."
NO_JSON = "It is no JSON."
UNDECODABLE = ("\udc80", "\udcff")
"""What stands for a byte that is not UTF-8."""


class Refused(Exception):
    """A body of which nothing can be read; the text says why."""


def parse_json(text: str | bytes) -> Any:
    """A JSON value.

    Raises:
        ValueError: It is none, or is nested too deep to be one.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def comments_of(value: Any) -> tuple[list[Any], str | None]:
    """The comments of a JSON body, and the source that it names for all of them.

    Raises:
        Refused: It is no list of comments, and has none.
    """
    source = None
    if isinstance(value, dict):
        source, value = value.get("source"), value.get("comments")
    if not isinstance(value, list):
        raise Refused('It is neither a list of comments nor {"comments": […]}.')
    if source is not None and not isinstance(source, str):
        raise Refused("Its source is no text.")
    return value, source


def read_json(body: bytes, records: Records) -> None:
    """A list of comments, or an object that holds one in ``comments``.

    Raises:
        Refused: It is neither.
    """
    try:
        found, source = comments_of(parse_json(body.removeprefix(b"\xef\xbb\xbf")))
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused(f"{NO_JSON[:-1]}: {error}.") from error
    records.source = source or records.source
    records.extend(found)


def read_ndjson(body: bytes, records: Records) -> None:
    """A JSON object a line; what is none is set aside alone."""
    for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if not line.strip():
            continue
        try:
            records.add(parse_json(line.decode("utf-8")))
        except UnicodeDecodeError:
            records.set_aside(NOT_UTF8)
        except ValueError:
            records.set_aside(NO_JSON)
    if not records.lines:
        raise Refused("It is empty.")


def read_csv(body: bytes, records: Records) -> None:
    """A header and rows; which column is what, its name says.

    Raises:
        Refused: No column is a text.
    """
    text = _decoded(body)
    header, rows = _sheet(text)
    fields = [field_of(name) for name in header]
    if "text" not in fields:
        raise Refused(
            f"No column of it is a text: {', '.join(header)[:200]}. docs/comments.md lists the "
            "names that a column may have."
        )
    limit = csv.field_size_limit(MAX_CELL)
    try:
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(header):
                said = f"It has {len(cells)} cells, the header {len(header)}."
                records.set_aside(said)
            elif any(_is_broken(cell) for cell in cells):
                records.set_aside(NOT_UTF8)
            else:
                records.add(dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        records.set_aside(f"The file cannot be read from here on: {error}.")
    finally:
        csv.field_size_limit(limit)
    if not records.lines:
        raise Refused("It has a header and no rows.")


def _decoded(body: bytes) -> str:
    """The text; bytes that are not UTF-8 are marked, unless none of it is: then it is Windows'."""
    if not body.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Refused("It is empty.")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="surrogatepass")
    if body.startswith(b"PK\x03\x04"):
        raise Refused("It is no text: save it as CSV, not as a spreadsheet.")
    text = body.decode("utf-8-sig", errors="surrogateescape")
    has_broken = _is_broken(text)
    if has_broken and not any(one > "\x7f" and not _is_broken(one) for one in set(text)):
        return body.decode("cp1252", errors="surrogateescape")
    return text


def _is_broken(text: str) -> bool:
    first, last = UNDECODABLE
    return not text.isascii() and any(first <= one <= last for one in text)


def _sheet(text: str) -> tuple[list[str], Iterator[list[str]]]:
    """The header and the rows, by the separator under which the header has most known names."""
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(
        (",", ";", "\t", "|"),
        key=lambda one: sum(field_of(name) is not None for name in next(_rows(first, one), [])),
    )
    rows = _rows(text, separator)
    header = next((cells for cells in rows if cells), [])
    return header, rows


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


READERS: dict[str, Callable[[bytes, Records], None]] = {
    "csv": read_csv,
    "json": read_json,
    "ndjson": read_ndjson,
}
"""By the form of a body; each may raise `Refused`."""
EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
"""By the ending of a file's name, its form."""
