"""Bench ``rebuild``: all rankings and star tables from the lake, and one day more of that size.

As a floor, plain DuckDB makes the same tables of the same files by the same queries. As peers,
dbt-duckdb makes them of the processed tables by the same queries, and pandas in its own way, of a
part of the files.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from benchmarks import plain_dbt, questions
from benchmarks.growth import Measured, publish_one
from benchmarks.measuring import BenchmarkError, Cost, Spread, call
from benchmarks.phases import PHASES
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
    cost: Cost = field(default_factory=Cost)
    phases: Mapping[str, float] = field(default_factory=dict)
    """Wall seconds of those of `PHASES` that it has."""
    missing: str = ""
    """Why it was not measured."""

    @property
    def rows_per_s(self) -> float:
        """Track rows a second."""
        return self.rows / self.cost.wall_s

    @property
    def making_s(self) -> float:
        """Wall seconds from the loaded tables on."""
        return sum(self.phases.values()) - self.phases.get("load", 0)


@dataclass
class Ways:
    """All of them."""

    ours: Way
    ranks: Way
    """The rankings and facts of the genre-days: ours finds them in the lake, the peers make them.

    Made by our queries in plain DuckDB.
    """
    floor: Way
    dbt: Way
    pandas: Way
    of_days: Way
    """Ours, from a file for each day of each table, before the months are merged."""

    @property
    def making_s(self) -> float:
        """Wall seconds that ours takes for what the peers make, from the loaded tables on."""
        return self.ours.making_s + self.ranks.making_s


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Make the lake, and the tables once in each way."""
    genres, days, tracks = SMALL if scale.is_smoke else (GENRES, DAYS, TRACKS)
    say(f"rebuild: making a lake of {genres * days * tracks:,} track rows")
    call("lakes", folder / "lake", 0, genres, 0, days, tracks)
    say("rebuild: ours, a file a day")
    of_days = _way("ours, a file a day", genres * days * tracks, *call("rebuilding", folder))
    (folder / "spotify.duckdb").unlink()
    say("rebuild: merging the months")
    merging, _ = call("merging", folder)
    ways = made(folder, of_days, genres)
    measured = Measured(genres * days, ways.ours.cost, (folder / "spotify.duckdb").stat().st_size)
    for number in range(scale.runs):
        say(f"rebuild: one genre-day more, {number + 1}/{scale.runs}")
        publish_one(measured, folder, days + number, tracks)
    questions.listened(folder, scale.tracks // 4)
    answers = questions.asked(folder / "spotify.duckdb", scale.runs)
    return [_merging(*merging), show(ways), _one_day(measured, tracks), answers]


def _merging(files: list[int], size: list[int], wall_s: float, cpu_s: float) -> Table:
    shown = table("rebuild: merging the months", "", "before", "after")
    shown.add_row("files", *(f"{count:,}" for count in files))
    shown.add_row("MB", *(f"{one / 1e6:,.0f}" for one in size))
    return caption(shown, [f"in {wall_s:.0f} s, {cpu_s:.0f} s of CPU"])


def made(folder: Path, of_days: Way, genres: int) -> Ways:
    """All ways over a lake that is there, with merged months: ours, which stays, floor and peers.

    Args:
        folder: The data folder.
        of_days: How ours did before the months were merged.
        genres: How many genres there are.

    Raises:
        BenchmarkError: Ours is there already, or one way failed; that of dbt only says so.
    """
    if (folder / "spotify.duckdb").exists():
        raise BenchmarkError(f"{folder / 'spotify.duckdb'} is there: remove it to make it again.")
    rows = of_days.rows
    say("rebuild: ours")
    ours = _way("ours", rows, *call("rebuilding", folder))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        floor, ranks = _floor(folder / "lake", Path(scratch, "plain.duckdb"), rows)
        dbt = _dbt(folder / "lake", Path(scratch, "dbt"), rows)
        say("rebuild: pandas")
        (wall_s, cpu_s, phases, read), whole = call(
            "plain_pandas",
            *(folder / "lake", Path(scratch, "plain.sqlite"), max(1, genres // PEER_PART)),
        )
        pandas = _way("pandas, to_sql into SQLite", read, (wall_s, cpu_s, phases), whole)
    return Ways(ours, ranks, floor, dbt, pandas, of_days)


def _floor(lake: Path, database: Path, rows: int) -> tuple[Way, Way]:
    """Plain DuckDB, and from what it has loaded the tables of the genre-days."""
    say("rebuild: plain DuckDB")
    floor = _way("plain DuckDB, nothing checked", rows, *call("plain_duckdb", lake, database))
    (wall_s, cpu_s), whole = call("plain_ranks", database)
    took = (wall_s, cpu_s, {"make": wall_s})
    database.unlink()
    return floor, _way("rankings and facts of genre-days", rows, took, whole)


def _dbt(lake: Path, folder: Path, rows: int) -> Way:
    say("rebuild: dbt")
    took, _ = call("plain_dbt", lake, folder)
    if missing := took.get("missing"):
        return Way("dbt-duckdb", rows, missing=missing)
    cost = Cost(took["wall_s"], took["cpu_s"], took["peak_bytes"])
    return Way("dbt-duckdb, nothing checked", rows, cost, took["phases"])


def _way(name: str, rows: int, took: tuple[float, float, Mapping[str, float]], whole: Cost) -> Way:
    wall_s, cpu_s, phases = took
    return Way(name, rows, Cost(wall_s, cpu_s, whole.peak_bytes), phases)


def show(ways: Ways) -> Table:
    """A row for each way, the targets, and what the rows do not have in common."""
    shown = table(
        "rebuild: all rankings and star tables",
        "",
        "track rows",
        *(f"{phase} s" for phase in PHASES),
        "all, wall s",
        "CPU s",
        "peak",
        "rows/s",
    )
    for way in (ways.ours, ways.floor, ways.dbt, ways.pandas, ways.ranks, ways.of_days):
        shown.add_row(*_cells(way))
    return caption(shown, [*_verdicts(ways), *_notes()])


def _cells(way: Way) -> list[str]:
    if way.missing:
        return [f"{way.name}: {escape(way.missing)}"]
    phases = [f"{way.phases[phase]:.1f}" if phase in way.phases else "–" for phase in PHASES]
    cost = way.cost
    whole = [f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", gib(cost.peak_bytes)]
    return [way.name, f"{way.rows:,}", *phases, *whole, f"{way.rows_per_s:,.0f}"]


def _verdicts(ways: Ways) -> list[str]:
    wall_s, peak = ways.ours.cost.wall_s, ways.ours.cost.peak_bytes
    to_floor = ways.ours.rows_per_s / ways.floor.rows_per_s
    lines = [
        verdict(what, f"{took:.0f} s", f"< {TARGET_S} s", is_met=took < TARGET_S)
        for what, took in (
            ("ours, from the files", wall_s),
            ("ours, from the loaded tables, with those of genre-days", ways.making_s),
        )
    ]
    lines += [
        verdict("peak memory", gib(peak), f"< {gib(TARGET_BYTES)}", is_met=peak < TARGET_BYTES),
        verdict(
            "speed, of plain DuckDB's",
            f"{to_floor:.2f}",
            f">= {TARGET_FLOOR}",
            is_met=to_floor >= TARGET_FLOOR,
        ),
    ]
    lines += [
        verdict(what, f"x {ratio:.1f}", f">= x {TARGET_PEER}", is_met=ratio >= TARGET_PEER)
        for what, ratio in _speeds("pandas'", ways, ways.pandas).items()
    ]
    if not ways.dbt.missing:
        speeds = _speeds("dbt-duckdb's", ways, ways.dbt)
        lines += [f"{what}: x {ratio:.1f} (no target)" for what, ratio in speeds.items()]
    return lines


def _speeds(of_whom: str, ways: Ways, peer: Way) -> dict[str, float]:
    """How many times as many rows a second ours does; both make what the peer makes."""
    wall_s = ways.ours.cost.wall_s + ways.ranks.cost.wall_s
    return {
        f"speed, of {of_whom}, from the files": ways.ours.rows / wall_s / peer.rows_per_s,
        f"speed, of {of_whom}, from the loaded tables": (
            (ways.ours.rows / ways.making_s) / (peer.rows / peer.making_s)
        ),
    }


def _notes() -> list[str]:
    return [
        "Ours and plain DuckDB load 12 tables, among them the rankings and facts of genre-days.",
        "dbt and pandas load the 6 that are needed, and make these too: what that takes by our",
        "queries, all genre-days at once, stands in the last row; beside them it is added to ours.",
        f"dbt ({plain_dbt.VERSIONS}, {plain_dbt.THREADS} threads) writes while it makes; all of it",
        "counts its start.",
    ]


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
