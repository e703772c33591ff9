"""Bench ``backfill``: a month of six genres made again from raw, as one command.

The same work by our own functions, without Dagster, beside it: the rest is Dagster and its events.
"""

import sys
from pathlib import Path

from rich.table import Table

from benchmarks.again import GENRES, LAST_DAY, TRACKS, genre_days
from benchmarks.measuring import BenchmarkError, Spread, call, run
from benchmarks.reporting import caption, say, seconds, table, verdict
from benchmarks.sandbox import answering
from benchmarks.scale import Scale

DAYS, TARGET_S = 30, 30


def bench(scale: Scale, folder: Path) -> list[Table]:
    """The command and our own code, in turns, over the same raw responses."""
    days = 2 if scale.is_smoke else DAYS
    data = folder / "data"
    with answering(scale.sandbox_tracks) as sandbox:
        say(f"backfill: collecting {len(genre_days(days))} genre-days")
        finished = run(
            [sys.executable, "-m", "benchmarks.again", str(data), str(days), sandbox.url]
        )
        if not any(data.glob("lake/raw/catalog/*/*/*.jsonl.zst")):
            raise BenchmarkError(f"Nothing was collected:\n{finished.output}")
    whole, own = [], []
    for number in range(scale.runs):
        say(f"backfill: {number + 1}/{scale.runs}")
        whole.append(_command(folder, data, days))
        parts, _ = call("again", data, days)
        own.append(sum(wall_s for _, wall_s, _ in parts))
    median, ours = Spread.of(whole), Spread.of(own)
    shown = table(
        f"backfill: {days} days x {len(GENRES)} genres x {TRACKS} tracks from raw, {scale.runs} "
        "runs, median (min–max)",
        "",
        "seconds",
    )
    shown.add_row("spotify-assets backfill", seconds(median))
    shown.add_row("our own code, without Dagster", seconds(ours))
    share = f"{1 - ours.median / median.median:.0%}"
    shown.add_row("share of imports, Dagster and its events", share)
    is_met = median.median < TARGET_S
    met = verdict("the command", f"{median.median:.1f} s", f"< {TARGET_S} s", is_met=is_met)
    return [caption(shown, [met])]


def _command(folder: Path, data: Path, days: int) -> float:
    begins = genre_days(days)[days - 1].date
    finished = run(
        [
            *(sys.executable, "-m", "spotify_assets", "backfill", "-d", f"{begins}..{LAST_DAY}"),
            *(word for genre in GENRES for word in ("-g", genre)),
        ],
        cwd=folder,
        environment={"SPOTIFY_ASSETS_DATA_DIR": str(data)},
    )
    if f"{len(genre_days(days))}\t0" not in finished.output.replace("\r", ""):
        raise BenchmarkError(f"Not all was made:\n{finished.output}")
    return finished.cost.wall_s
