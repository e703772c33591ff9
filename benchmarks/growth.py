"""Bench ``growth``: what one genre-day costs in a young lake, and in one of a year.

Only what changed may count: the lakes differ in their days, the genre-day is as large in both.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from benchmarks.measuring import BenchmarkError, Cost, Spread, call, run
from benchmarks.reporting import caption, gib, say, seconds, table, verdict
from benchmarks.sandbox import answering
from benchmarks.scale import Scale

GENRES, TRACKS = 100, 20
DAYS = (30, 365)
SMALL_GENRES, SMALL_DAYS = 3, (2, 4)
TARGET_RATIO = 1.3
CHANGED_GENRE = 0
"""`rock`, which the sandbox has too: its days are in the lake when the command brings another."""
START_DATE = "2025-01-01"
BEFORE_THE_LAKE = "2025-10-{:02}"
"""Days that no lake of `lakes` has: the command brings one of them each time."""


@dataclass
class Measured:
    """What was measured in one lake."""

    partitions: int
    """Genre-days."""
    again: Cost
    """The whole process that makes the file of all of them."""
    bytes: int
    """Of that file."""
    publications: list[Cost] = field(default_factory=list)
    """Of one genre-day: seconds within the process, its peak memory as a whole."""
    swaps: list[float] = field(default_factory=list)
    """Seconds of the rename."""
    commands: list[Cost] = field(default_factory=list)


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Make both lakes, then change one genre-day at a time."""
    genres, sizes = (SMALL_GENRES, SMALL_DAYS) if scale.is_smoke else (GENRES, DAYS)
    measured = []
    for days in sizes:
        data = folder / str(days)
        say(f"growth: making a lake of {genres * days:,} genre-days")
        call("lakes", data / "lake", 0, genres, 0, days, TRACKS)
        measured.append(measure(data, genres, days, TRACKS, scale))
    return [show(measured, scale)]


def measure(data: Path, genres: int, days: int, tracks: int, scale: Scale) -> Measured:
    """What becomes of a lake that is there, in a data folder."""
    say(f"growth: publishing {genres * days:,} genre-days")
    _, again = call("publishing", data)
    size = (data / "spotify.duckdb").stat().st_size
    measured = Measured(genres * days, again, size)
    for number in range(scale.runs):
        say(f"growth: {genres * days:,} genre-days and one, {number + 1}/{scale.runs}")
        publish_one(measured, data, days + number, tracks)
    if not scale.is_smoke:
        with answering(scale.sandbox_tracks) as sandbox:
            for number in range(1 + scale.runs):
                say(f"growth: the command, {number + 1}/{1 + scale.runs}")
                cost = _command(data, sandbox.url, BEFORE_THE_LAKE.format(1 + number), tracks)
                # The first makes the folders of Dagster.
                measured.commands += [cost] * bool(number)
    return measured


def publish_one(measured: Measured, data: Path, day: int, tracks: int) -> None:
    """Write a genre-day, and publish it."""
    call("lakes", data / "lake", CHANGED_GENRE, 1, day, 1, tracks)
    (loaded, wall_s, cpu_s, swap_s), whole = call("publishing", data)
    if loaded != 1:
        raise BenchmarkError(f"{loaded} genre-days were taken in; one had changed.")
    measured.publications.append(Cost(wall_s, cpu_s, whole.peak_bytes))
    measured.swaps.append(swap_s)


def _command(data: Path, url: str, date: str, tracks: int) -> Cost:
    return run(
        [
            *(sys.executable, "-m", "spotify_assets", "collect", "--sandbox", url),
            *("-g", "rock", "-n", str(tracks), "-t", str(tracks), "-d", date),
        ],
        cwd=data,
        environment={
            "SPOTIFY_ASSETS_DATA_DIR": str(data),
            "SPOTIFY_ASSETS_START_DATE": START_DATE,
        },
    ).cost


def show(measured: Sequence[Measured], scale: Scale) -> Table:
    """A column for each lake, the growth from the first to the last, and the targets."""
    shown = table(
        f"growth: one genre-day of {TRACKS} tracks, {scale.runs} runs, median (min–max)",
        "",
        *(f"{one.partitions:,} genre-days" for one in measured),
    )
    walls = [Spread.of(cost.wall_s for cost in one.publications) for one in measured]
    processors = [Spread.of(cost.cpu_s for cost in one.publications) for one in measured]
    shown.add_row("the file", *(gib(one.bytes) for one in measured))
    shown.add_row("all of them again, wall s", *(f"{one.again.wall_s:.0f}" for one in measured))
    shown.add_row("  CPU s", *(f"{one.again.cpu_s:.0f}" for one in measured))
    shown.add_row("  peak memory", *(gib(one.again.peak_bytes) for one in measured))
    shown.add_row("publishing one of them, wall s", *map(seconds, walls))
    shown.add_row("  CPU s", *map(seconds, processors))
    peaks = [max(cost.peak_bytes for cost in one.publications) for one in measured]
    shown.add_row("  peak memory", *map(gib, peaks))
    shown.add_row("  the swap, ms", *(f"{1000 * max(one.swaps):.1f}" for one in measured))
    ratios = {"publishing one": _growth(walls), "  of it CPU": _growth(processors)}
    ratios["  peak memory"] = peaks[-1] / peaks[0]
    if measured[0].commands:
        for name, attribute in (("the command, wall s", "wall_s"), ("  CPU s", "cpu_s")):
            spreads = [Spread.of(getattr(c, attribute) for c in one.commands) for one in measured]
            shown.add_row(name, *map(seconds, spreads))
            ratios[name] = _growth(spreads)
    return caption(
        shown,
        [
            verdict(name, f"x {ratio:.2f}", f"<= x {TARGET_RATIO}", is_met=ratio <= TARGET_RATIO)
            for name, ratio in ratios.items()
        ],
    )


def _growth(spreads: Sequence[Spread]) -> float:
    return spreads[-1].median / spreads[0].median
