"""Lines of batches → typed comments; what cannot be read, or cannot be true, is set aside.

Belongs here: the rules that one row must keep. Does not belong here: rules over several rows.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from spotify_assets.schemas.comments import MAX_CHARACTERS, QuarantinedComments, ReceivedComments

READING = "reading"
SHOWN = 200
"""Characters of a value that are kept to show what is wrong with it."""
MAX_NAME = 500
"""Characters of a source, an id, a release."""
FIRST_YEAR = 1990
LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
SHORT = {"eng": "en", "por": "pt", "spa": "es"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
MILLISECONDS_FROM = 100_000_000_000
"""Above it a number is of milliseconds: in seconds it would be of the year 5138."""
BATCHES = pl.Schema(
    {
        "batch_id": pl.String(),
        "received_at": pl.Datetime("us"),
        "came_by": pl.String(),
        "source": pl.String(),
        "file_name": pl.String(),
        "left_out": pl.List(pl.String()),
        "received": pl.Int64(),
    }
)
"""The batches of a day, as the lake keeps them."""


class Batch(Protocol):
    """A batch, as the lake gives it."""

    @property
    def batch_id(self) -> str:
        """Its id."""

    @property
    def received_at(self) -> dt.datetime:
        """With its time zone."""

    @property
    def source(self) -> str:
        """Of comments that do not say theirs."""

    @property
    def lines(self) -> Sequence[Mapping[str, Any]]:
        """Comments, and rows that could not be read."""

    def head(self) -> dict[str, Any]:
        """What is said of it as a whole."""


class _Unreadable(Exception):
    def __init__(self, column: str, value: Any, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


def tables(batches: Iterable[Batch]) -> dict[str, pl.DataFrame]:
    """The tables of a day that are made of its batches, by the rules of docs/comments.md.

    Raises:
        ContractBroken: They do not keep their contracts.
    """
    read, broken, heads = [], [], []
    for batch in batches:
        received_at = _naive(batch.received_at)
        heads.append({**batch.head(), "received_at": received_at})
        for line in batch.lines:
            try:
                read.append(_comment(batch, received_at, line))
            except _Unreadable as error:
                broken.append(
                    {
                        "batch_id": batch.batch_id,
                        "batch_row": line["row"],
                        "set_aside_by": READING,
                        "column_name": error.column,
                        "value": _shown(error.value),
                        "reason": error.reason,
                    }
                )
    received = pl.DataFrame(read, schema=ReceivedComments.polars_schema(), orient="row")
    quarantined = pl.DataFrame(broken, schema=QuarantinedComments.polars_schema(), orient="row")
    return {
        ReceivedComments.table(): ReceivedComments.validate(received),
        QuarantinedComments.table(): QuarantinedComments.validate(quarantined),
        "processed.comment_batches": pl.DataFrame(heads, schema=BATCHES, orient="row"),
    }


def text_id(text: str) -> str:
    """By which a text is known."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def label_key(version: str, of_text: str) -> str:
    """By which a label is known: the version of its labeller (model, prompt, schema) and the text.

    Args:
        version: Of the labeller.
        of_text: As `text_id` gives it.
    """
    return hashlib.sha256(f"{version}\0{of_text}".encode()).hexdigest()[:32]


def _comment(batch: Batch, received_at: dt.datetime, line: Mapping[str, Any]) -> dict[str, Any]:
    if "reason" in line:
        raise _Unreadable(line["column"], "", line["reason"])
    text = _text(line, "text", MAX_CHARACTERS)
    if text is None or not text.strip():
        raise _Unreadable("text", text or "", "There is no text.")
    source = _text(line, "source", MAX_NAME) or batch.source
    source_id = _text(line, "id", MAX_NAME)
    author = line.get("author")
    commented_at = _moment(line, received_at)
    at = commented_at.isoformat() if commented_at else ""
    told = ("id", source, source_id) if source_id else (source, author or "", at, text)
    return {
        "batch_id": batch.batch_id,
        "batch_row": line["row"],
        "comment_id": hashlib.sha256("\0".join(told).encode()).hexdigest()[:24],
        "text_id": text_id(text),
        "text": text,
        "source": source,
        "source_id": source_id,
        "author": author,
        "language": _language(line),
        "commented_at": commented_at,
        "received_at": received_at,
        "release": _text(line, "release", MAX_NAME),
    }


def _text(line: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = line.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and name != "text" and not isinstance(value, bool):
        # An id may be a number.
        value = str(value)
    if not isinstance(value, str):
        raise _Unreadable(name, value, "It is no text.")
    if len(value) > longest:
        said = f"It has {len(value):,} characters, and {longest:,} are the most."
        raise _Unreadable(name, value, said)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _Unreadable(name, value, "It holds half a character (a lone surrogate).") from error
    return value


def _language(line: Mapping[str, Any]) -> str | None:
    said = _text(line, "language", MAX_NAME)
    if said is None or not said.strip():
        return None
    found = LANGUAGE.fullmatch(said.strip())
    if found is None:
        raise _Unreadable("language", said, "It is no language: write it as `pt` or `pt-BR`.")
    code = found[1].lower()
    return SHORT.get(code, code)


def _moment(line: Mapping[str, Any], received_at: dt.datetime) -> dt.datetime | None:
    said = line.get("created_at")
    if said is None:
        return None
    try:
        found = _moment_of(said)
    except (ValueError, OverflowError, OSError) as error:
        reason = "It is no time: write it as 2026-11-20T12:00:00Z."
        raise _Unreadable("created_at", said, reason) from error
    if found > received_at + dt.timedelta(days=1):
        raise _Unreadable("created_at", said, "It is later than the day it was received.")
    if found.year < FIRST_YEAR:
        raise _Unreadable("created_at", said, f"It is before {FIRST_YEAR}.")
    return found


def _moment_of(said: Any) -> dt.datetime:
    if isinstance(said, str) and not NUMBER.fullmatch(said.strip()):
        return _naive(dt.datetime.fromisoformat(said.strip()))
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        raise ValueError(said)
    seconds = float(said)
    if abs(seconds) >= MILLISECONDS_FROM:
        seconds /= 1000
    return _naive(dt.datetime.fromtimestamp(seconds, dt.UTC))


def _naive(moment: dt.datetime) -> dt.datetime:
    """In UTC and without a zone; one that has none is in UTC."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text[:SHOWN].encode("utf-8", "replace").decode()
