"""Sensors: whose turn it is, what happened, who must be told.

Belongs here: asking, and starting runs. Does not belong here: the rules (``rotation``,
``alerts``), and what is kept of a run (``history``).
"""

import contextlib
import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from spotify_assets.defs import jobs
from spotify_assets.defs.monitoring import history, incidents
from spotify_assets.defs.monitoring.processes import end_dead_runs
from spotify_assets.defs.partitions import (
    GENRES,
    MISSING,
    dimensions,
    genre_days_of_run,
    key_of,
    parse_key,
    partition_ranges,
)
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import GenreDay
from spotify_assets.operations.metrics import write_metrics
from spotify_assets.operations.rotation import next_batch
from spotify_assets.operations.runs import Operations
from spotify_assets.operations.status import status
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import BLOCKED_SAYS, NoCredentials

RUNNING = dg.DefaultSensorStatus.RUNNING
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ENDED = list(history.STATUSES)
EPOCH = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
MAX_ENTERED = 200
"""Runs that are entered at a time: some seconds of work."""
WHY = "why"
"""Tag of a run: what started it."""
LOOKED_AT = 500
"""Runs, the latest first: more than a day has."""
EXPORTS = (".zip", ".json")
"""What a file of an export is called in the end; the inbox lets all others be."""
SETTINGS = Settings()


@dataclass
class Attempts:
    """The cursor of the rotation: how often each genre was tried on a day."""

    day: str = ""
    times: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, cursor: str | None, today: dt.date) -> "Attempts":
        """Those of today; a new day begins at nothing."""
        held = json.loads(cursor) if cursor else {}
        if held.get("day") != today.isoformat():
            return cls(today.isoformat())
        return cls(held["day"], Counter(held["times"]))

    def __str__(self) -> str:
        """As the cursor."""
        return json.dumps({"day": self.day, "times": self.times}, ensure_ascii=False)


@dg.sensor(
    job=jobs.catalog,
    description="Starts a run for each genre that has no complete day today: those that have "
    "waited longest first, some at a time, as far as the API's limits allow.",
    minimum_interval_seconds=round(SETTINGS.rotation_minutes * 60),
    default_status=RUNNING,
)
def rotation(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Collect the next genres: the stalest first, as far as the API's limits allow."""
    settings = Settings()
    for refused in settings.genre_list.refused:
        context.log.warning("%s has a genre that is none: %s", settings.own_genres_file, refused)
    try:
        now = status(settings)
    except NoCredentials as error:
        return dg.SkipReason(str(error))
    today = now.at.date()
    attempts = Attempts.of(context.cursor, today)
    batch = next_batch(
        now,
        attempts.times - blocked_times(settings, today),
        sorted(genres_under_way(context.instance, today)),
        most=settings.rotation_genres,
        within=dt.timedelta(minutes=max(settings.rotation_minutes, 1)),
    )
    if not batch.genres:
        return dg.SensorResult(skip_reason=batch.reason, cursor=str(attempts))
    attempts.times.update(batch.genres)
    known = set(context.instance.get_dynamic_partitions(GENRES))
    new = [genre for genre in batch.genres if genre not in known]
    genres = dg.DynamicPartitionsDefinition(name=GENRES)
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=f"rotation/{today}/{genre}/{attempts.times[genre]}",
                partition_key=key_of(GenreDay(genre, today)),
                tags={**dimensions(GenreDay(genre, today)), WHY: "rotation"},
            )
            for genre in batch.genres
        ],
        dynamic_partitions_requests=[genres.build_add_request(new)] if new else [],
        cursor=str(attempts),
    )


@dg.sensor(
    description="Enters the runs that ended, and their checks, in `monitoring.runs` and "
    "`monitoring.check_results`, publishes them, and writes the metrics. Starts no run.",
    minimum_interval_seconds=30,
    default_status=RUNNING,
)
def record_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Enter the runs that ended in the run table, publish it, and write the metrics."""
    settings = Settings()
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
    if new:
        publish_now(settings)
        write_metrics(settings, new[-1])
    said = f"{len(new)} runs entered" + (f", {len(dead)} ended for a dead process" if dead else "")
    return dg.SensorResult(skip_reason=f"{said}.", cursor=str(last))


@dg.sensor(
    description="Looks for what is wrong and what is over, and sends it by mail and webhook, "
    "where these are set. Starts no run.",
    minimum_interval_seconds=SETTINGS.alerts_every_seconds,
    default_status=RUNNING,
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tell people what is wrong and what is over: one message each, never a flood."""
    assert context.repository_def is not None  # noqa: S101 - the daemon always gives it
    keys = list(context.repository_def.asset_graph.materializable_asset_keys)
    found = incidents.observe(context.instance, Settings(), keys)
    return dg.SkipReason(f"{found.open} incidents are open; {found.delivered} messages sent.")


@dg.run_failure_sensor(
    request_job=jobs.reprocess,
    description="Where a run over several days failed because raw does not hold some of them, "
    "starts runs for the others.",
    default_status=RUNNING,
    minimum_interval_seconds=30,
)
def go_on_with_the_rest(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest]:
    """Where raw does not hold some days of a range, run the others without them."""
    run = context.dagster_run
    missing = _missing(context)
    if not missing:
        return
    rest = [day for day in genre_days_of_run(run.tags, context.instance) if day not in missing]
    for part in partition_ranges(context.instance, rest):
        yield dg.RunRequest(
            run_key=f"rest/{run.run_id}/{part.genres[0]}/{part.first}",
            tags={**part.tags, WHY: f"the rest of run {run.run_id}"},
        )


def _missing(context: dg.RunFailureSensorContext) -> set[GenreDay]:
    """The genre-days that the failed step says raw does not hold."""
    for event in context.get_step_failure_events():
        said = event.step_failure_data.user_failure_data
        keys = said.metadata.get(MISSING) if said else None
        if isinstance(keys, dg.JsonMetadataValue):
            return {parse_key(str(key)) for key in keys.value or []}
    return set()


def blocked_times(settings: Settings, today: dt.date) -> Counter[str]:
    """How many runs of each genre the API kept from their end today: no fault of the genre."""
    return Counter(
        run.genre
        for run in Operations(settings.operations).runs(LOOKED_AT)
        if run.genre and run.last_date == today and (run.failure or "").startswith(BLOCKED_SAYS)
    )


def genres_under_way(instance: dg.DagsterInstance, today: dt.date) -> set[str]:
    """The genres whose day a run works on, or waits to."""
    records = instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY))
    return {
        day.genre
        for record in records
        for day in genre_days_of_run(record.dagster_run.tags, instance)
        if day.date == today
    }


@dg.sensor(
    job=jobs.import_history,
    description="Imports the exports of your listening history that lie in the inbox, once "
    "nothing in it changes any more.",
    minimum_interval_seconds=30,
    default_status=RUNNING,
)
def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Import the exports that somebody put into the inbox, once they are there as a whole."""
    folder = Settings().inbox
    seen = _listed(folder)
    if not seen:
        return dg.SkipReason(f"Nothing is in {folder}.")
    # A copy or download that is still growing looks different at the next turn.
    was = context.cursor
    context.update_cursor(seen)
    if was != seen:
        return dg.SkipReason(f"{folder} has changed: it is looked at again.")
    return dg.RunRequest(
        run_key=f"inbox/{hashlib.sha256(seen.encode()).hexdigest()}", tags={WHY: "the inbox"}
    )


def _listed(folder: Path) -> str:
    """The exports below a folder with their sizes and times, as a text; empty if there are none."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in EXPORTS:
            # It may be renamed just now, as a download is that ends.
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                lines.append(f"{path} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(lines)
