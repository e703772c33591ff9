"""Bench ``releases``: ten years of daily streams of many songs, from files to published rows."""

import datetime as dt
import sys
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from rich.table import Table

from benchmarks.measuring import BenchmarkError, Cost, Spread, call, run
from benchmarks.reporting import GIB, caption, gib, say, seconds, table, verdict
from benchmarks.scale import Scale
from spotify_assets.schemas import RELEASES

DAYS = 3650
TRACKS_A_SONG = 2000
"""A song for so many tracks of the scale: 500 at full size."""
UNTIL = dt.date(2026, 11, 20)
TARGET_S, TARGET_GIB = 15, 1
STEPS = {
    "import": "without Dagster: import",
    "publish": "without Dagster: publish",
    "polars": "floor: polars reads the files, DuckDB stores them",
    "duckdb": "floor: DuckDB reads and stores them",
}


@dataclass
class Measured:
    """What was measured, each time."""

    commands: list[Cost] = field(default_factory=list)
    again: list[Cost] = field(default_factory=list)
    changed: int = 0
    """Rows that the second import changed."""
    steps: dict[str, list[Cost]] = field(default_factory=dict)
    """Seconds within the process, its peak memory as a whole."""


def bench(scale: Scale, folder: Path) -> list[Table]:
    """The command, our own code without Dagster, and two floors, in turns."""
    songs = scale.tracks // TRACKS_A_SONG
    files = folder / "files"
    _write(files, songs)
    measured = Measured()
    for number in range(scale.runs):
        say(f"releases: {number + 1}/{scale.runs}")
        each = folder / str(number)
        _command(measured, files, each / "command")
        for step in STEPS:
            _step(measured, step, files, each / "steps", songs * DAYS)
    return [_shown(measured, songs)]


def _write(files: Path, songs: int) -> None:
    """The timelines of one artist's songs, and the declaration of them."""
    files.mkdir(parents=True)
    days = [str(UNTIL - dt.timedelta(days=ago)) for ago in reversed(range(DAYS))]
    # One song at a time: what this process takes would count as the memory of those it starts.
    drawn = np.random.default_rng(1)
    declared = ['[artists.band]\nname = "Band"\n']
    for number in range(songs):
        counts = drawn.integers(0, 100_000, DAYS)
        declared.append(f'[releases.song-{number}]\nartist = "band"\ntitle = "Song {number}"\n')
        rows = [f"{day},{count}" for day, count in zip(days, counts, strict=True)]
        text = "\n".join(["date,streams", *rows, ""])
        (files / f"Song {number}-timeline.csv").write_text(text, encoding="utf-8-sig")
    (files / "releases.toml").write_text("\n".join(declared), encoding="utf-8")


def _imported(files: Path, data: Path) -> Cost:
    return run(
        [sys.executable, "-m", "spotify_assets", "import", str(files)],
        cwd=data,
        environment={"SPOTIFY_ASSETS_DATA_DIR": str(data)},
    ).cost


def _command(measured: Measured, files: Path, data: Path) -> None:
    data.mkdir(parents=True)
    measured.commands.append(_imported(files, data))
    database, before = data / "spotify.duckdb", data / "before.duckdb"
    before.write_bytes(database.read_bytes())
    measured.again.append(_imported(files, data))
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{before}' AS b (READ_ONLY)")
        connection.execute(f"ATTACH '{database}' AS a (READ_ONLY)")
        for contract in RELEASES:
            for one, other in (("a", "b"), ("b", "a")):
                rows = f"(FROM {one}.{contract.table()} EXCEPT ALL FROM {other}.{contract.table()})"
                [(changed,)] = connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
                measured.changed += changed


def _step(measured: Measured, step: str, files: Path, folder: Path, rows: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    taken, whole = call("release_steps", step, files, folder)
    if taken["rows"] != rows:
        raise BenchmarkError(f"{step} has {taken['rows']} rows and not {rows}")
    cost = Cost(taken["wall_s"], taken["cpu_s"], whole.peak_bytes)
    measured.steps.setdefault(step, []).append(cost)


def _shown(measured: Measured, songs: int) -> Table:
    rows = songs * DAYS
    shown = table(
        f"Releases: {songs} songs of ten years, {rows:,} rows in {songs} files; "
        f"{len(measured.commands)} runs, median (min–max)",
        "",
        *("wall s", "CPU s", "rows/s", "peak memory"),
    )
    own = [
        one + two
        for one, two in zip(measured.steps["import"], measured.steps["publish"], strict=True)
    ]
    lines = {
        "spotify-assets import, empty data folder": measured.commands,
        "the same again": measured.again,
        **{name: measured.steps[step] for step, name in STEPS.items()},
        "without Dagster: both": own,
    }
    for name, costs in lines.items():
        wall = Spread.of(cost.wall_s for cost in costs)
        cpu = Spread.of(cost.cpu_s for cost in costs)
        peak = gib(max(cost.peak_bytes for cost in costs))
        shown.add_row(name, seconds(wall), seconds(cpu), f"{rows / wall.median:,.0f}", peak)
    wall_s = Spread.of(cost.wall_s for cost in measured.commands).median
    peak_bytes = max(cost.peak_bytes for cost in measured.commands)
    cpu_s = {
        step: Spread.of(cost.cpu_s for cost in costs).median
        for step, costs in (("both", own), *measured.steps.items())
    }
    ratios = [f"{cpu_s['both'] / cpu_s[floor]:.1f} of {floor}" for floor in ("polars", "duckdb")]
    return caption(
        shown,
        [
            verdict("the command", f"{wall_s:.1f} s", f"< {TARGET_S} s", is_met=wall_s < TARGET_S),
            verdict(
                "peak memory",
                gib(peak_bytes),
                f"< {TARGET_GIB} GiB",
                is_met=peak_bytes < TARGET_GIB * GIB,
            ),
            verdict(
                "rows that a second import changes",
                str(measured.changed),
                "0",
                is_met=not measured.changed,
            ),
            f"CPU seconds of import and publish, as a multiple of a floor: {', '.join(ratios)}",
        ],
    )
