"""What is kept of a run: once, whole, and so that the warehouse can take it in."""

import datetime as dt
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.operations.alerts import Alerts
from spotify_assets.operations.alerts.causes.monitoring import run_failure
from spotify_assets.operations.runs import (
    CheckResult,
    Operations,
    OperationsError,
    RunEnded,
    Status,
)
from spotify_assets.schemas.monitoring import CheckResults, Runs
from spotify_assets.storage.errors import FailureKind
from spotify_assets_tests.lake.processes import at_once, run
from spotify_assets_tests.operations import operation_processes
from spotify_assets_tests.operations.alerts.samples import DOWN, Clock, Paper
from spotify_assets_tests.places import Places, in_a_file

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
ROCK = RunEnded(
    run_id="run-1",
    job="catalog",
    status="success",
    started_at=NOON,
    ended_at=NOON + dt.timedelta(seconds=90.5),
    partition="2026-11-20|rock",
    genre="rock",
    first_date=TODAY,
    last_date=TODAY,
    requests=12,
    rows_in=200,
    rows_out=190,
    quarantined=5,
    share_anomalous=0.25,
)
BARE = RunEnded("run-2", "publish", "failure", NOON, NOON)
BEFORE = """
CREATE TABLE runs (
    run_number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, job TEXT NOT NULL,
    partition TEXT, genre TEXT, first_date INTEGER, last_date INTEGER, status TEXT NOT NULL,
    started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, seconds REAL NOT NULL,
    requests INTEGER NOT NULL, rows_in INTEGER, rows_out INTEGER, quarantined INTEGER,
    share_invalid REAL, failure TEXT
) STRICT;
INSERT INTO runs (run_number, run_id, job, status, started_at, ended_at, seconds, requests, failure)
VALUES
    (1, 'run-1', 'catalog', 'failure', 0, 0, 0, 0, 'The API is not to be asked for x'),
    (2, 'run-2', 'catalog', 'failure', 0, 0, 0, 0, 'The disk is full.');
"""
"""The file as version 0.1.0 made it."""
KEPT = CheckResult(
    checked_at=NOON,
    run_id="run-1",
    asset="processed.tracks",
    check_name="contract",
    passed=True,
    genre="rock",
    date=TODAY,
    details='{"rows": 190}',
)
DAYS = dt.timedelta(days=1)


@pytest.fixture
def operations(places: Places) -> Operations:
    return Operations(places("data/operations"))


def test_a_run_is_given_back_with_all_that_is_known_of_it(operations: Operations) -> None:
    operations.record(ROCK)

    [row] = operations.runs_after(0).to_dicts()

    assert row == {
        "run_number": row["run_number"],
        "run_id": "run-1",
        "job": "catalog",
        "partition": "2026-11-20|rock",
        "genre": "rock",
        "first_date": TODAY,
        "last_date": TODAY,
        "status": "success",
        "started_at": dt.datetime(2026, 11, 20, 12),  # noqa: DTZ001 - as the warehouse has it
        "ended_at": dt.datetime(2026, 11, 20, 12, 1, 30, 500_000),  # noqa: DTZ001
        "seconds": 90.5,
        "requests": 12,
        "rows_in": 200,
        "rows_out": 190,
        "quarantined": 5,
        "share_invalid": 0.025,
        "failure": None,
        "failure_kind": None,
        "damaged_files": None,
        "share_anomalous": 0.25,
        "alert_delay_seconds": None,
    }
    assert operations.runs(last=5) == [ROCK]


def test_a_check_result_is_given_back_with_all_that_is_known_of_it(operations: Operations) -> None:
    operations.record(ROCK, [KEPT])

    [row] = operations.check_results_after(0).to_dicts()

    assert row == {
        "result_number": row["result_number"],
        "checked_at": dt.datetime(2026, 11, 20, 12),  # noqa: DTZ001 - as the warehouse has it
        "run_id": "run-1",
        "asset": "processed.tracks",
        "check_name": "contract",
        "genre": "rock",
        "date": TODAY,
        "passed": True,
        "severity": "ERROR",
        "details": '{"rows": 190}',
    }


def test_what_is_given_keeps_the_contracts_whether_there_are_rows_or_not(
    operations: Operations,
) -> None:
    assert given_within_contracts(operations) == (0, 0)
    operations.record(ROCK, [KEPT, replace(KEPT, genre=None, date=None, passed=False)])
    operations.record(BARE)
    assert given_within_contracts(operations) == (2, 2)


def given_within_contracts(operations: Operations) -> tuple[int, int]:
    """How many runs and results are given; each keeps its contract."""
    runs = Runs.validate(operations.runs_after(0))
    results = CheckResults.validate(operations.check_results_after(0))
    return runs.height, results.height


def test_recording_a_run_twice_changes_nothing(operations: Operations) -> None:
    assert operations.record(ROCK, [KEPT])
    before = operations.runs_after(0), operations.check_results_after(0)

    assert not operations.record(replace(ROCK, status="failure"), [KEPT, KEPT])

    after = operations.runs_after(0), operations.check_results_after(0)
    assert [frame.to_dicts() for frame in after] == [frame.to_dicts() for frame in before]


