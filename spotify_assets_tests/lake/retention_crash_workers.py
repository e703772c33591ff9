"""What the process does that a test kills while it deletes; SIGKILL is real."""

import datetime as dt
import os
import signal
from pathlib import Path

from spotify_assets.lake import GenreDay, Lake, retention
from spotify_assets.lake.polls import day_of
from spotify_assets.lake.retention import Part, Rule


def deletes_and_is_killed(root: str, folder: str, step: int) -> None:
    """Delete a genre-day, and die just before the ``step``-th file goes."""
    genre_day = GenreDay.from_folder(Path(folder))
    _delete_and_die(Lake(Path(root)), genre_day, genre_day.date, step)


def deletes_polls_and_is_killed(root: str, folder: str, step: int) -> None:
    """The same with a day of polls."""
    day = day_of(Path(folder))
    _delete_and_die(Lake(Path(root)), day, day, step)


def _delete_and_die(lake: Lake, named: Part, today: dt.date, step: int) -> None:
    (due,) = (one for one in retention.due(lake, Rule(), today) if one.part == named)
    real, calls = Path.unlink, 0

    def counted(self: Path, missing_ok: bool = False) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, missing_ok=missing_ok)

    Path.unlink = counted  # type: ignore[method-assign]
    with retention.purging(lake):
        retention.delete(lake, due)
