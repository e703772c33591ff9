"""Dagster's events reach their files a batch at a time, and read as if they came one by one."""

import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.defs.event_log import BATCH_SIZE, INDEX, BatchedEventLog
from spotify_assets.defs.launch import prepare_home

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
    with dg.DagsterInstance.get() as instance:
        made(instance)
    plain = tmp_path_factory.mktemp("plain")
    (plain / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(plain))
    monkeypatch.delenv(BATCH_SIZE)
    with dg.DagsterInstance.get() as instance:
        made(instance)
    assert stored(home) == stored(plain) != []


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
        events = [
            record.event_log_entry
            for record in instance.get_records_for_run(run_id, limit=1000).records
        ]
        before = stored(home)
        with pytest.raises(AttributeError):
            log.store_event_batch([*events, object()])  # type: ignore[list-item]
        assert stored(home) == before
        log.store_event_batch(events)
        assert stored(home) == [(kind, part, 2 * number) for kind, part, number in before]
