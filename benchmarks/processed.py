"""Bench ``processed``: raw → processed of a million track objects, against plain DuckDB.

The floor reads the same files with typed columns and writes the same columns to Parquet, and does
nothing else; on our side each row is checked against its contract, keyed and deduplicated, and what
breaks its contract is set aside.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from benchmarks.measuring import Spread, call
from benchmarks.reporting import GIB, caption, gib, say, seconds, table, verdict
from benchmarks.scale import Scale

TARGET_RATIO, TARGET_BYTES = 0.5, 2 * GIB
# Growth beyond what the same program differs by from run to run.
TOLERATED_GROWTH = 1.25
CLEAN, LARGE, VALUES, SHAPES = "clean", "large", "values", "shapes"
"""The lakes of `raw_files`."""


@dataclass
class Line:
    """One way to process one lake, and what it took each time."""

    title: str
    lake: str
    floor: str = ""
    """The line that it is held against."""
    is_partitioned: bool = True
    walls: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    quarantined: int = 0

    @property
    def wall(self) -> Spread:
        """Seconds."""
        return Spread.of(self.walls)


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Make the lakes, run all lines in turns."""
    say(f"processed: making {scale.tracks:,} track objects, four times over")
    sizes, _ = call("raw_files", folder, scale.tracks)
    small, large = scale.tracks // 1000, scale.tracks // 10_000
    lines = {
        "small": Line(f"ours, {small} files of 1,000", CLEAN, floor="floor"),
        "floor": Line(f"floor, {small} files, genre=/date=", CLEAN),
        "shapes": Line("ours, 0.1 % wrong shapes", SHAPES, floor="floor"),
        "flat": Line(f"floor, {small} files, one Parquet file", CLEAN, is_partitioned=False),
    }
    if not scale.is_smoke:
        lines |= {
            "values": Line("ours, 0.1 % null or wrong values", VALUES, floor="floor"),
            "large": Line(f"ours, {large} files of 10,000", LARGE, floor="large floor"),
            "large floor": Line(f"floor, {large} files, genre=/date=", LARGE),
        }
    for number in range(scale.runs):
        for line in lines.values():
            say(f"processed: {number + 1}/{scale.runs} {line.title}")
            _measure(line, folder)
    return [_table(lines, sizes, scale)]


def _measure(line: Line, folder: Path) -> None:
    lake = folder / line.lake
    if line.floor:
        said, cost = call("from_raw", lake)
        line.quarantined = said["quarantined"]
    else:
        written = folder / "floor"
        written.mkdir()
        said, cost = call("floor", lake, written, int(line.is_partitioned))
        shutil.rmtree(written)
    line.walls.append(said["wall_s"])
    line.processors.append(said["cpu_s"])
    line.peaks.append(cost.peak_bytes)
    # The next run begins with raw files only, too.
    for made in lake.iterdir():
        if made.name != "raw":
            shutil.rmtree(made)


def _table(lines: dict[str, Line], sizes: dict[str, int], scale: Scale) -> Table:
    shown = table(
        f"processed: {scale.tracks:,} track objects, {sizes[CLEAN] / 1e9:.2f} GB of JSON, "
        f"{scale.runs} runs in turns, median (min–max)",
        "raw → processed",
        "wall s",
        "CPU s",
        "tracks/s",
        "peak memory",
        "of the floor",
        "set aside",
    )
    for line in lines.values():
        shown.add_row(
            line.title,
            seconds(line.wall),
            seconds(Spread.of(line.processors)),
            f"{scale.tracks / line.wall.median:,.0f}",
            gib(max(line.peaks)),
            f"{_ratio(line, lines[line.floor]):.2f}" if line.floor else "",
            f"{line.quarantined:,}" if line.floor else "",
        )
    return caption(shown, _verdicts(lines))


def _verdicts(lines: dict[str, Line]) -> list[str]:
    clean = [line for line in lines.values() if line.floor and line.lake in (CLEAN, LARGE)]
    ratios = [_ratio(line, lines[line.floor]) for line in clean]
    peaks = [max(line.peaks) for line in clean]
    said = [
        verdict(
            "throughput, part of the floor's",
            " and ".join(f"{ratio:.2f}" for ratio in ratios),
            f"≥ {TARGET_RATIO}",
            is_met=min(ratios) >= TARGET_RATIO,
        ),
        f"  of the floor's that writes one file: {_ratio(lines['small'], lines['flat']):.2f}",
        verdict(
            "peak memory",
            " and ".join(map(gib, peaks)),
            "< 2 GiB",
            is_met=max(peaks) < TARGET_BYTES,
        ),
    ]
    if "large" in lines:
        growth = max(lines["small"].peaks) / max(lines["large"].peaks)
        said.append(
            verdict(
                "peak memory with ten times as many files",
                f"{growth:.2f} ×",
                f"≤ {TOLERATED_GROWTH} ×",
                is_met=growth <= TOLERATED_GROWTH,
            )
        )
    return said


def _ratio(ours: Line, floor: Line) -> float:
    """Our throughput as a part of the floor's."""
    return floor.wall.median / ours.wall.median
