"""Program: what writing a genre-day costs beside an earlier commit, in turns.

``python -m benchmarks.writing <checkout of the commit> [folder]`` writes genre-days of 12 tables of
100 rows, in the three steps of a run, by this code and by that one, which may know no log; prints
the medians and by how much they differ.
"""

import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake import tables as lake_tables
from spotify_assets.schemas import LAKE

TURNS, DAYS = 7, 20
BEGIN = dt.date(2026, 1, 1)
STEPS = (("processed.", "quarantine."), ("rankings.",), ("star.",))


def rows(day: GenreDay) -> pl.DataFrame:
    """A table of a genre-day."""
    salt = day.date.toordinal()
    return pl.DataFrame(
        {"genre": [day.genre] * 100, "date": [day.date] * 100}
        | {
            f"column_{n}": [f"{(salt + n) * k * 2_654_435_761 % 2**32:x}" for k in range(100)]
            for n in range(10)
        }
    )


def write(lake: Lake, day: GenreDay) -> float:
    """Seconds that a genre-day takes."""
    frame = rows(day)
    steps = [[table for table in LAKE if table.startswith(layers)] for layers in STEPS]
    begun = time.perf_counter()
    for number, step in enumerate(steps):
        if hasattr(lake_tables, "write_days"):
            from spotify_assets.lake.log import Origin  # noqa: PLC0415 - that one has none

            made = {day.date: dict.fromkeys(step, frame)}
            awaits = [table for later in steps[1:] for table in later] if number == 0 else []
            lake_tables.write_days(lake, day.genre, made, Origin(), awaits=awaits)
        else:
            for table in step:
                # By this name, in a commit from before the log.
                getattr(lake_tables, "write_partition")(lake, table, day, frame)  # noqa: B009
    return time.perf_counter() - begun


def written_by(checkout: Path, folder: str) -> float:
    """The median of genre-days, in milliseconds, by the code of a checkout."""
    done = subprocess.run(
        [sys.executable, __file__, "--write", folder],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        text=True,
        capture_output=True,
        check=True,
    )
    return float(done.stdout)


def main() -> None:
    """Measure, or write for who measures."""
    if sys.argv[1] == "--write":
        lake = Lake(Path(sys.argv[2]))
        days = [GenreDay("rock", BEGIN + dt.timedelta(days=n)) for n in range(DAYS)]
        # The first makes the folders.
        print(statistics.median([write(lake, day) for day in days][1:]) * 1000)
        return
    ours, theirs = Path(__file__).parents[1], Path(sys.argv[1]).resolve()
    took: dict[Path, list[float]] = {ours: [], theirs: []}
    for _ in range(TURNS):
        for checkout, found in took.items():
            with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as new:
                found.append(written_by(checkout, new))
    for checkout, found in took.items():
        print(f"{checkout}: {statistics.median(found):.1f} ms ({min(found):.1f}-{max(found):.1f})")
    print(f"x {statistics.median(took[ours]) / statistics.median(took[theirs]):.2f}")


if __name__ == "__main__":
    main()
