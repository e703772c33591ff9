"""Bench ``rebuild``: all rankings and star tables from the lake, and one day more of that size.

As a floor, plain DuckDB makes the same tables of the same files by the same queries. As a peer,
pandas makes most of them of a part of the files, as most pipelines do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks.growth import Measured, publish_one
from benchmarks.measuring import Cost, Spread, call
from benchmarks.reporting import GIB, caption, gib, say, seconds, table, verdict
from benchmarks.scale import Scale

GENRES, DAYS, TRACKS = 100, 100, 1000
SMALL = (10, 3, 20)
PEER_PART = 10
"""pandas gets one genre in so many: all would not fit into the memory."""
TARGET_S, TARGET_BYTES, TARGET_FLOOR, TARGET_PEER = 90, 6 * GIB, 0.7, 10
TARGET_PUBLISH_S, TARGET_SWAP_S = 3, 0.05


@dataclass
class Way:
    """One way to make the tables: seconds within the process, its peak memory as a whole."""

    name: str
    rows: int
    """Track rows that it was made of."""
    cost: Cost

    @property
    def rows_per_s(self) -> float:
        """Track rows a second."""
        return self.rows / self.cost.wall_s


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Make the lake, and the tables once in each way."""
    genres, days, tracks = SMALL if scale.is_smoke else (GENRES, DAYS, TRACKS)
    say(f"rebuild: making a lake of {genres * days * tracks:,} track rows")
    call("lakes", folder / "lake", 0, genres, 0, days, tracks)
    ways = made(folder, genres, days, tracks)
    measured = Measured(genres * days, ways[0].cost, (folder / "spotify.duckdb").stat().st_size)
    for number in range(scale.runs):
        say(f"rebuild: one genre-day more, {number + 1}/{scale.runs}")
        publish_one(measured, folder, days + number, tracks)
    return [_ways(ways), _one_day(measured, tracks)]


def made(folder: Path, genres: int, days: int, tracks: int) -> list[Way]:
    """All ways over a lake that is there: ours, the floor, the peer."""
    rows = genres * days * tracks
    say("rebuild: ours")
    (_, wall_s, cpu_s, _), whole = call("publishing", folder)
    ways = [Way("ours", rows, Cost(wall_s, cpu_s, whole.peak_bytes))]
    say("rebuild: plain DuckDB")
    (wall_s, cpu_s), whole = call("plain_duckdb", folder / "lake", folder / "plain.duckdb")
    ways.append(Way("plain DuckDB, nothing checked", rows, Cost(wall_s, cpu_s, whole.peak_bytes)))
    (folder / "plain.duckdb").unlink()
    say("rebuild: pandas")
    (wall_s, cpu_s, read), whole = call(
        "plain_pandas", folder / "lake", folder / "plain.sqlite", max(1, genres // PEER_PART)
    )
    ways.append(Way("pandas, to_sql into SQLite", read, Cost(wall_s, cpu_s, whole.peak_bytes)))
    (folder / "plain.sqlite").unlink()
    return ways


def _ways(ways: Sequence[Way]) -> Table:
    shown = table(
        "rebuild: all rankings and star tables",
        "",
        "track rows",
        "wall s",
        "CPU s",
        "peak",
        "rows/s",
    )
    for way in ways:
        cost = way.cost
        cells = (f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", gib(cost.peak_bytes))
        shown.add_row(way.name, f"{way.rows:,}", *cells, f"{way.rows_per_s:,.0f}")
    ours, floor, peer = ways
    to_floor, to_peer = (ours.rows_per_s / other.rows_per_s for other in (floor, peer))
    wall_s, peak = ours.cost.wall_s, ours.cost.peak_bytes
    return caption(
        shown,
        [
            verdict("ours", f"{wall_s:.0f} s", f"< {TARGET_S} s", is_met=wall_s < TARGET_S),
            verdict("peak memory", gib(peak), f"< {gib(TARGET_BYTES)}", is_met=peak < TARGET_BYTES),
            verdict(
                "speed, of plain DuckDB's",
                f"{to_floor:.2f}",
                f">= {TARGET_FLOOR}",
                is_met=to_floor >= TARGET_FLOOR,
            ),
            verdict(
                "speed, of pandas'",
                f"x {to_peer:.1f}",
                f">= x {TARGET_PEER}",
                is_met=to_peer >= TARGET_PEER,
            ),
        ],
    )


def _one_day(measured: Measured, tracks: int) -> Table:
    shown = table(
        f"rebuild: publishing one genre-day of {tracks:,} tracks into {gib(measured.bytes)}",
        "",
        "median (min–max)",
    )
    wall = Spread.of(cost.wall_s for cost in measured.publications)
    swap = Spread.of(measured.swaps)
    shown.add_row("wall s", seconds(wall))
    shown.add_row("CPU s", seconds(Spread.of(cost.cpu_s for cost in measured.publications)))
    shown.add_row("peak memory", gib(max(cost.peak_bytes for cost in measured.publications)))
    shown.add_row("of it the swap, ms", f"{swap.median * 1000:.1f}")
    is_met = (wall.median < TARGET_PUBLISH_S, swap.most < TARGET_SWAP_S)
    return caption(
        shown,
        [
            verdict(
                "publishing", f"{wall.median:.1f} s", f"< {TARGET_PUBLISH_S} s", is_met=is_met[0]
            ),
            verdict(
                "the swap",
                f"{swap.most * 1000:.1f} ms",
                f"< {TARGET_SWAP_S * 1000:.0f} ms",
                is_met=is_met[1],
            ),
        ],
    )
