"""Parquet partitions: written whole or not at all, and only if they changed."""

import filecmp
import logging
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from spotify_assets.lake.errors import writing
from spotify_assets.lake.layout import GenreDay, Lake
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

    def note_revision() -> None:
        try:
            before = pl.read_parquet(target, hive_partitioning=False)
        except pl.exceptions.PolarsError:
            log.warning("%s was damaged: its rows are made anew.", target)
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
    temporary = lake.scratch / f"{uuid.uuid4().hex}.parquet"
    try:
        with writing(target, what):
            _write(frame, temporary)
            changed = not (target.exists() and filecmp.cmp(temporary, target, shallow=False))
            if changed:
                if target.exists():
                    before_rewrite()
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return Written(target, frame.height, target.stat().st_size, changed)


def _write(frame: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file.

    Raises:
        OSError: As for any file; Polars itself calls a full disk an error of computing.
    """
    try:
        frame.write_parquet(path, compression="zstd", compression_level=1)
    except pl.exceptions.ComputeError as error:
        raise OSError(str(error)) from error


def read_partition(lake: Lake, table: str, genre_day: GenreDay) -> pl.DataFrame:
    """The rows of a partition."""
    return pl.read_parquet(lake.rows(table, genre_day), hive_partitioning=False)
