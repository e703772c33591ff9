"""What the processes do that tests kill or leave without a disk; SIGKILL is real."""

import os
import signal
from pathlib import Path

from spotify_assets.lake import Lake
from spotify_assets.sources.account_export import find, read
from spotify_assets_tests.lake.processes import limit_files_to
from spotify_assets_tests.sources.account_export.samples import NOW


def imports_and_is_killed(root: str, export: str, step: int) -> None:
    """Import a file, and die just before the ``step``-th folder is renamed into place."""
    real, calls = Path.rename, 0

    def counted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, target)

    Path.rename = counted  # type: ignore[method-assign, assignment]
    (file,) = find([Path(export)]).files
    read(file, Lake(Path(root)), NOW)


def imports_to_a_full_disk(root: str, export: str, free_bytes: int) -> None:
    """Import a file where no file may grow beyond ``free_bytes``."""
    (file,) = find([Path(export)]).files
    limit_files_to(free_bytes)
    read(file, Lake(Path(root)), NOW)
