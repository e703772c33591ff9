"""Whoever launches genre-days gets just these made, and all who tell of it tell the same."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.defs import launch
from spotify_assets.defs.checks import asset_key
from spotify_assets.defs.monitoring import history
from spotify_assets.defs.partitions import GENRES, PartitionRange, dimensions, key_of, parse_key
from spotify_assets.defs.resources import ApiResource
from spotify_assets.lake import GenreDay
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import partitions
from spotify_assets.operations.runs import Operations
from spotify_assets.schemas import FACTS, PROCESSED, RANKED
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.warehouse.reading import read_only
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.defs.webserver import Webserver, execute_at_once, webserver

pytestmark = pytest.mark.end_to_end
DAYS = [TODAY - dt.timedelta(days=back) for back in (3, 2, 1, 0)]
KNOWN = ("rock", "pop", "samba")
"""As Dagster has them in its list."""
NOT_ASKED = GenreDay("pop", DAYS[1])
TABLES = (*PROCESSED, *RANKED, *FACTS)


@pytest.fixture
def instance(data_dir: Path) -> Iterator[dg.DagsterInstance]:
    execute_at_once(Settings().dagster_home)
    settings = Settings()
    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as held:
        held.add_dynamic_partitions(GENRES, KNOWN)
        yield held


@pytest.fixture
def ui(instance: dg.DagsterInstance) -> Iterator[Webserver]:
    with webserver(instance) as served:
        yield served


@pytest.fixture
def raw(data_dir: Path) -> list[GenreDay]:
    """What raw holds: some days of two genres, and one of another. No table is made yet."""
    held = [GenreDay(genre, date) for genre in ("rock", "samba") for date in DAYS] + [NOT_ASKED]
    for day in held:
        with ApiResource(Settings()).client(day, "") as client:
            terms = CollectionParameters(client.connection.source, "BR", artists=1, tracks=2)
            collect(client, RawPartition(Settings().lake, day), terms, today=TODAY)
    return held


def keys(days: list[GenreDay]) -> list[str]:
    return [str(key_of(day)) for day in days]


def made(instance: dg.DagsterInstance) -> list[GenreDay]:
    """The genre-days that are made, which the lake, Dagster, the file and the run table agree on.

    Each is made once, and all of its tables are.
    """
    for ended in instance.get_run_records():
        history.record(instance, ended, Settings())
    of_table = {
        contract.table(): sorted(day for day, _ in partitions(Settings().lake, contract.table()))
        for contract in TABLES
    }
    entered = {
        contract.table(): sorted(
            parse_key(str(one.partition_key))
            for one in instance.fetch_materializations(asset_key(contract), limit=1_000).records
        )
        for contract in TABLES
    }
    assert entered == of_table
    [*days] = of_table[FACTS[0].table()]
    assert all(found == days for found in of_table.values())
    told = sorted(
        GenreDay(run.genre, run.first_date + dt.timedelta(days=number))
        for run in Operations(Settings().operations).runs(100)
        if run.status == "success" and run.genre and run.first_date and run.last_date
        for number in range((run.last_date - run.first_date).days + 1)
    )
    assert told == days
    if days:
        with read_only(Settings().database) as connection:
            loaded = connection.sql("SELECT DISTINCT genre, date FROM star.fact_track_daily")
            assert sorted(GenreDay(*row) for row in loaded.fetchall()) == days
    return days


def status(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status.value


def test_a_backfill_of_a_job_makes_every_genre_day_that_was_asked_and_no_other(
    ui: Webserver, raw: list[GenreDay], instance: dg.DagsterInstance
) -> None:
    asked = sorted(day for day in raw if day != NOT_ASKED and day.date != DAYS[0])
    assert ui.backfill_job("reprocess", keys(asked)) == "COMPLETED_SUCCESS"
    assert made(instance) == asked
    # A run of each genre, not one of each day: a run costs seconds.
    assert len(instance.get_run_records()) == 2


def test_a_run_whose_tags_disagree_makes_nothing_and_says_how_to_launch(
    ui: Webserver, raw: list[GenreDay], instance: dg.DagsterInstance
) -> None:
    tags = {
        **PartitionRange(("samba",), DAYS[0], DAYS[2]).tags,
        **dimensions(GenreDay("rock", DAYS[0])),
    }
    run_id = ui.run("reprocess", tags)
    assert status(instance, run_id) == "FAILURE"
    assert made(instance) == []
    [run] = Operations(Settings().operations).runs(10)
    assert (run.status, run.genre, run.first_date, run.rows_in) == ("failure", None, None, None)
    assert run.failure == (
        f"It is unclear which genre-days this run is of (range: samba on {DAYS[0]} to "
        f"samba on {DAYS[2]}, 3 in all; dimensions: rock on {DAYS[0]}), so nothing was made. Do "
        "not execute this run again: launch the genre-days again, in the UI or with "
        "`spotify-assets backfill`."
    )


def test_a_range_that_is_executed_again_from_its_failure_makes_the_rest_of_all_its_days(
    ui: Webserver, raw: list[GenreDay], instance: dg.DagsterInstance, data_dir: Path
) -> None:
    range_ = PartitionRange(("rock",), DAYS[0], DAYS[1])
    in_the_way = data_dir / "lake" / "star"
    in_the_way.write_text("a file")
    failed = ui.run("reprocess", range_.tags)
    assert status(instance, failed) == "FAILURE"
    in_the_way.unlink()
    again = ui.execute_again(failed, "FROM_FAILURE")
    assert status(instance, again) == "SUCCESS"
    assert made(instance) == [GenreDay("rock", date) for date in DAYS[:2]]
    # Of the run that went on, no rows are counted: the first had made them.
    assert [run.rows_in for run in Operations(Settings().operations).runs(10)] == [None, None]
