"""Program: what the log of the lake costs, beside a small number of genre-days and a large one.

``python -m benchmarks.commits [folder]`` prints a line for each size: a genre-day of 12 tables of
100 rows, written in the three steps of a run with fsync; and a publication's look at what is new,
where nothing is and where that genre-day is.
"""

import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.lake.log import Commit, Day, Origin, TableFile, _encoded, _key
from spotify_assets.lake.tables import write_days
from spotify_assets.schemas import LAKE
from spotify_assets.schemas.monitoring import DamagedFiles, LakeCommits
from spotify_assets.warehouse.publication.partitions import news

GENRES, FIRST, COMMITS_A_DAY = 100, dt.date(2026, 1, 1), 3
SIZES = (3_000, 36_500)
TIMES = 15
NO_DAMAGE = pl.DataFrame(schema=DamagedFiles.polars_schema())


def fill(lake: Lake, days: int) -> None:
    """Say of all genres that they hold so many days; of the files there are the names alone."""
    for number in range(GENRES):
        genre = f"genre {number}"
        (lake.root / _key(genre, 1)).parent.mkdir(parents=True)
        for seq in range(1, days * COMMITS_A_DAY + 1):
            date = FIRST + dt.timedelta(days=(seq - 1) // COMMITS_A_DAY)
            tables = {
                table: TableFile(
                    f"{table.replace('.', '/')}/genre=genre%20{number}/date={date}/"
                    f"{seq:012d}-01234567.parquet",
                    f"{seq:024d}",
                    100,
                    9_000,
                )
                for table in LAKE
            }
            at = dt.datetime.combine(FIRST, dt.time(), dt.UTC) + dt.timedelta(seconds=seq)
            commit = Commit(genre, seq, at, Origin(), {date: Day(tables)})
            (lake.root / _key(genre, seq)).write_bytes(_encoded(commit))
        # By the way that everybody reads: it makes the checkpoint that a real log has.
        lake.log._make_checkpoint(lake.log.state(genre))


def rows(date: dt.date, salt: int) -> pl.DataFrame:
    """A table of a genre-day."""
    return pl.DataFrame(
        {"genre": ["genre 1"] * 100, "date": [date] * 100}
        | {
            f"column_{n}": [f"{(salt + n) * k * 2_654_435_761 % 2**32:x}" for k in range(100)]
            for n in range(10)
        }
    )


def write(lake: Lake, date: dt.date, salt: int) -> float:
    """Seconds that a genre-day takes, in the steps of a run."""
    tables = {table: rows(date, salt) for table in LAKE}
    steps = [
        {table: frame for table, frame in tables.items() if table.startswith(layers)}
        for layers in (("processed.", "quarantine."), "rankings.", "star.")
    ]
    begun = time.perf_counter()
    for number, step in enumerate(steps):
        awaits = [table for later in steps[1:] for table in later] if number == 0 else []
        write_days(lake, "genre 1", {date: step}, Origin(), awaits=awaits)
    return time.perf_counter() - begun


def main() -> None:
    """Measure."""
    for size in SIZES:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
            lake, days = Lake(Path(folder)), size // GENRES
            fill(lake, days)
            last = FIRST + dt.timedelta(days=days)
            took = [write(lake, last + dt.timedelta(days=n), n) for n in range(TIMES)]
            known = pl.DataFrame(
                list(lake.log.heads().items()), schema=LakeCommits.polars_schema(), orient="row"
            )
            nothing, something = [], []
            for number in range(TIMES):
                begun = time.perf_counter()
                news(lake, known, NO_DAMAGE)
                nothing.append(time.perf_counter() - begun)
                write(lake, last, 1000 + number)
                begun = time.perf_counter()
                found = news(lake, known, NO_DAMAGE)
                something.append(time.perf_counter() - begun)
                known = found.commits
            shown = [
                f"{statistics.median(one) * 1000:.1f} ms" for one in (took, nothing, something)
            ]
            print(f"{size} genre-days: written {shown[0]}, nothing new {shown[1]}, one {shown[2]}")


if __name__ == "__main__":
    main()
