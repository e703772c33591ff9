"""Merging the files of months that are over, purging days, and deleting files that nobody needs.

Each is a commit like any other, or comes after one: whoever reads meanwhile reads what was or what
is.

Belongs here: these three. Does not belong here: when they are done, and the rules by which
something is due (``retention``).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl

from spotify_assets.lake.errors import DamagedFile, LakeError
from spotify_assets.lake.layout import DAY_FOLDER, MONTH_FOLDER, GenreDay, Lake, genre_folder
from spotify_assets.lake.log import CHECKPOINTS, COMMITS, Change, Day, Origin, State, TableFile
from spotify_assets.lake.tables import GRACE, Encoded, is_shared, read_file

NO_TABLES = frozenset({"raw", "revisions", COMMITS, CHECKPOINTS})
"""Folders of the lake that hold no rows of genre-days."""


@dataclass(frozen=True)
class Merged:
    """A month of a table of a genre after it was merged."""

    file: str
    """Its key."""
    days: int
    """That came from other files."""
    bytes_before: int
    bytes_after: int


def months_over(lake: Lake, genre: str, today: dt.date) -> list[dt.date]:
    """The months of a genre that are over and have files to merge, each as its first day."""
    days = lake.log.state(genre).days
    firsts = {
        date.replace(day=1)
        for date, day in days.items()
        if any(not is_shared(file.key) for file in day.tables.values())
    }
    return sorted(first for first in firsts if first < today.replace(day=1))


def compact(lake: Lake, genre: str, month: dt.date) -> tuple[list[Merged], list[LakeError]]:
    """Merge the files of a genre's month, table by table; no row changes by it.

    Args:
        lake: Where they lie.
        genre: The genre.
        month: Any day of the month.

    Returns:
        What was merged; and why other tables stay as they are: a damaged file, or other columns.

    Raises:
        LakeError: The store fails; what held before still does.
    """
    days = _of_month(lake.log.state(genre), month)
    merged: list[Merged] = []
    left: list[LakeError] = []
    moved: dict[tuple[dt.date, str], tuple[TableFile, TableFile]] = {}
    for table in sorted({table for day in days.values() for table in day.tables}):
        files = {date: day.tables[table] for date, day in days.items() if table in day.tables}
        keys = {file.key for file in files.values()}
        if len(keys) == 1 and is_shared(*keys):
            continue
        try:
            new = _together(lake, genre, month, table, files)
        except LakeError as error:
            left.append(error)
            continue
        own = [file for file in files.values() if not is_shared(file.key)]
        merged.append(Merged(new.key, len(own), sum(one.bytes for one in own), new.bytes))
        for date, file in files.items():
            moved[date, table] = (file, file._replace(key=new.key))

    def change(state: State) -> Change:
        return {
            date: replace(day, tables={**day.tables, **_moved(date, day, moved)})
            for date, day in _of_month(state, month).items()
        }

    if moved:
        lake.log.commit(genre, change, Origin("compact", source=lake.source))
    return merged, left


def _moved(
    date: dt.date, day: Day, moved: Mapping[tuple[dt.date, str], tuple[TableFile, TableFile]]
) -> dict[str, TableFile]:
    """The tables of a day that lie in the file of its month now, unless they were written again."""
    return {
        table: moved[date, table][1]
        for table, file in day.tables.items()
        if (date, table) in moved and moved[date, table][0] == file
    }


def _of_month(state: State, month: dt.date) -> dict[dt.date, Day]:
    first = month.replace(day=1)
    return {date: day for date, day in sorted(state.days.items()) if date.replace(day=1) == first}


def _together(
    lake: Lake, genre: str, month: dt.date, table: str, files: Mapping[dt.date, TableFile]
) -> TableFile:
    # Day by day: the file of a month also holds rows of days that were written again since.
    parts = [read_file(lake, file, date) for date, file in files.items()]
    try:
        # By name: a day of an older contract can lack columns.
        rows = pl.concat(parts, how="diagonal")
    except pl.exceptions.PolarsError as error:
        raise LakeError(
            f"The days of {month:%Y-%m} of {table} of {genre} stay as they are: their columns "
            f"differ ({error}). `spotify-assets backfill` makes older ones again."
        ) from error
    return Encoded.of(rows).put(lake, table, genre, f"{MONTH_FOLDER}{month:%Y-%m}")


def purge(lake: Lake, genre: str, dates: Collection[dt.date]) -> None:
    """Take days away for good: out of the log, with every file that holds rows of them.

    Also earlier versions go: these days are in no state any more, however early. With them go
    earlier versions of other days that lie in a file with theirs. Killed at any point, the same
    call goes on.

    Raises:
        LakeError: The store fails.
    """
    going = set(dates)

    def change(state: State) -> Change:
        gone = {key for date in going & state.days.keys() for key in state.days[date].files()}
        return {
            **dict.fromkeys(going & state.days.keys()),
            **{
                date: _apart(lake, genre, date, day, gone)
                for date, day in state.days.items()
                if date not in going and day.files() & gone
            },
        }

    live = lake.log.commit(genre, change, Origin("purge", source=lake.source)).files()
    theirs, others = _ever_named(lake, genre, going)
    folders = {f"{DAY_FOLDER}{date}" for date in going}
    folders |= {f"{MONTH_FOLDER}{date:%Y-%m}" for date in going}
    lake.log.store.delete(
        key
        for table in _tables(lake)
        for folder in sorted(folders)
        for key in lake.log.store.keys(f"{table}/{genre_folder(genre)}/{folder}")
        # What no commit names was left by a killed process: nobody knows what is in it.
        if key not in live and (key in theirs or key not in others)
    )


def _ever_named(lake: Lake, genre: str, dates: Collection[dt.date]) -> tuple[set[str], set[str]]:
    """The files that ever held some days, and those that ever held others."""
    theirs: set[str] = set()
    others: set[str] = set()
    for commit in lake.log.since(genre, 0):
        for date, day in commit.days.items():
            if day:
                (theirs if date in dates else others).update(day.files())
    return theirs, others


def _apart(lake: Lake, genre: str, date: dt.date, day: Day, gone: Collection[str]) -> Day:
    """A day that stays, in files of its own where it shared one with a day that goes."""
    tables = dict(day.tables)
    for table, file in day.tables.items():
        if file.key in gone:
            # One that cannot be read stays for as long as days are left that it was of.
            with suppress(DamagedFile):
                rows = Encoded.of(read_file(lake, file, date))
                new = rows.put(lake, table, genre, f"{DAY_FOLDER}{date}")
                tables[table] = file._replace(key=new.key)
    return replace(day, tables=tables)


def collect(
    lake: Lake,
    *,
    keep: dt.timedelta | None = None,
    now: dt.datetime | None = None,
) -> list[str]:
    """Delete files that nothing needs; returns their keys.

    What is needed: all that holds now or is prepared; what held within the time that versions are
    kept; and what was named within the grace, as somebody may be reading it, or was put there, as
    its commit may come.

    Args:
        lake: Where they lie.
        keep: For how long earlier versions can be asked for; ``None``: for ever.
        now: The time; else that of the clock.

    Raises:
        LakeError: The store fails.
    """
    now = now or dt.datetime.now(dt.UTC)
    store = lake.log.store
    live: set[str] = set()
    for genre in lake.log.genres():
        live |= _needed(lake, genre, now, keep)
    unnamed = [
        key
        for table in _tables(lake)
        for folder in store.folders(table)
        if folder.startswith("genre=")
        for key in store.keys(f"{table}/{folder}")
        if key not in live
    ]
    gone = [key for key in unnamed if _is_old(lake, key, now)]
    store.delete(gone)
    return gone


def _is_old(lake: Lake, key: str, now: dt.datetime) -> bool:
    try:
        return lake.log.store.created_at(key) < now - GRACE
    except FileNotFoundError:
        return False


def _needed(lake: Lake, genre: str, now: dt.datetime, keep: dt.timedelta | None) -> set[str]:
    """The keys of files of a genre that must stay."""
    horizon = None if keep is None else now - max(keep, GRACE)
    needed = lake.log.state(genre).files()
    state = State(genre)
    # By what it is, where a version lies now: compaction has moved some.
    where: dict[tuple[dt.date, str, str], str] = {}
    for commit in lake.log.since(genre, 0):
        if commit.at >= now - GRACE:
            needed |= state.files()
            needed |= {key for day in commit.days.values() if day for key in day.files()}
        is_past = horizon is not None and commit.at <= horizon
        if not is_past and not where:
            where = dict(_versions(state.days))
        state = state.after(commit)
        if not is_past:
            gone = {date for date, day in commit.days.items() if day is None}
            where = {version: key for version, key in where.items() if version[0] not in gone}
            where |= dict(_versions(commit.days))
    return needed | set(where.values())


def _versions(
    days: Mapping[dt.date, Day | None],
) -> Iterator[tuple[tuple[dt.date, str, str], str]]:
    for date, day in days.items():
        if day:
            for table, file in day.tables.items():
                yield (date, table, file.hash), file.key


def _tables(lake: Lake) -> list[str]:
    """The folders that hold rows of genre-days, as `layer/table`."""
    store = lake.log.store
    layers = [name for name in store.folders("") if name not in NO_TABLES and name[0] != "."]
    return [f"{layer}/{name}" for layer in layers for name in store.folders(layer)]


def genre_days(lake: Lake) -> dict[GenreDay, Day]:
    """Every genre-day that the log knows, prepared ones too."""
    found: dict[GenreDay, Day] = defaultdict(Day)
    for genre in lake.log.genres():
        for date, day in lake.log.state(genre).days.items():
            found[GenreDay(genre, date)] = day
    return found
