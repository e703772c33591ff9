import datetime as dt
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._utils.schedules import cron_string_iterator

from spotify_assets.defs.catalog import schedules
from spotify_assets.defs.partitions import GENRES, days
from spotify_assets.lake import GenreDay
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import Budget
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.clock import Clock
from spotify_assets.transforms.version import code_version
from spotify_assets_tests.defs.conftest import Genres
from spotify_assets_tests.defs.dagster_runs import stands
from spotify_assets_tests.operations.test_outdated import day, made
from spotify_assets_tests.warehouse.publication.test_publish import publish

STARTED, SUCCESS = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS
FAILURE = dg.DagsterRunStatus.FAILURE
Fire = Callable[..., ScheduleExecutionData]


@pytest.fixture
def fire(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> Fire:
    """A tick of a schedule; Dagster resolves what it asks for, as in the daemon."""

    def evaluate(name: str, at: dt.datetime | None = None) -> ScheduleExecutionData:
        context = dg.ScheduleEvaluationContext(
            instance.get_ref(),
            at or dt.datetime.now(dt.UTC),
            repository_def=repository,
            resources={"settings": repository.get_top_level_resources()["settings"]},
            schedule_name=name,
        )
        with context:
            return repository.get_schedule_def(name).evaluate_tick(context)

    return evaluate


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def asked(tick: ScheduleExecutionData) -> list[str | None]:
    return [one.run_key for one in tick.run_requests or []]


def test_every_schedule_runs_by_itself_in_utc(repository: dg.RepositoryDefinition) -> None:
    assert {one.name for one in repository.schedule_defs} == {
        "daily_completion",
        "recently_played",
        "reprocess_outdated",
        "hourly_data_quality",
        "daily_housekeeping",
        "daily_predictions",
        "weekly_training",
    }
    for one in repository.schedule_defs:
        assert (one.execution_timezone or "UTC") == "UTC"
        assert one.default_status == dg.DefaultScheduleStatus.RUNNING
    assert days.timezone == "UTC"


@pytest.mark.parametrize("month", [3, 10])
def test_a_change_to_or_from_summer_time_moves_no_schedule(
    repository: dg.RepositoryDefinition, monkeypatch: pytest.MonkeyPatch, month: int
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        schedule = repository.get_schedule_def("daily_completion")
        before = dt.datetime(2026, month, 20, tzinfo=dt.UTC).timestamp()
        ticks = cron_string_iterator(
            before, str(schedule.cron_schedule), schedule.execution_timezone
        )
        found = [tick.astimezone(dt.UTC) for tick in islice(ticks, 14)]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [(tick.month, tick.day, tick.hour) for tick in found][:12] == [
        (month, 20 + number, 21) for number in range(12)
    ]


def test_before_the_day_ends_every_genre_that_is_due_and_not_under_way_gets_a_run(
    genres: Genres, fire: Fire, instance: dg.DagsterInstance
) -> None:
    genres("rock", "a|b", "samba", "forró", "pop", "jazz")
    stands(instance, STARTED, GenreDay("samba", today()))
    # However often it failed: this is its last chance.
    for _ in range(5):
        stands(instance, FAILURE, GenreDay("rock", today()))
    tick = fire("daily_completion")
    assert asked(tick) == [
        f"completion/{today()}/{genre}" for genre in ("rock", "forró", "pop", "jazz")
    ]
    assert [one.tags["dagster/partition"] for one in tick.run_requests or []] == [
        f"{today()}|{genre}" for genre in ("rock", "forró", "pop", "jazz")
    ]
    assert set(instance.get_dynamic_partitions(GENRES)) == {"rock", "forró", "pop", "jazz"}


def test_where_nothing_is_due_the_completion_says_so(genres: Genres, fire: Fire) -> None:
    genres("# none")
    tick = fire("daily_completion")
    assert (asked(tick), tick.skip_message) == ([], f"Nothing is due on {today()}.")


def test_what_the_api_does_not_allow_before_midnight_is_not_begun(
    genres: Genres, fire: Fire
) -> None:
    genres("rock")
    settings = Settings()
    connection = settings.connection
    with closing(Ledger(settings.ledger)) as ledger:
        budget = Budget(ledger, connection.app, connection.source, settings.limits, Clock())
        with pytest.raises(Blocked):
            budget.refused("search", 86_400, "QUOTA_EXCEEDED", is_quota=True)
    tick = fire("daily_completion")
    assert not tick.run_requests
    assert "The API's limits allow rock, the next one, at" in (tick.skip_message or "")


def test_the_completion_of_a_day_that_is_over_by_now_is_no_more(genres: Genres, fire: Fire) -> None:
    genres("rock")
    tick = fire("daily_completion", dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    assert (asked(tick), tick.skip_message) == (
        [],
        "The day is over, and the API answers for now only.",
    )


def test_without_credentials_the_completion_says_how_to_go_on(
    genres: Genres, fire: Fire, monkeypatch: pytest.MonkeyPatch
) -> None:
    genres("rock")
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")
    assert "SPOTIFY_CLIENT_ID" in (fire("daily_completion").skip_message or "")


def test_what_an_older_version_made_is_made_again_in_portions_the_newest_first(
    fire: Fire, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "PORTION", 4)
    settings = Settings()
    for number in (0, 1, 3, 4):
        made(settings.lake, day(number), "0.older")
    made(settings.lake, day(4, "forró"), "0.older")
    made(settings.lake, day(4, "pop"), code_version())
    publish(settings.lake, settings.database)

    hour = dt.datetime(2026, 11, 20, 21, 15, tzinfo=dt.UTC)
    tick = fire("reprocess_outdated", hour)

    # Runs of neighbours; of the five days, the oldest waits for the next hour.
    assert [
        (
            one.tags["dagster/asset_partition_range_start"],
            one.tags["dagster/asset_partition_range_end"],
        )
        for one in tick.run_requests or []
    ] == [
        ("2026-11-20|forró", "2026-11-20|forró"),
        ("2026-11-19|rock", "2026-11-20|rock"),
        ("2026-11-17|rock", "2026-11-17|rock"),
    ]
    assert len(set(asked(tick))) == 3
    assert all(hour.isoformat() in str(key) for key in asked(tick))
    assert set(instance.get_dynamic_partitions(GENRES)) == {"rock", "forró"}


def test_where_everything_is_of_this_version_nothing_is_made_again(fire: Fire) -> None:
    settings = Settings()
    made(settings.lake, day(0), code_version())
    publish(settings.lake, settings.database)
    tick = fire("reprocess_outdated")
    assert (asked(tick), tick.skip_message) == (
        [],
        "Everything was made by this version of the code.",
    )


@pytest.mark.parametrize(
    ("schedule", "job"),
    [
        ("reprocess_outdated", "reprocess"),
        ("hourly_data_quality", "data_quality"),
        ("daily_housekeeping", "housekeeping"),
    ],
)
def test_a_schedule_whose_last_run_has_not_ended_skips_and_names_it(
    fire: Fire, instance: dg.DagsterInstance, schedule: str, job: str
) -> None:
    settings = Settings()
    made(settings.lake, day(0), "0.older")
    publish(settings.lake, settings.database)
    # Neither is in its way: one has ended, the other is another job's.
    stands(instance, SUCCESS, job=job)
    stands(instance, STARTED)
    assert len(fire(schedule).run_requests or []) == 1

    run_id = stands(instance, STARTED, job=job)
    tick = fire(schedule)
    assert not tick.run_requests
    assert run_id in (tick.skip_message or "")
