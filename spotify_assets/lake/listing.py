"""Which files hold a table now, or held it as it was known at a moment; and what has changed.

Belongs here: these lists. Does not belong here: reading the rows.
"""

import datetime as dt
from typing import NamedTuple

from spotify_assets.lake.errors import LakeError
from spotify_assets.lake.layout import Lake
from spotify_assets.lake.log import Commit, Log, TableFile


class HeldDay(NamedTuple):
    """A genre-day of a table, and the file that its rows are in.

    The file can hold rows of other days too: those that are meant are of this ``date``.
    """

    file: str
    """Relative to the lake."""
    genre: str
    date: dt.date
    rows: int | None
    """``None`` where an earlier version wrote the file and did not count them."""


class ChangedDay(NamedTuple):
    """A genre-day of a table that came to hold other rows by a commit, or none."""

    at: dt.datetime
    """UTC."""
    kind: str
    genre: str
    date: dt.date
    rows: int | None
    """``None``: it was purged, or an earlier version wrote it and did not count."""
    rows_before: int | None
    """This and the next two are ``None`` where there were no rows before."""
    rows_added: int | None
    rows_removed: int | None
    run: str
    code_version: str
    source: str


def changes_of(lake: Lake, table: str) -> list[ChangedDay]:
    """What every commit changed of a table, in the order of time.

    Args:
        lake: Where it lies.
        table: As `layer.table`.

    Raises:
        LakeError: A commit cannot be read.
    """
    found = []
    for genre in lake.log.genres():
        held: dict[dt.date, str] = {}
        for commit in lake.log.since(genre, 0):
            for date, day in commit.days.items():
                file = day.tables.get(table) if day else None
                if (file.hash if file else None) == held.get(date):
                    continue
                found.append(_change(commit, date, file))
                held.pop(date, None)
                held |= {date: file.hash} if file else {}
    return sorted(found, key=lambda one: (one.at, one.genre, one.date))


def _change(commit: Commit, date: dt.date, file: TableFile | None) -> ChangedDay:
    before, added, removed = (file.revised if file else None) or (None, None, None)
    made = commit.origin
    return ChangedDay(
        commit.at,
        made.kind,
        commit.genre,
        date,
        file.rows if file else None,
        before,
        added,
        removed,
        made.run,
        made.code_version,
        made.source,
    )


def files_of(lake: Lake, table: str, at: dt.datetime | None = None) -> list[HeldDay]:
    """The genre-days of a table, in order.

    Args:
        lake: Where they lie.
        table: As `layer.table`.
        at: As it was known then; else now.

    Raises:
        LakeError: There is no such table. Or it is not known any more what was known then: rows of
            then are not kept, or the lake was taken over from an earlier version only later.
    """
    found = []
    tables: set[str] = set()
    for genre in lake.log.genres():
        if at is not None:
            _check_begin(lake.log, genre, at)
        for date, day in sorted(lake.log.state(genre, at=at).days.items()):
            tables |= day.tables.keys()
            if table in day.tables:
                file = day.tables[table]
                found.append(HeldDay(file.key, genre, date, file.rows))
    if at is not None:
        _check_kept(lake, found, at)
    if not found and table not in tables:
        there = ", ".join(sorted(tables)) or "none yet"
        raise LakeError(f"The lake has no table {table}. It has: {there}.")
    return found


def _check_begin(log: Log, genre: str, at: dt.datetime) -> None:
    [first, *_] = log.since(genre, 0) if log.state(genre, at=at).seq == 0 else [None]
    if first and first.origin.kind == "import":
        raise LakeError(
            f"The lake was taken over from an earlier version at {first.at:%Y-%m-%d %H:%M} UTC. "
            "What was known before is not known: ask for a later moment."
        )


def _check_kept(lake: Lake, found: list[HeldDay], at: dt.datetime) -> None:
    there: dict[str, set[str]] = {}
    for one in found:
        folder = one.file.partition("/genre=")[0]
        if folder not in there:
            there[folder] = set(lake.log.store.keys(folder))
        if one.file not in there[folder]:
            raise LakeError(
                f"What was known of {one.genre} on {one.date} at {at:%Y-%m-%d %H:%M} UTC is not "
                "kept any more: rows that were made again go after SPOTIFY_VERSIONS_KEPT_DAYS, "
                "and with a purge. Ask for a later moment."
            )
