"""Months: the small files of a genre's days merged into one, once their month is over.

A day lies in its own file or in that of its month. Where a kill left it in both, its own counts:
both say the same.

Belongs here: merging, and opening a month again when one of its days is written. Does not belong
here: which months are merged when.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from spotify_assets.lake.errors import REMAKE_DAY, DamagedFile, LakeError, writing
from spotify_assets.lake.files import read_rows, sync, write_parquet
from spotify_assets.lake.layout import (
    DAY_FOLDER,
    MONTH_FOLDER,
    ROWS_FILE,
    GenreDay,
    Lake,
    genre_folder,
)
from spotify_assets.storage.errors import FailureKind

DAYS = "spotify_assets.days"
"""Key of the Parquet metadata that says which days a file holds: some have no rows."""
REMAKE_MONTH = (
    "Delete it; then `spotify-assets backfill --genre G --date FIRST..LAST` makes the days of its "
    "month again from the raw responses."
)


class MonthBusy(LakeError):
    """A run works on a day of a month: nothing of it was merged."""

    kind = FailureKind.RETRY


@dataclass(frozen=True)
class Fingerprint:
    """What a day's own file was before it was merged: by it the day is known not to have changed.

    Attributes:
        bytes: Its size.
        modified_ns: When it was written, in ns since 1970 (UTC).
    """

    bytes: int
    modified_ns: int

    @classmethod
    def of(cls, file: Path) -> "Fingerprint":
        """That of a file."""
        stat = file.stat()
        return cls(stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True)
class Merged:
    """A month of a table of a genre after it was merged."""

    file: Path
    days: int
    """That came from files of their own."""
    bytes_before: int
    bytes_after: int


def month_file(lake: Lake, table: str, genre_day: GenreDay) -> Path:
    """The file of the month that a genre-day is in; it need not be there."""
    month = f"{MONTH_FOLDER}{genre_day.date:%Y-%m}"
    return lake.genre(table, genre_day.genre) / month / ROWS_FILE


def days(file: Path) -> dict[dt.date, Fingerprint]:
    """The days that the file of a month holds.

    Raises:
        DamagedFile: It cannot be read.
    """
    try:
        held = json.loads(pl.read_parquet_metadata(file)[DAYS])
        return {dt.date.fromisoformat(day): Fingerprint(*stamp) for day, stamp in held.items()}
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError, TypeError) as error:
        raise DamagedFile(file, "written", REMAKE_MONTH) from error


def holding(lake: Lake, table: str, genre_day: GenreDay) -> Path | None:
    """The file that holds a genre-day; ``None`` where there is none.

    Raises:
        DamagedFile: The file of its month cannot be read.
    """
    own = lake.rows(table, genre_day)
    if own.exists():
        return own
    month = month_file(lake, table, genre_day)
    return month if month.exists() and genre_day.date in days(month) else None


def last_day(merged: Path) -> dt.date:
    """The last day of the month whose file it is, held or not."""
    first = dt.date.fromisoformat(f"{merged.parent.name.removeprefix(MONTH_FOLDER)}-01")
    return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def is_merged(file: Path) -> bool:
    """Whether it is the file of a month."""
    return file.parent.name.startswith(MONTH_FOLDER)


@contextmanager
def locked(genre_folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Keep others from writing and merging what lies in the folder of a genre.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    while True:
        descriptor = os.open(genre_folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            # A purge may have removed the folder, and another made one of the name.
            if os.fstat(descriptor).st_ino == genre_folder.stat().st_ino:
                yield
                return
        finally:
            os.close(descriptor)


@contextmanager
def making(genre_folder: Path, what: str) -> Iterator[None]:
    """The same for a folder that is made if it is not there.

    Raises:
        LakeError: It cannot be made.
    """
    with ExitStack() as held:
        while True:
            with writing(genre_folder, what):
                genre_folder.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(locked(genre_folder))
                break
            except FileNotFoundError:
                # A purge has removed it in between.
                continue
        yield


def over(lake: Lake, genre: str, today: dt.date) -> list[GenreDay]:
    """The months of a genre that are over and have files to merge, each as its first day."""
    folders = lake.root.glob(f"[!.]*/*/{genre_folder(genre)}/{DAY_FOLDER}*")
    firsts = {
        GenreDay.from_folder(folder).date.replace(day=1)
        for folder in folders
        if (folder / ROWS_FILE).exists()
    }
    return [GenreDay(genre, first) for first in sorted(firsts) if first < today.replace(day=1)]


def merge(lake: Lake, month: GenreDay) -> tuple[list[Merged], list[LakeError]]:
    """Merge the files of a genre's month, table by table; nobody who reads rows sees a difference.

    Each merged file is read back and on the disk before those of its days go. Killed at any point,
    the same call goes on.

    Args:
        lake: Where they lie.
        month: The genre, and any day of the month.

    Returns:
        What was merged; and why other tables stay as they are: a file is damaged, columns differ,
        or the disk is full.

    Raises:
        MonthBusy: A run is rewriting a day of the month; nothing was merged.
    """
    merged: list[Merged] = []
    left: list[LakeError] = []
    tables = _tables(lake, month.genre)
    with ExitStack() as held:
        for _, folder in tables:
            held.enter_context(locked(folder))
        # From here on, whoever begins to rewrite a day waits until this is over.
        if busy := [str(day) for day in lake.under_way() if _is_in(day, month)]:
            raise MonthBusy(
                f"{month.date:%Y-%m} of {month.genre} stays as it is: {busy[0]} is being rewritten "
                "by a run, or was by one that was stopped; then collect it again."
            )
        for table, _ in tables:
            try:
                merged += _merge(lake, table, month)
            except LakeError as error:
                left.append(error)
    return merged, left


def unmerge(lake: Lake, table: str, genre_day: GenreDay) -> None:
    """Give the days of a merged month files of their own again; the genre's folder is locked.

    Raises:
        DamagedFile: The merged file cannot be read.
        LakeError: The disk is full or cannot be written; all rows are still there.
    """
    merged = month_file(lake, table, genre_day)
    if not merged.exists():
        return
    rows = read_rows(merged, REMAKE_MONTH)
    for date, stamp in days(merged).items():
        target = lake.rows(table, GenreDay(genre_day.genre, date))
        if not target.exists():
            _place(lake, rows.filter(pl.col("date") == date), target, stamp)
    _remove(merged)


def unmerge_all(lake: Lake, genre_day: GenreDay) -> None:
    """Give the month of a genre-day files of their own again, in all tables.

    Raises:
        LakeError: As `unmerge`.
    """
    for table, folder in _tables(lake, genre_day.genre):
        with locked(folder):
            unmerge(lake, table, genre_day)


def begin(lake: Lake, genre_day: GenreDay) -> None:
    """Note that a run rewrites a genre-day, as `Lake.begin`; all its tables have their own files.

    Raises:
        LakeError: As `unmerge`; then nothing is noted.
    """
    was_begun = lake.marker(genre_day).exists()
    # First the mark: from then on nobody merges the month.
    lake.begin(genre_day)
    try:
        unmerge_all(lake, genre_day)
    except LakeError:
        if not was_begun:
            lake.finish(genre_day)
        raise


def drop(lake: Lake, genre: str, dates: Collection[dt.date]) -> None:
    """Take days out of the merged months of a genre, in all tables; those left stay merged.

    Of a file that does not say its days nothing is taken; it goes with the last day of its month.

    Raises:
        DamagedFile: The rows of a merged file cannot be read.
        LakeError: The disk is full or cannot be written; the month is as it was.
    """
    firsts = {date.replace(day=1) for date in dates}
    for table, folder in _tables(lake, genre):
        with locked(folder):
            for first in sorted(firsts):
                merged = month_file(lake, table, GenreDay(genre, first))
                if merged.exists():
                    _drop(lake, merged, dates)


def _drop(lake: Lake, merged: Path, dates: Collection[dt.date]) -> None:
    try:
        held = days(merged)
    except DamagedFile:
        if last_day(merged) in dates:
            _remove(merged)
        return
    left = {date: stamp for date, stamp in held.items() if date not in dates}
    if not left:
        _remove(merged)
    elif len(left) < len(held):
        rows = read_rows(merged, REMAKE_MONTH).filter(pl.col("date").is_in(list(left)))
        _place(lake, rows, merged, held=left)
        # A rename into the folder of a month changes the time of that folder alone.
        os.utime(merged.parent.parent)


def _remove(merged: Path) -> None:
    with writing(merged, "its days"):
        merged.unlink()
    with suppress(OSError):
        # Something of the user's may lie there too.
        merged.parent.rmdir()


def _tables(lake: Lake, genre: str) -> list[tuple[str, Path]]:
    """The tables that have a folder of a genre, with that folder."""
    folders = sorted(lake.root.glob(f"[!.]*/*/{genre_folder(genre)}"))
    return [(f"{folder.parent.parent.name}.{folder.parent.name}", folder) for folder in folders]


def _merge(lake: Lake, table: str, month: GenreDay) -> list[Merged]:
    merged = month_file(lake, table, month)
    folder = lake.genre(table, month.genre)
    files = folder.glob(f"{DAY_FOLDER}{month.date:%Y-%m}-*/{ROWS_FILE}")
    own = {GenreDay.from_folder(file.parent).date: file for file in files}
    if not own:
        return []
    stamps = {date: Fingerprint.of(file) for date, file in own.items()}
    parts = {date: read_rows(file, REMAKE_DAY) for date, file in own.items()}
    if merged.exists():
        rows = read_rows(merged, REMAKE_MONTH)
        for date, stamp in days(merged).items():
            if date not in own:
                stamps[date], parts[date] = stamp, rows.filter(pl.col("date") == date)
    together = [parts[date] for date in sorted(parts)]
    try:
        # By name: a day of an older contract can lack columns.
        rows = pl.concat(together, how="diagonal")
    except pl.exceptions.PolarsError as error:
        raise LakeError(
            f"The days of {merged.parent.name} of {table} of {month.genre} stay as they are: their "
            f"columns differ ({error}). `spotify-assets backfill` makes older ones again."
        ) from error
    before = sum(file.stat().st_size for file in own.values())
    _place(lake, rows, merged, held={date: stamps[date] for date in sorted(stamps)})
    for file in own.values():
        with writing(file, "its month"):
            file.unlink()
        with suppress(OSError):
            # Something of the user's may lie there too.
            file.parent.rmdir()
    return [Merged(merged, len(own), before, merged.stat().st_size)]


def _place(
    lake: Lake,
    rows: pl.DataFrame,
    target: Path,
    stamp: Fingerprint | None = None,
    held: Mapping[dt.date, Fingerprint] | None = None,
) -> None:
    """Write rows, read them back, and put them in their place by one rename."""
    told = {date.isoformat(): (one.bytes, one.modified_ns) for date, one in (held or {}).items()}
    with writing(target, "rows"), lake.temporary(".parquet") as temporary:
        write_parquet(rows, temporary, {DAYS: json.dumps(told)} if held else None)
        if not pl.read_parquet(temporary, hive_partitioning=False).equals(rows):
            raise LakeError(f"{target} was not written: what was read back was not the same.")
        if stamp:
            os.utime(temporary, ns=(stamp.modified_ns, stamp.modified_ns))
        sync(temporary)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        # The file in its folder, and that folder in the genre's.
        sync(target.parent)
        sync(target.parent.parent)


def _is_in(genre_day: GenreDay, month: GenreDay) -> bool:
    of = (genre_day.date.year, genre_day.date.month)
    return genre_day.genre == month.genre and of == (month.date.year, month.date.month)
