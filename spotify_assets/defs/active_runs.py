"""Runs that have not ended, and what started a run.

Belongs here: what the sensors and schedules of all domains ask of runs under way. Does not belong
here: what one domain does with the answer.
"""

import dagster as dg

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
WHY = "why"
"""Tag of a run: what started it."""


def still_running(instance: dg.DagsterInstance, job: str) -> dg.SkipReason | None:
    """Why there is no run now, where the last one has not ended."""
    busy = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=UNDER_WAY), limit=1)
    return dg.SkipReason(f"Run {busy[0].dagster_run.run_id} is still at it.") if busy else None
