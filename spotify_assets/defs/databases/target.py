"""``publish/database``: what is published, in a database of the user's own.

Its runs are its own: a database that fails, or is slow, neither fails nor delays the DuckDB file.
Where no database is set, or one for which there is a script only, Dagster knows nothing of it.

Belongs here: the asset, its job, and the sensor that starts it. Does not belong here: how rows get
there.
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs.active_runs import WHY, still_running
from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.checks import DATABASE, asset_key
from spotify_assets.defs.failures import failing
from spotify_assets.schemas.listening import FactPlay
from spotify_assets.schemas.releases import FactStreamsDaily
from spotify_assets.settings import Settings
from spotify_assets.storage.errors import ProjectError
from spotify_assets.warehouse.databases import targets
from spotify_assets.warehouse.databases.targets import Sent

TARGET = dg.AssetKey(["publish", "database"])
PUBLISHED = (DATABASE, asset_key(FactPlay), asset_key(FactStreamsDaily))
"""One of these is materialized by each run that publishes the catalog, plays or releases."""
JOB = "publish_to_database"
COMPARED_AT = "compared at"
"""Metadata: when the DuckDB file was opened, in seconds since 1970."""
RETRY_EVERY = dt.timedelta(minutes=10)
"""After a run that failed in the end, the next is no sooner."""
LOOKS_PER_WINDOW = 2
"""Without news it is looked all the same, so that who is late is not whom nobody asked."""


def asset(late_hours: float, retry_after_seconds: float = 15) -> dg.AssetsDefinition:
    """The asset, late after so many hours; tried again three times, each after twice as long."""

    @dg.asset(
        key=TARGET,
        deps=[DATABASE],
        group_name="publish",
        kinds={"sql"},
        pool="target_database",
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(hours=late_hours)),
        # A restart of a database takes a minute or two.
        retry_policy=dg.RetryPolicy(
            max_retries=3, delay=retry_after_seconds, backoff=dg.Backoff.EXPONENTIAL
        ),
        description="The same tables in the database that SPOTIFY_PUBLISH_URL names: what changed, "
        "in one transaction, after each run that publishes. See docs/databases.md.",
    )
    @failing
    def database(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """Make it equal to the DuckDB file."""
        now = dt.datetime.now(dt.UTC).timestamp()
        sent = _publish(settings)
        context.log.info("%s", sent)
        return dg.MaterializeResult(
            metadata={
                COMPARED_AT: now,
                "rows added": sum(sent.added.values()),
                "rows removed": sum(sent.removed.values()),
                "slices": sent.slices,
                "statements of a migration": len(sent.migration),
            }
        )

    return database


def _publish(settings: Settings) -> Sent:
    if settings.publish_url is None:
        raise ProjectError("No database is set any more: SPOTIFY_PUBLISH_URL.")
    target = targets.of(settings.publish_url, settings.layers, settings.time_zone)
    return target.publish(settings.database)


def sensor(late_hours: float) -> dg.SensorDefinition:
    """Starts the job once a run has published; without news, often enough not to be late."""
    look_every = dt.timedelta(hours=late_hours) / LOOKS_PER_WINDOW

    @dg.sensor(
        job_name=JOB,
        description="Brings the database of your own up to date after each run that publishes.",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def database_behind(
        context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
    ) -> dg.RunRequest | dg.SkipReason:
        """Whether something was published since it was compared."""
        if not settings.database.exists():
            return dg.SkipReason("There is no warehouse yet.")
        if busy := still_running(context.instance, JOB):
            return busy
        now, compared_at = dt.datetime.now(dt.UTC), _compared_at(context.instance)
        # What sensors publish besides, of runs that ended, comes along: else each run of this job
        # would be news that starts the next.
        news = max(_published_at(context.instance, key) for key in PUBLISHED)
        if news <= compared_at and now.timestamp() - compared_at < look_every.total_seconds():
            return dg.SkipReason("Nothing was published since.")
        attempt = int(now.timestamp() // RETRY_EVERY.total_seconds())
        return dg.RunRequest(
            run_key=f"database/{news}/{attempt}", tags={WHY: "the database is behind"}
        )

    return database_behind


def _published_at(instance: dg.DagsterInstance, key: dg.AssetKey) -> float:
    event = instance.get_latest_materialization_event(key)
    return event.timestamp if event else 0


def _compared_at(instance: dg.DagsterInstance) -> float:
    """When it was last compared with the DuckDB file; what was published meanwhile is news."""
    event = instance.get_latest_materialization_event(TARGET)
    made = event.asset_materialization if event else None
    value = made.metadata[COMPARED_AT].value if made else 0
    return float(str(value))


if AT_LOAD.publish_url is not None and targets.is_connected_to(AT_LOAD.publish_url):
    database = asset(AT_LOAD.publish_late_hours)
    publish_to_database = dg.define_asset_job(
        JOB,
        selection=[TARGET],
        description="Makes the database of your own equal to the DuckDB file.",
    )
    database_behind = sensor(AT_LOAD.publish_late_hours)
