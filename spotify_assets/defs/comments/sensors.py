"""The sensor of comments.

Belongs here: whether comments wait to be labelled, or decisions to be published. Does not belong
here: doing it.
"""

import datetime as dt
import hashlib
import json

import dagster as dg

from spotify_assets.defs.active_runs import WHY, still_running
from spotify_assets.defs.comments import jobs
from spotify_assets.defs.inbox import listed
from spotify_assets.lake import Lake
from spotify_assets.lake.comment_decisions import decision_files, vocabulary_file
from spotify_assets.lake.comments import (
    batch_files,
    bring_up_to_date,
    waiting,
)
from spotify_assets.settings import Settings

FILES = (".csv", ".tsv", ".json", ".ndjson", ".jsonl")
TRY_AGAIN_MINUTES = 10
"""What a run left, because its labeller could not be asked, is asked again after so long."""


@dg.sensor(
    jobs=[jobs.label_comments, jobs.publish_decisions],
    description="Labels comments that came by the API or lie in their drop folder, and publishes "
    "what persons decided about them.",
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def comments_waiting(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run where comments wait, and none is at them."""
    if busy := still_running(context.instance, jobs.label_comments.name):
        return busy
    bring_up_to_date(settings.lake)
    now = dt.datetime.now(dt.UTC)
    was = json.loads(context.cursor or "{}")
    inbox, decided = _hash(listed(settings.comment_inbox, FILES)), _decided(settings.lake)
    seen = {"inbox": inbox, "imported": was.get("imported"), "decided": decided}
    requests = []
    # A copy that is still growing looks different at the next look.
    if inbox and inbox == was.get("inbox") and inbox != was.get("imported"):
        requests.append(_label(now.date(), f"inbox/{inbox}"))
        seen["imported"] = inbox
    else:
        # One day at a time: each run publishes, and what comes meanwhile goes with the next.
        requests += [
            _label(day, _key(settings.lake, day, now)) for day in waiting(settings.lake)[:1]
        ]
    if not requests and decided != was.get("decided", _hash("")):
        requests.append(
            dg.RunRequest(
                f"decided/{decided}",
                job_name=jobs.publish_decisions.name,
                tags={WHY: "decisions about comments"},
            )
        )
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "No comment waits.",
        cursor=json.dumps(seen),
    )


def _label(day: dt.date, key: str) -> dg.RunRequest:
    return dg.RunRequest(
        f"comments/{day}/{key}",
        job_name=jobs.label_comments.name,
        partition_key=day.isoformat(),
        tags={WHY: "comments that wait"},
    )


def _key(lake: Lake, day: dt.date, now: dt.datetime) -> str:
    names = "\n".join(file.name for file in batch_files(lake, day))
    return f"{_hash(names)}/{int(now.timestamp()) // (60 * TRY_AGAIN_MINUTES)}"


def _decided(lake: Lake) -> str:
    """What persons have decided so far, by the files that hold it."""
    files = [*decision_files(lake), vocabulary_file(lake)]
    stats = [(file.name, file.stat().st_size) for file in files if file.exists()]
    return _hash(repr(stats)) if stats else _hash("")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""
