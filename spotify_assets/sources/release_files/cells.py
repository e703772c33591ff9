"""The bytes of a file to its cells: encodings, separators, quotes, and where a row stands.

Belongs here: what is so of any CSV file. Does not belong here: what its columns are (``kinds``),
and what their values may be (``reading``).
"""

import csv
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

import polars as pl

from spotify_assets.sources.release_files import kinds
from spotify_assets.sources.release_files.kinds import Kind, Recognised

MAX_BYTES = 64 * 1024 * 1024
"""A day of ten years takes some 20 bytes: the largest download is far below it."""
TOO_LARGE = (
    f"It is larger than {MAX_BYTES >> 20} MiB, as no download of these kinds is: export a shorter "
    "span of time."
)
MAX_LINES = 2_000_000
"""Ten years of days are 3,650; the sales of a large label some 100,000 a year."""
SEPARATORS = (",", ";", "\t", "|")
BEFORE_HEADER = re.compile(r'\n*(?:"?sep=.?"?,*\n+)?', re.IGNORECASE)
"""Blank lines, and the line by which Excel is told the separator."""
ROWS_AT_ONCE = 50_000
"""Rows with quotes that lie in memory as Python's texts, which take ten times the file's bytes."""
BROKEN = pl.Schema(
    {
        "source_line": pl.Int64(),
        "column_name": pl.String(),
        "value": pl.String(),
        "reason": pl.String(),
    }
)
MAX_BROKEN = 100_000
"""Rows that may be set aside in a column: a file with more is none of ours, and takes gigabytes."""
ROW = "row"
"""Stands for a column where it is the row as a whole."""
SHOWN = 200
"""Characters of a broken value that are kept."""


class Refused(Exception):
    """A file that is read as a whole or not at all, and cannot be; the text says why."""


@dataclass
class Sheet:
    """The rows of a file that are as wide as its header, and those that were set aside."""

    header: list[str]
    lines: pl.Series
    """Of each row the line in which it begins, from 1."""
    cells: pl.DataFrame
    """A column of texts for each of the header, named by its number: 0, 1, …"""
    broken: list[pl.DataFrame] = field(default_factory=list)

    def set_aside(
        self, lines: pl.Series, column: str, values: pl.Series, reasons: pl.Series | str
    ) -> None:
        """Note that these rows cannot be read, or cannot be true.

        Raises:
            Refused: They are too many.
        """
        self.hold(lines, column)
        told = {"source_line": lines, "value": values.cast(pl.String).str.slice(0, SHOWN)}
        noted = pl.DataFrame(told).with_columns(column_name=pl.lit(column), reason=pl.lit(reasons))
        self.broken.append(noted.select(BROKEN.names()))

    @staticmethod
    def hold(lines: pl.Series, column: str) -> None:
        """Refuse a file of which too many rows would be set aside."""
        if len(lines) > MAX_BROKEN:
            raise Refused(
                f"More than {MAX_BROKEN:,} of its rows cannot be read, the first in line "
                f"{lines[0]} ({column}): such a file is no download of these. Download it again."
            )


