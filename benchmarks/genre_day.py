"""Bench ``genre_day``: one genre-day, raw to published, as a Dagster run from the command line.

The sandbox is another process; what its answers took is in the raw file and is left out.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from benchmarks.measuring import BenchmarkError, Cost, Spread, call, run
from benchmarks.reporting import caption, gib, say, seconds, table, verdict
from benchmarks.sandbox import answering
from benchmarks.scale import Scale
from spotify_assets.lake.raw import read_exchanges

TARGET_S, TARGET_OWN_S = 8, 1.5
ARTISTS = 50


Parts = dict[str, Cost]
"""What each part took, by its name."""


@dataclass
class Measured:
    """What was measured, each time."""

    commands: list[Cost] = field(default_factory=list)
    api: list[float] = field(default_factory=list)
    """Seconds of all answers."""
    responses: int = 0
    imports: list[Parts] = field(default_factory=list)
    cold: list[Parts] = field(default_factory=list)
    warm: list[Parts] = field(default_factory=list)


def bench(scale: Scale, folder: Path) -> list[Table]:
    """The command, the imports alone, our own code alone, in turns."""
    measured = Measured()
    with answering(scale.sandbox_tracks) as sandbox:
        if not scale.is_smoke:
            say("genre_day: once without counting")
            _command(Measured(), sandbox.url, _new(folder / "first"), scale)
        for number in range(scale.runs):
            say(f"genre_day: {number + 1}/{scale.runs}")
            each = _new(folder / str(number))
            _command(measured, sandbox.url, each, scale)
            _imports(measured)
            passes, _ = call(
                "steps", sandbox.url, each / "own", scale.genre_day_tracks, 1 + scale.warm_passes
            )
            measured.cold.append(_parts(passes[0]))
            measured.warm.extend(map(_parts, passes[1:]))
    return [_whole(measured, scale), _own(measured, scale)]


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _command(measured: Measured, url: str, folder: Path, scale: Scale) -> None:
    data = folder / "data"
    finished = run(
        [
            *(sys.executable, "-m", "spotify_assets", "collect", "--sandbox", url),
            *("-g", "rock", "-n", str(ARTISTS), "-t", str(scale.genre_day_tracks)),
        ],
        cwd=folder,
        environment={"SPOTIFY_ASSETS_DATA_DIR": str(data)},
    )
    sealed = list(data.glob("lake/raw/catalog/*/*/*.jsonl.zst"))
    if len(sealed) != 1 or not (data / "spotify.duckdb").exists():
        raise BenchmarkError(f"The genre-day was not published:\n{finished.output}")
    exchanges = list(read_exchanges(sealed[0]))
    measured.commands.append(finished.cost)
    measured.api.append(sum(one.response.elapsed_ms for one in exchanges) / 1000)
    measured.responses = len(exchanges)


def _imports(measured: Measured) -> None:
    taken, whole = call("imports")
    groups = _parts(taken)
    start = whole - _sum(groups)
    measured.imports.append({"Python itself, start and end": start, **groups})


def _parts(taken: list[tuple[str, float, float]]) -> Parts:
    return {name: Cost(wall_s, cpu_s) for name, wall_s, cpu_s in taken}


def _sum(parts: Parts) -> Cost:
    return sum(parts.values(), Cost())


def _whole(measured: Measured, scale: Scale) -> Table:
    api = [Cost(seconds_of_api) for seconds_of_api in measured.api]
    without = [whole - asked for whole, asked in zip(measured.commands, api, strict=True)]
    imports = [_sum(parts) for parts in measured.imports]
    own = [_sum(parts) for parts in measured.cold]
    # What is no import and no code of ours.
    rest = [
        whole - before - ours for whole, before, ours in zip(without, imports, own, strict=True)
    ]
    shown = table(
        f"genre_day: rock, {ARTISTS} artists, {scale.genre_day_tracks:,} tracks, in an empty data "
        f"folder, {scale.runs} runs, median (min–max)",
        "spotify-assets collect",
        "wall s",
        "CPU s",
    )
    _add(shown, "the whole command", measured.commands)
    shown.add_row(f"− the API, {measured.responses} responses", seconds(Spread.of(measured.api)))
    _add(shown, "= without the API", without, style="bold")
    _add(shown, "imports, measured alone", imports)
    for name in measured.imports[0]:
        _add(shown, f"  {name}", [parts[name] for parts in measured.imports])
    _add(shown, "our own code, first pass", own)
    _add(shown, "the rest: Dagster's own", rest)
    median = Spread.of(cost.wall_s for cost in without).median
    return caption(
        shown,
        [
            verdict(
                "without the API", f"{median:.1f} s", f"< {TARGET_S} s", is_met=median < TARGET_S
            ),
            f"peak memory: {gib(max(cost.peak_bytes for cost in measured.commands))}",
        ],
    )


def _own(measured: Measured, scale: Scale) -> Table:
    shown = table(
        f"genre_day: our own code without Dagster, {scale.runs} processes, each with "
        f"{scale.warm_passes} warm passes",
        "step",
        "first pass, wall s",
        "CPU s",
        "warm, wall s",
        "CPU s",
    )
    for name in measured.cold[0]:
        _add(
            shown,
            name,
            [parts[name] for parts in measured.cold],
            [parts[name] for parts in measured.warm],
        )
    cold, warm = [[_sum(parts) for parts in passes] for passes in (measured.cold, measured.warm)]
    _add(shown, "all", cold, warm, style="bold")
    median = Spread.of(cost.wall_s for cost in warm).median
    met = verdict(
        "our own code, warm",
        f"{median:.2f} s",
        f"< {TARGET_OWN_S} s",
        is_met=median < TARGET_OWN_S,
    )
    return caption(shown, [met])


def _add(shown: Table, name: str, *columns: list[Cost], style: str = "") -> None:
    """A row with wall and CPU seconds of each."""
    cells = []
    for costs in columns:
        cells.append(seconds(Spread.of(cost.wall_s for cost in costs)))
        cells.append(seconds(Spread.of(cost.cpu_s for cost in costs)))
    shown.add_row(name, *cells, style=style)
