"""Schedules: what happens at its hour (UTC, so no change to summer time moves it).

Belongs here: what is due then. Does not belong here: how it is done.
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs import jobs
from spotify_assets.defs.partitions import GENRES, dimensions, key_of, partition_ranges
from spotify_assets.defs.sensors import UNDER_WAY, WHY, genres_under_way
from spotify_assets.lake import GenreDay
from spotify_assets.operations.outdated import outdated
from spotify_assets.operations.rotation import next_batch
from spotify_assets.operations.status import status
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import NoClientId, NoCredentials, TokenStoreError
from spotify_assets.sources.spotify_api.sign_in import Condition

SETTINGS = Settings()
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
    context: dg.ScheduleEvaluationContext,
) -> dg.SkipReason | list[dg.RunRequest]:
    """Before the day ends, every genre that is still due, as far as the limits allow."""
    try:
        now = status(Settings())
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
    cron_schedule=f"*/{SETTINGS.poll_minutes} * * * *",
    job=jobs.poll_plays,
    description="Asks Spotify what you played last, once you have signed in with "
    "`spotify-assets login`.",
    default_status=RUNNING,
)
def recently_played(
    context: dg.ScheduleEvaluationContext,
) -> dg.SkipReason | dg.RunRequest:
    """Ask what the user played last, once somebody has signed in."""
    try:
        sign_in = Settings().user_tokens.state()
    except (NoClientId, TokenStoreError) as error:
        return dg.SkipReason(str(error))
    if sign_in.condition is not Condition.VALID:
        return dg.SkipReason(f"Nobody is signed in ({sign_in.condition}): `spotify-assets login`.")
    if busy := _still_running(context.instance, jobs.poll_plays.name):
        return busy
    return dg.RunRequest(partition_key=dt.datetime.now(dt.UTC).date().isoformat())


@dg.schedule(
    cron_schedule="15 * * * *",
    job=jobs.reprocess,
    description="Makes again what an older version of the code made: a portion an hour, the "
    "newest days first.",
    default_status=RUNNING,
)
def reprocess_outdated(
    context: dg.ScheduleEvaluationContext,
) -> dg.SkipReason | list[dg.RunRequest]:
    """Make a portion of what an older version of the code made again, the newest days first."""
    if busy := _still_running(context.instance, jobs.reprocess.name):
        return busy
    settings = Settings()
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


@dg.schedule(
    cron_schedule="45 * * * *",
    job=jobs.measures,
    description="Checks the published file as it is, so that what is late shows without a run.",
    default_status=RUNNING,
)
def hourly_measures(context: dg.ScheduleEvaluationContext) -> dg.SkipReason | dg.RunRequest:
    """Measure the published file, so that what is late shows without a run."""
    return _still_running(context.instance, jobs.measures.name) or dg.RunRequest()


@dg.schedule(
    cron_schedule="30 3 * * *",
    job=jobs.housekeeping,
    description="Deletes what is kept too long, where SPOTIFY_RETENTION_DAYS is set, and the "
    "events of old failed runs; merges the files of months that are over.",
    default_status=RUNNING,
)
def daily_housekeeping(context: dg.ScheduleEvaluationContext) -> dg.SkipReason | dg.RunRequest:
    """Delete old catalog content, where that is set, and old failed runs."""
    return _still_running(context.instance, jobs.housekeeping.name) or dg.RunRequest()


def _still_running(instance: dg.DagsterInstance, job: str) -> dg.SkipReason | None:
    """Why there is no run now, where the last one has not ended."""
    busy = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=UNDER_WAY), limit=1)
    return dg.SkipReason(f"Run {busy[0].dagster_run.run_id} is still at it.") if busy else None
