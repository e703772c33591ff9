"""``publish/report``: what is public, as a page.

Its runs are its own: a bucket that fails, or is slow, neither fails nor delays the DuckDB file.
Where nothing is public, Dagster knows nothing of it.

Belongs here: the asset, its job, and the sensor that starts it. Does not belong here: what is on
the page.
"""

import datetime as dt
import hashlib

import dagster as dg

from spotify_assets.defs.active_runs import WHY, still_running
from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.checks import DATABASE
from spotify_assets.defs.failures import failing
from spotify_assets.defs.policies import BROUGHT
from spotify_assets.pages.reading import NotReadable, published_at
from spotify_assets.pages.report import placing
from spotify_assets.settings import Settings

REPORT = dg.AssetKey(["publish", "report"])
JOB = "publish_report"
RETRY_EVERY = dt.timedelta(minutes=10)
"""After a run that failed in the end, the next is no sooner."""


def asset(retry_after_seconds: float = 15) -> dg.AssetsDefinition:
    """The asset; tried again three times, each after twice as long."""

    @dg.asset(
        key=REPORT,
        deps=[DATABASE],
        group_name="publish",
        kinds={"html", "json"},
        # It is made when something was published, and is never late by itself.
        tags={BROUGHT: ""},
        retry_policy=dg.RetryPolicy(
            max_retries=3, delay=retry_after_seconds, backoff=dg.Backoff.EXPONENTIAL
        ),
        description="A static page and JSON of what SPOTIFY_PUBLIC_REPORT names, for everybody; "
        "in a bucket too, where SPOTIFY_PUBLIC_REPORT_URL is set. See docs/pages.md.",
    )
    @failing
    def report(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[None]:
        """Make it of what is published now."""
        parts = settings.public_parts
        if parts:
            places = placing.write(settings.public_place, settings.database, parts)
        else:
            places = placing.remove(settings.public_place)
        return dg.MaterializeResult(
            metadata={"parts": ", ".join(parts) or "none", "places": ", ".join(places) or "none"}
        )

    return report


def sensor() -> dg.SensorDefinition:
    """Starts the job once something was published, at most once a minute."""

    @dg.sensor(
        job_name=JOB,
        description="Makes the public report again after each publication, at most once a minute.",
        minimum_interval_seconds=placing.MAX_AGE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def report_behind(
        context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
    ) -> dg.RunRequest | dg.SkipReason:
        """Whether the page says something else than what is published."""
        parts = settings.public_parts
        try:
            if placing.is_current(settings.public_place, settings.database, parts):
                return dg.SkipReason("The report says what is published.")
            published = published_at(settings.database)
        except NotReadable:
            return dg.SkipReason("There is no warehouse yet.")
        if busy := still_running(context.instance, JOB):
            return busy
        state = hashlib.sha256(repr((published, parts)).encode()).hexdigest()[:16]
        attempt = int(dt.datetime.now(dt.UTC).timestamp() // RETRY_EVERY.total_seconds())
        return dg.RunRequest(
            run_key=f"report/{state}/{attempt}", tags={WHY: "the report is behind"}
        )

    return report_behind


if AT_LOAD.public_report:
    report = asset()
    publish_report = dg.define_asset_job(
        JOB, selection=[REPORT], description="Makes the public report of what is published."
    )
    report_behind = sensor()
