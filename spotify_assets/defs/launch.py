"""Runs that are started in this process, for the command line; the UI sees them like any other.

Belongs here: starting a run of the main job and saying how it ended. Does not belong here: which
genre-days are due.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import dagster as dg

from spotify_assets.definitions import defs
from spotify_assets.defs import history, jobs
from spotify_assets.defs.assets.raw import BLOCKED, BLOCKED_UNTIL, CollectConfig
from spotify_assets.defs.partitions import GENRES, key_of, range_tags
from spotify_assets.defs.processes import PROCESS, end_dead_runs, this_process
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import GenreDay
from spotify_assets.lake.errors import writing
from spotify_assets.metrics import write_metrics
from spotify_assets.settings import Settings

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
    """Make ``home`` the DAGSTER_HOME, with our ``dagster.yaml`` if it has none.

    Raises:
        LakeError: Nothing can be written there.
    """
    with writing(home, "Dagster's runs and events"):
        home.mkdir(parents=True, exist_ok=True)
        config = home / "dagster.yaml"
        if not config.exists():
            default = resources.files("spotify_assets").joinpath("dagster.yaml")
            config.write_text(default.read_text())
        # Dagster would say by a traceback of its database that it cannot write here.
        tempfile.TemporaryFile(dir=home).close()
    os.environ["DAGSTER_HOME"] = str(home)


def instance() -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME; runs whose process is dead are over by then."""
    held = dg.DagsterInstance.get()
    end_dead_runs(held)
    return held


def close(outcomes: Sequence[Outcome]) -> None:
    """After the last run: what happened reaches the warehouse and the metrics."""
    if outcomes:
        settings = Settings()
        publish_now(settings)
        write_metrics(settings, outcomes[-1].run_id)


def register_genres(names: list[str]) -> None:
    """Make partitions of the genres, so that they can be chosen in the UI."""
    with instance() as held:
        held.add_dynamic_partitions(GENRES, names)


def collect(
    instance: dg.DagsterInstance,
    genre: str,
    days: tuple[dt.date, dt.date],
    config: CollectConfig,
) -> Outcome:
    """Take the days of a genre, from the first to the last, the whole way in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was received is kept.
    """
    asked = {"raw__catalog": {"config": config.model_dump()}}
    return _run(instance, jobs.catalog.name, genre, days, {"ops": asked})


def reprocess(instance: dg.DagsterInstance, genre: str, days: tuple[dt.date, dt.date]) -> Outcome:
    """Make the days of a genre again from the responses that raw holds, in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    return _run(instance, jobs.reprocess.name, genre, days, {})


def _run(
    instance: dg.DagsterInstance,
    job: str,
    genre: str,
    days: tuple[dt.date, dt.date],
    config: dict[str, Any],
) -> Outcome:
    instance.add_dynamic_partitions(GENRES, [genre])
    first, last = days
    tags = {PROCESS: this_process()}
    is_one = first == last
    result = (
        defs()
        .resolve_job_def(job)
        .execute_in_process(
            instance=instance,
            partition_key=key_of(GenreDay(genre, first)) if is_one else None,
            tags=tags if is_one else {**tags, **range_tags(genre, first, last)},
            run_config={**QUIET, **config},
            raise_on_error=False,
        )
    )
    _record(instance, result.run_id)
    if _was_interrupted(result):
        # Dagster takes Ctrl-C for a failure of the step.
        raise KeyboardInterrupt
    return Outcome(
        result.run_id,
        None if result.success else history.failure_of(result.all_events),
        _blocked(result),
        [
            f"{check.asset_key.to_user_string()}: {check.check_name}"
            for check in result.get_asset_check_evaluations()
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
        ],
    )


def _record(instance: dg.DagsterInstance, run_id: str) -> None:
    settings = Settings()
    for ended in instance.get_run_records(dg.RunsFilter(run_ids=[run_id])):
        history.record(instance, ended, settings)


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
