"""The file is replaced at once or not at all, whoever reads, publishes, kills or fills the disk."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spotify_assets.lake import Lake, LakeError
from spotify_assets_tests.warehouse.conftest import write_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import ask, day, publish

READER = """
import itertools, sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for line in itertools.chain(["first"], sys.stdin):
        print(connection.sql("SELECT count(*) FROM processed.tracks").fetchone()[0], flush=True)
"""
"""Asks as often as it reads a line, by one connection; the first time unasked."""


def _publish_days(lake: Lake, database: Path, genre: str) -> None:
    for number in range(3):
        write_genre_day(lake, day(number, genre), ["a"])
        publish(lake, database)


def _publish_for_ever(lake: Lake, database: Path) -> None:
    for number in range(10_000):
        write_genre_day(lake, day(1), ["a", "b"] if number % 2 else ["a", "b", "c"])
        publish(lake, database)


def _publish_with_little_space(lake: Lake, database: Path, limit: int) -> str:
    """In a process whose files may not grow past ``limit`` bytes: as on a disk that is full."""
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from spotify_assets.lake import Lake, LakeError\n"
        "from spotify_assets_tests.warehouse.publication.test_publish import publish\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try: publish(Lake(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "except LakeError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(lake.root), str(database), str(limit)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_a_reader_that_never_closes_sees_its_state_and_keeps_nobody_waiting(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        seen = [reader.stdout.readline()]
        for number in range(1, 4):
            write_genre_day(lake, day(number), ["a", "b"])
            assert publish(lake, database).loaded == [day(number)]
            reader.stdin.write("again\n")
            reader.stdin.flush()
            seen.append(reader.stdout.readline())
        reader.stdin.close()
    assert seen == ["1\n"] * 4
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(7,)]


SHARING = """
truncate -s 400M "$1/disk" && mkfs.xfs -q "$1/disk" && mkdir "$1/mounted" || exit 1
mount -o loop "$1/disk" "$1/mounted" || exit 1
"$2" -c "$3" "$1/mounted"
found=$?
umount "$1/mounted" && exit $found
"""
"""Runs a program on an XFS of its own, which nobody else sees."""

REPLACED = """
import shutil, sys
from pathlib import Path
import duckdb
from spotify_assets.warehouse.publication.replacing import replacing
file = Path(sys.argv[1], "spotify.duckdb")
with duckdb.connect(file) as connection:
    connection.sql("CREATE TABLE t AS SELECT hash(range) AS h FROM range(8_000_000)")
kept = file.with_name("kept.duckdb")
kept.hardlink_to(file)
free = shutil.disk_usage(file.parent).free
with replacing(file, compact=False) as connection:
    connection.execute("INSERT INTO t VALUES (1)")
print(kept.stat().st_size, free - shutil.disk_usage(file.parent).free)
for one, rows in ((kept, 8_000_000), (file, 8_000_001)):
    with duckdb.connect(one, read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM t").fetchall() == [(rows,)], one
"""


@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mkfs.xfs"), reason="needs root and xfsprogs"
)
def test_where_the_file_system_shares_blocks_a_publication_takes_only_what_it_changes(
    tmp_path: Path,
) -> None:
    run = ["unshare", "-m", "sh", "-c", SHARING, "sh", str(tmp_path), sys.executable, REPLACED]
    process = subprocess.run(run, capture_output=True, text=True, check=False)
    if "mount:" in process.stderr:
        pytest.skip(f"cannot mount an XFS here: {process.stderr.strip()}")
    assert process.returncode == 0, process.stderr
    size, taken = map(int, process.stdout.splitlines()[-1].split())
    assert size > 50_000_000
    assert taken < size / 5


@pytest.mark.slow
def test_two_that_publish_at_once_take_turns_and_lose_nothing(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    spawn = multiprocessing.get_context("spawn")
    both = [
        spawn.Process(target=_publish_days, args=(lake, database, genre))
        for genre in ("rock", "samba")
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    found = ask(database, "SELECT genre, count(*) FROM processed.tracks GROUP BY 1 ORDER BY 1")
    assert found == [("rock", 3), ("samba", 3)]


def test_a_place_that_cannot_be_written_is_a_clear_error(lake: Lake, tmp_path: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match=r"Cannot write the warehouse .* Free space"):
        publish(lake, tmp_path / "file" / "spotify.duckdb")


@pytest.mark.parametrize("room", [0, pytest.param(-1_000_000, marks=pytest.mark.slow)])
def test_a_full_disk_is_a_clear_error_and_the_old_state_stays(
    lake: Lake, database: Path, room: int
) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    before = database.read_bytes()
    write_genre_day(lake, day(1), ["b"])
    said = _publish_with_little_space(lake, database, len(before) + room)
    assert "Cannot write the warehouse" in said
    assert database.read_bytes() == before
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(2,)]


@pytest.mark.parametrize(
    "moment",
    [pytest.param(0.0, marks=pytest.mark.slow), 0.05, pytest.param(0.15, marks=pytest.mark.slow)],
)
def test_a_kill_in_the_middle_leaves_a_whole_file(
    lake: Lake, database: Path, moment: float
) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    spawn = multiprocessing.get_context("spawn")
    copy = database.with_name(f".{database.name}.next")
    process = spawn.Process(target=_publish_for_ever, args=(lake, database))
    process.start()
    deadline = time.monotonic() + 60
    while not copy.exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(moment)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    rows = ask(database, "SELECT count(*) FROM processed.tracks WHERE date = '2026-11-16'")
    assert rows == [(1,)]
    write_genre_day(lake, day(1), ["z"])
    publish(lake, database)
    assert ask(database, "SELECT name FROM rankings.top_tracks WHERE date = '2026-11-17'") == [
        ("z",)
    ]


@pytest.mark.parametrize("least", [40, pytest.param(300, marks=pytest.mark.slow)])
def test_readers_are_never_kept_out_and_never_see_a_mixture(
    lake: Lake, database: Path, least: int
) -> None:
    write_genre_day(lake, day(0), ["a"])
    write_genre_day(lake, day(1), ["a", "b"])
    publish(lake, database)
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_publish_for_ever, args=(lake, database))
    process.start()
    try:
        states: set[tuple[object, ...]] = set()
        reads, deadline = 0, time.monotonic() + 120
        # Until both states were seen; the other process takes its time to start on a busy machine.
        while (len(states) < 2 or reads < least) and time.monotonic() < deadline:
            reads += 1
            states.add(
                ask(
                    database,
                    "SELECT (SELECT count(*) FROM processed.tracks), "
                    "(SELECT count(*) FROM rankings.top_tracks), "
                    "(SELECT count(*) FROM star.fact_track_daily), "
                    "(SELECT count(*) FROM star.dim_track)",
                )[0]
            )
        assert process.is_alive()
    finally:
        process.kill()
        process.join()
    assert states == {(3, 3, 3, 2), (4, 4, 4, 3)}
