"""Which partitions the lake has that the DuckDB file does not hold yet, by the lake's log.

The file knows up to which commit of each genre it was made. What came after says which days
changed; all else is not looked at.

Belongs here: looking and comparing. Does not belong here: loading.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.log import Day, State
from spotify_assets.schemas import LAKE
from spotify_assets.schemas.monitoring import LakeCommits, Partitions

WRITTEN = ["table_name", "genre", "date", "hash"]
"""By these the rows of a partition are known to be the same, wherever they lie."""


@dataclass(frozen=True)
class News:
    """What the log says that the file was not made from."""

    commits: pl.DataFrame
    """The last commit of each genre, as `LakeCommits`."""
    days: pl.DataFrame
    """``genre`` and ``date`` of what may have changed; in all other days nothing has."""
    partitions: pl.DataFrame
    """All partitions of those days, as `Partitions`."""
    incomplete: list[GenreDay]
    """Genre-days that lack tables: they would not fit together, and stay as they are published."""
    gone: list[GenreDay]
    """Genre-days of which nothing is left."""
    under_way: list[GenreDay]
    """Genre-days of those that a run prepares, or has left: they are as they were before it."""


def news(lake: Lake, known: pl.DataFrame, damaged: pl.DataFrame) -> News:
    """Read what is new in the log.

    Args:
        lake: Whose log.
        known: The commits that the file was made from, as `LakeCommits`.
        damaged: Files that could not be loaded then, as `DamagedFiles`: their days are tried again.
    """
    before = dict(known.select("genre", "commit_number").iter_rows())
    files: dict[str, set[str]] = defaultdict(set)
    for genre, file in damaged.drop_nulls("genre").select("genre", "file").iter_rows():
        files[genre].add(file)
    heads = lake.log.heads(before)
    touched: dict[GenreDay, Day] = {}
    for genre in sorted({*heads, *before}):
        if heads.get(genre) == before.get(genre) and genre not in files:
            continue
        state = lake.log.state(genre)
        heads[genre] = state.seq
        for date in _touched(lake, state, before.get(genre), files[genre]):
            touched[GenreDay(genre, date)] = state.days.get(date, Day())
    commits = sorted((genre, seq) for genre, seq in heads.items() if seq)
    return News(
        pl.DataFrame(commits, schema=LakeCommits.polars_schema(), orient="row"),
        as_frame(touched),
        pl.DataFrame(list(_rows(touched)), schema=Partitions.polars_schema(), orient="row"),
        [day for day, held in touched.items() if 0 < len(LAKE & held.tables.keys()) < len(LAKE)],
        [day for day, held in touched.items() if held == Day()],
        [day for day, held in touched.items() if held.draft],
    )


def _touched(lake: Lake, state: State, known: int | None, files: set[str]) -> set[dt.date]:
    if known is None or known > state.seq:
        # Also where the lake was deleted and begun again.
        return {*state.days}
    changed = {date for commit in lake.log.since(state.genre, known) for date in commit.days}
    return changed | {date for date, day in state.days.items() if files & day.files()}


def _rows(days: dict[GenreDay, Day]) -> Iterator[tuple[object, ...]]:
    for genre_day, day in days.items():
        for table in LAKE:
            if file := day.tables.get(table):
                yield table, genre_day.genre, genre_day.date, file.key, file.bytes, file.hash


def difference(
    in_lake: pl.DataFrame, held: pl.DataFrame, waiting: Iterable[GenreDay], damaged: pl.DataFrame
) -> pl.DataFrame:
    """What must be loaded again; ``file`` is null where the lake holds a partition no more.

    Args:
        in_lake: The partitions that are there, as `Partitions`.
        held: Those that the file holds, of the same days.
        waiting: Genre-days that stay as they are.
        damaged: Files that cannot be loaded, as `DamagedFiles`: their genre-days stay too.
    """
    new = in_lake.join(held, on=WRITTEN, how="anti")
    gone = held.join(in_lake, on=list(Partitions.key()), how="anti")
    changed = pl.concat([new, gone.with_columns(file=pl.lit(None, pl.String))])
    # The file of a month has many days.
    hindered = in_lake.join(damaged, on="file", how="semi")
    changed = changed.join(hindered, on=["genre", "date"], how="anti")
    return changed.filter(~is_of(waiting))


def moved(in_lake: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Partitions that only lie in another file now, because their month was merged."""
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


def as_frame(days: Iterable[GenreDay]) -> pl.DataFrame:
    """Genre-days as ``genre`` and ``date``."""
    rows = [(day.genre, day.date) for day in days]
    return pl.DataFrame(rows, schema={"genre": pl.String, "date": pl.Date}, orient="row")


def overtaken(lake: Lake, files: pl.DataFrame) -> set[GenreDay]:
    """The genre-days of files that the log has named no more since they were looked for.

    Args:
        lake: Whose log.
        files: With ``table_name``, ``genre``, ``date`` and ``file``.
    """
    found = set()
    for table, genre, date, file in files.select("table_name", "genre", "date", "file").iter_rows():
        now = lake.log.state(genre).days.get(date, Day()).tables.get(table)
        if now is None or now.key != file:
            found.add(GenreDay(genre, date))
    return found
