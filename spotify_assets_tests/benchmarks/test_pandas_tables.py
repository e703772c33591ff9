"""The peer of the bench `rebuild`: pandas makes the tables that we make, to the value."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from benchmarks import lakes, plain_pandas
from benchmarks.pandas_tables import made
from spotify_assets.lake import Lake
from spotify_assets.schemas import LAKE, PROCESSED, Contract
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS, sql
from spotify_assets.warehouse.tables import create, quoted
from spotify_assets_tests.benchmarks import corrupted

Row = tuple[object, ...]
GENRES, DAYS, TRACKS = 3, 6, 24
FACTS = [contract for contract in OF_A_GENRE_DAY if contract.table().startswith("star.")]
TABLES = [*FACTS, *OF_ALL_DAYS]


@pytest.fixture(scope="module")
def ours(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Our tables, those of all days in the schema `made`; and the lake that they are made of."""
    folder = tmp_path_factory.mktemp("lake")
    lakes.write(Lake(folder / "whole"), range(GENRES), range(DAYS), TRACKS)
    with duckdb.connect() as connection:
        create(connection, [*PROCESSED, *OF_A_GENRE_DAY])
        for contract in PROCESSED:
            files = folder / "whole" / contract.table().replace(".", "/") / "*/*/*.parquet"
            connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM '{files}'")
        connection.execute(corrupted.SQL)
        for contract in OF_A_GENRE_DAY:
            connection.execute(f"INSERT INTO {quoted(contract)} BY NAME {sql(contract)}")
        connection.execute("CREATE SCHEMA made")
        for contract in OF_ALL_DAYS:
            connection.execute(f"CREATE TABLE made.{name(contract)} AS {sql(contract)}")
            if contract.table() not in LAKE:
                # Others are made of it.
                connection.execute(f"CREATE VIEW {quoted(contract)} AS FROM made.{name(contract)}")
        for contract in PROCESSED:
            where = folder / "lake" / contract.table().replace(".", "/")
            where.mkdir(parents=True)
            connection.execute(
                f"COPY {quoted(contract)} TO '{where}' "
                "(FORMAT parquet, PARTITION_BY (genre, date), WRITE_PARTITION_COLUMNS)"
            )
        yield connection, folder / "lake"


@pytest.fixture(scope="module")
def theirs(
    ours: tuple[duckdb.DuckDBPyConnection, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    database = tmp_path_factory.mktemp("sqlite") / "plain.sqlite"
    plain_pandas.store(made(plain_pandas.read(ours[1], GENRES)), database)
    with closing(sqlite3.connect(database)) as connection:
        yield connection


def name(contract: type[Contract]) -> str:
    return contract.table().partition(".")[2]


def our_rows(connection: duckdb.DuckDBPyConnection, contract: type[Contract]) -> list[Row]:
    table = quoted(contract) if contract in FACTS else f"made.{name(contract)}"
    columns = ", ".join(f'"{column.name}"' for column in contract.columns())
    return connection.sql(f"SELECT {columns} FROM {table}").fetchall()


def their_rows(connection: sqlite3.Connection, contract: type[Contract]) -> list[Row]:
    columns = ", ".join(f'"{column.name}"' for column in contract.columns())
    return connection.execute(f'SELECT {columns} FROM "{name(contract)}"').fetchall()


def as_sqlite_has_it(value: object) -> object:
    """Days as to_sql writes timestamps, lists as JSON; true is 1 in any case."""
    if isinstance(value, list):
        return json.dumps(value)
    return f"{value} 00:00:00" if hasattr(value, "isoformat") else value


def in_order(rows: list[Row]) -> list[Row]:
    plain = [tuple(map(as_sqlite_has_it, row)) for row in rows]
    return sorted(plain, key=lambda row: [(value is None, str(value)) for value in row])


@pytest.mark.parametrize("contract", TABLES, ids=name)
def test_pandas_makes_every_row_of_ours(
    ours: tuple[duckdb.DuckDBPyConnection, Path],
    theirs: sqlite3.Connection,
    contract: type[Contract],
) -> None:
    expected = in_order(our_rows(ours[0], contract))
    assert expected
    assert in_order(their_rows(theirs, contract)) == expected


@pytest.mark.parametrize("what", corrupted.RARE)
def test_the_lake_holds_what_is_rare(
    ours: tuple[duckdb.DuckDBPyConnection, Path], what: str
) -> None:
    """Else the comparison would say little."""
    assert ours[0].sql(corrupted.RARE[what]).fetchone() != (0,)
