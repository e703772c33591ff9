"""A file to its rows: typed, or set aside with line, column and reason.

Belongs here: encodings, separators, and the rules that one row or one file must keep. Does not
belong here: where files lie, and what the platforms call their columns (``kinds``).
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from spotify_assets.sources.release_files import kinds, values
from spotify_assets.sources.release_files.kinds import Kind, Recognised, Type

MAX_BYTES = 64 * 1024 * 1024
"""A day of ten years takes some 20 bytes: the largest download is far below it."""
FIRST_DAY = dt.date(2006, 1, 1)
"""Spotify was founded in that year."""
NOTHING = {"", "-", "n/a", "na", "null", "—"}
"""How a platform says that it does not know."""
ALL = {"all", "todos", "todas", "tous", "toutes", "alle"}
POLARS: dict[Type, pl.DataType] = {
    Type.DATE: pl.Date(),
    Type.MONTH: pl.Date(),
    Type.COUNT: pl.Int64(),
    Type.DECIMAL: pl.Float64(),
    Type.TEXT: pl.String(),
}
BROKEN = {
    "source_line": pl.Int64,
    "column_name": pl.String,
    "value": pl.String,
    "reason": pl.String,
}
ROW = "row"
"""Stands for a column where it is the row as a whole."""
SHOWN = 200
"""Characters of a broken value that are kept."""


class Refused(Exception):
    """A file that is read as a whole or not at all, and cannot be; the text says why."""


@dataclass(frozen=True)
class Read:
    """What a file says."""

    kind: Kind
    rows: pl.DataFrame
    """Our columns and ``source_line``."""
    broken: pl.DataFrame
    """Rows that were set aside, a row for each reason."""
    received: int
    duplicate: int
    """Rows that say again what another says."""
    sums: int
    """Rows that are sums of others."""
    currency: str | None
    notes: tuple[str, ...]


@dataclass
class _Sheet:
    header: list[str]
    lines: list[int]
    cells: list[list[str]]
    broken: list[tuple[int, str, str, str]] = field(default_factory=list)

    def set_aside(self, line: int, column: str, value: str, reason: str) -> None:
        self.broken.append((line, column, value[:SHOWN], reason))


def read(body: bytes, today: dt.date, own: Iterable[Kind] = ()) -> Read:
    """Read a file.

    Args:
        body: Its bytes.
        today: A row of a later day is set aside.
        own: As `kinds.recognise` has it.

    Raises:
        Refused: Nothing of it can be read.
    """
    text = _decoded(body)
    sheet, known = _sheet(text, tuple(own))
    received = len(sheet.cells) + len(sheet.broken)
    frame = _typed(sheet, known)
    sums = 0
    if known.kind is kinds.META:
        frame, sums = _without_sums(frame, known)
        frame = _days_of_ads(frame, sheet)
    frame = _sound(frame, sheet, known.kind, today)
    frame, duplicate = _once(frame, sheet, known.kind)
    notes = tuple(_notes(frame, known))
    broken = pl.DataFrame(sheet.broken, schema=BROKEN, orient="row").unique(maintain_order=True)
    return Read(known.kind, frame, broken, received, duplicate, sums, known.currency, notes)


def _decoded(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise Refused(f"It is larger than {MAX_BYTES >> 20} MiB: no download of these kinds is.")
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
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _sheet(text: str, own: Sequence[Kind]) -> tuple[_Sheet, Recognised]:
    """The cells, by the separator under which the first line is a header that is known."""
    first = text.lstrip("\n").partition("\n")[0]
    for separator in (",", ";", "\t", "|"):
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
    sheet = _Sheet(header, [], [])
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in reader:
            if not cells or (not sheet.lines and not sheet.broken and _is(cells, header)):
                continue
            if len(cells) == len(header):
                sheet.lines.append(reader.line_num)
                sheet.cells.append(cells)
            else:
                said = f"It has {len(cells)} cells, the header {len(header)}."
                sheet.set_aside(reader.line_num, ROW, separator.join(cells), said)
    except csv.Error as error:
        raise Refused(f"Line {reader.line_num} cannot be read: {error}.") from error
    if not sheet.cells and not sheet.broken:
        raise Refused("It has a header and no rows: nothing was in the chosen span of time.")
    return sheet, known


def _is(cells: list[str], header: list[str]) -> bool:
    return [cell.strip() for cell in cells] == header


def _typed(sheet: _Sheet, known: Recognised) -> pl.DataFrame:
    """The columns of ours; a row of which one cannot be read is set aside."""
    by_number = list(zip(*sheet.cells, strict=True)) or [()] * len(sheet.header)
    made: dict[str, pl.Series] = {"source_line": pl.Series(sheet.lines, dtype=pl.Int64)}
    wrong: set[int] = set()
    for column, kind in known.kind.columns.items():
        dtype = POLARS[kind]
        if column not in known.places:
            made[column] = pl.Series([None] * len(sheet.lines), dtype=dtype)
            continue
        texts = by_number[known.places[column]]
        made[column] = _column(texts, kind)
        header = sheet.header[known.places[column]]
        is_required = column in known.kind.required
        for place, value in enumerate(made[column]) if made[column].has_nulls() else ():
            text = texts[place].strip()
            if value is None and (is_required or text.casefold() not in NOTHING):
                # A sum over all days has none of its own.
                if known.kind is kinds.META and not text and column in ("campaign", "date"):
                    continue
                wrong.add(place)
                sheet.set_aside(sheet.lines[place], header, text, _unreadable(kind, text, texts))
    frame = pl.DataFrame(made)
    for name, number in known.others.items():
        if known.kind is kinds.META:
            frame = frame.with_columns(pl.Series(f"other {name}", by_number[number], pl.String))
    return frame.filter(~pl.int_range(pl.len()).is_in(sorted(wrong))) if wrong else frame


def _column(texts: Sequence[str], kind: Type) -> pl.Series:
    """Values of a column; what nearly all files hold, polars reads at once."""
    found = _usual(pl.Series(texts, dtype=pl.String), kind)
    if not found.has_nulls():
        return found
    distinct = {text for text, value in zip(texts, found, strict=True) if value is None}
    parse = _parser(distinct, kind)
    known = {text: None if text.strip().casefold() in NOTHING else parse(text) for text in distinct}
    read = [
        known[text] if value is None else value for text, value in zip(texts, found, strict=True)
    ]
    return pl.Series(read, dtype=POLARS[kind])


def _usual(texts: pl.Series, kind: Type) -> pl.Series:
    """ISO days and plain whole numbers; all else is null."""
    if kind is Type.DATE:
        return texts.str.to_date("%Y-%m-%d", strict=False)
    if kind is Type.COUNT:
        return texts.set(~texts.str.contains(r"^\d{1,18}$"), None).cast(pl.Int64)
    return pl.Series([None] * len(texts), dtype=POLARS[kind])


def _parser(distinct: Collection[str], kind: Type) -> Callable[[str], Any]:
    """Reads a text of a column, in the notation that the column is in."""
    match kind:
        case Type.DATE:
            order = values.order_of(distinct)
            return lambda text: values.date(text, order)
        case Type.MONTH:
            return values.month
        case Type.COUNT:
            return values.count
        case Type.DECIMAL:
            return values.decimal(values.decimal_mark(distinct))
        case _:
            return lambda text: text.strip() or None


def _unreadable(kind: Type, text: str, texts: Sequence[str]) -> str:
    if text.casefold() in NOTHING:
        return "It is empty."
    match kind:
        case Type.DATE if values.NUMERIC.fullmatch(text) and values.order_of(texts) is None:
            return "Whether day or month comes first cannot be told: no day of the file is over 12."
        case Type.DATE:
            return "It is no day."
        case Type.MONTH:
            return "It is no month: 2026-11 would be one."
        case Type.COUNT:
            return "It is no whole number from 0."
        case _:
            return f"It is no number with the decimal mark {values.decimal_mark(texts)!r}."


def _without_sums(frame: pl.DataFrame, known: Recognised) -> tuple[pl.DataFrame, int]:
    """Ads without the rows that are sums of others, at whatever level."""
    before = frame.height
    frame = frame.filter(pl.col("campaign").is_not_null())
    over = [*(("date",) if "date" in known.places else ("starts",)), "campaign"]
    for name in known.others:
        is_all = pl.col(f"other {name}").str.strip_chars().str.to_lowercase().is_in(sorted(ALL))
        has_parts = (~is_all).any().over(over)
        frame = frame.filter(~(is_all & has_parts))
    return frame.select(pl.exclude("^other .*$")), before - frame.height


def _days_of_ads(frame: pl.DataFrame, sheet: _Sheet) -> pl.DataFrame:
    """Each row at its day; a row of several days is no daily row."""
    is_a_day = pl.col("starts") == pl.col("ends")
    day = pl.coalesce("date", pl.when(is_a_day).then("starts"))
    frame = frame.with_columns(date=day)
    for line, starts, ends in (
        frame.filter(pl.col("date").is_null()).select("source_line", "starts", "ends").iter_rows()
    ):
        said = "It is of several days: export it with the breakdown by time: day."
        sheet.set_aside(line, ROW, f"{starts} to {ends}", said)
    return frame.filter(pl.col("date").is_not_null()).drop("starts", "ends")


def _sound(frame: pl.DataFrame, sheet: _Sheet, kind: Kind, today: dt.date) -> pl.DataFrame:
    """Rows that can be true."""
    rules: list[tuple[str, pl.Expr, str]] = []
    for column in ("date", "month"):
        if column in kind.columns:
            rules += [
                (column, pl.col(column) > today, "It is in the future."),
                (column, pl.col(column) < FIRST_DAY, f"It is before {FIRST_DAY.year}."),
            ]
    if {"listeners", "streams"} <= set(kind.columns):
        more = pl.col("listeners") > pl.col("streams")
        rules.append(("listeners", more, "It is more than the streams: each listener has one."))
    if "spend" in kind.columns:
        rules.append(("spend", pl.col("spend") < 0, "It is below 0."))
    for column, is_wrong, reason in rules:
        for line, value in frame.filter(is_wrong).select("source_line", column).iter_rows():
            sheet.set_aside(line, column, str(value), reason)
    wrong = [is_wrong.fill_null(value=False) for _, is_wrong, _ in rules]
    return frame.filter(~pl.any_horizontal(wrong))


def _once(frame: pl.DataFrame, sheet: _Sheet, kind: Kind) -> tuple[pl.DataFrame, int]:
    """Each key once: what is said again is a duplicate, what is said otherwise is set aside."""
    if not kind.key:
        return frame, 0
    said = [column for column in kind.columns if column in frame.columns]
    unique = frame.unique(said, keep="first", maintain_order=True)
    duplicate = frame.height - unique.height
    is_twice = pl.len().over(kind.key) > 1
    for line, *key in unique.filter(is_twice).select("source_line", *kind.key).iter_rows():
        value = ", ".join(str(one) for one in key if one is not None)
        sheet.set_aside(line, kind.key[0], value, "It is a duplicate, with different numbers.")
    return unique.filter(~is_twice), duplicate


def _notes(frame: pl.DataFrame, known: Recognised) -> Iterator[str]:
    """What somebody may want to know, and what keeps no row out."""
    if known.ignored and known.kind is not kinds.META:
        yield f"Not read: the columns {', '.join(known.ignored)}."
    if known.kind is kinds.SONGS:
        more = frame.filter(pl.col("saves") > pl.col("listeners")).height
        if more:
            yield f"{more} songs have more saves than listeners."


TITLE = re.compile(
    r"(?P<title>.+?)-(?:(?:audience-)?timeline|(?:songs|playlists)-(?P<window>\w+?))", re.DOTALL
)


def from_name(name: str) -> tuple[str, str | None]:
    """Title (or artist id) and window, which stand only in the name of a file.

    A browser adds `` (1)`` to the name of a second download.
    """
    stem = re.sub(r"\s*\(\d+\)$", "", name.rpartition(".")[0] or name)
    found = TITLE.fullmatch(stem)
    return (found["title"], found["window"]) if found else (stem, None)
