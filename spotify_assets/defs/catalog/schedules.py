"""Schedules of the catalog (UTC, so no change to summer time moves them).

Belongs here: what is due then. Does not belong here: how it is done.
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs.active_runs import WHY, still_running
from spotify_assets.defs.catalog import jobs
from spotify_assets.defs.catalog.sensors import genres_under_way
from spotify_assets.defs.partitions import GENRES, dimensions, key_of, partition_ranges
from spotify_assets.lake import GenreDay
from spotify_assets.operations.outdated import outdated
from spotify_assets.operations.rotation import next_batch
from spotify_assets.operations.status import status
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import NoCredentials

RUNNING = dg.DefaultScheduleStatus.RUNNING
PORTION = 60
"""Genre-days that are made again at a time: about 20 s of work."""


@dg.schedule(
    cron_schedule="0 21 * * *",
    job=jobs.catalog,
    description="Before the day ends (UTC), one more run for each genre that is still due, as far "
    "as the API's limits allow.",
    default_status=RUNNING,
)
def daily_completion(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SkipReason | list[dg.RunRequest]:
    """Before the day ends, every genre that is still due, as far as the limits allow."""
    try:
        now = status(settings)
    except NoCredentials as error:
        return dg.SkipReason(str(error))
    today = now.at.date()
    if context.scheduled_execution_time.astimezone(dt.UTC).date() != today:
        # Dagster catches up on what was due while it was down.
        return dg.SkipReason("The day is over, and the API answers for now only.")
    running = genres_under_way(context.instance, today)
    left = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), dt.UTC) - now.at
    batch = next_batch(now, {}, running, most=len(now.queue) + len(running), within=left)
    if not batch.genres:
        return dg.SkipReason(batch.reason)
    context.instance.add_dynamic_partitions(GENRES, batch.genres)
    return [
        dg.RunRequest(
            run_key=f"completion/{today}/{genre}",
            partition_key=key_of(GenreDay(genre, today)),
            tags={**dimensions(GenreDay(genre, today)), WHY: "daily completion"},
        )
        for genre in batch.genres
    ]


@dg.schedule(
    cron_schedule="15 * * * *",
    job=jobs.reprocess,
    description="Makes again what an older version of the code made: a portion an hour, the "
    "newest days first.",
    default_status=RUNNING,
)
def reprocess_outdated(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SkipReason | list[dg.RunRequest]:
    """Make a portion of what an older version of the code made again, the newest days first."""
    if busy := still_running(context.instance, jobs.reprocess.name):
        return busy
    days = outdated(settings.lake, settings.database, PORTION)
    if not days:
        return dg.SkipReason("Everything was made by this version of the code.")
    hour = context.scheduled_execution_time.isoformat()
    return [
        dg.RunRequest(
            run_key=f"reprocess/{hour}/{part.genres[0]}/{part.first}",
            tags={**part.tags, WHY: "made by an older version"},
        )
        for part in partition_ranges(context.instance, days)
    ]


regular_publication = jobs.publication and dg.ScheduleDefinition(
    name="regular_publication",
    cron_schedule="*/10 * * * *",
    job=jobs.publication,
    description="Publishes what other machines have collected, where collecting does not.",
    default_status=RUNNING,
)
