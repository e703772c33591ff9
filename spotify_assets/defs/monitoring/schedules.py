"""Schedules over all domains (UTC): measuring, and keeping the house in order.

Belongs here: what is due then. Does not belong here: how it is done.
"""

import dagster as dg

from spotify_assets.defs.active_runs import still_running
from spotify_assets.defs.monitoring import jobs

RUNNING = dg.DefaultScheduleStatus.RUNNING


@dg.schedule(
    cron_schedule="45 * * * *",
    job=jobs.data_quality,
    description="Checks the published file as it is, so that what is late shows without a run.",
    default_status=RUNNING,
)
def hourly_data_quality(context: dg.ScheduleEvaluationContext) -> dg.SkipReason | dg.RunRequest:
    """Measure the published file, so that what is late shows without a run."""
    return still_running(context.instance, jobs.data_quality.name) or dg.RunRequest()


@dg.schedule(
    cron_schedule="30 3 * * *",
    job=jobs.housekeeping,
    description="Deletes what is kept too long, where SPOTIFY_RETENTION_DAYS is set, and the "
    "events of old failed runs; merges the files of months that are over.",
    default_status=RUNNING,
)
def daily_housekeeping(context: dg.ScheduleEvaluationContext) -> dg.SkipReason | dg.RunRequest:
    """Delete old catalog content, where that is set, and old failed runs."""
    return still_running(context.instance, jobs.housekeeping.name) or dg.RunRequest()
