"""Runs that are started in this process, for the command line; the UI sees them like any other.

Belongs here: starting a run of the main job and saying how it ended. Does not belong here: which
genre-days are due.
"""

import datetime as dt
import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from spotify_assets.definitions import defs
from spotify_assets.defs.catalog import jobs as catalog_jobs
from spotify_assets.defs.catalog.raw import CollectConfig
from spotify_assets.defs.comments import comments
from spotify_assets.defs.comments import jobs as comment_jobs
from spotify_assets.defs.failures import BLOCKED, BLOCKED_UNTIL, Failure, failure_of
from spotify_assets.defs.listening import jobs as listening_jobs
from spotify_assets.defs.listening.history import FILES, NEW, REFUSED, STREAMING_HISTORY, WARNINGS
from spotify_assets.defs.monitoring import history, unrecorded
from spotify_assets.defs.monitoring.event_log import BATCH_SIZE, MAX_AT_ONCE
from spotify_assets.defs.monitoring.processes import (
    PROCESS,
    end_dead_runs,
    end_runs_of_the_last_daemon,
    this_process,
)
from spotify_assets.defs.origin import ONCE, with_origins
from spotify_assets.defs.partitions import GENRES, PartitionRange, key_of
from spotify_assets.defs.predictions import jobs as prediction_jobs
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.releases import files as releases
from spotify_assets.defs.releases import jobs as release_jobs
from spotify_assets.lake import GenreDay
from spotify_assets.lake.errors import writing
from spotify_assets.operations.metrics import write_metrics
from spotify_assets.pages.report import placing
from spotify_assets.settings import Settings
from spotify_assets.storage.errors import FailureKind, ProjectError

if TYPE_CHECKING:
    from spotify_assets.sources.account_export import Imported

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    run_id: str
    failure: str | None
    """What went wrong, in the words of the asset that failed; ``None`` if it succeeded."""
    kind: FailureKind | None
    """What to do about it; ``None`` if it succeeded."""
    blocked: tuple[str, dt.datetime] | None
    """The family of requests that ended the run, and when it may be asked again (UTC)."""
    failed_checks: list[str]

    def raise_for_failure(self) -> None:
        """Raise what went wrong.

        Raises:
            RunFailed: It did not succeed.
        """
        if self.failure and self.kind:
            raise RunFailed(self.failure, self.kind)


class RunFailed(ProjectError):
    """A run failed; the message and the kind are those of the step that did."""

    def __init__(self, said: str, kind: FailureKind) -> None:
        super().__init__(said)
        self.kind = kind


def prepare_home(home: Path, ours: str = "dagster.yaml") -> None:
    """Make ``home`` the DAGSTER_HOME, with our ``dagster.yaml`` if it has none.

    Args:
        home: The folder.
        ours: Which of the files of the package that is.

    Raises:
        LakeError: Nothing can be written there.
    """
    with writing(home, "Dagster's runs and events"):
        home.mkdir(parents=True, exist_ok=True)
        config = home / "dagster.yaml"
        if not config.exists():
            default = resources.files("spotify_assets").joinpath(ours)
            # Whole at once: a web server and a daemon may begin together, each as process 1 of a
            # container of its own.
            new = config.with_suffix(f".{uuid.uuid4()}")
            new.write_text(default.read_text(encoding="utf-8"), encoding="utf-8")
            new.replace(config)
        # Dagster would say by a traceback of its database that it cannot write here.
        tempfile.TemporaryFile(dir=home).close()
        os.environ["DAGSTER_HOME"] = str(home)
        unrecorded.prepare()
    os.environ.setdefault(BATCH_SIZE, str(MAX_AT_ONCE))


def instance(settings: Settings) -> dg.DagsterInstance:
    """The instance of DAGSTER_HOME; runs whose process is dead are over by then, and noted.

    Raises:
        OperationsError: They cannot be noted.
        LedgerError: Their calls cannot be counted.
    """
    held = with_origins(dg.DagsterInstance.get())
    for run_id in end_dead_runs(held):
        _record(held, run_id, settings)
    return held


