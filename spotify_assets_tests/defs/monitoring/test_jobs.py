import datetime as dt
from collections.abc import Callable

import dagster as dg
from dagster._core.test_utils import freeze_time

from spotify_assets.defs.monitoring import jobs
from spotify_assets.defs.partitions import GENRES, genre_days, key_of
from spotify_assets.lake import GenreDay
from spotify_assets.settings import Settings
from spotify_assets_tests.defs.dagster_runs import stands

STARTED = dg.DagsterRunStatus.STARTED


def today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


@dg.asset(partitions_def=genre_days)
def first() -> None:
    """Works."""


@dg.asset(partitions_def=genre_days, deps=[first])
def second() -> None:
    """Fails."""
    raise ZeroDivisionError


def test_housekeeping_deletes_old_failed_runs_but_none_that_made_something(
    instance: dg.DagsterInstance,
) -> None:
    rock, later = (key_of(GenreDay("rock", today() - dt.timedelta(days=days))) for days in (51, 50))
    instance.add_dynamic_partitions(GENRES, ["rock"])
    with freeze_time(dt.datetime.now(dt.UTC) - dt.timedelta(days=40)):
        useless = ended(instance, instance.report_run_failed)
        canceled = ended(instance, instance.report_run_canceled)
        half = dg.materialize(
            [first, second], partition_key=rock, instance=instance, raise_on_error=False
        ).run_id
        whole = dg.materialize([first], partition_key=later, instance=instance).run_id
    recent = ended(instance, instance.report_run_failed)

    assert jobs.housekeeping.execute_in_process(
        instance=instance, resources={"settings": Settings()}
    ).success

    left = {record.dagster_run.run_id for record in instance.get_run_records()}
    assert left >= {half, recent, whole}
    assert not left & {useless, canceled}
    assert instance.get_materialized_partitions(first.key) == {str(rock), str(later)}


def ended(instance: dg.DagsterInstance, report: Callable[[dg.DagsterRun], object]) -> str:
    run = instance.get_run_by_id(stands(instance, STARTED))
    assert run is not None
    report(run)
    return run.run_id
