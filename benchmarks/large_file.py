"""Program: what a publication takes in a large file, sharing the blocks of the old one or copying.

``python -m benchmarks.large_file <empty folder> <GiB>``: a lake of ten genre-days, whose published
file gets a table besides that makes it so large; then one genre-day more each time. Only what grows
with the bytes of the file is measured, not what grows with its rows.
"""

import fcntl
import sys
from pathlib import Path
from unittest import mock

import duckdb

from benchmarks.lakes import write
from benchmarks.measuring import taking
from benchmarks.reporting import GIB, gib
from spotify_assets.defs.publication import of_plays, queries
from spotify_assets.lake import Lake
from spotify_assets.warehouse.publication.publish import publish

DAYS, TRACKS, TIMES = 10, 1_000, 2
BLOCK = 262_000
"""Bytes of a value, which fills a block of DuckDB."""


def _written() -> int:
    """Bytes that this process has had written, or is to have."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _publish(lake: Lake, file: Path, how: str) -> None:
    before = _written()
    with taking() as cost:
        publish(lake, file, queries(), None, [of_plays()])
    written = _written() - before
    print(
        f"{how}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s, {gib(written)} written, "
        f"the file {gib(file.stat().st_size)}",
        flush=True,
    )


def main() -> None:
    """Measure."""
    folder, size = Path(sys.argv[1]).resolve(), float(sys.argv[2]) * GIB
    lake, file = Lake(folder / "lake"), folder / "spotify.duckdb"
    write(lake, range(1), range(DAYS), TRACKS)
    _publish(lake, file, "made")
    write(lake, range(1), range(DAYS, DAYS + 1), TRACKS)
    _publish(lake, file, "small")
    with duckdb.connect(file) as connection:
        connection.execute("CREATE SCHEMA padding")
        connection.execute(
            "CREATE TABLE padding.blocks AS "
            f"SELECT repeat(chr(65 + (i % 26)::INT), {BLOCK}) AS block "
            f"FROM range({size // BLOCK:.0f}) AS t (i)"
        )
    for day in range(DAYS + 1, DAYS + 1 + 2 * TIMES, 2):
        write(lake, range(1), range(day, day + 1), TRACKS)
        _publish(lake, file, "as the file system can")
        write(lake, range(1), range(day + 1, day + 2), TRACKS)
        with mock.patch.object(fcntl, "ioctl", side_effect=OSError):
            _publish(lake, file, "copied")


if __name__ == "__main__":
    main()
