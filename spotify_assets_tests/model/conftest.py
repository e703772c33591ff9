"""The real program, run over answers that a test writes down; and what it publishes."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.defs.catalog.raw_file import raw_file
from spotify_assets.defs.publication import of_plays, of_releases, queries
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition
from spotify_assets.schemas import FACTS, RANKED
from spotify_assets.transforms.catalog.responses import process
from spotify_assets.transforms.expressions import inputs, sql
from spotify_assets.warehouse.compute import compute
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.lake.partition_files import rows_file, write_partition
from spotify_assets_tests.model.adversarial import lake as adversarial_lake
from spotify_assets_tests.model.answers import Collected

FIRST_DAY = dt.date(2026, 10, 27)


def collect(lake: Lake, those: Iterable[Collected]) -> list[GenreDay]:
    """Seal these answers as raw files."""
    days = []
    for one in those:
        day = GenreDay(one.genre, FIRST_DAY + dt.timedelta(days=one.day - 1))
        partition = RawPartition(lake, day)
        terms = CollectionParameters("sandbox", one.market, one.artists, one.tracks)
        with partition.journal(terms, force=True) as journal:
            for number, answer in enumerate(one.answers):
                asked = Request(answer.endpoint, f"/{answer.endpoint}", answer.params)
                at = dt.datetime(2026, 10, 27, 12, 0, number, tzinfo=dt.UTC)
                journal.append(asked, Response(answer.status, {}, answer.body, at, 10))
            partition.seal(journal)
        days.append(day)
    return days


def make(lake: Lake, days: Iterable[GenreDay]) -> None:
    """Make the tables of genre-days, as the assets do."""
    days = list(days)
    sealed = [found for day in days if (found := RawPartition(lake, day).latest())]
    for table, frame in process([raw_file(one) for one in sealed]).items():
        by_day = frame.partition_by("genre", "date", as_dict=True)
        for day in days:
            rows = by_day.get((day.genre, day.date), frame.clear())
            write_partition(lake, table, day, rows)
    for contract in (*RANKED, *FACTS):
        files = {table: [rows_file(lake, table, day) for day in days] for table in inputs(contract)}
        frame = compute(sql(contract), files)
        contract.validate(frame)
        by_day = frame.partition_by("genre", "date", as_dict=True)
        for day in days:
            rows = by_day.get((day.genre, day.date), frame.clear())
            write_partition(lake, contract.table(), day, rows)


def published(lake: Lake, time_zone: str = "UTC") -> Path:
    """The DuckDB file of the lake, one for each time zone: an open one is not read again."""
    path = lake.root.parent / f"{time_zone.replace('/', '_')}.duckdb"
    publish(lake, path, queries(), None, [of_plays(), of_releases()], time_zone=time_zone)
    return path


@pytest.fixture(scope="session")
def adversarial(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The adversarial lake; it is published twice, and the second time has days in between."""
    lake = Lake(tmp_path_factory.mktemp("model") / "lake")
    those = adversarial_lake()
    half = len(those) // 2
    make(lake, collect(lake, those[:half]))
    published(lake)
    make(lake, collect(lake, those[half:]))
    return lake


@pytest.fixture(scope="session")
def warehouse(adversarial: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """What is published of it."""
    with duckdb.connect(published(adversarial), read_only=True) as connection:
        yield connection
