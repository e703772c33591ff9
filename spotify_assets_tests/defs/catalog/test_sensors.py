import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from spotify_assets.defs import launch
from spotify_assets.defs.catalog import sensors
from spotify_assets.defs.partitions import GENRES, PartitionRange, key_of, parse_key
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import under_way
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import Budget
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.clock import Clock
from spotify_assets_tests.conftest import TODAY, Run
from spotify_assets_tests.defs.conftest import Genres
from spotify_assets_tests.defs.dagster_runs import stands

WAITING, STARTED = dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED
FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
Rotate = Callable[..., SensorExecutionData]


@pytest.fixture
def rotate(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> Rotate:
    """A tick of the rotation; Dagster resolves what it asks for, as in the daemon."""

    def evaluate(cursor: str | None = None) -> SensorExecutionData:
        context = dg.SensorEvaluationContext(
            instance.get_ref(),
            last_tick_completion_time=None,
            last_run_key=None,
            cursor=cursor,
            repository_name=None,
            repository_def=repository,
            resources={"settings": repository.get_top_level_resources()["settings"]},
        )
        with context:
            return sensors.rotation.evaluate_tick(context)

    return evaluate


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def asked(tick: SensorExecutionData) -> list[str]:
    return [parse_key(str(one.partition_key)).genre for one in tick.run_requests or []]


def test_the_next_genres_become_partitions_and_get_one_run_each(
    genres: Genres, rotate: Rotate
) -> None:
    genres("rock", "samba", "forró", "pop")
    tick = rotate()
    assert [(one.run_key, one.partition_key) for one in tick.run_requests or []] == [
        (f"rotation/{today()}/{genre}/1", key_of(GenreDay(genre, today())))
        for genre in ("rock", "samba", "forró")
    ]
    assert all(
        one.tags["dagster/partition/genre"] in ("rock", "samba", "forró")
        for one in tick.run_requests or []
    )
    [added] = tick.dynamic_partitions_requests or []
    assert (added.partitions_def_name, added.partition_keys) == (GENRES, ["rock", "samba", "forró"])


def test_a_genre_that_is_a_partition_already_is_not_added_again(
    genres: Genres, rotate: Rotate, instance: dg.DagsterInstance
) -> None:
    genres("rock")
    instance.add_dynamic_partitions(GENRES, ["rock"])
    assert not rotate().dynamic_partitions_requests
    assert asked(rotate()) == ["rock"]


def test_genres_under_way_take_places_and_are_not_asked_for_twice(
    genres: Genres, rotate: Rotate, instance: dg.DagsterInstance
) -> None:
    genres("rock", "samba", "forró", "pop", "jazz")
    stands(instance, WAITING, GenreDay("rock", today()))
    stands(instance, STARTED, GenreDay("samba", today()))
    # Neither is of today's turn: one has ended, one makes an older day again.
    stands(instance, FAILURE, GenreDay("forró", today()))
    stands(instance, STARTED, GenreDay("pop", TODAY - dt.timedelta(days=9)), job="reprocess")
    assert asked(rotate()) == ["forró"]

    stands(instance, STARTED, GenreDay("jazz", today()))
    tick = rotate()
    assert not tick.run_requests
    assert tick.skip_message == "3 genres are being collected: jazz, rock, samba."


def test_the_cursor_shows_the_attempts_and_carries_them_over_a_restart(
    genres: Genres, rotate: Rotate
) -> None:
    genres("bad", "rock", "samba", "forró")
    first = rotate()
    assert json.loads(first.cursor or "") == {
        "day": str(today()),
        "times": {"bad": 1, "rock": 1, "samba": 1},
    }
    # Nothing has been collected since: who has not had a turn comes first.
    second = rotate(first.cursor)
    assert asked(second) == ["forró", "bad", "rock"]
    assert [(one.run_key or "").rpartition("/")[2] for one in second.run_requests or []] == [
        "1",
        "2",
        "2",
    ]


def test_a_genre_that_failed_three_times_is_left_to_a_person_and_the_cursor_stays(
    genres: Genres, rotate: Rotate
) -> None:
    genres("bad")
    cursor = None
    for _ in range(3):
        tick = rotate(cursor)
        assert asked(tick) == ["bad"]
        cursor = tick.cursor
    tick = rotate(cursor)
    assert not tick.run_requests
    assert "left to you: bad" in (tick.skip_message or "")
    assert tick.cursor == cursor


def test_after_midnight_the_attempts_begin_again(genres: Genres, rotate: Rotate) -> None:
    genres("bad", "rock")
    yesterday = today() - dt.timedelta(days=1)
    tick = rotate(json.dumps({"day": str(yesterday), "times": {"bad": 3, "rock": 3}}))
    assert asked(tick) == ["bad", "rock"]
    assert [one.run_key for one in tick.run_requests or []] == [
        f"rotation/{today()}/bad/1",
        f"rotation/{today()}/rock/1",
    ]
    assert json.loads(tick.cursor or "")["day"] == str(today())


def test_while_the_api_is_blocked_nothing_is_asked_for_and_it_says_when_it_goes_on(
    genres: Genres, rotate: Rotate
) -> None:
    genres("rock")
    settings, clock = Settings(), Clock()
    connection = settings.connection
    with closing(Ledger(settings.ledger)) as ledger:
        budget = Budget(ledger, connection.app, connection.source, settings.limits, clock)
        with pytest.raises(Blocked) as blocked:
            budget.refused("search", 85_771, "QUOTA_EXCEEDED", is_quota=True)
    tick = rotate()
    assert not tick.run_requests
    assert f"at {blocked.value.until:%Y-%m-%d %H:%M} UTC (search: QUOTA_EXCEEDED)" in (
        tick.skip_message or ""
    )
    assert json.loads(tick.cursor or "")["times"] == {}


def test_a_spent_budget_leaves_what_it_does_not_allow_for_later(
    genres: Genres, rotate: Rotate, monkeypatch: pytest.MonkeyPatch
) -> None:
    genres("rock", "samba", "forró")
    # Two pages of artists and tracks each: enough for one genre.
    monkeypatch.setenv("SPOTIFY_DAILY_BUDGET", "search=3")
    assert asked(rotate()) == ["rock"]


def test_a_line_that_is_no_genre_harms_no_other(genres: Genres, rotate: Rotate) -> None:
    genres("a|b", "rock", "x" * 300, "samba")
    assert asked(rotate()) == ["rock", "samba"]


def test_a_genre_that_is_written_down_has_its_turn_without_a_restart(
    genres: Genres, rotate: Rotate
) -> None:
    genres("rock")
    tick = rotate()
    genres("rock", "samba")
    assert asked(rotate(tick.cursor)) == ["samba", "rock"]


def test_without_credentials_it_skips_and_says_how_to_go_on(
    genres: Genres, rotate: Rotate, monkeypatch: pytest.MonkeyPatch
) -> None:
    genres("rock")
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")
    assert "SPOTIFY_CLIENT_ID" in (rotate().skip_message or "")


@pytest.mark.end_to_end
def test_a_range_that_raw_does_not_hold_as_a_whole_fails_and_the_rest_is_asked_for(
    data_dir: Path, instance: dg.DagsterInstance, run: Run
) -> None:
    lake = Lake(data_dir / "lake")
    days = [TODAY - dt.timedelta(days=back) for back in (3, 2, 1, 0)]
    assert run("forró", days[0], days[-1], artists=2, tracks=2).failure is None
    shutil.rmtree(RawPartition(lake, GenreDay("forró", days[1])).folder)

    outcome = launch.reprocess(instance, Settings(), PartitionRange(("forró",), days[0], days[-1]))

    assert outcome.failure == (
        f"The lake holds no finished collection of forró on {days[1]}: materialize raw/catalog."
    )
    requests = rest_of(instance, outcome.run_id)
    assert [one.run_key for one in requests] == [
        f"rest/{outcome.run_id}/forró/{days[2]}",
        f"rest/{outcome.run_id}/forró/{days[0]}",
    ]
    assert [
        (
            one.tags["dagster/asset_partition_range_start"],
            one.tags["dagster/asset_partition_range_end"],
        )
        for one in requests
    ] == [
        (f"{days[2]}|forró", f"{days[3]}|forró"),
        (f"{days[0]}|forró", f"{days[0]}|forró"),
    ]
    # Nothing of the day that failed looks as if a run were still working on it.
    assert not any(under_way(lake, GenreDay("forró", day)) for day in days)


def test_a_run_that_failed_for_another_reason_has_no_rest(
    data_dir: Path, instance: dg.DagsterInstance
) -> None:
    run_id = stands(instance, STARTED, GenreDay("rock", TODAY))
    held = instance.get_run_by_id(run_id)
    assert held is not None
    instance.report_run_failed(held, "out of memory")
    assert rest_of(instance, run_id) == []


def rest_of(instance: dg.DagsterInstance, run_id: str) -> list[dg.RunRequest]:
    """What is asked for when Dagster tells that a run failed."""
    run = instance.get_run_by_id(run_id)
    [*_, event] = [
        entry.dagster_event
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    ]
    assert run is not None
    assert event is not None
    context = dg.build_run_status_sensor_context("retry_remaining_partitions", event, instance, run)
    requests = sensors.retry_remaining_partitions(context.for_run_failure())
    assert isinstance(requests, Iterator)
    return [one for one in requests if isinstance(one, dg.RunRequest)]
