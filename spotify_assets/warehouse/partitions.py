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

Row = tuple[str, str, str, str, int, int]


def there(lake: Lake) -> tuple[pl.DataFrame, list[GenreDay]]:
    """The partitions of the lake as `monitoring.Partitions`, and the genre-days that must wait.

    A genre-day waits while a run rewrites it, and while some of its tables are not there yet: its
    tables would not fit together.
    """
    under_way = lake.under_way()
    schema = monitoring.Partitions.polars_schema()
    rows = [row for table in LAKE for row in _partitions(lake, table)]
    found = pl.DataFrame(rows, schema={**schema, "date": pl.String}, orient="row").with_columns(
        pl.col("date").str.to_date()
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


def _partitions(lake: Lake, table: str) -> Iterator[Row]:
    # With texts and the calls of the system: after years there are half a million files, and a
    # `Path` for each would take longer than all the rest.
    layer, _, name = table.partition(".")
    root = lake.root / layer / name
    for genre_folder in _folders(root, "genre="):
        genre = unquote(genre_folder.removeprefix("genre="))
        for date_folder in _folders(root / genre_folder, "date="):
            relative = f"{layer}/{name}/{genre_folder}/{date_folder}/{ROWS_FILE}"
            try:
                stat = os.stat(f"{lake.root}/{relative}")  # noqa: PTH116 - as above
            except FileNotFoundError:
                continue
            date = date_folder.removeprefix("date=")
            yield table, genre, date, relative, stat.st_size, stat.st_mtime_ns


def _folders(folder: Path, begin: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.startswith(begin)]  # noqa: PTH208
    except FileNotFoundError:
        return []
