"""Servers end with the process that started them, whatever ends that or one of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROC = Path("/proc")
SOON_SECONDS = 60.0
STARTER = """
import signal, sys
from spotify_assets.commands import supervisor
signal.signal(signal.SIGTERM, signal.default_int_handler)
with open(sys.argv[1], "a+b") as kept:
    sys.exit(supervisor.run([["sh", "-c", sys.argv[2]]], keep=kept.fileno()))
"""
pytestmark = pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked for in /proc")


def test_servers_and_what_they_started_end_when_their_starter_is_killed(tmp_path: Path) -> None:
    with starter(tmp_path, "sleep 600 & trap '' INT; sleep 600") as process:
        held = holders(tmp_path / "mark", 2)
        process.kill()

        assert process.wait() == -signal.SIGKILL
        until_gone(held)


def test_servers_end_when_the_process_between_is_killed(tmp_path: Path) -> None:
    with starter(tmp_path, "sleep 600 & sleep 600") as process:
        held = holders(tmp_path / "mark", 2)
        [between] = [
            pid
            for pid in children(process.pid)
            if "spotify_assets.commands.supervisor" in name(pid)
        ]
        os.kill(between, signal.SIGKILL)

        assert process.wait(SOON_SECONDS) != 0
        until_gone(held)


def test_kill_ends_the_servers_and_is_no_failure(tmp_path: Path) -> None:
    with starter(tmp_path, "sleep 600 & exec sleep 600") as process:
        held = holders(tmp_path / "mark", 2)
        process.terminate()

        assert process.wait(SOON_SECONDS) == 0
        until_gone(held)


@pytest.mark.parametrize("ending", ["exit 0", "exit 75", "kill -9 $$"])
def test_a_server_that_ends_by_itself_is_a_failure(tmp_path: Path, ending: str) -> None:
    with starter(tmp_path, f"sleep 600 & {ending}") as process:
        assert process.wait(SOON_SECONDS) == 1
    assert not [pid for pid in processes() if str(tmp_path) in environment(pid)]


@contextmanager
def starter(folder: Path, script: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs one server; every process below it has the folder in its environment."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder / "kept"), f"touch {folder}/mark; {script}"],
        env=os.environ | {"TEST_FOLDER": str(folder)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pid in processes():
            if str(folder) in environment(pid):
                os.kill(pid, signal.SIGKILL)


def holders(mark: Path, least: int) -> set[int]:
    """All processes of a family, once the server and what it starts are there."""
    ends = time.monotonic() + SOON_SECONDS
    while time.monotonic() < ends:
        found = {pid for pid in processes() if str(mark.parent) in environment(pid)}
        if mark.exists() and len([pid for pid in found if name(pid).startswith("sleep")]) >= least:
            return found
        time.sleep(0.1)
    raise AssertionError("the servers did not start")


def until_gone(pids: set[int]) -> None:
    ends = time.monotonic() + SOON_SECONDS
    while left := {pid for pid in pids if name(pid)}:
        assert time.monotonic() < ends, {pid: name(pid) for pid in left}
        time.sleep(0.1)


def processes() -> list[int]:
    return [int(folder.name) for folder in PROC.glob("[0-9]*") if int(folder.name) != os.getpid()]


def children(pid: int) -> list[int]:
    stats = {one: read(one, "stat").rpartition(")")[2].split() for one in processes()}
    return [one for one, fields in stats.items() if fields and int(fields[1]) == pid]


def name(pid: int) -> str:
    """Its command line; nothing of a process that has ended."""
    return read(pid, "cmdline").replace("\0", " ")


def environment(pid: int) -> str:
    return read(pid, "environ")


def read(pid: int, file: str) -> str:
    try:
        return (PROC / str(pid) / file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
