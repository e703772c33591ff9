"""Bench ``demo``: ``spotify-assets demo``, each time in an empty data folder."""

import sys
from pathlib import Path

from rich.table import Table

from benchmarks.measuring import Spread, run
from benchmarks.reporting import caption, gib, say, seconds, table, verdict
from benchmarks.scale import Scale

TARGET_S = 60


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Run it, from the shell's point of view."""
    costs = []
    for number in range(scale.demos):
        say(f"demo: {number + 1}/{scale.demos}")
        data = folder / str(number)
        finished = run(
            [sys.executable, "-m", "spotify_assets", "demo"],
            cwd=folder,
            environment={"SPOTIFY_ASSETS_DATA_DIR": str(data)},
        )
        costs.append(finished.cost)
    wall = Spread.of(cost.wall_s for cost in costs)
    shown = table(
        f"demo: 4 genres, 7 days, {scale.demos} runs, median (min–max)",
        "in an empty data folder",
        "wall s",
        "CPU s",
        "peak memory",
    )
    shown.add_row(
        "spotify-assets demo",
        seconds(wall),
        seconds(Spread.of(cost.cpu_s for cost in costs)),
        gib(max(cost.peak_bytes for cost in costs)),
    )
    met = verdict("slowest", f"{wall.most:.1f} s", f"< {TARGET_S} s", is_met=wall.most < TARGET_S)
    return [caption(shown, [met])]