def close(settings: Settings, outcomes: Sequence[Outcome]) -> None:
    """After the last run: what happened reaches the warehouse, the report and the metrics."""
    if outcomes and settings.publish_after_collecting:
        publish_now(settings)
    if outcomes:
        write_metrics(settings, outcomes[-1].run_id)
    if outcomes and settings.publish_after_collecting and settings.public_parts:
        placing.write(settings.public_place, settings.database, settings.public_parts)


def prepare_dev(settings: Settings) -> None:
    """Before a daemon starts: the runs of the last one are over, the genres can be chosen."""
    with instance(settings) as held:
        end_runs_of_the_last_daemon(held)
        held.add_dynamic_partitions(GENRES, settings.genres)


def collect(
    instance: dg.DagsterInstance,
    settings: Settings,
    genre: str,
    days: tuple[dt.date, dt.date],
    config: CollectConfig,
) -> Outcome:
    """Take the days of a genre, from the first to the last, the whole way in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was received is kept.
    """
    asked = {"raw__catalog": {"config": config.model_dump()}}
    instance.add_dynamic_partitions(GENRES, [genre])
    of_days = PartitionRange((genre,), *days)
    return _run(instance, settings, catalog_jobs.catalog.name, of_days, {"ops": asked})


def reprocess(instance: dg.DagsterInstance, settings: Settings, days: PartitionRange) -> Outcome:
    """Make genre-days again from the responses that raw holds, in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    return _run(instance, settings, catalog_jobs.reprocess.name, days, {})


def import_history(
    instance: dg.DagsterInstance, settings: Settings, paths: Sequence[Path]
) -> Outcome:
    """Import exports and publish, in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C; files that were read stay imported.
    """
    asked = {"import_exports": {"config": {"paths": [str(path) for path in paths]}}}
    return _run(instance, settings, listening_jobs.import_history.name, None, {"ops": asked})


def imported(instance: dg.DagsterInstance, run_id: str) -> "Imported":
    """What a run of `import_history` read."""
    from spotify_assets.sources.account_export import Imported  # noqa: PLC0415 - slow to import

    said = _said(instance, run_id, STREAMING_HISTORY)
    if said is None:
        return Imported([], [], [], [])
    refused = [(name, reason) for name, reason in said[REFUSED]]
    return Imported(said[FILES], said[NEW], refused, said[WARNINGS])


def _said(instance: dg.DagsterInstance, run_id: str, key: dg.AssetKey) -> dict[str, Any] | None:
    """What a run said of an asset, of what it says as JSON; ``None`` if it did not make it."""
    made = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    for record in made.records:
        materialization = record.asset_materialization
        if materialization and materialization.asset_key == key:
            return {
                name: value.value
                for name, value in materialization.metadata.items()
                if isinstance(value, dg.JsonMetadataValue)
            }
    return None


def import_releases(
    instance: dg.DagsterInstance, settings: Settings, paths: Sequence[Path]
) -> Outcome:
    """Import downloads of an artist's team and publish, in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C; files that were read stay imported.
    """
    asked = {"raw__release_files": {"config": {"paths": [str(path) for path in paths]}}}
    return _run(instance, settings, release_jobs.import_releases.name, None, {"ops": asked})


def imported_releases(
    instance: dg.DagsterInstance, run_id: str
) -> tuple[list[str], list[tuple[str, str]]]:
    """What a run of `import_releases` read: ids of files, and the refused with their reasons."""
    said = _said(instance, run_id, releases.FILES) or {releases.FILE_IDS: [], releases.REFUSED: []}
    return said[releases.FILE_IDS], [(name, why) for name, why in said[releases.REFUSED]]


def label_comments(
    instance: dg.DagsterInstance, settings: Settings, day: dt.date, paths: Sequence[Path]
) -> Outcome:
    """Import comments, label those of a day, and publish, in this process.

    Args:
        instance: Dagster's.
        settings: Where everything is.
        day: On which the comments were received (UTC).
        paths: Files and folders; where there are none, the drop folder.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was labelled stays labelled.
    """
    asked = {"raw__comments": {"config": {"paths": [str(path) for path in paths]}}}
    job = comment_jobs.label_comments.name
    return _run(instance, settings, job, day.isoformat(), {"ops": asked})


def imported_comments(
    instance: dg.DagsterInstance, run_id: str
) -> tuple[list[str], list[tuple[str, str]]]:
    """What a run of `label_comments` read: ids of batches, and the refused with their reasons."""
    said = _said(instance, run_id, comments.BATCHES)
    said = said or {comments.BATCH_IDS: [], comments.REFUSED: []}
    return said[comments.BATCH_IDS], [(name, why) for name, why in said[comments.REFUSED]]


def evaluate_labeller(instance: dg.DagsterInstance, settings: Settings, *, train: bool) -> Outcome:
    """Measure the labeller of comments and publish, in this process; fit it first, where asked.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    asked = {"processed__comment_evaluations": {"config": {"train": train}}}
    return _run(instance, settings, comment_jobs.evaluate_labeller.name, None, {"ops": asked})


