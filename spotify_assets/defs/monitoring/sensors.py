"""Sensors over all domains: what happened, and who must be told.

Belongs here: asking. Does not belong here: the rules (``operations.alerts``), and what is kept of a
run (``history``).
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.monitoring import history, incidents
from spotify_assets.defs.monitoring.processes import end_dead_runs
from spotify_assets.defs.publication import publish_now
from spotify_assets.operations.metrics import write_metrics
from spotify_assets.settings import Settings

RUNNING = dg.DefaultSensorStatus.RUNNING
ENDED = list(history.STATUSES)
EPOCH = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
MAX_ENTERED = 200
"""Runs that are entered at a time: some seconds of work."""


@dg.sensor(
    description="Enters the runs that ended, and their checks, in `monitoring.runs` and "
    "`monitoring.check_results`, publishes them, and writes the metrics. Starts no run.",
    minimum_interval_seconds=30,
    default_status=RUNNING,
)
def record_runs(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult:
    """Enter the runs that ended in the run table, publish it, and write the metrics."""
    dead = end_dead_runs(context.instance)
    # A little overlap: what was recorded is recorded once.
    since = dt.datetime.fromtimestamp(float(context.cursor or 0), dt.UTC) - dt.timedelta(minutes=1)
    ended = context.instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=max(since, EPOCH)),
        order_by="update_timestamp",
        ascending=True,
    )
    last, new = float(context.cursor or 0), []
    for one in ended:
        last = one.update_timestamp.timestamp()
        if history.record(context.instance, one, settings):
            new.append(one.dagster_run.run_id)
        # Counted by what is new: of a thousand runs cancelled at once, each is entered in the end.
        if len(new) == MAX_ENTERED:
            break
    if new and settings.publish_after_collecting:
        publish_now(settings)
    if new:
        write_metrics(settings, new[-1])
    said = f"{len(new)} runs entered" + (f", {len(dead)} ended for a dead process" if dead else "")
    return dg.SensorResult(skip_reason=f"{said}.", cursor=str(last))


@dg.sensor(
    description="Looks for what is wrong and what is over, and sends it by mail and webhook, "
    "where these are set. Starts no run.",
    minimum_interval_seconds=AT_LOAD.alerts_every_seconds,
    default_status=RUNNING,
)
def alerts(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SkipReason:
    """Tell people what is wrong and what is over: one message each, never a flood."""
    assert context.repository_def is not None  # noqa: S101 - the daemon always gives it
    keys = list(context.repository_def.asset_graph.materializable_asset_keys)
    found = incidents.observe(context.instance, settings, keys)
    return dg.SkipReason(f"{found.open} incidents are open; {found.delivered} messages sent.")
