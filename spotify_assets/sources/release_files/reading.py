"""A file to its rows: typed, or set aside with line, column and reason.

Belongs here: the types of values, and the rules that one row or one file must keep. Does not
belong here: where files lie, their encodings and separators (``cells``), and what the platforms
call their columns (``kinds``).
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from spotify_assets.sources.release_files import kinds, values
from spotify_assets.sources.release_files.cells import (
    BROKEN,
    MAX_BYTES,
    ROW,
    TOO_LARGE,
    Refused,
    Sheet,
    decoded,
    sheet_of,
)
from spotify_assets.sources.release_files.kinds import Kind, Recognised, Type

__all__ = ["MAX_BYTES", "TOO_LARGE", "Read", "Refused", "from_name", "read"]

FIRST_DAY = dt.date(2006, 1, 1)
"""Spotify was founded in that year."""
NOTHING = ("", "-", "n/a", "na", "null", "—")
"""How a platform says that it does not know."""
ALL = {"all", "todos", "todas", "tous", "toutes", "alle"}
POLARS: dict[Type, pl.DataType] = {
    Type.DATE: pl.Date(),
    Type.MONTH: pl.Date(),
    Type.COUNT: pl.Int64(),
    Type.DECIMAL: pl.Float64(),
    Type.TEXT: pl.String(),
}


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


def read(body: bytes, today: dt.date, own: Iterable[Kind] = ()) -> Read:
    """Read a file.

    Args:
        body: Its bytes.
        today: A row of a later day is set aside.
        own: As `kinds.recognise` has it.

    Raises:
        Refused: Nothing of it can be read.
    """
    sheet, known = sheet_of(decoded(body), tuple(own))
    received = sheet.cells.height + sum(broken.height for broken in sheet.broken)
    frame = _typed(sheet, known)
    sums = 0
    if known.kind is kinds.META:
        frame, sums = _without_sums(frame, known)
        frame = _days_of_ads(frame, sheet)
    frame = _sound(frame, sheet, known.kind, today)
    frame, duplicate = _once(frame, sheet, known.kind)
    notes = tuple(_notes(frame, known))
    broken = (
        pl.concat(sheet.broken).unique(maintain_order=True) if sheet.broken else BROKEN.to_frame()
    )
    return Read(known.kind, frame, broken, received, duplicate, sums, known.currency, notes)


def _typed(sheet: Sheet, known: Recognised) -> pl.DataFrame:
    """The columns of ours; a row of which one cannot be read is set aside."""
    places = {column: str(number) for column, number in known.places.items()}
    frame = sheet.cells.select(
        sheet.lines.alias("source_line"),
        *(
            _usual(pl.col(places[column]), kind).alias(column)
            if column in places
            else pl.lit(None, POLARS[kind]).alias(column)
            for column, kind in known.kind.columns.items()
        ),
        *(
            pl.col(str(number)).alias(f"other {name}")
            for name, number in known.others.items()
            if known.kind is kinds.META
        ),
    )
    is_wrong = []
    for column in places:
        if not frame[column].null_count():
            continue
        texts = sheet.cells[places[column]]
        frame = frame.with_columns(_unusual(texts, frame[column], known.kind.columns[column]))
        if (wrong := _wrong(texts, frame[column], known, column)).any():
            is_wrong.append(wrong)
            kind, header = known.kind.columns[column], sheet.header[known.places[column]]
            unread = texts.filter(wrong)
            sheet.hold(sheet.lines.filter(wrong), header)
            sheet.set_aside(
                sheet.lines.filter(wrong), header, unread, _unreadable(kind, unread, texts)
            )
    return frame.filter(~pl.any_horizontal(is_wrong)) if is_wrong else frame


def _usual(text: pl.Expr, kind: Type) -> pl.Expr:
    """ISO days, plain whole numbers and texts; all else is null."""
    match kind:
        case Type.DATE:
            return text.str.to_date("%Y-%m-%d", strict=False)
        case Type.COUNT:
            return (
                pl.when(text.str.contains(rf"^[0-9]{{1,{values.MAX_DIGITS}}}$"))
                .then(text)
                .cast(pl.Int64)
            )
        case Type.TEXT:
            stripped = text.str.strip_chars()
            return pl.when(~_is_nothing(stripped)).then(stripped)
        case _:
            return pl.lit(None, POLARS[kind])


def _is_nothing(stripped: pl.Expr) -> pl.Expr:
    return stripped.str.to_lowercase().is_in(NOTHING)


def _unusual(texts: pl.Series, found: pl.Series, kind: Type) -> pl.Series:
    """A column with what only its notation as a whole explains."""
    distinct = texts.filter(found.is_null()).unique().to_list()
    parse = _parser(distinct, kind)
    known = {text: None if text.strip().casefold() in NOTHING else parse(text) for text in distinct}
    read = pl.Series(list(known.values()), dtype=POLARS[kind])
    made = texts.replace_strict(list(known), read, default=None, return_dtype=POLARS[kind])
    return found.fill_null(made)


def _wrong(texts: pl.Series, found: pl.Series, known: Recognised, column: str) -> pl.Series:
    """Which rows of a column cannot be read, or are empty though they must not be."""
    stripped = pl.col("text").str.strip_chars()
    if column not in known.kind.required:
        is_let = _is_nothing(stripped)
    elif known.kind is kinds.META and column == "campaign":
        # A sum over all days and campaigns has none.
        is_let = stripped == ""
    else:
        is_let = pl.lit(value=False)
    frame = pl.DataFrame({"text": texts, "found": found})
    return frame.select(wrong=pl.col("found").is_null() & ~is_let).to_series()


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


def _unreadable(kind: Type, unread: pl.Series, texts: pl.Series) -> pl.Series:
    """Why each of these texts of a column cannot be read."""
    distinct = texts.unique().to_list()
    order = values.order_of(distinct) if kind is Type.DATE else None
    mark = values.decimal_mark(distinct) if kind is Type.DECIMAL else None

    def reason(text: str) -> str:
        if text.strip().casefold() in NOTHING:
            return "It is empty."
        match kind:
            case Type.DATE if order is None and values.NUMERIC.fullmatch(text.strip()):
                return UNORDERED
            case Type.DATE:
                return "It is no day."
            case Type.MONTH:
                return "It is no month: 2026-11 would be one."
            case Type.COUNT:
                return f"It is no whole number from 0, or has more than {values.MAX_DIGITS} digits."
            case _:
                return f"It is no number with the decimal mark {mark!r}."

    return unread.map_elements(reason, pl.String)


UNORDERED = "Whether day or month comes first cannot be told: no day of the file is over 12."


def _without_sums(frame: pl.DataFrame, known: Recognised) -> tuple[pl.DataFrame, int]:
    """Ads without the rows that are sums of others, at whatever level."""
    before = frame.height
    frame = frame.filter(pl.col("campaign").is_not_null())
    if "date" in known.places:
        # A total below the days may have a name, such as `Resultados totales`.
        frame = frame.filter(pl.col("date").is_not_null())
    over = [*(("date",) if "date" in known.places else ("starts",)), "campaign"]
    for name in known.others:
        is_all = pl.col(f"other {name}").str.strip_chars().str.to_lowercase().is_in(sorted(ALL))
        has_parts = (~is_all).any().over(over)
        frame = frame.filter(~(is_all & has_parts))
    return frame.select(pl.exclude("^other .*$")), before - frame.height


def _days_of_ads(frame: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Each row at its day; a row of several days is no daily row."""
    is_a_day = pl.col("starts") == pl.col("ends")
    frame = frame.with_columns(date=pl.coalesce("date", pl.when(is_a_day).then("starts")))
    wrong = frame.filter(pl.col("date").is_null())
    if wrong.height:
        span = pl.format("{} to {}", *(pl.col(one).fill_null("?") for one in ("starts", "ends")))
        said = "It is of several days: export it with the breakdown by time: day."
        sheet.set_aside(wrong["source_line"], ROW, wrong.select(span).to_series(), said)
    return frame.filter(pl.col("date").is_not_null()).drop("starts", "ends")


