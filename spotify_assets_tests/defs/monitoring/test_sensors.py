import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.defs.monitoring import sensors
from spotify_assets.defs.partitions import key_of
from spotify_assets.lake import GenreDay
from spotify_assets.settings import Settings
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.defs.dagster_runs import stands

STARTED, CANCELED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED


def record_runs(instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult:
    found = sensors.record_runs(
        dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"settings": Settings()}
        )
    )
    assert isinstance(found, dg.SensorResult)
    return found


def entered(data_dir: Path) -> list[tuple[str, str]]:
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return connection.execute(
            "SELECT run_id, status FROM monitoring.runs ORDER BY run_id"
        ).fetchall()


def test_runs_that_ended_are_entered_once_and_published_with_the_metrics(
    data_dir: Path, instance: dg.DagsterInstance
) -> None:
    ended = stands(instance, CANCELED, GenreDay("rock", TODAY))
    stands(instance, STARTED, GenreDay("samba", TODAY))
    first = record_runs(instance, None)
    assert entered(data_dir) == [(ended, "canceled")]
    assert json.loads((data_dir / "metrics" / "latest.json").read_text())["run_id"] == ended

    again = record_runs(instance, first.cursor)
    assert again.skip_reason == dg.SkipReason("0 runs entered.")
    assert again.cursor == first.cursor
    # As after a cursor that was lost.
    assert record_runs(instance, None).skip_reason == dg.SkipReason("0 runs entered.")


def test_many_runs_that_end_at_the_same_moment_are_all_entered_in_the_end(
    data_dir: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "MAX_ENTERED", 2)
    ids = {stands(instance, CANCELED) for _ in range(5)}
    cursor = None
    for _ in range(3):
        cursor = record_runs(instance, cursor).cursor
    assert {run_id for run_id, _ in entered(data_dir)} == ids


def test_a_range_of_a_genre_that_dagster_has_forgotten_is_entered_all_the_same(
    data_dir: Path, instance: dg.DagsterInstance
) -> None:
    first, last = (key_of(GenreDay(genre, TODAY)) for genre in ("rock", "samba"))
    tags = {
        "dagster/asset_partition_range_start": str(first),
        "dagster/asset_partition_range_end": str(last),
    }
    ended = stands(instance, CANCELED, tags=tags)
    record_runs(instance, None)
    assert entered(data_dir) == [(ended, "canceled")]
