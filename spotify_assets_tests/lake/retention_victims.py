"""What the process does that a test kills while it deletes; SIGKILL is real."""

import os
import signal
from pathlib import Path

from spotify_assets.lake import GenreDay, Lake, retention
from spotify_assets.lake.retention import Rule


def deletes_and_is_killed(root: str, folder: str, step: int) -> None:
    """Delete a genre-day, and die just before the ``step``-th file goes."""
    lake = Lake(Path(root))
    named = GenreDay.from_folder(Path(folder))
    (part,) = (one for one in retention.due(lake, Rule(), named.date) if one.genre_day == named)
    real, calls = Path.unlink, 0

    def counted(self: Path, missing_ok: bool = False) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, missing_ok=missing_ok)

    Path.unlink = counted  # type: ignore[method-assign]
    with retention.purging(lake):
        retention.delete(lake, part)
