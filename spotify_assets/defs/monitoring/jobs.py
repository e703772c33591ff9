"""Jobs over all domains: measuring the published file, and keeping the house in order.

Belongs here: what runs by itself and makes nothing new. Does not belong here: how it is done.
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.catalog.checks import published
from spotify_assets.defs.failures import failing
from spotify_assets.defs.monitoring import compacting, purging, quality
from spotify_assets.lake import retention
from spotify_assets.lake.tables import genres
from spotify_assets.settings import Settings
from spotify_assets.text.visible import in_line

data_quality = dg.define_asset_job(
    "data_quality",
    selection=dg.AssetSelection.checks(
        quality.quality,
        quality.freshness,
        *([] if AT_LOAD.publish_after_collecting else [published]),
    ),
    description="Measure the published file as it is: what is late, what is missing.",
)

ENDED_BADLY = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.op
@failing
def forget_old_runs(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
    """Delete the events of runs that failed or were cancelled long ago, having made nothing.

    Runs that made something stay, also where they failed in the end: their events are what tells
    Dagster which partitions there are. The run table in the warehouse keeps all.
    """
    oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=settings.runs_kept_days)
    old = context.instance.get_run_records(
        dg.RunsFilter(statuses=ENDED_BADLY, updated_before=oldest)
    )
    useless = [
        record.dagster_run.run_id
        for record in old
        if not _made_something(context.instance, record.dagster_run.run_id)
    ]
    for run_id in useless:
        context.instance.delete_run(run_id)
    context.log.info("%d old runs deleted.", len(useless))


def _made_something(instance: dg.DagsterInstance, run_id: str) -> bool:
    made = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, limit=1
    )
    return bool(made.records)


@dg.op
@failing
def purge_what_is_kept_too_long(
    context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]
) -> None:
    """Delete what is older than SPOTIFY_RETENTION_DAYS, where that is set."""
    if settings.retention_days is None:
        context.log.info("SPOTIFY_RETENTION_DAYS is not set: nothing is deleted.")
        return
    rule = retention.Rule(older_than=settings.retention_days)
    due = retention.due(settings.lake, rule, dt.datetime.now(dt.UTC).date())
    if not due and not retention.is_unfinished(settings.lake):
        return
    stay = purging.purge(settings, due)
    context.log.info("%d genre-days and days of polls deleted.", len(due) - len(stay))
    for reason in stay:
        context.log.warning("%s", in_line(reason))


@dg.op
@failing
def merge_months_that_are_over(
    context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]
) -> None:
    """Merge the small files of each month that is over; delete files that nobody needs any more."""
    done = compacting.compact(settings, genres(settings.lake), dt.datetime.now(dt.UTC).date())
    files = sum(one.days for one in done.merged)
    context.log.info(
        "%d files merged into %d; %d that nobody needs deleted.",
        files,
        len(done.merged),
        len(done.deleted),
    )
    for reason in done.left:
        context.log.warning("%s", in_line(reason))


@dg.job(
    description="Delete what is kept too long and the events of old failed runs; merge the files "
    "of months that are over."
)
def housekeeping() -> None:
    """Delete what nobody needs any more, or may keep; merge what will hardly change."""
    # Old ticks go by dagster.yaml.
    forget_old_runs()
    purge_what_is_kept_too_long()
    # Not after it: what keeps one from its end must not keep the other.
    merge_months_that_are_over()