def decoded(body: bytes) -> str:
    """The text of a file, with LF at the end of each line.

    Raises:
        Refused: It is none, or too long.
    """
    if len(body) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    if not body.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Refused("It is empty. Download it again.")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16", errors="replace")
    elif b"\x00" in body[:4096] or body.startswith(b"PK\x03\x04"):
        raise Refused("It is no text: save or download it as CSV, not as a spreadsheet.")
    else:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("latin-1")
    if text.lstrip().startswith("<"):
        raise Refused("It is a web page, not a CSV file: sign in again and download the file.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MAX_LINES:
        raise Refused(f"It has more than {MAX_LINES:,} lines: export a shorter span of time.")
    return text


def sheet_of(text: str, own: Sequence[Kind]) -> tuple[Sheet, Recognised]:
    """The cells, by the separator under which the first line is a header that is known.

    Raises:
        Refused: There is none, a column stands in it twice, or it is all there is.
    """
    begin = found.end() if (found := BEFORE_HEADER.match(text)) else 0
    first = text[begin:].partition("\n")[0]
    for separator in SEPARATORS:
        header = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
        known = kinds.recognise(header, own)
        if known is not None:
            break
    else:
        raise Refused(
            f"Its first line is no header that is known: {first[:SHOWN]!r}. docs/releases.md lists "
            "the columns of each kind, and how columns of another are mapped."
        )
    names = [kinds.normal(name) for name in header]
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise Refused(f"The column {twice[0]!r} stands in it twice. Download it again.")
    head = begin + len(first)
    if '"' in text[head:]:
        sheet = _quoted(text, head, separator, header, known.texts)
    else:
        sheet = _plain(text, head, separator, header)
    if not sheet.cells.height and not sheet.broken:
        raise Refused("It has a header and no rows: nothing was in the chosen span of time.")
    return sheet, known


def _plain(text: str, head: int, separator: str, header: list[str]) -> Sheet:
    """Rows without a quote: each line is one, and each separator ends a cell."""
    width = len(header)
    first_line = text.count("\n", 0, head) + 1
    row = pl.col("row")
    rows = (
        pl.LazyFrame({"row": text[head:].split("\n")})
        .with_row_index("line", offset=first_line)
        .filter(row != "")
        .select(
            pl.col("line").cast(pl.Int64),
            "row",
            width=row.str.count_matches(separator, literal=True) + 1,
            cell=row.str.split_exact(separator, width - 1),
        )
        .collect()
    )
    is_whole = pl.col("width") == width
    whole = rows.filter(is_whole)
    numbered = [str(number) for number in range(width)]
    sheet = Sheet(
        header, whole["line"], whole["cell"].struct.rename_fields(numbered).struct.unnest()
    )
    if whole.height < rows.height:
        other = rows.filter(~is_whole)
        _set_aside_rows(sheet, other["line"], other["row"], other["width"])
    return sheet


def _quoted(text: str, head: int, separator: str, header: list[str], texts: Set[int]) -> Sheet:
    """Rows in which a quoted cell may hold separators and line ends, as the module `csv` reads it.

    Where a quote was opened and never closed, its line alone is set aside.
    """
    schema = {str(number): pl.String() for number in range(len(header))}
    frames = [pl.DataFrame(schema=schema)]
    lines, batch = list[int](), list[list[str]]()
    wrong: list[tuple[int, str, int]] = []
    for row in _rows(text, head, separator, len(header), texts):
        if len(row.cells) == len(header):
            lines.append(row.line)
            batch.append(row.cells)
        else:
            wrong.append((row.line, row.first[:SHOWN], len(row.cells)))
            if len(wrong) > MAX_BROKEN:
                break
        if len(batch) == ROWS_AT_ONCE:
            frames.append(pl.DataFrame(batch, schema, orient="row"))
            batch.clear()
    frames.append(pl.DataFrame(batch, schema, orient="row"))
    sheet = Sheet(header, pl.Series(lines, dtype=pl.Int64), pl.concat(frames))
    if wrong:
        found = pl.DataFrame(wrong, ["line", "row", "width"], orient="row")
        _set_aside_rows(sheet, found["line"], found["row"], found["width"])
    return sheet


@dataclass(frozen=True)
class _Row:
    line: int
    """In which it begins."""
    first: str
    """The text of this line."""
    cells: list[str]
    """None where a quote is not closed."""


def _rows(text: str, head: int, separator: str, width: int, texts: Set[int]) -> Iterator[_Row]:
    """Each row after the header; a blank line is none."""
    at, line = head, text.count("\n", 0, head) + 1
    while at < len(text):
        ends: list[int] = []
        reader = csv.reader(_lines(text, at, ends), delimiter=separator)
        while True:
            ends.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:  # A cell of 128 KiB.
                cells, is_closed = [], False
            else:
                is_closed = not _is_cut(text, ends[-1], cells)
            first = text[at : ends[0]].rstrip("\n")
            if len(ends) > 1:
                is_closed = is_closed and len(cells) == width
                is_closed = is_closed and _is_of_lines(first, cells, separator, texts)
            if not is_closed:
                yield _Row(line, first, [])
                at, line = ends[0], line + 1
                break
            if cells:
                yield _Row(line, first, cells)
            at, line = ends[-1], line + len(ends)


def _lines(text: str, at: int, ends: list[int]) -> Iterator[str]:
    """The lines from a place on, each with its end; where that is, is noted."""
    while at < len(text):
        at_end = text.find("\n", at)
        end = len(text) if at_end < 0 else at_end + 1
        ends.append(end)
        yield text[at:end] if at_end >= 0 else f"{text[at:]}\n"
        at = end


def _is_cut(text: str, end: int, cells: Sequence[str]) -> bool:
    """Whether the file ends within a quote."""
    is_last = end == len(text) and bool(cells)
    return is_last and cells[-1].endswith("\n") and not text.rstrip("\n").endswith('"')


def _is_of_lines(first: str, cells: Sequence[str], separator: str, texts: Set[int]) -> bool:
    """Whether a row may be of several lines; else a quote of its first was closed by another's.

    It may not where a number or day goes over lines, or where the first line has all its cells,
    were it not for the quote.
    """
    over_lines = {number for number, cell in enumerate(cells) if "\n" in cell}
    has_all = first.count(separator) == len(cells) - 1 and separator in first.rpartition('"')[2]
    return over_lines <= texts and not has_all


def _set_aside_rows(sheet: Sheet, lines: pl.Series, rows: pl.Series, widths: pl.Series) -> None:
    width = len(sheet.header)
    other = pl.format("It has {} cells, the header {}.", "width", pl.lit(width))
    is_open = pl.lit(f"A quote is opened in it, and not closed in a row of {width} cells.")
    reasons = pl.DataFrame({"width": widths}).select(
        pl.when(pl.col("width") == 0).then(is_open).otherwise(other)
    )
    sheet.set_aside(lines, ROW, rows, reasons.to_series())
