"""Runs that are started in this process, for the command line; the UI sees them like any other.

Belongs here: starting a run of the main job and saying how it ended. Does not belong here: which
genre-days are due.
"""

import datetime as dt
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import dagster as dg

from spotify_assets.definitions import defs
from spotify_assets.defs.assets.raw import BLOCKED, BLOCKED_UNTIL, CollectConfig
from spotify_assets.defs.jobs import catalog
from spotify_assets.defs.partitions import GENRES, key_of
from spotify_assets.lake import GenreDay

# The tags that make a run one of a range of partitions; Dagster exports no names for them.
ASSET_PARTITION_RANGE_START_TAG = "dagster/asset_partition_range_start"
ASSET_PARTITION_RANGE_END_TAG = "dagster/asset_partition_range_end"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    run_id: str
    failure: str | None
    """What went wrong, in the words of the asset that failed; ``None`` if it succeeded."""
    blocked: tuple[str, dt.datetime] | None
    """The family of requests that ended the run, and when it may be asked again (UTC)."""
    failed_checks: list[str]


def prepare_home(home: Path) -> None:
    """Make ``home`` the DAGSTER_HOME, with our ``dagster.yaml`` if it has none."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        default = resources.files("spotify_assets").joinpath("dagster.yaml")
        config.write_text(default.read_text())
    os.environ["DAGSTER_HOME"] = str(home)


def instance() -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME."""
    return dg.DagsterInstance.get()


def register_genres(names: list[str]) -> None:
    """Make partitions of the genres, so that they can be chosen in the UI."""
    with instance() as held:
        held.add_dynamic_partitions(GENRES, names)


def run(
    instance: dg.DagsterInstance,
    genre: str,
    days: tuple[dt.date, dt.date],
    config: CollectConfig,
) -> Outcome:
    """Take the days of a genre, from the first to the last, the whole way in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was received is kept.
    """
    instance.add_dynamic_partitions(GENRES, [genre])
    first, last = (key_of(GenreDay(genre, day)) for day in days)
    is_one = first == last
    result = (
        defs()
        .resolve_job_def(catalog.name)
        .execute_in_process(
            instance=instance,
            partition_key=first if is_one else None,
            tags=None
            if is_one
            else {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last},
            run_config={**QUIET, "ops": {"raw__catalog": {"config": config.model_dump()}}},
            raise_on_error=False,
        )
    )
    if _was_interrupted(result):
        # Dagster takes Ctrl-C for a failure of the step.
        raise KeyboardInterrupt
    return Outcome(
        result.run_id,
        _failure(result),
        _blocked(result),
        [
            f"{check.asset_key.to_user_string()}: {check.check_name}"
            for check in result.get_asset_check_evaluations()
            if not check.passed
        ],
    )


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    return any(
        event.step_failure_data.error is not None
        and event.step_failure_data.error.cls_name == dg.DagsterExecutionInterruptedError.__name__
        for event in result.get_step_failure_events()
    )


def _blocked(result: dg.ExecuteInProcessResult) -> tuple[str, dt.datetime] | None:
    for event in result.get_step_failure_events():
        said = event.step_failure_data.user_failure_data
        metadata = said.metadata if said else {}
        family, until = metadata.get(BLOCKED), metadata.get(BLOCKED_UNTIL)
        if isinstance(until, dg.TimestampMetadataValue) and isinstance(
            family, dg.TextMetadataValue
        ):
            return str(family.value), dt.datetime.fromtimestamp(until.value, dt.UTC)
    return None


def _failure(result: dg.ExecuteInProcessResult) -> str | None:
    if result.success:
        return None
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return str(data.user_failure_data.description)
        if data.error:
            cause = data.error.cause or data.error
            return f"{event.step_key}: {cause.message.strip()}"
    return "The run failed; see the Dagster UI."
