"""What the processes do that tests kill or leave without a disk.

Nothing is faked in them: SIGKILL is sent, and it is the kernel that refuses a write.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import Journal
from spotify_assets.lake.raw import RawPartition
from spotify_assets_tests.lake.processes import limit_files_to
from spotify_assets_tests.lake.samples import OTHER_TERMS, TERMS, numbered_answer, question


def killed_within_a_line(journal: str, whole_lines: int, bytes_of_the_next: int) -> None:
    """Die when only the first bytes of a line have reached the file."""
    with Journal(Path(journal), TERMS) as opened:
        for number in range(1, whole_lines + 1):
            opened.append(question(number), numbered_answer(number))
        opened._file = _CutFile(opened._file, bytes_of_the_next)  # type: ignore[assignment]
        opened.append(question(whole_lines + 1), numbered_answer(whole_lines + 1))


def appends_until_killed(journal: str, size: int) -> None:
    """Append for ever; say each line's number once it is said to be on the disk."""
    with Journal(Path(journal), TERMS) as opened:
        while True:
            number = opened.lines + 1
            opened.append(question(number), numbered_answer(number, size))
            print(number, flush=True)


def appends_to_a_full_disk(journal: str, free_bytes: int) -> None:
    """Append until nothing more fits."""
    with Journal(Path(journal), TERMS) as opened:
        limit_files_to(free_bytes)
        while True:
            number = opened.lines + 1
            opened.append(question(number), numbered_answer(number))


def holds_a_journal(journal: str) -> None:
    """Keep a journal open until standard input ends."""
    with Journal(Path(journal), TERMS):
        print("open", flush=True)
        sys.stdin.read()


def opens_a_journal_and_is_killed(journal: str, step: int) -> None:
    """Open a journal, and die just before the ``step``-th change to its folder."""
    _kill_before_change(step)
    with Journal(Path(journal), TERMS):
        pass


def begins_again_and_is_killed(root: str, folder: str, step: int) -> None:
    """Begin a collection under other terms, and die just before the ``step``-th change."""
    partition = RawPartition(Lake(Path(root)), GenreDay.from_folder(Path(folder)))
    _kill_before_change(step)
    with partition.journal(OTHER_TERMS, force=True):
        pass


def seals_and_is_killed(root: str, folder: str, step: int) -> None:
    """Seal what is in the journal, and die just before the ``step``-th change to the folders."""
    partition = RawPartition(Lake(Path(root)), GenreDay.from_folder(Path(folder)))
    with partition.journal(TERMS) as journal:
        _kill_before_change(step)
        partition.seal(journal)


def seals_on_a_full_disk(root: str, folder: str, free_bytes: int) -> None:
    """Seal what is in the journal where no file may grow beyond ``free_bytes``."""
    partition = RawPartition(Lake(Path(root)), GenreDay.from_folder(Path(folder)))
    with partition.journal(TERMS) as journal:
        limit_files_to(free_bytes)
        partition.seal(journal)


def claims_on_a_full_disk(root: str) -> None:
    """Claim a lake where no byte can be written."""
    limit_files_to(0)
    Lake(Path(root)).claim("sandbox")


class _CutFile:
    """A file that takes the first bytes of one write, and then the process is no more."""

    def __init__(self, file: Any, length: int) -> None:
        self._file = file
        self._length = length

    def write(self, data: bytes) -> None:
        self._file.write(data[: self._length])
        self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _kill_before_change(step: int) -> None:
    """Count calls of the three that change what is in a folder."""
    calls = 0
    for name in ("replace", "unlink", "write_text"):
        real = getattr(Path, name)

        def counted(self: Path, *args: Any, real: Callable[..., Any] = real, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(self, *args, **more)

        setattr(Path, name, counted)
