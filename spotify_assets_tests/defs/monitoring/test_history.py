import datetime as dt
from contextlib import closing
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.defs import launch
from spotify_assets.defs.catalog.raw import CollectConfig
from spotify_assets.defs.monitoring import history
from spotify_assets.operations.runs import Operations
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.clock import Clock
from spotify_assets_tests.conftest import TODAY, Run
from spotify_assets_tests.defs.dagster_runs import stands

YESTERDAY = TODAY - dt.timedelta(days=1)


def ask(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def record(instance: dg.DagsterInstance, run_id: str) -> bool:
    [ended] = instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))
    return history.record(instance, ended, Settings())


@pytest.mark.end_to_end
def test_a_run_is_a_row_with_what_it_asked_and_brought_and_each_check_is_one_of_its_genre_day(
    data_dir: Path, run: Run
) -> None:
    before = run("rock", YESTERDAY, artists=5, tracks=5)
    outcome = run("rock", artists=5, tracks=5)
    launch.close(Settings(), [before, outcome])

    with closing(Ledger(Settings().ledger)) as ledger:
        calls = [
            one for one in ledger.requests(0, Clock().now()) if one["run_id"] == outcome.run_id
        ]
    [account] = ask(
        data_dir,
        "SELECT sum(received), sum(kept), sum(quarantined), sum(quarantined) / sum(received) "
        f"FROM processed.reconciliation WHERE date = '{TODAY}'",
    )
    of_run = f"FROM monitoring.runs WHERE run_id = '{outcome.run_id}'"
    assert calls
    assert ask(
        data_dir,
        "SELECT job, partition, genre, first_date, last_date, status, failure, requests, "
        f"seconds > 0, share_anomalous, rows_in, rows_out, quarantined, share_invalid {of_run}",
    ) == [
        ("catalog", f"{TODAY}|rock", "rock", TODAY, TODAY, "success", None, len(calls), True, 0.0)
        + account
    ]

    results = ask(
        data_dir,
        "SELECT asset, check_name, genre, date, passed FROM monitoring.check_results "
        f"WHERE run_id = '{outcome.run_id}'",
    )
    assert len(set(results)) == len(results)
    assert {row[2:] for row in results} == {("rock", TODAY, True)}
    checks = {f"{asset} {check}" for asset, check, *_ in results}
    assert checks >= {
        "processed.tracks contract",
        "processed.tracks drop",
        "processed.tracks drift",
        "quarantine.rows quarantine_share",
        "star.fact_track_daily integrity",
        "publish.spotify_duckdb reconciles",
    }
    # What nobody collected is no fault of a run.
    assert not {check for check in checks if "days_" in check}
    value = "SELECT (details->>'value')::INTEGER, (details->>'usual')::INTEGER "
    kept = (
        "SELECT kept FROM processed.reconciliation WHERE table_name = 'tracks' ORDER BY date DESC"
    )
    assert ask(
        data_dir,
        f"{value} FROM monitoring.check_results WHERE check_name = 'drop' "
        f"AND run_id = '{outcome.run_id}'",
    ) == [tuple(row[0] for row in ask(data_dir, kept))]


@pytest.mark.end_to_end
def test_a_run_that_failed_is_a_row_with_the_reason_and_no_rows(
    instance: dg.DagsterInstance,
) -> None:
    # What is handed to a run counts, and not the environment: that names a sandbox.
    without_api = Settings().model_copy(update={"sandbox_url": None})
    outcome = launch.collect(instance, without_api, "rock", (TODAY, TODAY), CollectConfig())
    [row] = Operations(Settings().operations).runs(10)
    assert (row.run_id, row.status, row.requests) == (outcome.run_id, "failure", 0)
    assert (row.rows_in, row.rows_out, row.share_invalid) == (None, None, None)
    assert "No Spotify credentials" in (row.failure or "")
    assert not record(instance, outcome.run_id)


def test_a_run_of_no_partition_is_a_row_of_no_genre(instance: dg.DagsterInstance) -> None:
    assert record(instance, stands(instance, dg.DagsterRunStatus.CANCELED, job="housekeeping"))
    [row] = Operations(Settings().operations).runs(10)
    assert (row.job, row.status, row.partition, row.genre) == (
        "housekeeping",
        "canceled",
        None,
        None,
    )


def test_a_run_that_was_killed_says_so(instance: dg.DagsterInstance) -> None:
    run_id = stands(instance, dg.DagsterRunStatus.STARTED)
    held = instance.get_run_by_id(run_id)
    assert held is not None
    instance.report_run_failed(held, "The process of this run was killed.")
    record(instance, run_id)
    [row] = Operations(Settings().operations).runs(10)
    assert row.failure == "The process of this run was killed."