def test_rows_are_given_after_a_number_in_the_order_of_recording(operations: Operations) -> None:
    for name in "cab":
        named = replace(ROCK, run_id=name)
        operations.record(
            named, [replace(KEPT, run_id=name, check_name=f"{name}{n}") for n in "12"]
        )

    runs, results = operations.runs_after(0), operations.check_results_after(0)

    assert runs["run_id"].to_list() == ["c", "a", "b"]
    assert results["check_name"].to_list() == ["c1", "c2", "a1", "a2", "b1", "b2"]
    assert operations.runs_after(runs["run_number"][1])["run_id"].to_list() == ["b"]
    later = operations.check_results_after(results["result_number"][3])
    assert later["check_name"].to_list() == ["b1", "b2"]


@in_a_file
def test_the_numbers_of_a_file_that_is_begun_again_follow_on_the_old_ones(
    operations: Operations,
) -> None:
    operations.record(ROCK, [KEPT])
    old = operations.runs_after(0), operations.check_results_after(0)
    Path(str(operations.place)).unlink()

    again = Operations(operations.place)
    again.record(ROCK, [KEPT])

    assert again.runs_after(old[0]["run_number"][0]).height == 1
    assert again.check_results_after(old[1]["result_number"][0]).height == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "done"}, "status is done"),
        ({"requests": -1}, "requests is -1"),
        ({"quarantined": 201}, "share_invalid is 1.005"),
    ],
)
def test_a_run_that_breaks_its_contract_is_refused(
    operations: Operations, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=r"contract of monitoring\.runs") as refused:
        operations.record(replace(ROCK, **changes))
    assert said in str(refused.value)
    assert operations.runs_after(0).is_empty()


def test_where_a_result_is_refused_its_run_is_not_kept_either(operations: Operations) -> None:
    wrong: Any = {"severity": "CRITICAL"}
    with pytest.raises(ValueError, match=r"contract of monitoring\.check_results"):
        operations.record(ROCK, [KEPT, replace(KEPT, **wrong)])
    assert operations.runs_after(0).is_empty()

    assert operations.record(ROCK, [KEPT])


def test_a_result_of_another_run_is_refused(operations: Operations) -> None:
    with pytest.raises(ValueError, match="run-9 do not belong to run-1"):
        operations.record(ROCK, [replace(KEPT, run_id="run-9")])


@pytest.mark.parametrize("details", ["", "rows: 1", "[1]", "null", '{"share": NaN}'])
def test_details_that_are_no_json_object_are_refused(details: str) -> None:
    with pytest.raises(ValueError, match=r"processed\.tracks are no JSON object"):
        replace(KEPT, details=details)


def test_a_time_without_a_zone_is_refused() -> None:
    nowhere = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        replace(ROCK, ended_at=nowhere)
    with pytest.raises(ValueError, match="no time zone"):
        replace(KEPT, checked_at=nowhere)


def test_times_are_kept_in_utc(operations: Operations) -> None:
    in_sao_paulo = NOON.astimezone(dt.timezone(dt.timedelta(hours=-3)))
    operations.record(replace(ROCK, started_at=in_sao_paulo))
    assert operations.runs_after(0)["started_at"].to_list() == [NOON.replace(tzinfo=None)]


def test_a_run_over_which_the_clock_was_set_back_took_no_time() -> None:
    assert replace(ROCK, ended_at=NOON - DAYS).seconds == 0


@pytest.mark.parametrize("rows", [{"rows_in": 0}, {"rows_in": None}, {"quarantined": None}])
def test_where_nothing_was_received_there_is_no_share(rows: dict[str, Any]) -> None:
    assert replace(ROCK, **rows).share_invalid is None


@given(st.text())
def test_any_failure_becomes_one_line(text: str) -> None:
    failure = replace(BARE, failure=text).failure
    assert failure is None or (failure.isprintable() and failure.strip() and len(failure) <= 1_000)


def test_a_failure_of_any_signs_can_be_kept(operations: Operations) -> None:
    operations.record(replace(BARE, failure="Cannot read \udcff.json\n\n  in\0forró "))
    assert operations.runs_after(0)["failure"].to_list() == ["Cannot read .json in forró"]


def test_runs_are_added_up_by_job_and_status(operations: Operations) -> None:
    ended: list[tuple[str, Status]] = [("a", "success"), ("a", "failure"), ("b", "success")]
    for number, (job, status) in enumerate(ended):
        for n in range(number + 1):
            operations.record(RunEnded(f"{number}-{n}", job, status, NOON, NOON))
    assert operations.totals() == {("a", "failure"): 2, ("a", "success"): 1, ("b", "success"): 3}


def test_the_last_run_of_a_job_is_the_one_that_ended_last_however_late_it_is_recorded(
    operations: Operations,
) -> None:
    later = replace(ROCK, run_id="later", ended_at=NOON + DAYS)
    for one in (later, ROCK, BARE):
        operations.record(one)
    assert operations.last_of_each_job() == [later, BARE]
    assert operations.runs(last=1) == [later]


