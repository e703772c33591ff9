"""What runs leave behind: the run table and the results of checks.

Belongs here: reading it off Dagster's events. Does not belong here: how it is kept
(``operations``).
"""

import datetime as dt
import json
import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import dagster as dg
import polars as pl

from spotify_assets.defs.failures import DAMAGED, Failure, failure_of
from spotify_assets.defs.monitoring import unrecorded
from spotify_assets.defs.monitoring.quality import BY_PARTITION
from spotify_assets.defs.partitions import (
    PARTITION,
    RANGE_END,
    RANGE_START,
    genre_days_of_run,
    parse_key,
)
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.tables import held_file, read_partition
from spotify_assets.operations.runs import CheckResult, Operations, RunEnded, Status
from spotify_assets.schemas.catalog.processed import RESPONSES, QuarantinedRows, Reconciliation
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.errors import FailureKind

Evaluation = dg.AssetCheckEvaluation
EVENTS_AT_ONCE = 1_000
STATUSES: dict[dg.DagsterRunStatus, Status] = {
    dg.DagsterRunStatus.SUCCESS: "success",
    dg.DagsterRunStatus.FAILURE: "failure",
    dg.DagsterRunStatus.CANCELED: "canceled",
}


def record(instance: dg.DagsterInstance, ended: dg.RunRecord, settings: Settings) -> bool:
    """Take note of a run that ended; ``False`` if that was done before.

    Raises:
        OperationsError: It cannot be written.
        LedgerError: The calls of the run cannot be counted.
    """
    run = ended.dagster_run
    started_at = ended.start_time or ended.create_timestamp.timestamp()
    made = _made(instance, run.run_id, started_at) if run.is_success else []
    days = made or genre_days_of_run(run.tags, instance)
    with settings.lake.log.snapshot():
        counted = _counted(settings.lake, made)
    genres = {day.genre for day in days}
    dates = sorted(day.date for day in days)
    failure = _failure(instance, run) if run.is_failure else None
    checked = _evaluations(instance, run.run_id)
    with closing(Ledger(settings.ledger)) as ledger:
        calls = ledger.calls_of_run(run.run_id)
    return Operations(settings.operations).record(
        RunEnded(
            run_id=run.run_id,
            job=run.job_name.removeprefix("__").lower(),
            status=STATUSES[run.status],
            started_at=_moment(started_at),
            ended_at=_moment(ended.end_time or ended.update_timestamp.timestamp()),
            partition=_partition(run),
            genre=genres.pop() if len(genres) == 1 else None,
            first_date=dates[0] if dates else None,
            last_date=dates[-1] if dates else None,
            requests=calls,
            rows_in=counted.get("received"),
            rows_out=counted.get("kept"),
            quarantined=counted.get("quarantined"),
            failure=failure.said if failure else None,
            failure_kind=failure.kind if failure else None,
            damaged_files=_damaged_files(failure, settings.lake) if failure else None,
            share_anomalous=_share_anomalous([found for _, found in checked]),
        ),
        list(_results(checked, run.run_id, days)),
    )


