"""Dagster's events reach their files a batch at a time, and read as if they came one by one."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.defs.launch import prepare_home
from spotify_assets.defs.monitoring import event_log
from spotify_assets.defs.monitoring.event_log import BATCH_SIZE, INDEX, BatchedEventLog

DAYS = dg.DailyPartitionsDefinition("2026-11-01", end_date="2026-11-21")


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def some_table() -> None:
    """A table of twenty days."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", "set by the next line")
    monkeypatch.setenv(BATCH_SIZE, "7")
    prepare_home(tmp_path)
    return tmp_path


def made(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [some_table],
        instance=instance,
        tags={
            "dagster/asset_partition_range_start": "2026-11-01",
            "dagster/asset_partition_range_end": "2026-11-20",
        },
    )


def test_our_configuration_chooses_it_and_each_partition_of_a_range_is_there(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, BatchedEventLog)
        result = made(instance)
        assert result.success
        there = instance.get_materialized_partitions(some_table.key)
    assert sorted(there) == DAYS.get_partition_keys()


def test_what_is_stored_is_what_dagster_stores_one_by_one(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_no_run = dg.AssetMaterialization("of_no_run")
    with dg.DagsterInstance.get() as instance:
        made(instance)
        instance.report_runless_asset_event(of_no_run)
        told = materializations(instance)
    plain = tmp_path_factory.mktemp("plain")
    (plain / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(plain))
    monkeypatch.delenv(BATCH_SIZE)
    with dg.DagsterInstance.get() as instance:
        made(instance)
        instance.report_runless_asset_event(of_no_run)
        assert told == materializations(instance)
    assert stored(home) == stored(plain) != []


def materializations(instance: dg.DagsterInstance) -> tuple[int, int]:
    """How many there are of no run, and of our table."""
    of_no_run = dg.AssetKey("of_no_run")
    return (
        len(instance.fetch_materializations(of_no_run, limit=100).records),
        len(instance.fetch_materializations(some_table.key, limit=100).records),
    )


def events_of(instance: dg.DagsterInstance, run_id: str) -> list[dg.EventLogEntry]:
    records = instance.get_records_for_run(run_id, limit=1000).records
    return [record.event_log_entry for record in records]


def stored(home: Path) -> list[tuple[str, str | None, int]]:
    """How many events of each type and partition all runs have, and which assets are known."""
    with sqlite3.connect(home / "history" / "runs" / f"{INDEX}.db") as index:
        return index.execute(
            "SELECT dagster_event_type, partition, count(*) FROM event_logs GROUP BY 1, 2 "
            "ORDER BY 1, 2"
        ).fetchall()


def test_a_batch_is_stored_whole_or_not_at_all(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        run_id = made(instance).run_id
        log = instance.event_log_storage
        events = events_of(instance, run_id)
        before = stored(home)
        with pytest.raises(AttributeError):
            log.store_event_batch([*events, object()])  # type: ignore[list-item]
        assert stored(home) == before
        log.store_event_batch(events)
        assert stored(home) == [(kind, part, 2 * number) for kind, part, number in before]


def test_a_batch_can_be_the_first_that_is_stored(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        events = events_of(instance, made(instance).run_id)
    with dg.DagsterInstance.get() as instance:
        storing = threading.Thread(
            target=instance.event_log_storage.store_event_batch,
            args=([event._replace(run_id="another") for event in events],),
            daemon=True,
        )
        storing.start()
        storing.join(5)
        assert not storing.is_alive()
        assert len(events_of(instance, "another")) == len(events)


def test_events_of_no_run_are_read_once(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        made(instance)
        instance.report_runless_asset_event(dg.AssetMaterialization("of_no_run"))
        log = instance.event_log_storage
        ended = log.get_event_records(dg.EventRecordsFilter(dg.DagsterEventType.RUN_SUCCESS))
    assert len(ended) == 1


def test_threads_that_read_more_runs_than_are_kept_open_do_not_disturb_each_other(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "MAX_ENGINES", 2)
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        event = events_of(instance, made(instance).run_id)[0]
        runs = ["run-1", "run-2", "run-3"]
        for run_id in runs:
            log.store_event(event._replace(run_id=run_id))
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda run_id: len(events_of(instance, run_id)), runs * 20))
    assert set(found) == {1}


def test_after_a_wipe_events_go_into_new_files(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        events = events_of(instance, made(instance).run_id)
        log.wipe()
        assert stored(home) == []
        log.store_event_batch(events)
        assert len(events_of(instance, events[0].run_id)) == len(events)
        run_file = home / "history" / "runs" / f"{events[0].run_id}.db"
        assert run_file.exists()
