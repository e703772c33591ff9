"""Benches ``listening`` and ``listening_large``: export files to published plays.

The exports are those of the sandbox's listener. How good the reconciliation is, is measured against
what that listener really played.
"""

import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import polars as pl
from rich.table import Table

from benchmarks.measuring import Cost, Spread, call, run
from benchmarks.reporting import GIB, caption, gib, say, seconds, table, verdict
from benchmarks.scale import Scale
from spotify_assets.defs.publication import of_plays
from spotify_assets.lake import Lake
from spotify_assets.sandbox.listening import Listener
from spotify_assets.transforms import listening
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.transforms.listening.truth import played, tell_by_export, tell_by_polls

UNTIL = "2026-10-31"
TIME_ZONE = "America/Sao_Paulo"
TARGET_S, TARGET_GIB, TARGET_RATIO = 10, 1, 0.5
LARGE_TARGET_S, LARGE_TARGET_GIB = 180, 2
LARGER = 20
"""How many times as many plays the large bench has."""
STEPS = ("import", "publish", "floor", "notebook")
OURS = ("star.fact_play", "star.dim_item", "star.play_coverage", "monitoring.imports")

TRUE_PLAYS_SHARE = 100
"""The truth has one play for so many tracks of the scale."""
MIN_TRUE_PLAYS = 1000
LOST, BY_START = 0.05, 0.3
POLLED_EVERY = dt.timedelta(minutes=30)
DAYS_AFTER_EXPORT = 10
NEAR = dt.timedelta(seconds=6)
"""Twice what the API's times are off: two plays of a track that are nearer cannot be told apart."""
TARGET_SHARE = 0.999
REPORT = ["api_played_at", "track_id"]
"""The key of a report."""


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
    """The command, our own code without Dagster, the floor and a notebook, in turns; the truth."""
    exports, size = _sample(folder, scale.tracks // 4)
    measured = Measured()
    for number in range(scale.runs):
        say(f"listening: {number + 1}/{scale.runs}")
        each = folder / str(number)
        _command(measured, exports, each / "command")
        for step in ("import", "publish", "floor", "notebook"):
            _step(
                measured,
                step,
                exports,
                each / ("other" if step in ("floor", "notebook") else "own"),
            )
    return [_speed(measured, scale.tracks // 4, size), _truth(scale, folder / "truth")]


def bench_large(scale: Scale, folder: Path) -> list[Table]:
    """The command once, over many plays."""
    plays = scale.tracks // 4 * LARGER
    exports, size = _sample(folder, plays)
    measured = Measured()
    say("listening_large: the command")
    cost = _imported(exports, folder / "data")
    measured.commands.append(cost)
    shown = table(
        f"Listening history: {plays:,} plays, {size / 1e6:,.0f} MB of JSON", "", "wall s", "CPU s"
    )
    _add(shown, "spotify-assets import, empty data folder", measured.commands)
    return [caption(shown, _verdicts(measured.commands, LARGE_TARGET_S, LARGE_TARGET_GIB))]


def _sample(folder: Path, plays: int) -> tuple[Path, int]:
    """Exports of so many plays, and their bytes."""
    say(f"making exports of {plays:,} plays")
    exports = folder / "exports"
    words = ("sample-history", str(exports), "--plays", str(plays), "--until", UNTIL)
    run([sys.executable, "-m", "spotify_assets", *words])
    return exports, sum(path.stat().st_size for path in exports.rglob("*.json"))


def _imported(exports: Path, data: Path) -> Cost:
    data.mkdir(parents=True, exist_ok=True)
    return run(
        [sys.executable, "-m", "spotify_assets", "import", str(exports)],
        cwd=data,
        environment={"SPOTIFY_ASSETS_DATA_DIR": str(data)},
    ).cost


def _command(measured: Measured, exports: Path, data: Path) -> None:
    measured.commands.append(_imported(exports, data))
    database, before = data / "spotify.duckdb", data / "before.duckdb"
    before.write_bytes(database.read_bytes())
    measured.again.append(_imported(exports, data))
    measured.changed += _changed(before, database)


def _changed(before: Path, after: Path) -> int:
    """Rows that are in one of two files and not in the other."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{before}' AS b (READ_ONLY); ATTACH '{after}' AS a (READ_ONLY)")
        counts = [
            connection.execute(
                f"SELECT count(*) FROM ((FROM {one}.{name} EXCEPT ALL FROM {other}.{name}))"
            ).fetchall()[0][0]
            for name in OURS
            for one, other in (("a", "b"), ("b", "a"))
        ]
    return int(sum(counts))


def _step(measured: Measured, step: str, exports: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    taken, whole = call("listening_steps", step, exports, folder)
    cost = Cost(taken["wall_s"], taken["cpu_s"], whole.peak_bytes)
    measured.steps.setdefault(step, []).append(cost)


def _speed(measured: Measured, plays: int, size: int) -> Table:
    shown = table(
        f"Listening history: {plays:,} plays, {size / 1e6:,.0f} MB of JSON; "
        f"{len(measured.commands)} runs, median (min–max)",
        "",
        *("wall s", "CPU s", "plays/s", "peak memory"),
    )
    steps = measured.steps
    own = [one + two for one, two in zip(steps["import"], steps["publish"], strict=True)]
    rows = {
        "spotify-assets import, empty data folder": measured.commands,
        "the same again": measured.again,
        "without Dagster: import": steps["import"],
        "without Dagster: publish": steps["publish"],
        "without Dagster: both": own,
        "floor: plain DuckDB, typed, one Parquet file": steps["floor"],
        "a notebook: json, Pandas, drop_duplicates": steps["notebook"],
    }
    for name, costs in rows.items():
        wall = _median(costs)
        peak = gib(max(cost.peak_bytes for cost in costs))
        _add(shown, name, costs, f"{plays / wall:,.0f}", peak)
    floor = _median(steps["floor"])
    ratios = {
        name: floor / _median(costs)
        for name, costs in (("import", steps["import"]), ("import and publish", own))
    }
    return caption(
        shown,
        [
            *_verdicts(measured.commands, TARGET_S, TARGET_GIB),
            *(
                verdict(
                    f"throughput of {name}, to that of the floor",
                    f"{ratio:.2f}",
                    f"≥ {TARGET_RATIO}",
                    is_met=ratio >= TARGET_RATIO,
                )
                for name, ratio in ratios.items()
            ),
            verdict(
                "rows that a second import changes",
                str(measured.changed),
                "0",
                is_met=not measured.changed,
            ),
        ],
    )


def _verdicts(commands: Sequence[Cost], target_s: float, target_gib: float) -> list[str]:
    wall, peak = _median(commands), max(cost.peak_bytes for cost in commands)
    return [
        verdict("the command", f"{wall:.1f} s", f"< {target_s} s", is_met=wall < target_s),
        verdict("peak memory", gib(peak), f"< {target_gib} GiB", is_met=peak < target_gib * GIB),
    ]


def _median(costs: Sequence[Cost]) -> float:
    return Spread.of(cost.wall_s for cost in costs).median


def _add(shown: Table, name: str, costs: Sequence[Cost], *more: str) -> None:
    wall, cpu = (
        Spread.of(values) for values in zip(*((c.wall_s, c.cpu_s) for c in costs), strict=True)
    )
    shown.add_row(name, seconds(wall), seconds(cpu), *more)


def _truth(scale: Scale, folder: Path) -> Table:
    """Whether every true play is there once, and each report is held against the right one."""
    number = max(scale.tracks // TRUE_PLAYS_SHARE, MIN_TRUE_PLAYS)
    say(f"listening: the truth of {number:,} plays")
    listener = Listener(lost_share=LOST, start_share=BY_START)
    plays = played(listener, number, dt.datetime.fromisoformat(UNTIL))
    first, last = plays["ended_at"][0], plays["ended_at"][-1]
    asked_at = last - dt.timedelta(days=DAYS_AFTER_EXPORT)
    lake, database = Lake(folder / "lake"), folder / "spotify.duckdb"
    tell_by_export(lake, plays, folder / "exports", asked_at)
    shown = tell_by_polls(lake, plays, first, last, POLLED_EVERY)
    matched = _matched(lake, database)
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.table("star.fact_play").count("*").fetchall()[0][0]

    exported, reported = (frame.filter(pl.col("ended_at") < asked_at) for frame in (plays, shown))
    expected = exported.height + shown.height - reported.height
    unclear = _unclear(reported, exported)
    wrong = _wrong(reported, matched).join(unclear, on=REPORT, how="anti")
    share = 1 - wrong.height / (reported.height - unclear.height)
    made = table(
        f"Reconciliation: {number:,} true plays; the API loses {LOST:.0%}, gives {BY_START:.0%} by "
        f"their start, and is polled every {POLLED_EVERY.seconds // 60} min",
        "",
        "plays",
    )
    for name, counted in {
        "in the export": exported.height,
        "reported after its end": expected - exported.height,
        "in star.fact_play": found,
        "reported, and in the export": reported.height,
        "  matched": matched.height,
        "  cannot be told apart from another play of the track": unclear.height,
        "  of the others: matched to another play, or to none": wrong.height,
    }.items():
        made.add_row(name, f"{counted:,}")
    extra, target = found - expected, f"≥ {TARGET_SHARE:.1%}"
    return caption(
        made,
        [
            verdict("right matches", f"{share:.3%}", target, is_met=share >= TARGET_SHARE),
            verdict("plays counted twice (or lost)", f"{extra:+d}", "0", is_met=not extra),
        ],
    )


def _matched(lake: Lake, database: Path) -> pl.DataFrame:
    """Publish; which report was held against which row of the export."""
    taken: list[pl.DataFrame] = []

    def derive(connection: duckdb.DuckDBPyConnection) -> None:
        listening.derive(connection)
        taken.append(
            connection.sql(
                "SELECT r.played_at AS api_played_at, r.track_id, e.ended_at, e.ms_played "
                "FROM same_reported JOIN reported AS r USING (report_id) "
                "JOIN export_rows AS e USING (row_id)"
            ).pl()
        )

    plays = replace(of_plays(), derive=derive)
    publish(lake, database, {}, None, [plays], time_zone=TIME_ZONE)
    return taken[0].with_columns(pl.col("api_played_at", "ended_at").cast(pl.Datetime("ms")))


def _wrong(reported: pl.DataFrame, matched: pl.DataFrame) -> pl.DataFrame:
    """The reports that were not held against their play; a time of an export is a second."""
    true = reported.with_columns(pl.col("ended_at").dt.truncate("1s"))
    return true.join(matched, on=[*REPORT, "ended_at", "ms_played"], how="anti")


def _unclear(reported: pl.DataFrame, exported: pl.DataFrame) -> pl.DataFrame:
    """Reports at whose time another play of the same track ends or begins too."""
    others = exported.select("track_id", other_start="started_at", other_end="ended_at")
    return (
        reported.join(others, on="track_id")
        .filter(
            pl.col("other_end") != pl.col("ended_at"),
            _is_near("other_start") | _is_near("other_end"),
        )
        .unique(["api_played_at", "track_id"])
    )


def _is_near(name: str) -> pl.Expr:
    return (pl.col("api_played_at") - pl.col(name)).abs() <= NEAR
