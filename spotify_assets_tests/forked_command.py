"""The command in a process of its own, as a user starts it, without importing its libraries again.

A process costs 2 s of imports, and hundreds of tests start one. Here a server process imports the
libraries once and forks; what runs is the command's own entry point, with the words, environment,
folder and streams that a shell would give it.

Does not belong here: a process that must be killed or typed at (``end_to_end.processes``).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_FORKS = get_context("forkserver")
# None that starts a thread, as polars and numpy do: what a thread holds, a fork waits for for ever.
# They are half of what a command imports.
_FORKS.set_forkserver_preload(
    ["dagster", "ibis", "spotipy", "typer", "rich.progress", "pydantic_settings"]
)
SECONDS = 600.0


def run(
    words: Sequence[str], *, folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """``spotify-assets`` with these words: its exit code and what it printed."""
    with tempfile.TemporaryDirectory() as streams:
        printed = [Path(streams) / name for name in ("stdout", "stderr")]
        process = _FORKS.Process(target=_command, args=(list(words), folder, dict(env), printed))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"{words} did not end within {SECONDS:g} s.")
        out, err = (path.read_text(encoding="utf-8") for path in printed)
    return subprocess.CompletedProcess(["spotify-assets", *words], process.exitcode, out, err)


def _command(words: list[str], folder: Path, env: dict[str, str], printed: list[Path]) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, path in enumerate(printed, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["spotify-assets", *words]
    from spotify_assets.__main__ import main  # noqa: PLC0415

    main()
