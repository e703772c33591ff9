"""Whether the releases of a label are as they were: streams that fall, bad and late downloads.

Belongs here: measuring the published file, and what is too much. Does not belong here: who is told
of it.
"""

import datetime as dt
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import duckdb

from spotify_assets.schemas.predictions import Models
from spotify_assets.schemas.releases import ReleaseFiles

SQL = resources.files(__package__)
MIN_BASE = 100
"""Streams of the day that a day is held against: below it a fall by half is chance."""
Compared = Literal["day_before", "same_weekday", "either", "both"]


@dataclass(frozen=True)
class Fall:
    """A day of a release with less than half of the streams."""

    release_id: str
    title: str
    date: dt.date
    streams: int
    day_before: int | None
    same_weekday: int | None
    """Of the week before."""


@dataclass(frozen=True)
class InvalidRows:
    """A download of which more than 5 % of the rows were set aside."""

    file_id: str
    file_name: str
    received: int
    quarantined: int
    imported_at: dt.datetime
    """UTC, without a zone."""


@dataclass(frozen=True)
class LateFile:
    """A download that came again and again, and does not any more."""

    kind: str
    name: str
    last: dt.datetime
    """UTC, without a zone."""
    days: int
    """After how many it is late."""


@dataclass(frozen=True)
class WithdrawnModel:
    """The model of daily streams, where it took itself out."""

    version: str
    withdrawn_on: dt.date
    missed: float
    """Streams that its predictions were off by, in the four weeks up to then."""
    naive_missed: float
    """The same of the last day going on."""


def has_fallen(
    streams: int, day_before: int | None, same_weekday: int | None, compared: Compared
) -> bool:
    """Whether streams are below half of what they are held against.

    A day that is not known, or has fewer than `MIN_BASE` streams, says nothing: of ``both`` days
    each has to say it.
    """
    by_day, by_week = (
        base is not None and base >= MIN_BASE and streams < base / 2
        for base in (day_before, same_weekday)
    )
    match compared:
        case "day_before":
            return by_day
        case "same_weekday":
            return by_week
        case "either":
            return by_day or by_week
        case "both":
            return by_day and by_week


def falls(connection: duckdb.DuckDBPyConnection, today: dt.date, compared: Compared) -> list[Fall]:
    """Of each release the last day of the last seven on which its streams fell, if there is one."""
    found = (Fall(*row) for row in _asked(connection, "streams_drop", today=today))
    last = {
        one.release_id: one
        for one in found
        if has_fallen(one.streams, one.day_before, one.same_weekday, compared)
    }
    return list(last.values())


def invalid_rows(connection: duckdb.DuckDBPyConnection, today: dt.date) -> list[InvalidRows]:
    """The downloads of the last seven days with too many rows that were set aside."""
    return [InvalidRows(*row) for row in _asked(connection, "invalid_rows", today=today)]


def late_files(connection: duckdb.DuckDBPyConnection, today: dt.date, days: int) -> list[LateFile]:
    """The downloads that have not come again for so many days."""
    return [LateFile(*row) for row in _asked(connection, "late_files", today=today, days=days)]


def withdrawn_models(connection: duckdb.DuckDBPyConnection) -> list[WithdrawnModel]:
    """The model that predicts, if it did worse than `naive` over 28 days."""
    return [WithdrawnModel(*row) for row in _asked(connection, "model_withdrawn")]


def are_there(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file has tables of releases and predictions: an earlier version made none."""
    found = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()")
    return {ReleaseFiles.table(), Models.table()} <= {name for (name,) in found.fetchall()}


def _asked(
    connection: duckdb.DuckDBPyConnection, name: str, **bound: dt.date | int
) -> list[tuple[Any, ...]]:
    sql = SQL.joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return connection.execute(sql, bound).fetchall()
