"""Bench ``readers``: processes that read at full speed while the file is published again and again.

Each read opens the file, asks what must agree across tables, and closes it. One reader never closes
its connection: it must see the same state to the end, and must not keep a publication waiting.
"""

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks.measuring import BenchmarkError, Child, Spread, call, started
from benchmarks.reporting import caption, say, seconds, table, verdict
from benchmarks.scale import Scale


@dataclass(frozen=True)
class Size:
    """How much is read and published."""

    readers: int
    """Beside the one that never closes."""
    publications: int
    seconds: int
    """Over which they are spread, at least."""
    genres: int
    days: int
    tracks: int


SOAK = Size(readers=8, publications=100, seconds=120, genres=20, days=30, tracks=100)
SMOKE = Size(readers=2, publications=3, seconds=3, genres=3, days=2, tracks=20)


@dataclass(frozen=True)
class Seen:
    """What one reader saw."""

    reads: int
    errors: int
    inconsistent: int
    states: int


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Begin to read, publish, end to read."""
    size = SMOKE if scale.is_smoke else SOAK
    say(f"readers: making a lake of {size.genres * size.days:,} genre-days")
    call("lakes", folder / "lake", 0, size.genres, 0, size.days, size.tracks)
    call("publishing", folder)
    end = folder / "end"
    reader = [sys.executable, "-m", "benchmarks.reading", str(folder / "spotify.duckdb"), str(end)]
    with ExitStack() as stack:
        readers = [stack.enter_context(started(reader)) for _ in range(size.readers)]
        held = stack.enter_context(started([*reader, "held"]))
        say(f"readers: {size.publications} publications beside {size.readers} readers")
        changed = size.publications, size.seconds, size.genres, 2 * size.tracks
        published, cost = call("rewriting", folder, *changed)
        end.touch()
        seen = [_seen(one) for one in readers]
        return [_table(size, seen, _seen(held), published, cost.wall_s)]


def _seen(reader: Child) -> Seen:
    output = reader.read()
    if reader.wait():
        raise BenchmarkError(f"A reader ended:\n{reader.errors()}")
    return Seen(**json.loads(output))


def _table(
    size: Size, seen: list[Seen], held: Seen, published: list[float], wall_s: float
) -> Table:
    shown = table(
        f"readers: {size.publications} publications in {wall_s:.0f} s",
        "",
        f"{size.readers} readers",
        "one that never closes",
    )
    wrong = {}
    for name in ("reads", "errors", "inconsistent"):
        counts = [getattr(one, name) for one in seen]
        shown.add_row(name, f"{sum(counts):,}", f"{getattr(held, name):,}")
        wrong[name] = sum(counts) + getattr(held, name)
    least = min(one.states for one in seen)
    shown.add_row("states seen, the fewest of a reader", f"{least}", f"{held.states}")
    publishing = Spread.of(published)
    shown.add_row("a publication, s", seconds(publishing))
    lines = [
        verdict(name, str(wrong[name]), "0", is_met=not wrong[name])
        for name in ("errors", "inconsistent")
    ]
    lines.append(
        verdict(
            "states that the one who never closes saw",
            f"{held.states}",
            "1",
            is_met=held.states == 1,
        )
    )
    return caption(shown, lines)
