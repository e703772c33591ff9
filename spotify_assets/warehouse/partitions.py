"""Which partitions the lake has, and which of them the DuckDB file does not hold yet.

Only where the lake changed is it looked into: a genre's folder says by its time whether a partition
in it was written or taken away. After years there are half a million files.

Belongs here: looking and comparing. Does not belong here: loading.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.schemas import LAKE
from spotify_assets.schemas.monitoring import GenreFolders, Partitions

UNSETTLED = 0
"""Instead of the time of a folder: what lies in it must be looked at in any case."""
PartitionsOfFolder = tuple[str, str, str, list[str], list[int], list[int]]
OF_FOLDER = {
    "table_name": pl.String(),
    "genre": pl.String(),
    "folder": pl.String(),
    "date": pl.List(pl.String()),
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
    found = _partitions(lake, folders.filter(pl.col("genre").is_in(genres)))
    tables = found.group_by("genre", "date").len()
    incomplete = tables.filter(pl.col("len") < len(LAKE)).select("genre", "date").iter_rows()
    waiting = sorted({*under_way, *(GenreDay(*day) for day in incomplete)})
    return Survey(folders, genres, found, waiting)


def difference(
    in_lake: pl.DataFrame, held: pl.DataFrame, waiting: Iterable[GenreDay], damaged: pl.DataFrame
) -> pl.DataFrame:
    """What must be loaded anew; ``file`` is null where the lake holds a partition no more.

    Args:
        in_lake: The partitions that are there, as `Partitions`.
        held: Those that the file holds, of the same genres.
        waiting: Genre-days that stay as they are.
        damaged: Files that cannot be loaded, as `DamagedFiles`: their genre-days stay too.
    """
    new = in_lake.join(held, on=in_lake.columns, how="anti")
    gone = held.join(in_lake, on=list(Partitions.key()), how="anti")
    changed = pl.concat([new, gone.with_columns(file=pl.lit(None, pl.String))])
    changed = changed.join(damaged, on=["genre", "date"], how="anti")
    return changed.filter(~is_of(waiting))


def is_of(days: Iterable[GenreDay]) -> pl.Expr:
    """Whether ``genre`` and ``date`` are one of the genre-days."""
    return pl.struct("genre", "date").is_in(
        pl.Series(
            [{"genre": day.genre, "date": day.date} for day in days],
            dtype=pl.Struct({"genre": pl.String, "date": pl.Date}),
        ).implode()
    )


def rewritten_since(lake: Lake, loaded: pl.DataFrame) -> set[GenreDay]:
    """The genre-days that a run has begun to rewrite while they were loaded.

    Args:
        lake: Where they lie.
        loaded: As `difference` gives them.
    """
    under_way = set(lake.under_way())
    rows = loaded.select("genre", "date", "file", "bytes", "modified_ns").iter_rows()
    moved = set()
    for genre, date, file, size, modified_ns in rows:
        day = GenreDay(genre, date)
        if day in under_way or (file and _stamp(lake.root / file) != (size, modified_ns)):
            moved.add(day)
    return moved


def _genre_folders(lake: Lake, table: str) -> Iterator[tuple[str, str, int]]:
    layer, _, name = table.partition(".")
    folder = lake.root / layer / name
    for genre_folder in _named(folder, "genre="):
        genre = unquote(genre_folder.removeprefix("genre="))
        yield table, genre, (folder / genre_folder).stat().st_mtime_ns


def _partitions(lake: Lake, folders: pl.DataFrame) -> pl.DataFrame:
    found = [
        one
        for table, genre in folders.select("table_name", "genre").iter_rows()
        if (one := _of_folder(lake, table, genre))
    ]
    # Columns that would repeat in every row are made of the folder's, which is ten times faster.
    return (
        pl.DataFrame(found, schema=OF_FOLDER, orient="row")
        .explode("date", "bytes", "modified_ns")
        .select(
            "table_name",
            "genre",
            pl.col("date").str.to_date(),
            pl.format("{}/date={}/{}", "folder", "date", pl.lit(ROWS_FILE)).alias("file"),
            "bytes",
            "modified_ns",
        )
    )


def _of_folder(lake: Lake, table: str, genre: str) -> PartitionsOfFolder | None:
    folder = lake.genre(table, genre)
    # By the calls of the system: a `Path` for each file would take longer than all the rest.
    files = list(_files(folder))
    if not files:
        return None
    dates, sizes, times = map(list, zip(*files, strict=True))
    return table, genre, lake.relative(folder), dates, sizes, times


def _files(genre_folder: Path) -> Iterator[tuple[str, int, int]]:
    """Date, bytes and time of each partition."""
    try:
        descriptor = os.open(genre_folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        for folder in _named(descriptor, "date="):
            try:
                # Relative to the folder: the way to it need not be walked for each file.
                stat = os.stat(f"{folder}/{ROWS_FILE}", dir_fd=descriptor)
            except FileNotFoundError:
                continue
            yield folder.removeprefix("date="), stat.st_size, stat.st_mtime_ns
    finally:
        os.close(descriptor)


def _named(folder: Path | int, begin: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(begin)]  # noqa: PTH208
    except FileNotFoundError:
        return []


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_size, stat.st_mtime_ns
