"""The command as a user starts it, on a terminal or as a server.

A server is a process with descendants, which all end with the test.

Does not belong here: what is said to them (``house``).
"""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from spotify_assets_tests.end_to_end.conftest import environment

T = TypeVar("T")
PROC = Path("/proc")
TO_END_SECONDS = 30.0
SHOWN = 6_000
"""Characters of a log, its end, that a test which fails shows."""


def until(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """What `look` gives as soon as that is something."""
    ends = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > ends:
            raise AssertionError(f"Not within {seconds:g} s: {what}. It is {found!r}.")
        time.sleep(0.5)


def typed(keys: bytes, *words: str, data_dir: Path, **more: str) -> str:
    """What `spotify-assets` with these words shows on a terminal where somebody types."""
    data_dir.mkdir(parents=True, exist_ok=True)
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "spotify_assets", *words],
        cwd=data_dir,
        env=environment(data_dir, TERM="xterm", **more),
        stdin=there,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    os.write(here, keys)
    shown = b""
    try:
        while chunk := os.read(here, 65536):
            shown += chunk
    except OSError:  # The other end of a terminal is gone: that is how Linux says the end.
        pass
    os.close(here)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


@contextmanager
def started(*words: str, data_dir: Path, log: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`spotify-assets` with these words, until the context ends; then `kill`, as a user does it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "spotify_assets", *words],
            cwd=data_dir,
            env=environment(data_dir, **more),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        try:
            process.terminate()
            process.wait(TO_END_SECONDS)
        finally:
            # Whatever happened: nothing that it started is left.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print(f"--- {log.name}\n{log.read_text(encoding='utf-8')[-SHOWN:]}")


def descendant(process: subprocess.Popen[str], part: str) -> int:
    """The process that it started whose command line holds a part."""
    found = [
        int(folder.name)
        for folder in PROC.iterdir()
        if folder.name.isdecimal()
        and _session(folder) == process.pid
        and part in _read(folder / "cmdline").replace("\0", " ")
    ]
    assert len(found) == 1, f"{found} have {part} in their command line"
    return found[0]


def _session(folder: Path) -> int | None:
    # After the name, which may hold anything: state, parent, group, session.
    fields = _read(folder / "stat").rpartition(")")[2].split()
    return int(fields[3]) if fields else None


def _read(path: Path) -> str:
    # A process may end while the others are looked at.
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""
