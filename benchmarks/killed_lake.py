"""A process that writes, compacts, purges, collects garbage and imports is killed again and again.

``python -m benchmarks.killed_lake [--kills N] [--seed N]`` ends with 1 where a lake has lost what
was acknowledged, holds half a genre-day, or names a file that cannot be read.

Every genre-day holds one number, in two tables that are written one after the other. Every other
lake begins as a folder of an earlier version, and is killed while it is taken over.
"""

import argparse
import datetime as dt
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from benchmarks.reporting import caption, out, say, table, verdict
from spotify_assets.lake import GenreDay, Lake, LakeError, upkeep
from spotify_assets.lake.log import Day, Origin
from spotify_assets.lake.tables import read_partition, write_days

FIRST, SECOND = "processed.tracks", "star.fact_track_daily"
GENRES, DAYS, BEGIN = ("rock", "forró", "r&b"), 12, dt.date(2026, 5, 1)
WORK, IMPORT = "work", "import"
KILLS_OF_A_LAKE = 5
SAID_EVERY = 25
LATEST_S = {WORK: 1.0, IMPORT: 0.1}
"""A kill comes so long after the process has begun, at most."""
LATER = dt.timedelta(days=2)
"""By then whatever nothing names is garbage."""
Number = int | None
"""What a genre-day holds; ``None``: it is not there."""


@dataclass
class Found:
    """What came of it."""

    kills: dict[str, int] = field(default_factory=dict)
    """By what the process was doing."""
    lost: int = 0
    half: int = 0
    unreadable: int = 0
    acknowledged: int = 0


def work(root: Path, seed: int) -> Iterator[tuple[str, GenreDay, Number]]:
    """Change a lake for ever; say each change before it is made, and when it is acknowledged."""
    lake, luck = Lake(root), random.Random(seed)  # noqa: S311
    # A folder of an earlier version is taken over here.
    lake.log.genres()
    for number in range(seed * 1000, sys.maxsize):
        day = GenreDay(luck.choice(GENRES), BEGIN + dt.timedelta(days=luck.randrange(DAYS)))
        what = luck.choices(["write", "compact", "purge", "collect"], [6, 2, 1, 2])[0]
        told: Number = number if what == "write" else None
        yield what, day, told
        match what:
            case "write":
                # What two steps of a run do: prepare, and make it hold.
                for name, awaited in ((FIRST, {SECOND}), (SECOND, set[str]())):
                    made = {day.date: {name: rows_of(day, number)}}
                    write_days(lake, day.genre, made, Origin(), awaits=awaited)
            case "compact":
                upkeep.compact(lake, day.genre, BEGIN)
            case "purge":
                upkeep.purge(lake, day.genre, {day.date})
            case _:
                upkeep.collect(lake, keep=dt.timedelta(0), now=dt.datetime.now(dt.UTC) + LATER)
        yield "done", day, told


def rows_of(day: GenreDay, number: int) -> pl.DataFrame:
    """The rows of either table."""
    return pl.DataFrame({"genre": [day.genre], "date": [day.date], "number": [number]})


def old_lake(root: Path) -> dict[GenreDay, Number]:
    """A folder as an earlier version wrote it; returns what its genre-days hold."""
    held: dict[GenreDay, Number] = {}
    for genre in GENRES:
        for number in range(DAYS):
            day = GenreDay(genre, BEGIN + dt.timedelta(days=number))
            held[day] = number
            for name in (FIRST, SECOND):
                file = root / name.replace(".", "/") / day.folder / "rows.parquet"
                file.parent.mkdir(parents=True)
                rows_of(day, number).write_parquet(file)
    return held


def look(root: Path, may_be: dict[GenreDay, set[Number]], found: Found) -> dict[GenreDay, Number]:
    """Hold a lake to what its genre-days may hold; returns what they do."""
    lake, held = Lake(root), dict[GenreDay, Number]()
    for genre in GENRES:
        for date, one in lake.log.state(genre).days.items():
            if one.tables:
                held[GenreDay(genre, date)] = number_of(lake, GenreDay(genre, date), one, found)
    found.lost += sum(held.get(day) not in numbers for day, numbers in may_be.items())
    return held


def number_of(lake: Lake, day: GenreDay, held: Day, found: Found) -> Number:
    """What a genre-day holds, in both tables."""
    found.half += held.tables.keys() != {FIRST, SECOND}
    try:
        numbers = {read_partition(lake, name, day)["number"].item() for name in held.tables}
    except LakeError:
        found.unreadable += 1
        return None
    found.half += len(numbers) > 1
    return int(numbers.pop())


def soak(folder: Path, kills: int, seed: int) -> Found:
    """Kill so often, and look after each kill."""
    found, luck = Found(), random.Random(seed)  # noqa: S311
    held: dict[GenreDay, Number] = {}
    root = folder
    for kill in range(kills):
        what = WORK
        if kill % KILLS_OF_A_LAKE == 0:
            root = folder / str(kill)
            is_old = kill // KILLS_OF_A_LAKE % 2 == 1
            held, what = (old_lake(root), IMPORT) if is_old else ({}, WORK)
        seconds = luck.uniform(0, LATEST_S[what])
        may_be = run_and_kill(root, seed * 1000 + kill, seconds, held, found)
        held = look(root, may_be, found)
        if (kill + 1) % SAID_EVERY == 0:
            say(f"killed_lake: {kill + 1}/{kills} kills")
    return found


def run_and_kill(
    root: Path, seed: int, seconds: float, held: dict[GenreDay, Number], found: Found
) -> dict[GenreDay, set[Number]]:
    """Let a process work so long; returns what each genre-day may hold when it was killed."""
    command = [sys.executable, "-m", "benchmarks.killed_lake", "--work", str(root), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = cast(IO[str], process.stdout)
        told.readline()
        time.sleep(seconds)
        process.kill()
        said = [json.loads(line) for line in told if line.endswith("\n")]
    may_be: dict[GenreDay, set[Number]] = {day: {number} for day, number in held.items()}
    doing = "import or open"
    for what, genre, date, number in said:
        day = GenreDay(genre, dt.date.fromisoformat(date))
        now = may_be.get(day, {None})
        if what == "done":
            # An acknowledged change of this day is the last that it was to become.
            may_be[day] = {number} if doing in ("write", "purge") else now
            found.acknowledged += 1
            doing = "between"
        else:
            may_be[day] = {*now, number} if what in ("write", "purge") else now
            doing = what
    found.kills[doing] = found.kills.get(doing, 0) + 1
    return may_be


def main() -> int:
    """Soak, and say what came of it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.killed_lake", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the changes and the kills")
    parser.add_argument("--work", nargs=2, metavar=("ROOT", "SEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        print(flush=True)
        for what, day, number in work(Path(given.work[0]), int(given.work[1])):
            print(json.dumps([what, day.genre, str(day.date), number]), flush=True)
    with tempfile.TemporaryDirectory(prefix="spotify-assets-killed-") as folder:
        found = soak(Path(folder), given.kills, given.seed)
    shown = table(f"a lake and {given.kills} kills", "", "")
    figures: dict[str, Any] = {
        **{f"killed: {what}": count for what, count in sorted(found.kills.items())},
        "changes acknowledged": found.acknowledged,
    }
    for name, figure in figures.items():
        shown.add_row(name, str(figure))
    wrong = {
        "genre-days with another number": found.lost,
        "genre-days with half their tables": found.half,
        "files that cannot be read": found.unreadable,
    }
    lines = [verdict(what, str(n), "0", is_met=n == 0) for what, n in wrong.items()]
    out.print(caption(shown, lines))
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
