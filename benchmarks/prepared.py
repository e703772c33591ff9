"""Program: what a genre-day costs in lakes that are there, so that nothing has to be made first.

``python -m benchmarks.prepared growth <data folder>…`` publishes nothing, then one genre-day more,
in each of the folders in turn, and collects one with the command; the last is held against the
first. ``python -m benchmarks.prepared rebuild <data folder>`` makes the file again, in turn with
plain DuckDB. Each folder has a lake of ``benchmarks.lakes``, and for ``growth`` its file.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth import BEFORE_THE_LAKE, CHANGED_GENRE, TRACKS, _command
from benchmarks.lakes import FIRST_DATE, genre_day
from benchmarks.measuring import Spread, call
from benchmarks.sandbox import answering
from spotify_assets.lake import Lake
from spotify_assets.lake.tables import held_file

TIMES, COMMANDS, REBUILDS = 5, 3, 1
SANDBOX_TRACKS = 2_000
A_TABLE = "processed.tracks"


def next_day(folder: Path) -> tuple[int, int]:
    """The number of the first day that a lake does not have, and its tracks a genre-day."""
    lake = Lake((folder / "lake").resolve())
    genre = genre_day(CHANGED_GENRE, 0).genre
    last = max(lake.log.state(genre).days)
    file = held_file(lake, A_TABLE, genre_day(CHANGED_GENRE, 0))
    return (last - FIRST_DATE).days + 1, (file.rows if file else None) or TRACKS


def growth(folders: Sequence[Path]) -> None:
    """Measure in turn."""
    took: dict[str, dict[Path, list[float]]] = {}

    def note(what: str, folder: Path, seconds: float) -> None:
        took.setdefault(what, {}).setdefault(folder, []).append(seconds)

    for _ in range(TIMES):
        for folder in folders:
            (loaded, wall_s, _, _), _ = call("publishing", folder)
            note(f"nothing to publish ({loaded} genre-days)", folder, wall_s)
            day, tracks = next_day(folder)
            call("lakes", folder / "lake", CHANGED_GENRE, 1, day, 1, tracks)
            (loaded, wall_s, cpu_s, _), _ = call("publishing", folder)
            note(f"published {loaded} genre-day, wall", folder, wall_s)
            note(f"published {loaded} genre-day, CPU", folder, cpu_s)
    with answering(SANDBOX_TRACKS) as sandbox:
        for number in range(1 + COMMANDS):
            for folder in folders:
                days = Lake((folder / "lake").resolve()).log.state("rock").days
                free = [n for n in range(1, 31) if BEFORE_THE_LAKE.format(n) not in map(str, days)]
                cost = _command(folder, sandbox.url, BEFORE_THE_LAKE.format(free[0]), TRACKS)
                if number:
                    note("the command, wall", folder, cost.wall_s)
                    note("the command, CPU", folder, cost.cpu_s)
    for what, by_folder in took.items():
        spreads = [Spread.of(by_folder[folder]) for folder in folders if folder in by_folder]
        shown = ", ".join(f"{one.median:.2f} s ({one.least:.2f}-{one.most:.2f})" for one in spreads)
        print(f"{what}: {shown}, x {spreads[-1].median / spreads[0].median:.2f}")
    for folder in folders:
        print(f"{folder}: {(folder / 'spotify.duckdb').stat().st_size / 2**30:.2f} GiB")


def rebuild(folder: Path) -> None:
    """Make the file again, in turn with plain DuckDB, and say the share of its speed."""
    ours, plain = [], []
    for _ in range(REBUILDS):
        (folder / "spotify.duckdb").unlink(missing_ok=True)
        (wall_s, _, phases), _ = call("rebuilding", folder)
        ours.append(wall_s)
        print(f"ours: {wall_s:.1f} s, {phases}", flush=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            (wall_s, _, phases), _ = call("plain_duckdb", folder / "lake", Path(scratch, "plain"))
        plain.append(wall_s)
        print(f"plain DuckDB: {wall_s:.1f} s, {phases}", flush=True)
    print(f"{min(plain) / min(ours):.2f} of plain DuckDB")


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    folders = [Path(one).resolve() for one in given]
    growth(folders) if what == "growth" else rebuild(*folders)
