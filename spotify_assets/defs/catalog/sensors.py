"""Sensors of the catalog: which genres are next, and what is left of a run over several days.

Belongs here: asking, and starting runs. Does not belong here: the rules (``operations.rotation``).
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg

from spotify_assets.defs.active_runs import UNDER_WAY, WHY
from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.catalog import jobs
from spotify_assets.defs.failures import MISSING
from spotify_assets.defs.partitions import (
    GENRES,
    dimensions,
    genre_days_of_run,
    key_of,
    parse_key,
    partition_ranges,
)
from spotify_assets.lake import GenreDay
from spotify_assets.operations.rotation import next_batch
from spotify_assets.operations.runs import Operations
from spotify_assets.operations.status import status
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import NoCredentials
from spotify_assets.storage.errors import FailureKind
from spotify_assets.text.visible import in_line

LOOKED_AT = 500
"""Runs, the latest first: more than a day has."""


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
    minimum_interval_seconds=round(AT_LOAD.rotation_minutes * 60),
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def rotation(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult | dg.SkipReason:
    """Collect the next genres: the stalest first, as far as the API's limits allow."""
    for refused in settings.genre_list.refused:
        context.log.warning(
            "%s has a genre that is none: %s", settings.own_genres_file, in_line(refused)
        )
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


@dg.run_failure_sensor(
    request_job=jobs.reprocess,
    description="Where a run over several days failed because raw does not hold some of them, "
    "starts runs for the others.",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
)
def retry_remaining_partitions(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest]:
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
        if run.genre and run.last_date == today and run.failure_kind is FailureKind.WAIT
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
