"""A process that writes, compacts, purges, collects garbage and imports is killed again and again.

``python -m benchmarks.killed_lake [--kills N] [--seed N] [--on-s3]`` ends with 1 where a lake has
lost what was acknowledged, holds half a genre-day, or names a file that cannot be read.

Every genre-day holds one number, in two tables that are written one after the other. Each kill
waits for what was killed least often so far. Only a folder can be of an earlier version, and is
killed while it is taken over.
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
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from benchmarks.reporting import caption, out, say, table, verdict
from benchmarks.s3 import bucket_of_moto
from spotify_assets.lake import GenreDay, Lake, LakeError, upkeep
from spotify_assets.lake.log import Day, Origin
from spotify_assets.lake.tables import read_partition, write_days

FIRST, SECOND = "processed.tracks", "star.fact_track_daily"
GENRES, DAYS, BEGIN = ("rock", "forró", "r&b"), 12, dt.date(2026, 5, 1)
IMPORT = "import"
WORK = {"write": 6, "compact": 2, "purge": 2, "collect": 2}
"""How often each is done, in relation to the others."""
KILLS_OF_A_LAKE = 5
SAID_EVERY = 25
SKIPPED = 4
"""So many of what it waits for a kill lets go by, at most."""
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


def work(lake: Lake, seed: int) -> Iterator[tuple[str, GenreDay, Number]]:
    """Change a lake for ever; say each change before it is made, and when it is acknowledged."""
    luck = random.Random(seed)  # noqa: S311
    nothing = GenreDay(GENRES[0], BEGIN)
    yield IMPORT, nothing, None
    # A folder of an earlier version is taken over here.
    lake.log.genres()
    yield "done", nothing, None
    for number in range(seed * 1000, sys.maxsize):
        day = GenreDay(luck.choice(GENRES), BEGIN + dt.timedelta(days=luck.randrange(DAYS)))
        what = luck.choices([*WORK], [*WORK.values()])[0]
        if what == "purge" and (held := lake.log.state(day.genre).days):
            day = GenreDay(day.genre, luck.choice(sorted(held)))
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


def look(lake: Lake, may_be: dict[GenreDay, set[Number]], found: Found) -> dict[GenreDay, Number]:
    """Hold a lake to what its genre-days may hold; returns what they do."""
    held = dict[GenreDay, Number]()
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


def soak(folder: Path, kills: int, seed: int, bucket: str = "") -> Found:
    """Kill so often, and look after each kill.

    Args:
        folder: An empty one, for lakes or what machines read of them.
        kills: How many.
        seed: Of the changes and the kills.
        bucket: The URL of a store; else the lakes are in the folder.
    """
    found, luck = Found(), random.Random(seed)  # noqa: S311
    targets = [*WORK] if bucket else [*WORK, IMPORT]
    held: dict[GenreDay, Number] = {}
    took: dict[str, float] = {}
    lake = Lake(folder)
    for kill in range(kills):
        target = min(targets, key=lambda what: found.kills.get(what, 0))
        if target == IMPORT or kill % KILLS_OF_A_LAKE == 0:
            # Whoever looks is another machine than the one that is killed.
            lake = Lake(folder / str(kill), f"{bucket}/{kill}" if bucket else "")
            held = old_lake(lake.root) if target == IMPORT else {}
        at = lake.root.with_suffix(f".{kill}") if bucket else lake.root
        process = Lake(at, lake.url), seed * 1000 + kill
        may_be = run_and_kill(process, target, took, luck, held, found)
        held = look(lake, may_be, found)
        if (kill + 1) % SAID_EVERY == 0:
            say(f"killed_lake: {kill + 1}/{kills} kills")
    return found


def run_and_kill(
    process: tuple[Lake, int],
    target: str,
    took: dict[str, float],
    luck: random.Random,
    held: dict[GenreDay, Number],
    found: Found,
) -> dict[GenreDay, set[Number]]:
    """Kill a process while it does something; returns what each genre-day may hold then.

    Args:
        process: The lake that it changes, and its seed.
        target: What it is to be doing, as `work` says it.
        took: How many seconds each took last, kept up to date.
        luck: Says which of these, and when.
        held: What the genre-days hold before.
        found: Counts.
    """
    lake, seed = process
    work = ["--work", str(lake.root), lake.url, str(seed)]
    command = [sys.executable, "-m", "benchmarks.killed_lake", *work]
    may_be: dict[GenreDay, set[Number]] = {day: {number} for day, number in held.items()}
    left = 0 if target == IMPORT else luck.randrange(SKIPPED)
    doing, begun = IMPORT, 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in cast(IO[str], running.stdout):
            if not line.endswith("\n"):
                break
            what, genre, date, number, at = json.loads(line)
            day = GenreDay(genre, dt.date.fromisoformat(date))
            now = may_be.get(day, {None})
            if what == "done":
                # An acknowledged change of this day is the last that it was to become.
                may_be[day] = {number} if doing in ("write", "purge") else now
                found.acknowledged += 1
                took[doing] = at - begun
                doing = "between"
                continue
            may_be[day] = {*now, number} if what in ("write", "purge") else now
            doing, begun = what, at
            if what == target:
                if left == 0:
                    time.sleep(luck.uniform(0, took.get(what, 0.02)))
                    running.kill()
                left -= 1
    found.kills[doing] = found.kills.get(doing, 0) + 1
    return may_be


def main() -> int:
    """Soak, and say what came of it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.killed_lake", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the changes and the kills")
    parser.add_argument("--on-s3", action="store_true", help="the lakes on an S3 of this machine")
    parser.add_argument("--work", nargs=3, metavar=("ROOT", "URL", "SEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        root, url, seed = given.work
        for what, day, number in work(Lake(Path(root), url), int(seed)):
            told = [what, day.genre, str(day.date), number, time.perf_counter()]
            print(json.dumps(told), flush=True)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spotify-assets-killed-"))
        bucket = stack.enter_context(bucket_of_moto()) if given.on_s3 else ""
        found = soak(Path(folder), given.kills, given.seed, bucket)
    shown = table(f"a lake {'on S3' if bucket else 'in a folder'}, {given.kills} kills", "", "")
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
