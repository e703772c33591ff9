"""Which partitions the lake has, and which of them the DuckDB file does not hold yet.

Only where the lake changed is it looked into: a genre's folder says by its time whether a partition
in it was written or taken away. After years there are half a million files.

Belongs here: looking and comparing. Does not belong here: loading.
"""

import datetime as dt
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from spotify_assets.lake import DamagedFile, GenreDay, Lake, months
from spotify_assets.lake.layout import DAY_FOLDER, MONTH_FOLDER, ROWS_FILE
from spotify_assets.lake.months import Fingerprint
from spotify_assets.schemas import LAKE
from spotify_assets.schemas.monitoring import GenreFolders, Partitions
from spotify_assets.warehouse.publication.damage import damaged_files

WRITTEN = ["table_name", "genre", "date", "bytes", "modified_ns"]
"""By these a partition is known not to have been written since, wherever it lies."""
UNSETTLED = 0
"""Instead of the time of a folder: what lies in it must be looked at in any case."""
PartitionOfFolder = tuple[str, str, int, int]
"""Its date, the name of the folder that it lies in, its bytes and time."""
PartitionsOfFolder = tuple[str, str, str, list[str], list[str], list[int], list[int]]
OF_FOLDER = {
    "table_name": pl.String(),
    "genre": pl.String(),
    "folder": pl.String(),
    "date": pl.List(pl.String()),
    "within": pl.List(pl.String()),
    "bytes": pl.List(pl.Int64()),
    "modified_ns": pl.List(pl.Int64()),
}
"""The partitions of a table of a genre."""


@dataclass(frozen=True)
class Survey:
    """What a look at the lake found."""

    folders: pl.DataFrame
    """All folders of genres, as `monitoring.GenreFolders`."""
    genres: list[str]
    """Those that were looked into; in all others nothing changed, and nothing waits."""
    partitions: pl.DataFrame
    """All partitions of those genres, as `monitoring.Partitions`."""
    waiting: list[GenreDay]
    """Genre-days that must stay as they are published.

    A run rewrites them, or some of their tables are not there yet: they would not fit together.
    """
    unreadable: pl.DataFrame
    """Merged months that do not say which days they hold, as `DamagedFiles`: each at its first."""

    def noted(self, unsettled: Iterable[str]) -> pl.DataFrame:
        """The folders, as the next look has to know them.

        Args:
            unsettled: Genres that it must look into whether they change or not.
        """
        return self.folders.with_columns(
            modified_ns=pl.when(pl.col("genre").is_in(list(unsettled)))
            .then(UNSETTLED)
            .otherwise("modified_ns")
        )


def survey(lake: Lake, known: pl.DataFrame, *, everywhere: bool = False) -> Survey:
    """Look at the lake, and into the genres that changed.

    Args:
        lake: Where to look.
        known: The folders as an earlier look noted them.
        everywhere: Look into all genres: who changes a file by hand need not change its folder.
    """
    # Before all else: what begins from here on changes the time of a folder after it was read.
    under_way = lake.under_way()
    folders = pl.DataFrame(
        [found for table in LAKE for found in _genre_folders(lake, table)],
        schema=GenreFolders.polars_schema(),
        orient="row",
    )
    differing = [folders, known]
    if not everywhere:
        differing = [
            folders.join(known, on=folders.columns, how="anti"),
            known.join(folders, on=folders.columns, how="anti"),
        ]
    genres = sorted({*pl.concat(differing)["genre"], *(day.genre for day in under_way)})
    found, unreadable = _partitions(lake, folders.filter(pl.col("genre").is_in(genres)))
    tables = found.group_by("genre", "date").len()
    incomplete = tables.filter(pl.col("len") < len(LAKE)).select("genre", "date").iter_rows()
    waiting = sorted({*under_way, *(GenreDay(*day) for day in incomplete)})
    return Survey(folders, genres, found, waiting, unreadable)


def difference(
    in_lake: pl.DataFrame, held: pl.DataFrame, waiting: Iterable[GenreDay], damaged: pl.DataFrame
) -> pl.DataFrame:
    """What must be loaded again; ``file`` is null where the lake holds a partition no more.

    Args:
        in_lake: The partitions that are there, as `Partitions`.
        held: Those that the file holds, of the same genres.
        waiting: Genre-days that stay as they are.
        damaged: Files that cannot be loaded, as `DamagedFiles`: their genre-days stay too.
    """
    new = in_lake.join(held, on=WRITTEN, how="anti")
    gone = held.join(in_lake, on=list(Partitions.key()), how="anti")
    changed = pl.concat([new, gone.with_columns(file=pl.lit(None, pl.String))])
    # A merged file has many days.
    hindered = in_lake.join(damaged, on="file", how="semi")
    changed = changed.join(hindered, on=["genre", "date"], how="anti")
    return changed.filter(~is_of(waiting))


