"""What a report says: rows of the published warehouse, and no more than may be public.

Belongs here: asking for them, and the JSON of them. Does not belong here: how they look
(``sections``).
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from spotify_assets.pages.reading import NotReadable, Reason, asking, published_at, questions
from spotify_assets.pages.report.parts import COLUMNS
from spotify_assets.storage.errors import FailureKind, ProjectError

SQL = questions("report/report")
ASKED: Mapping[str, Mapping[str, str]] = {
    "comments": {
        "totals": "How many comments were there in 28 days, and in the 28 before?",
        "by_day": "How many comments of a day are what?",
    },
    "topics": {
        "totals": "How many comments have a topic?",
        "top": "What are comments about?",
    },
    "releases": {
        "totals": "How many streams had the releases in 7 days, and in the 7 before?",
        "weeks": "How many streams had the releases in each of 26 weeks?",
        "top": "Which releases had the most streams in 7 days?",
    },
    "listening": {
        "totals": "How much was listened to in 28 days, and in the 28 before?",
        "months": "How much was listened to in each of 13 months?",
        "artists": "Which artists were listened to for the longest in 28 days?",
    },
}
"""By part and table the question that it answers."""
FORMAT = 1
"""Of the JSON; another one where a name changes its meaning or goes."""


NOT_THERE = (
    "No warehouse is published yet: `spotify-assets collect` makes it, or `spotify-assets import`."
)


class NoReport(ProjectError):
    """A report cannot be made now; the one before stays."""

    kind = FailureKind.RETRY


@dataclass(frozen=True)
class Part:
    """One part of a report."""

    name: str
    tables: Mapping[str, pl.DataFrame]
    """With the columns of `COLUMNS`; none where the warehouse does not have them yet."""

    @property
    def totals(self) -> Mapping[str, Any] | None:
        """The one row that sums it up; ``None`` where there is nothing yet."""
        totals = self.tables.get("totals")
        return None if totals is None or totals.is_empty() else totals.row(0, named=True)


@dataclass(frozen=True)
class Report:
    """What is said at one time."""

    published: dt.datetime
    """When the warehouse was published (UTC)."""
    parts: Sequence[Part]

    def as_json(self) -> str:
        """The same for a program; times are ISO 8601, UTC."""
        said = {
            "format": FORMAT,
            "published": self.published.isoformat(),
            "parts": {
                part.name: {name: table.to_dicts() for name, table in part.tables.items()}
                for part in self.parts
            },
        }
        return json.dumps(said, ensure_ascii=False, indent=1, default=dt.date.isoformat) + "\n"


def read(database: Path, parts: Sequence[str]) -> Report:
    """What the published warehouse says of some parts.

    Args:
        database: The DuckDB file.
        parts: Some of `COLUMNS`.

    Raises:
        NoReport: There is no warehouse, or it cannot be opened. (Of one that lacks tables of a
            part, made by an older version, the part is empty.)
    """
    try:
        # Before it is opened: what is published meanwhile is shown too late rather than never.
        published = published_at(database)
        with asking(database) as ask:
            return Report(published, [_part(ask, name) for name in parts])
    except NotReadable as error:
        why = NOT_THERE if error.reason is Reason.missing else error.details
        raise NoReport(f"There is nothing to make a report of. {why}") from error


def _part(ask: Callable[[str], pl.DataFrame], name: str) -> Part:
    asked = ASKED[name]
    try:
        tables = {
            table: ask(SQL[asked[table]]).select(columns)
            for table, columns in COLUMNS[name].items()
        }
    except NotReadable as error:
        if error.reason is not Reason.older:
            raise
        tables = {}
    return Part(name, tables)