def test_the_last_count_of_a_genre_is_of_a_run_that_counted_rows(operations: Operations) -> None:
    failed = replace(ROCK, run_id="failed", ended_at=NOON + DAYS, rows_in=None, status="failure")
    for one in (ROCK, failed, BARE):
        operations.record(one)
    assert operations.last_count_of_each_genre() == [ROCK]


def test_a_check_fails_in_the_partitions_whose_latest_result_is_a_failure(
    operations: Operations,
) -> None:
    broken = replace(KEPT, passed=False)
    mended = replace(KEPT, checked_at=NOON + DAYS)
    results = [
        mended,
        broken,
        replace(broken, genre="forró"),
        replace(broken, date=TODAY - DAYS),
        replace(broken, asset="star.fact_track_daily", genre=None, date=None),
        replace(KEPT, check_name="integrity"),
    ]
    operations.record(ROCK, results)
    assert operations.failing() == {
        ("processed.tracks", "contract"): 2,
        ("processed.tracks", "integrity"): 0,
        ("star.fact_track_daily", "contract"): 1,
    }


def test_incidents_and_runs_lie_in_one_file(operations: Operations) -> None:
    Alerts(operations.place)
    operations.record(ROCK)
    assert Alerts(operations.place).open_incidents() == []
    assert Operations(operations.place).runs(last=1) == [ROCK]


@in_a_file
def test_a_file_that_is_damaged_is_named_with_what_to_do(operations: Operations) -> None:
    Path(str(operations.place)).write_bytes(b"no database " * 1000)
    with pytest.raises(OperationsError, match=r"move it away") as said:
        Operations(operations.place)
    assert str(operations.place) in str(said.value)


def test_processes_that_record_at_once_lose_nothing_and_record_nothing_twice(
    tmp_path: Path,
) -> None:
    path = tmp_path / "operations.sqlite"
    assert at_once(operation_processes.records_when_told, (path, "one"), (path, "two")) == [0, 0]

    operations = Operations(path)
    runs = operations.runs_after(0)["run_id"].to_list()
    results = operations.check_results_after(0)["run_id"].to_list()
    of_each = {f"{own}-{n}" for own in ("one", "two", "both") for n in range(5)}
    assert sorted(runs) == sorted(of_each)
    assert sorted(results) == sorted([*of_each, *of_each])


@in_a_file
def test_a_run_that_cannot_be_written_whole_is_not_written(operations: Operations) -> None:
    said = run(operation_processes.records_on_a_full_disk, operations.place)

    assert said.stdout.startswith(f"The runs in {operations.place} cannot be"), said
    assert operations.runs_after(0).is_empty()
    assert operations.record(ROCK, [KEPT])


def before(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(BEFORE)
    return path


def test_a_file_of_the_version_before_knows_blocks_again_and_takes_new_runs(tmp_path: Path) -> None:
    operations = Operations(before(tmp_path / "operations.sqlite"))
    kinds = {run.run_id: run.failure_kind for run in operations.runs(9)}
    assert kinds == {"run-1": FailureKind.WAIT, "run-2": None}
    broken = replace(BARE, run_id="run-3", failure_kind=FailureKind.RETRY, damaged_files='["a"]')
    assert operations.record(broken)
    assert Operations(operations.place).runs(1) == [broken]


def test_a_file_of_the_version_before_that_is_only_for_reading_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = before(tmp_path / "operations.sqlite")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert [run.failure_kind for run in Operations(path).runs(9)] == [None, None]


def test_a_run_that_failed_says_how_long_it_took_until_somebody_was_told(
    operations: Operations,
) -> None:
    failed = replace(ROCK, status="failure", failure="The disk is full.", share_anomalous=None)
    earlier = replace(failed, run_id="run-0", ended_at=NOON - DAYS, started_at=NOON - DAYS)
    clock, paper = Clock(), Paper(trouble=DOWN)
    alerts = Alerts(operations.place, [paper], clock)
    operations.record(earlier)
    operations.record(failed)
    newest = operations.runs_after(0)["run_number"].max()
    assert isinstance(newest, int)
    # Seen two minutes after the fault, and delivered at the second attempt.
    clock.now = failed.ended_at + dt.timedelta(minutes=2)
    told = run_failure("catalog", failed.partition, "The disk is full.", failed.ended_at)
    alerts.observe("run_failure", [told])
    alerts.deliver()
    operations.note_alerts()
    assert operations.runs_after(newest).is_empty()
    paper.trouble = None
    clock.forward(minutes=3)
    alerts.deliver()

    operations.note_alerts()

    # The row is given again, so that the warehouse learns of it; the earlier run had no alert.
    [row] = operations.runs_after(newest).to_dicts()
    assert row["run_id"] == "run-1"
    # Alerts know their times to the second.
    assert row["alert_delay_seconds"] == pytest.approx(300, abs=1)
    operations.note_alerts()
    assert operations.runs_after(newest).to_dicts() == [row]


def test_what_nobody_was_told_of_has_no_delay(operations: Operations) -> None:
    operations.record(replace(ROCK, status="failure", failure="It failed."))
    operations.note_alerts()

    assert operations.runs_after(0)["alert_delay_seconds"].to_list() == [None]