def moved(in_lake: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Partitions that only lie in another file now, because their month was merged or unmerged."""
    same = in_lake.join(held.select(*WRITTEN, was=pl.col("file")), on=WRITTEN, how="inner")
    return same.filter(pl.col("file") != pl.col("was")).drop("was")


def is_of(days: Iterable[GenreDay]) -> pl.Expr:
    """Whether ``genre`` and ``date`` are one of the genre-days."""
    return pl.struct("genre", "date").is_in(
        pl.Series(
            [{"genre": day.genre, "date": day.date} for day in days],
            dtype=pl.Struct({"genre": pl.String, "date": pl.Date}),
        ).implode()
    )


def rewritten_since(lake: Lake, loaded: pl.DataFrame, in_lake: pl.DataFrame) -> set[GenreDay]:
    """The genre-days that a run has begun to rewrite, or has rewritten, since the look at the lake.

    Args:
        lake: Where they lie.
        loaded: What was loaded, with ``genre`` and ``date``.
        in_lake: The partitions as they were; also those that needed no loading must still be so.
    """
    under_way = set(lake.under_way())
    stamps = _Stamps(lake)
    theirs = in_lake.join(loaded, on=["genre", "date"], how="semi")
    rows = theirs.select("genre", "date", "file", "bytes", "modified_ns").iter_rows()
    rewritten = set()
    for genre, date, file, size, modified_ns in rows:
        day = GenreDay(genre, date)
        if stamps.of(file, date) != Fingerprint(size, modified_ns):
            rewritten.add(day)
    return rewritten | (under_way & {GenreDay(*one) for one in _days(loaded)})


def _genre_folders(lake: Lake, table: str) -> Iterator[tuple[str, str, int]]:
    layer, _, name = table.partition(".")
    folder = lake.root / layer / name
    for genre_folder in _named(folder, "genre="):
        genre = unquote(genre_folder.removeprefix("genre="))
        yield table, genre, (folder / genre_folder).stat().st_mtime_ns


def _partitions(lake: Lake, folders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The partitions, as `Partitions`, and the months that do not say theirs, as `DamagedFiles`."""
    found, unreadable = [], []
    for table, genre in folders.select("table_name", "genre").iter_rows():
        try:
            # Nobody merges or unmerges a month meanwhile.
            with months.locked(lake.genre(table, genre), shared=True):
                partitions, damaged = _of_folder(lake, table, genre)
                unreadable += [_unreadable(lake, table, genre, error) for error in damaged]
        except FileNotFoundError:
            # A purge has removed it since it was listed.
            continue
        found += partitions
    return _as_partitions(found), damaged_files(unreadable)


def _as_partitions(found: list[PartitionsOfFolder]) -> pl.DataFrame:
    # Columns that would repeat in every row are made of the folder's, which is ten times faster.
    return (
        pl.DataFrame(found, schema=OF_FOLDER, orient="row")
        .explode("date", "within", "bytes", "modified_ns")
        .select(
            "table_name",
            "genre",
            pl.col("date").str.to_date(),
            pl.format("{}/{}/{}", "folder", "within", pl.lit(ROWS_FILE)).alias("file"),
            "bytes",
            "modified_ns",
        )
    )


def _of_folder(
    lake: Lake, table: str, genre: str
) -> tuple[list[PartitionsOfFolder], list[DamagedFile]]:
    folder = lake.genre(table, genre)
    # By the calls of the system: a `Path` for each file would take longer than all the rest.
    names = _named(folder, (DAY_FOLDER, MONTH_FOLDER))
    files = list(_of_days(folder, names))
    merged, damaged = _of_months(folder, names)
    own = {date for date, *_ in files}
    files += [one for one in merged if one[0] not in own]
    if not files:
        return [], damaged
    dates, within, sizes, times = map(list, zip(*files, strict=True))
    return [(table, genre, lake.relative(folder), dates, within, sizes, times)], damaged


def _of_days(genre_folder: Path, names: list[str]) -> Iterator[PartitionOfFolder]:
    try:
        descriptor = os.open(genre_folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        for name in names:
            if name.startswith(DAY_FOLDER):
                try:
                    # Relative to the folder: the way to it need not be walked for each file.
                    stat = os.stat(f"{name}/{ROWS_FILE}", dir_fd=descriptor)
                except FileNotFoundError:
                    continue
                yield name.removeprefix(DAY_FOLDER), name, stat.st_size, stat.st_mtime_ns
    finally:
        os.close(descriptor)


def _of_months(
    genre_folder: Path, names: list[str]
) -> tuple[list[PartitionOfFolder], list[DamagedFile]]:
    """Days of merged months, with the size and time that they had before."""
    found, damaged = [], []
    for name in names:
        file = genre_folder / name / ROWS_FILE
        if name.startswith(MONTH_FOLDER) and file.exists():
            try:
                held = months.days(file)
            except DamagedFile as error:
                damaged.append(error)
            else:
                for date, stamp in held.items():
                    found.append((date.isoformat(), name, stamp.bytes, stamp.modified_ns))
    return found, damaged


def _unreadable(lake: Lake, table: str, genre: str, error: DamagedFile) -> dict[str, object]:
    month = error.path.parent.name.removeprefix(MONTH_FOLDER)
    stamp = Fingerprint.of(error.path)
    return {
        "file": lake.relative(error.path),
        "table_name": table,
        "genre": genre,
        "date": dt.date.fromisoformat(f"{month}-01"),
        "bytes": stamp.bytes,
        "modified_ns": stamp.modified_ns,
        "reason": str(error),
    }


def _named(folder: Path | int, begin: str | tuple[str, ...]) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(begin)]  # noqa: PTH208
    except FileNotFoundError:
        return []


def _days(rows: pl.DataFrame) -> Iterator[tuple[str, dt.date]]:
    return rows.select("genre", "date").unique().iter_rows()


class _Stamps:
    """Sizes and times of partitions, as they are now; a merged file is asked for its days once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._merged: dict[str, dict[dt.date, Fingerprint]] = {}

    def of(self, file: str, date: dt.date) -> Fingerprint | None:
        """``None`` where it is not there any more."""
        path = self._lake.root / file
        try:
            if not months.is_merged(path):
                return Fingerprint.of(path)
            if file not in self._merged:
                self._merged[file] = months.days(path)
        except (FileNotFoundError, DamagedFile):
            return None
        return self._merged[file].get(date)
