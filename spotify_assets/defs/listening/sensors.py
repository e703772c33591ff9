"""The sensor of the inbox.

Belongs here: asking, and starting runs. Does not belong here: reading exports
(``sources.account_export``).
"""

import contextlib
import hashlib
from pathlib import Path

import dagster as dg

from spotify_assets.defs.active_runs import WHY
from spotify_assets.defs.listening import jobs
from spotify_assets.settings import Settings

EXPORTS = (".zip", ".json")
"""What a file of an export is called in the end; the inbox lets all others be."""


@dg.sensor(
    job=jobs.import_history,
    description="Imports the exports of your listening history that lie in the inbox, once "
    "nothing in it changes any more.",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def inbox(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Import the exports that somebody put into the inbox, once they are there as a whole."""
    folder = settings.inbox
    seen = _listed(folder)
    if not seen:
        return dg.SkipReason(f"Nothing is in {folder}.")
    # A copy or download that is still growing looks different at the next turn.
    was = context.cursor
    context.update_cursor(seen)
    if was != seen:
        return dg.SkipReason(f"{folder} has changed: it is looked at again.")
    return dg.RunRequest(
        run_key=f"inbox/{hashlib.sha256(seen.encode()).hexdigest()}", tags={WHY: "the inbox"}
    )


def _listed(folder: Path) -> str:
    """The exports below a folder with their sizes and times, as a text; empty if there are none."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXPORTS:
            # It may be renamed just now, as a download is that ends.
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                lines.append(f"{path} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(lines)
