"""The command ``spotify-assets``, called where the tests run.

It is the command's own entry point, with the words, environment, folder and streams that a shell
would give it. A process of its own would cost 2 s of imports, and hundreds of tests call it.

Does not belong here: a process that must be killed or typed at (``end_to_end.processes``).
"""

import io
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def run(
    words: Sequence[str], *, folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """``spotify-assets`` with these words: its exit code and what it printed."""
    from spotify_assets.__main__ import main  # noqa: PLC0415

    code = 0
    with tempfile.TemporaryDirectory() as streams, _process_state():
        printed = [Path(streams) / name for name in ("stdout", "stderr")]
        os.environ.clear()
        os.environ.update(env)
        os.chdir(folder)
        sys.argv = ["spotify-assets", *words]
        with _written_to(*printed):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        out, err = (path.read_text(encoding="utf-8") for path in printed)
    return subprocess.CompletedProcess(sys.argv, code, out, err)


@contextmanager
def _process_state() -> Iterator[None]:
    """What a process has one of is as before when the command has ended."""
    environ, folder, argv = dict(os.environ), Path.cwd(), sys.argv
    umask = os.umask(0o077)
    os.umask(umask)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    root = logging.getLogger()
    logs, level = list(root.handlers), root.level
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.argv = argv
        os.umask(umask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        root.handlers[:], root.level = logs, level


@contextmanager
def _written_to(stdout: Path, stderr: Path) -> Iterator[None]:
    """Both streams, of Python and of the processes that the command starts, are files."""
    before, kept = (sys.stdout, sys.stderr), (os.dup(1), os.dup(2))
    files = [os.open(path, os.O_WRONLY | os.O_CREAT) for path in (stdout, stderr)]
    for number, file in enumerate(files, start=1):
        os.dup2(file, number)
        os.close(file)
    streams = [io.TextIOWrapper(io.FileIO(n, "w", closefd=False), encoding="utf-8") for n in (1, 2)]
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        for stream in streams:
            stream.flush()
            stream.detach()
        sys.stdout, sys.stderr = before
        for number, file in enumerate(kept, start=1):
            os.dup2(file, number)
            os.close(file)
