"""Runs a function as a process of its own, so that a test can kill it or take its disk away."""

import datetime as dt
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from spotify_assets.lake import LakeError

REPOSITORY = Path(__file__).parents[2]
KILLED = -signal.SIGKILL
REFUSED = 3
"""Exit code of a process that got a `LakeError`; its message is on standard output."""


def command(function: Callable[..., None], *arguments: object) -> list[str]:
    """The command line that calls ``function`` in a Python of its own."""
    words = [json.dumps(one, default=_as_text) for one in arguments]
    return [sys.executable, "-m", __name__, function.__module__, function.__name__, *words]


def _as_text(one: Any) -> str:
    # Nothing else: a server's name would be taken for a path, and a file be made of that name.
    return one.isoformat() if isinstance(one, dt.date) else os.fspath(one)


def run(function: Callable[..., None], *arguments: object) -> subprocess.CompletedProcess[str]:
    """Call ``function`` in a Python of its own, to its end, whatever that is."""
    return subprocess.run(
        command(function, *arguments), cwd=REPOSITORY, text=True, capture_output=True, check=False
    )


def at_once(function: Callable[..., None], *calls: tuple[object, ...]) -> list[int]:
    """Call ``function`` in several Pythons, which read a line before they begin.

    Returns:
        Their exit codes.
    """
    processes = [
        subprocess.Popen(
            command(function, *arguments), cwd=REPOSITORY, stdin=subprocess.PIPE, text=True
        )
        for arguments in calls
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("now\n")
        process.stdin.flush()
    return [process.wait() for process in processes]


@contextmanager
def holding(function: Callable[..., None], *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A Python of its own that has called ``function`` and got as far as to say ``open``."""
    with subprocess.Popen(
        command(function, *arguments),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"open\n"
        yield holder


def limit_files_to(size: int) -> None:
    """Let the kernel refuse every write beyond ``size`` bytes, as a full disk would.

    Python ignores SIGXFSZ from its start, so the write fails with EFBIG.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def die_before_change(step: int) -> None:
    """Kill this process just before the ``step``-th file or folder gets or loses its name."""
    done = count(1)

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def change(*args: object, **kwargs: object) -> object:
            if next(done) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return change

    for name in ("replace", "unlink", "rmdir"):
        setattr(Path, name, counted(getattr(Path, name)))
    os.link = counted(os.link)  # type: ignore[assignment]


if __name__ == "__main__":
    module, name, *words = sys.argv[1:]
    try:
        getattr(importlib.import_module(module), name)(*map(json.loads, words))
    except LakeError as refusal:
        print(refusal)
        sys.exit(REFUSED)
