"""A genre-day as a function of a cloud, such as AWS Lambda: an event in, no disk that must live.

Belongs here: an event as a command, and its end as an answer. Does not belong here: collecting.
"""

import os
import signal
import subprocess
import sys
import tempfile
from typing import Any

MARGIN_SECONDS = 20.0
"""Before the time of a call is over it is stopped, so that it ends by itself."""
SAID = 2_000
"""Characters: the end of what the command said."""


class NotCollected(Exception):
    """The command failed; what came is in the lake, and the next call goes on from it."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Collect what the event names: ``{"genre": "rock", "date": "2026-11-20"}``; today without one.

    The settings are those of the environment; `SPOTIFY_LAKE_URL` and `SPOTIFY_STATE_URL` must be
    among them. Whatever lies on the disk is gone afterwards, so nothing is published.

    Raises:
        NotCollected: It failed; Lambda calls again what it was asked to do asynchronously.
        KeyError: The event names no genre, or a setting is missing.
    """
    for needed in ("SPOTIFY_LAKE_URL", "SPOTIFY_STATE_URL"):
        os.environ[needed]
    words = ["collect", f"--genre={event['genre']}", "--no-interactive"]
    if "date" in event:
        words.append(f"--date={event['date']}")
    with tempfile.TemporaryDirectory(prefix="spotify-assets-") as folder:
        own = {
            "SPOTIFY_ASSETS_DATA_DIR": folder,
            "SPOTIFY_PUBLISH_AFTER_COLLECTING": "no",
            # The rest of the disk is read-only there, and there is no home.
            "HOME": folder,
        }
        process = subprocess.Popen(  # noqa: S603 - our own command; the words are no options
            [sys.executable, "-m", "spotify_assets", *words],
            cwd=folder,
            env={**os.environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        left = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
        try:
            said, _ = process.communicate(timeout=max(left, 0.0))
        except subprocess.TimeoutExpired:
            # As Ctrl-C does it: a call that is under way gets its answer first.
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate()
    if process.returncode:
        raise NotCollected(f"{said[-SAID:].strip()} (exit code {process.returncode})")
    return {"genre": event["genre"], "said": said[-SAID:].strip()}
