"""The daemon is killed while a backfill is under way, and started again."""

import datetime as dt
import os
import signal
from pathlib import Path

import pytest

from spotify_assets_tests.end_to_end.deployment import deployment
from spotify_assets_tests.end_to_end.processes import descendant, until

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
SECONDS = 150
GENRES = ("rock", "samba")


def test_a_backfill_goes_on_when_its_daemon_was_killed(tmp_path: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    days = [(today - dt.timedelta(days=ago)).isoformat() for ago in (1, 2)]
    with deployment(tmp_path, GENRES) as built, built.sandbox(), built.dev() as dev:
        asked = [f"{day}|{genre}" for day in days for genre in GENRES]
        backfill = built.dagster.launch_backfill(asked)
        until(lambda: "STARTED" in built.dagster.backfill(backfill)[1], SECONDS, "a run has begun")
        assert built.dagster.backfill(backfill)[0] == "REQUESTED"
        os.kill(descendant(dev, "dagster._daemon"), signal.SIGKILL)
        # What supervises it starts it again only where its end is an error.
        assert dev.wait(60) == 1

        with built.dev():
            until(
                lambda: built.dagster.backfill(backfill)[0] == "COMPLETED_SUCCESS",
                SECONDS,
                "the backfill has ended",
            )
    assert built.genre_days() >= {(genre, day) for genre in GENRES for day in days}
