"""Which partitions the lake has, and which of them the DuckDB file does not hold yet.

Belongs here: comparing. Does not belong here: loading.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.schemas import LAKE, monitoring

GenreFolder = tuple[str, str, str, list[str], list[int], list[int]]
GENRE_FOLDER = {
    "table_name": pl.String(),
    "genre": pl.String(),
    "folder": pl.String(),
    "date": pl.List(pl.String()),
    "bytes": pl.List(pl.Int64()),
    "modified_ns": pl.List(pl.Int64()),
}
"""The partitions of a table of a genre."""


def there(lake: Lake) -> tuple[pl.DataFrame, list[GenreDay]]:
    """The partitions of the lake as `monitoring.Partitions`, and the genre-days that must wait.

    A genre-day waits while a run rewrites it, and while some of its tables are not there yet: its
    tables would not fit together.
    """
    under_way = lake.under_way()
    folders = [folder for table in LAKE for folder in _genre_folders(lake, table)]
    # Columns that would repeat in every row are made of the folder's, which is ten times faster.
    found = (
        pl.DataFrame(folders, schema=GENRE_FOLDER, orient="row")
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
    tables = found.group_by("genre", "date").len()
    incomplete = tables.filter(pl.col("len") < len(LAKE)).select("genre", "date").iter_rows()
    return found, sorted({*under_way, *(GenreDay(*day) for day in incomplete)})


def difference(
    in_lake: pl.DataFrame, held: pl.DataFrame | None, waiting: Iterable[GenreDay]
) -> pl.DataFrame:
    """What must be loaded anew; ``file`` is null where the lake holds a partition no more."""
    held = in_lake.clear() if held is None else held
    new = in_lake.join(held, on=in_lake.columns, how="anti")
    gone = held.join(in_lake, on=list(monitoring.Partitions.key()), how="anti")
    changed = pl.concat([new, gone.with_columns(file=pl.lit(None, pl.String))])
    days = pl.DataFrame(
        [(day.genre, day.date) for day in waiting],
        schema={"genre": pl.String, "date": pl.Date},
        orient="row",
    )
    return changed.join(days, on=["genre", "date"], how="anti")


def _genre_folders(lake: Lake, table: str) -> Iterator[GenreFolder]:
    # By the calls of the system: after years there are half a million files, and a `Path` for each
    # would take longer than all the rest.
    layer, _, name = table.partition(".")
    for folder in _folders(lake.root / layer / name, "genre="):
        genre = unquote(folder.removeprefix("genre="))
        relative = f"{layer}/{name}/{folder}"
        if files := list(_files(lake.root / relative)):
            dates, sizes, times = map(list, zip(*files, strict=True))
            yield table, genre, relative, dates, sizes, times


def _files(genre_folder: Path) -> Iterator[tuple[str, int, int]]:
    """Date, bytes and time of each partition."""
    try:
        descriptor = os.open(genre_folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        for folder in _folders(descriptor, "date="):
            try:
                # Relative to the folder: the way to it need not be walked for each file.
                stat = os.stat(f"{folder}/{ROWS_FILE}", dir_fd=descriptor)
            except FileNotFoundError:
                continue
            yield folder.removeprefix("date="), stat.st_size, stat.st_mtime_ns
    finally:
        os.close(descriptor)


def _folders(folder: Path | int, begin: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(begin)]  # noqa: PTH208
    except FileNotFoundError:
        return []
