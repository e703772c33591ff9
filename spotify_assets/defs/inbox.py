"""The inbox: what somebody puts there is imported once it is there as a whole.

Belongs here: seeing that. Does not belong here: which files a domain takes, and reading them.
"""

import contextlib
import hashlib
from collections.abc import Collection
from pathlib import Path

import dagster as dg

from spotify_assets.defs.active_runs import WHY


def look(
    context: dg.SensorEvaluationContext, folder: Path, endings: Collection[str]
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run once nothing changes any more; the inbox lets files of other names be."""
    seen = listed(folder, endings)
    if not seen:
        return dg.SkipReason(f"Nothing that ends in {' or '.join(endings)} is in {folder}.")
    # A copy or download that is still growing looks different at the next look.
    was = context.cursor
    context.update_cursor(seen)
    if was != seen:
        return dg.SkipReason(f"{folder} has changed: it is looked at again.")
    return dg.RunRequest(
        run_key=f"inbox/{hashlib.sha256(seen.encode()).hexdigest()}", tags={WHY: "the inbox"}
    )


def listed(folder: Path, endings: Collection[str]) -> str:
    """The files below a folder with their sizes and times, as a text; empty if there are none."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in endings:
            # It may be renamed just now, as a download is that ends.
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                lines.append(f"{path} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(lines)
