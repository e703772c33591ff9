"""Queries: each table has one, it reads tables that are there, and it runs over Parquet files."""

import datetime as dt
from pathlib import Path

import ibis.expr.operations as ops
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.tables import partitions
from spotify_assets.schemas import FACTS, LAKE, PROCESSED, RANKED, TABLES, Contract
from spotify_assets.schemas.catalog import rankings, star
from spotify_assets.schemas.catalog.processed import Tracks
from spotify_assets.schemas.listening import FactPlay
from spotify_assets.transforms.catalog.responses import RawFile, process
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS, inputs, sql
from spotify_assets.transforms.relations import MADE_BY, makes
from spotify_assets.warehouse.compute import compute
from spotify_assets_tests.lake.partition_files import rows_file, write_partition
from spotify_assets_tests.transforms.accounts import Tables
from spotify_assets_tests.transforms.answers import DAY, answer, seal, search
from spotify_assets_tests.transforms.music import artist, credit, found, track

EVERY = [*OF_A_GENRE_DAY, *OF_ALL_DAYS]
each = pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.__name__)


def test_every_table_that_is_not_read_off_responses_has_a_query() -> None:
    made = {contract.table() for contract in EVERY}
    assert made == set(TABLES) - {contract.table() for contract in PROCESSED}
    assert tuple(OF_A_GENRE_DAY) == (*RANKED, *FACTS)


@each
def test_a_query_reads_tables_that_are_there(contract: type[Contract]) -> None:
    made_before = [one.table() for one in EVERY[: EVERY.index(contract)]]
    assert set(inputs(contract)) <= {*LAKE, *made_before}
    read = MADE_BY[contract]().op().find(ops.UnboundTable)
    assert {f"{table.namespace.database}.{table.name}" for table in read} == {*inputs(contract)}


def test_queries_of_a_genre_day_run_in_their_order() -> None:
    there = {contract.table() for contract in PROCESSED}
    for contract in OF_A_GENRE_DAY:
        assert set(inputs(contract)) <= there
        there.add(contract.table())


@each
def test_rows_come_in_the_order_of_the_key(contract: type[Contract]) -> None:
    order = sql(contract).rsplit("ORDER BY", 1)[1]
    places = [order.index(f'"{column}"') for column in contract.key()]
    assert places == sorted(places)


@pytest.fixture
def days(tmp_path: Path) -> list[RawFile]:
    """Two genres on two days, and a day on which nothing was found."""
    return [
        seal(
            tmp_path,
            search(
                found(
                    tracks=[
                        track(n, popularity=(n * shift) % 30, artists=[credit(n), credit(n + 1)])
                        for n in range(1, 20)
                    ],
                    artists=[artist(n, popularity=n * shift) for n in range(1, 15)],
                ),
                kinds="artist,track",
            ),
            answer("artists", {"artists": [artist(n) for n in range(15, 18)]}),
            genre=genre,
            date=DAY + dt.timedelta(days=later),
        )
        for genre, later, shift in (("axé", 0, 3), ("axé", 1, 7), ("samba", 0, 5))
    ] + [seal(tmp_path, genre="samba", date=DAY + dt.timedelta(days=1))]


def made(lake: Lake, files: list[RawFile]) -> Tables:
    """All tables of genre-days, by way of Parquet files, as the assets make them."""
    tables = process(files)
    genre_days = [GenreDay(file.genre, file.date) for file in files]
    for contract in (*PROCESSED, *OF_A_GENRE_DAY):
        name = contract.table()
        if contract in OF_A_GENRE_DAY:
            read = {
                table: [rows_file(lake, table, day) for day in genre_days]
                for table in inputs(contract)
            }
            tables[name] = compute(sql(contract), read)
            contract.validate(tables[name])
        for day in genre_days:
            rows = tables[name].filter(genre=day.genre, date=day.date)
            write_partition(lake, name, day, rows)
    return tables


def test_genre_days_at_once_are_as_each_alone(tmp_path: Path, days: list[RawFile]) -> None:
    at_once = made(Lake(tmp_path / "at once"), days)
    for file in days[1:3]:
        alone = made(Lake(tmp_path / "alone"), [file])
        for name, rows in alone.items():
            assert_frame_equal(rows, at_once[name].filter(genre=file.genre, date=file.date))


def test_every_kept_row_is_a_fact(tmp_path: Path, days: list[RawFile]) -> None:
    tables = made(Lake(tmp_path / "lake"), days)
    for kind in ("track", "artist"):
        key = ["genre", "date", f"{kind}_id"]
        kept = tables[f"processed.{kind}s"].select(key).sort(key)
        assert_frame_equal(tables[f"star.fact_{kind}_daily"].select(key), kept)


def test_all_days_give_their_dimensions_from_files(tmp_path: Path, days: list[RawFile]) -> None:
    lake = Lake(tmp_path / "lake")
    made(lake, days)
    every = {table: [file for _, file in partitions(lake, table)] for table in LAKE}
    rows: dict[type[Contract], pl.DataFrame] = {}
    for contract in OF_ALL_DAYS:
        frame = compute(sql(contract), {table: every[table] for table in inputs(contract)})
        rows[contract] = frame.cast(contract.polars_schema())
        contract.validate(rows[contract])
        assert not frame.select(contract.key()).is_duplicated().any()
        if contract.table() not in LAKE:
            every[contract.table()] = [tmp_path / f"{contract.table()}.parquet"]
            rows[contract].write_parquet(every[contract.table()][0])
    assert rows[star.DimGenre]["genre"].to_list() == ["axé", "samba"]
    assert len(rows[star.DimArtist]) == 20
    assert len(rows[star.DimTrack]) == 19
    assert len(rows[star.BridgeTrackArtist]) == 2 * 19
    # The day on which nothing was found was not asked either.
    assert rows[rankings.Departures].filter(genre="samba").is_empty()
    assert rows[rankings.TopTracks].filter(pl.col("status") != "new").height == 19


def test_an_expression_of_plays_is_refused_as_they_are_loaded_after_it() -> None:
    with pytest.raises(ValueError, match=r"rankings\.top_tracks reads star\.fact_play"):
        makes(rankings.TopTracks, of=(Tracks, FactPlay))
