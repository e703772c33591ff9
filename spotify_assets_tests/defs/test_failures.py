"""The kind of a failure stands with its run, however the run fails."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.definitions import defs
from spotify_assets.defs.failures import (
    BLOCKED,
    BLOCKED_UNTIL,
    DAMAGED,
    MISSING,
    DaysNotHeld,
    NotThere,
    failing,
    failure_of,
)
from spotify_assets.defs.monitoring import history
from spotify_assets.defs.monitoring.processes import PROCESS, end_dead_runs, this_process
from spotify_assets.lake import DamagedFile, GenreDay, LakeError
from spotify_assets.operations.runs import Operations, RunEnded
from spotify_assets.settings import Settings
from spotify_assets.sources.account_export import ExportError
from spotify_assets.sources.spotify_api.errors import Blocked, NoCredentials, Unavailable
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets_tests.defs.dagster_runs import stands

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
ROCK = GenreDay("rock", NOON.date())
FILE = "processed/tracks/genre=rock/date=2026-11-20/rows.parquet"


def entered(instance: dg.DagsterInstance, run_id: str) -> RunEnded:
    """The run as the run table has it."""
    [ended] = instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))
    history.record(instance, ended, Settings())
    [row] = Operations(Settings().operations).runs(1)
    return row


def failed(error: BaseException, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """A run whose step raises the error."""

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    @failing
    def step() -> None:
        raise error

    @dg.job
    def job() -> None:
        step()

    return job.execute_in_process(instance=instance, raise_on_error=False)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unavailable("no answer"), FailureKind.RETRY),
        (Blocked("search", NOON, "QUOTA_EXCEEDED"), FailureKind.WAIT),
        (NoCredentials(), FailureKind.PERMANENT),
        (LakeError("no room"), FailureKind.PERMANENT),
        (ExportError("no zip"), FailureKind.BAD_INPUT),
        (DamagedFile(Path(FILE), "written", "Make it again."), FailureKind.DAMAGED_FILE),
        (ValueError("nobody foresaw this"), FailureKind.PERMANENT),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_step_that_fails_says_its_kind_and_a_policy_tries_again_only_what_can_pass(
    instance: dg.DagsterInstance, error: Exception, kind: FailureKind
) -> None:
    result = failed(error, instance)
    found = failure_of(result.all_events)
    assert (found.kind, str(error) in found.said) == (kind, True)
    row = entered(instance, result.run_id)
    assert (row.failure_kind, row.status) == (kind, "failure")
    tries = [event for event in result.all_events if event.is_step_restarted]
    is_foreseen = isinstance(error, ProjectError)
    assert len(tries) == (1 if kind is FailureKind.RETRY or not is_foreseen else 0)


def test_a_run_whose_process_was_killed_can_be_started_again(instance: dg.DagsterInstance) -> None:
    host, pid, start = this_process().rsplit("/", 2)
    of_the_dead = {PROCESS: f"{host}/{pid}/{int(start) - 1}"}
    stands(instance, dg.DagsterRunStatus.STARTED, tags=of_the_dead)
    [dead] = end_dead_runs(instance)
    assert entered(instance, dead).failure_kind is FailureKind.RETRY


def test_a_run_that_dagster_starts_once_more_has_its_own_kind(instance: dg.DagsterInstance) -> None:
    first = failed(Unavailable("no answer"), instance).run_id
    run = instance.get_run_by_id(first)
    assert run
    again = stands(instance, dg.DagsterRunStatus.SUCCESS, tags=dict(run.tags), again=first)
    assert entered(instance, first).failure_kind is FailureKind.RETRY
    assert {one.run_id: one.failure_kind for one in Operations(Settings().operations).runs(9)} == {
        first: FailureKind.RETRY
    }
    [ended] = instance.get_run_records(dg.RunsFilter(run_ids=[again]))
    assert history.record(instance, ended, Settings())
    kinds = {one.run_id: one.failure_kind for one in Operations(Settings().operations).runs(9)}
    assert kinds == {first: FailureKind.RETRY, again: None}


def test_a_block_says_what_is_blocked_and_until_when(instance: dg.DagsterInstance) -> None:
    found = failure_of(failed(Blocked("search", NOON, "QUOTA"), instance).all_events)
    assert found.metadata == {BLOCKED: "search", BLOCKED_UNTIL: NOON.timestamp()}


def test_days_that_raw_lacks_are_named_and_the_damaged_files_among_them(
    instance: dg.DagsterInstance,
) -> None:
    file = Settings().lake.root / FILE
    samba = GenreDay("samba", ROCK.date)
    error = DaysNotHeld({ROCK: DamagedFile(file, "sealed", ""), samba: NotThere("no samba")})
    result = failed(error, instance)
    found = failure_of(result.all_events)
    assert found.metadata == {
        MISSING: ["2026-11-20|rock", "2026-11-20|samba"],
        DAMAGED: [str(file)],
    }
    row = entered(instance, result.run_id)
    assert row.failure_kind is FailureKind.DAMAGED_FILE
    assert json.loads(row.damaged_files or "") == [FILE]


def computations() -> Iterator[Callable[..., object]]:
    """What assets, checks and jobs of ours compute."""
    found = defs()
    for each in [*(found.assets or []), *(found.asset_checks or [])]:
        assert isinstance(each, dg.AssetsDefinition)
        if each.is_executable:
            yield each.op.compute_fn.decorated_fn  # type: ignore[union-attr]
    for job in found.jobs or []:
        if isinstance(job, dg.JobDefinition):
            for node in job.nodes:
                yield node.definition.compute_fn.decorated_fn  # type: ignore[attr-defined]


def test_whatever_dagster_computes_of_ours_fails_by_the_kind_of_its_error() -> None:
    found = list(computations())
    assert len(found) > 10
    bare = [one for one in found if one.__code__.co_filename != failing.__code__.co_filename]
    assert bare == []
