"""Parquet partitions: written whole or not at all, and only if they changed."""

import datetime as dt
import filecmp
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from spotify_assets.lake import months
from spotify_assets.lake.errors import REMAKE_DAY, DamagedFile, writing
from spotify_assets.lake.files import read_rows, write_parquet
from spotify_assets.lake.layout import DAY_FOLDER, MONTH_FOLDER, ROWS_FILE, GenreDay, Lake
from spotify_assets.lake.revisions import compared, note

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """One partition after a write."""

    path: Path
    rows: int
    bytes: int
    changed: bool


def write_partition(
    lake: Lake, table: str, genre_day: GenreDay, frame: pl.DataFrame, *, code_version: str = ""
) -> Written:
    """Make ``frame`` the rows of a genre-day; as `write_rows`. A rewrite is noted as a revision.

    Raises:
        LakeError: The disk is full or the folder cannot be written; the old rows are still there.
    """
    target = lake.rows(table, genre_day)
    with months.making(lake.genre(table, genre_day.genre), f"{table} of {genre_day}"):
        if not target.exists():
            months.unmerge(lake, table, genre_day)
        return _write_partition(lake, table, genre_day, frame, code_version)


def _write_partition(
    lake: Lake, table: str, genre_day: GenreDay, frame: pl.DataFrame, code_version: str
) -> Written:
    target = lake.rows(table, genre_day)

    def note_revision() -> None:
        try:
            before = pl.read_parquet(target, hive_partitioning=False)
        except pl.exceptions.PolarsError:
            log.warning("%s was damaged: its rows are made again.", target)
            before = frame.clear()
        note(lake, compared(table, genre_day, before, frame, code_version))

    written = write_rows(lake, target, f"{table} of {genre_day}", frame, note_revision)
    if written.changed:
        # A rename into the folder of a day changes the time of that folder alone.
        os.utime(lake.genre(table, genre_day.genre))
    return written


def write_rows(
    lake: Lake,
    target: Path,
    what: str,
    frame: pl.DataFrame,
    before_rewrite: Callable[[], None] = lambda: None,
) -> Written:
    """Make ``frame`` the rows of a Parquet file of the lake.

    The file appears by one rename. Where the bytes are the same as before, nothing is touched, so
    that a repeated run changes no file and publishes nothing.

    Raises:
        LakeError: The disk is full or the folder cannot be written; the old rows are still there.
    """
    with writing(target, what), lake.temporary(".parquet") as temporary:
        write_parquet(frame, temporary)
        changed = not (target.exists() and filecmp.cmp(temporary, target, shallow=False))
        if changed:
            if target.exists():
                before_rewrite()
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
    return Written(target, frame.height, target.stat().st_size, changed)


def read_partition(lake: Lake, table: str, genre_day: GenreDay) -> pl.DataFrame:
    """The rows of a partition.

    Raises:
        FileNotFoundError: It is not there.
        DamagedFile: Its file, or that of its month, cannot be read.
    """
    # Nobody merges the month between finding the file and reading it.
    with months.locked(lake.genre(table, genre_day.genre), shared=True):
        file = months.holding(lake, table, genre_day) or lake.rows(table, genre_day)
        is_merged = months.is_merged(file)
        rows = read_rows(file, months.REMAKE_MONTH if is_merged else REMAKE_DAY)
    return rows.filter(pl.col("date") == genre_day.date) if is_merged else rows


def genres(lake: Lake) -> list[str]:
    """The genres that any table has a folder of."""
    folders = lake.root.glob("[!.]*/*/genre=*")
    return sorted({unquote(folder.name.removeprefix("genre=")) for folder in folders})


def first_date(lake: Lake) -> dt.date | None:
    """The first day of which the lake holds responses, of a genre or of a poll; else ``None``."""
    folders = [*(lake.root / "raw").glob("*/genre=*"), *(lake.root / "raw").glob("*")]
    # A folder that somebody renamed is told where it is read.
    names = (day.name for folder in folders for day in folder.glob(f"{DAY_FOLDER}????-??-??"))
    first = min(names, default=None)
    return dt.date.fromisoformat(first.removeprefix(DAY_FOLDER)) if first else None


def partitions(lake: Lake, table: str) -> Iterator[tuple[GenreDay, Path]]:
    """Each partition of ``layer.table`` that is there, with the file that holds it, in order.

    Raises:
        DamagedFile: The file of a month cannot be read.
    """
    found: dict[GenreDay, Path] = {}
    layer, _, name = table.partition(".")
    for folder in (lake.root / layer / name).glob("genre=*"):
        found |= _of_genre(folder)
    yield from sorted(found.items())


def last_date(lake: Lake, table: str, genre: str) -> dt.date | None:
    """The last day of which ``layer.table`` has a partition of a genre; ``None``: it has none.

    Of a merged month that cannot be read, its last day: a damaged file must not stop collecting.
    """
    folder = lake.genre(table, genre)
    # From the last one back: of years of days one or two are looked at.
    for own in sorted(folder.glob(f"{DAY_FOLDER}*"), reverse=True):
        if (own / ROWS_FILE).exists():
            last = GenreDay.from_folder(own).date
            break
    else:
        last = None
    merged = sorted(folder.glob(f"{MONTH_FOLDER}*/{ROWS_FILE}"), reverse=True)
    if not merged or (last and months.last_day(merged[0]) <= last):
        return last
    try:
        held = max(months.days(merged[0]), default=dt.date.min)
    except DamagedFile:
        held = months.last_day(merged[0])
    return max(held, last or held)


def _of_genre(folder: Path) -> dict[GenreDay, Path]:
    found = {}
    for month in folder.glob(f"{MONTH_FOLDER}*/{ROWS_FILE}"):
        for date in months.days(month):
            found[GenreDay.from_folder(folder / f"{DAY_FOLDER}{date}")] = month
    for file in folder.glob(f"{DAY_FOLDER}*/{ROWS_FILE}"):
        found[GenreDay.from_folder(file.parent)] = file
    return found