def _sound(frame: pl.DataFrame, sheet: Sheet, kind: Kind, today: dt.date) -> pl.DataFrame:
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
    is_wrong = pl.any_horizontal(wrong.fill_null(value=False) for _, wrong, _ in rules)
    if not frame.select(is_wrong.any()).item():
        return frame
    for column, breaks, reason in rules:
        wrong = frame.filter(breaks)
        if wrong.height:
            sheet.set_aside(wrong["source_line"], column, wrong[column], reason)
    return frame.filter(~is_wrong)


def _once(frame: pl.DataFrame, sheet: Sheet, kind: Kind) -> tuple[pl.DataFrame, int]:
    """Each key once: what is said again is a duplicate, what is said otherwise is set aside."""
    if not kind.key or not frame.select(pl.struct(kind.key).is_duplicated().any()).item():
        return frame, 0
    said = [column for column in kind.columns if column in frame.columns]
    unique = frame.unique(said, keep="first", maintain_order=True)
    duplicate = frame.height - unique.height
    is_twice = pl.len().over(kind.key) > 1
    wrong = unique.filter(is_twice)
    if wrong.height:
        key = pl.concat_str(
            (pl.col(one).cast(pl.String) for one in kind.key), separator=", ", ignore_nulls=True
        )
        reason = "It is a duplicate, with different numbers."
        sheet.set_aside(wrong["source_line"], kind.key[0], wrong.select(key).to_series(), reason)
    return unique.filter(~is_twice), duplicate


def _notes(frame: pl.DataFrame, known: Recognised) -> Iterator[str]:
    """What somebody may want to know, and what keeps no row out."""
    if known.ignored and known.kind is not kinds.META:
        yield f"Not read: the columns {', '.join(known.ignored)}."
    if known.kind is kinds.SONGS:
        more = frame.filter(pl.col("saves") > pl.col("listeners")).height
        if more:
            yield f"{more} songs have more saves than listeners."
        none = frame.filter(pl.col("listeners") == 0, pl.col("streams") > 0).height
        if none:
            yield (
                f"{none} songs have streams and no listeners: of all time Spotify gives none. "
                "Choose a shorter span."
            )


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