def _failure(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Failure:
    if unrecorded.is_noted(run.run_id):
        # Where the disk is full, that has to change first.
        return Failure(unrecorded.SAYS, FailureKind.PERMANENT, {})
    entries = instance.all_logs(run.run_id)
    return failure_of(entry.dagster_event for entry in entries if entry.dagster_event)


def _damaged_files(failure: Failure, lake: Lake) -> str | None:
    files = map(Path, failure.metadata.get(DAMAGED, []))
    ours = [lake.relative(file) for file in files if file.is_relative_to(lake.root)]
    return json.dumps(ours, ensure_ascii=False) if ours else None


def _evaluations(instance: dg.DagsterInstance, run_id: str) -> list[tuple[float, Evaluation]]:
    """What the checks of a run found, each with its time."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return [
        (entry.timestamp, entry.dagster_event.asset_check_evaluation_data)
        for entry in entries
        if entry.dagster_event
    ]


def _share_anomalous(found: list[Evaluation]) -> float | None:
    """The checks that only tell, and did not pass ÷ all; where one blocks, the run has failed."""
    told = sum(not one.passed and not one.blocking for one in found)
    return told / len(found) if found else None


def _results(
    checked: list[tuple[float, Evaluation]], run_id: str, days: list[GenreDay]
) -> Iterator[CheckResult]:
    """The evaluations of a run; of a measure, one for each genre-day that it measured."""
    # Of a range, its newest day: a later run over newer days then says what holds.
    newest = max(days, default=None) if len({day.genre for day in days}) == 1 else None
    for timestamp, found in checked:
        result = CheckResult(
            checked_at=_moment(timestamp),
            run_id=run_id,
            asset=".".join(found.asset_key.path),
            check_name=found.check_name,
            passed=found.passed,
            severity=found.severity.value,
            genre=None if newest is None else newest.genre,
            date=None if newest is None else newest.date,
            details=_json({name: value.value for name, value in found.metadata.items()}),
        )
        measured = found.metadata.get(BY_PARTITION)
        if not isinstance(measured, dg.JsonMetadataValue):
            yield result
            continue
        for one in cast(list[dict[str, Any]], measured.value):
            yield CheckResult(
                checked_at=result.checked_at,
                run_id=run_id,
                asset=result.asset,
                check_name=result.check_name,
                passed=one["verdict"] == "passed",
                severity="ERROR" if one["verdict"] == "ERROR" else "WARN",
                genre=one["genre"],
                date=dt.date.fromisoformat(one["date"]),
                details=_json({"value": one["value"], "usual": one["usual"]}),
            )


def _made(instance: dg.DagsterInstance, run_id: str, started_at: float) -> list[GenreDay]:
    """The genre-days whose account a run stored, by Dagster's events and not by its tags."""
    of_account = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey(Reconciliation.table().split(".")), after_timestamp=started_at
    )
    made: set[GenreDay] = set()
    found = instance.fetch_materializations(of_account, limit=EVENTS_AT_ONCE)
    while True:
        # Other runs store theirs at the same time.
        made |= {
            parse_key(one.partition_key)
            for one in found.records
            if one.run_id == run_id and one.partition_key
        }
        if not found.has_more:
            return sorted(made)
        found = instance.fetch_materializations(
            of_account, limit=EVENTS_AT_ONCE, cursor=found.cursor
        )


def _counted(lake: Lake, days: list[GenreDay]) -> dict[str, int]:
    """Rows in and out of all tables of the genre-days, and all that is in quarantine.

    A response that was set aside as a whole is in no account: it is one row received.
    """
    there = [day for day in days if held_file(lake, Reconciliation.table(), day)]
    if not there:
        return {}
    names = ("received", "kept")
    # One by one: what an earlier version wrote may have other columns besides.
    accounts = pl.concat(
        read_partition(lake, Reconciliation.table(), day).select(names) for day in there
    )
    aside = pl.concat(
        read_partition(lake, QuarantinedRows.table(), day).select("table_name") for day in there
    )
    whole = aside.filter(pl.col("table_name") == RESPONSES).height
    received, kept = (int(accounts[name].sum()) for name in names)
    return {"received": received + whole, "kept": kept, "quarantined": aside.height}


def _partition(run: dg.DagsterRun) -> str | None:
    if {RANGE_START, RANGE_END} <= set(run.tags):
        return f"{run.tags[RANGE_START]}...{run.tags[RANGE_END]}"
    return run.tags.get(PARTITION)


def _json(details: Any) -> str:
    """As JSON that any reader takes: it has no NaN and no infinity."""
    return json.dumps(_finite(details), ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {str(name): _finite(one) for name, one in value.items()}
        case list() | tuple():
            return [_finite(one) for one in value]
        case _:
            return value


def _moment(timestamp: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)