def predict(instance: dg.DagsterInstance, settings: Settings, *, train: bool) -> Outcome:
    """Predict streams and publish, in this process; train first, where that is asked.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    job = prediction_jobs.train_streams if train else prediction_jobs.predict_streams
    return _run(instance, settings, job.name, None, {})


def poll_plays(instance: dg.DagsterInstance, settings: Settings) -> Outcome:
    """Ask once what was played last, and publish, in this process.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return _run(instance, settings, listening_jobs.poll_plays.name, today, {})


def _run(
    instance: dg.DagsterInstance,
    settings: Settings,
    job: str,
    partitions: PartitionRange | str | None,
    config: dict[str, Any],
) -> Outcome:
    """Run a job over genre-days, over one partition, or over none."""
    key: str | None = None
    tags = {PROCESS: this_process(), **ONCE}
    if isinstance(partitions, PartitionRange):
        tags |= partitions.labels
    if isinstance(partitions, PartitionRange) and partitions.days > 1:
        tags |= partitions.tags
    elif isinstance(partitions, PartitionRange):
        key = key_of(GenreDay(partitions.genres[0], partitions.first))
    else:
        key = partitions
    run_id = str(uuid.uuid4())
    with unrecorded.noting(run_id):
        result = _job(job).execute_in_process(
            run_id=run_id,
            instance=instance,
            partition_key=key,
            tags=tags,
            run_config={**QUIET, **config},
            resources={"settings": settings},
            raise_on_error=False,
        )
    _record(instance, result.run_id, settings)
    if _was_interrupted(result):
        # Dagster takes Ctrl-C for a failure of the step.
        raise KeyboardInterrupt
    failure = None if result.success else failure_of(result.all_events)
    return Outcome(
        result.run_id,
        failure.said if failure else None,
        failure.kind if failure else None,
        _blocked(failure) if failure else None,
        [
            f"{check.asset_key.to_user_string()}: {check.check_name}"
            for check in result.get_asset_check_evaluations()
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
        ],
    )


@cache
def _job(name: str) -> dg.JobDefinition:
    """Of all runs of this process the same: to put the definitions together takes 0.1 s."""
    return defs().resolve_job_def(name)


def _record(instance: dg.DagsterInstance, run_id: str, settings: Settings) -> None:
    for ended in instance.get_run_records(dg.RunsFilter(run_ids=[run_id])):
        history.record(instance, ended, settings)


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    return any(
        event.step_failure_data.error is not None
        and event.step_failure_data.error.cls_name == dg.DagsterExecutionInterruptedError.__name__
        for event in result.get_step_failure_events()
    )


def _blocked(failure: Failure) -> tuple[str, dt.datetime] | None:
    if BLOCKED not in failure.metadata:
        return None
    until = dt.datetime.fromtimestamp(failure.metadata[BLOCKED_UNTIL], dt.UTC)
    return failure.metadata[BLOCKED], until
