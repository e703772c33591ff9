"""The catalogue in the DuckDB file: partitions that changed, and what is made of all days.

A publication costs what changed, not what is there: a genre-day touches its genre's rankings, and
the dimensions of the ids that it names.

Belongs here: loading, deriving and verifying within that scope. Does not belong here: which
partitions changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb
import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.schemas import LAKE, WAREHOUSE, Contract
from spotify_assets.warehouse.integrity import Scope, everything, hold, hold_to_contract
from spotify_assets.warehouse.reading import naming_damage
from spotify_assets.warehouse.tables import literal, quoted

DAYS = "changed_days"
"""Temporary table: the genre-days that changed."""
FILES_AT_ONCE = 1000
"""DuckDB keeps something of each file until the statement ends: 36,500 at once took 1.4 GB."""
ROWS_AT_ONCE = 1_000_000
"""Held to their contract: as one frame, ten million rankings would take some GB."""


@dataclass(frozen=True)
class Query:
    """The SQL of a table that is made from all days."""

    sql: str
    """Over all rows."""
    of_some: str
    """The same over temporary views named `some_<layer>_<table>`."""
    inputs: tuple[str, ...]
    """The tables it reads, as `layer.table`."""


Queries = Mapping[type[Contract], Query]


def take_in(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changed: pl.DataFrame,
    queries: Queries,
    *,
    anew: bool,
) -> None:
    """Replace the rows of the changed partitions, and what is made of them.

    Args:
        connection: To the copy that will be published, in a transaction.
        lake: Holds the partitions.
        changed: As `partitions.difference` gives them.
        queries: The tables that are made from all days.
        anew: The copy is empty yet: everything is made, with no regard to what changed.

    Raises:
        WarehouseError: A table breaks its contract.
        DamagedFile: A file of the lake cannot be read.
    """
    connection.register("changed", changed.to_arrow())
    connection.execute(f"CREATE TEMP TABLE {DAYS} AS SELECT DISTINCT genre, date FROM changed")
    ids = {} if anew else _ids(queries)
    for column in ids:
        connection.execute(f'CREATE TEMP TABLE "changed_{column}" ("{column}" VARCHAR)')
    _note_ids(connection, ids)
    _load(connection, lake, changed)
    _note_ids(connection, ids)
    connection.unregister("changed")
    genres = changed["genre"].unique().sort().to_list()
    # As they are written, the queries narrow down first. DuckDB's guess joined each rank of a genre
    # with all its days: of 7,300 genre-days that took 9 GB, and thirty times as long.
    connection.execute("SET disabled_optimizers = 'join_order'")
    for contract, query in queries.items():
        scope = "" if anew else _scope(contract, genres)
        _make(connection, contract, query, scope)
    connection.execute("RESET disabled_optimizers")


def verify(connection: duckdb.DuckDBPyConnection, queries: Queries, *, anew: bool) -> None:
    """Hold what was taken in to its keys and references.

    Raises:
        WarehouseError: A key stands twice, or a reference is missing.
    """
    scope = everything if anew else _scopes(connection, queries)
    hold(connection, (*LAKE.values(), *queries), scope)


def _ids(queries: Queries) -> dict[str, set[str]]:
    """For each id that begins a key of a derived table, the tables that name it."""
    ids: dict[str, set[str]] = {}
    for contract, query in queries.items():
        if (column := contract.key()[0]).endswith("_id"):
            ids.setdefault(column, set()).update(query.inputs)
    return ids


def _note_ids(connection: duckdb.DuckDBPyConnection, ids: Mapping[str, Iterable[str]]) -> None:
    """Which ids the changed genre-days name: asked before they are loaded, and after."""
    for column, tables in ids.items():
        for table in sorted(tables):
            connection.execute(
                f'INSERT INTO "changed_{column}" SELECT DISTINCT "{column}" FROM '
                f"{quoted(WAREHOUSE[table])} SEMI JOIN {DAYS} USING (genre, date)"
            )


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, changed: pl.DataFrame) -> None:
    for name, contract in LAKE.items():
        table = quoted(contract)
        connection.execute(
            f"DELETE FROM {table} AS t USING changed AS c "
            "WHERE c.table_name = ? AND t.genre = c.genre AND t.date = c.date",
            [name],
        )
        files = changed.filter((pl.col("table_name") == name) & pl.col("file").is_not_null())
        paths = [lake.root / file for file in sorted(files["file"])]
        for first in range(0, len(paths), FILES_AT_ONCE):
            _insert(connection, contract, paths[first : first + FILES_AT_ONCE])
    connection.execute(
        "DELETE FROM monitoring.partitions AS p USING changed AS c "
        "WHERE p.table_name = c.table_name AND p.genre = c.genre AND p.date = c.date"
    )
    connection.execute(
        "INSERT INTO monitoring.partitions BY NAME SELECT * FROM changed WHERE file IS NOT NULL"
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], files: list[Path]
) -> None:
    with naming_damage(files):
        connection.execute(
            # Files of an older contract can lack columns, or have some that are no more.
            f"INSERT INTO {quoted(contract)} BY NAME SELECT COLUMNS(c -> list_contains(?, c)) FROM "
            "read_parquet(?, hive_partitioning = false, union_by_name = true) ORDER BY ALL",
            [contract.polars_schema().names(), [str(file) for file in files]],
        )


def _make(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], query: Query, scope: str
) -> None:
    """Make a table anew, or as much of it as the scope says."""
    table = quoted(contract)
    sql = query.sql
    if scope:
        sql = query.of_some
        for name in query.inputs:
            view = f"some_{name.replace('.', '_')}"
            connection.execute(
                f'CREATE OR REPLACE TEMP VIEW "{view}" AS FROM {quoted(WAREHOUSE[name])} {scope}'
            )
    # As a copy of the table's shape, because the query's own types may be wider.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE anew AS FROM {table} LIMIT 0")
    connection.execute(f"INSERT INTO anew BY NAME {sql}")
    for batch in connection.sql("FROM anew").to_arrow_reader(ROWS_AT_ONCE):
        hold_to_contract(contract, cast(pl.DataFrame, pl.from_arrow(batch)))
    connection.execute(f"DELETE FROM {table} {scope}")
    connection.execute(f"INSERT INTO {table} BY NAME FROM anew")
    connection.execute("DROP TABLE anew")


def _scope(contract: type[Contract], genres: list[str]) -> str:
    """Which rows of a derived table, and of all that it is made of, the changed partitions touch.

    Empty where that is all of them.
    """
    first, *others = contract.key()
    if first == "genre" and others:
        return f"WHERE genre IN ({', '.join(literal(genre) for genre in genres) or 'NULL'})"
    if first.endswith("_id"):
        return f'WHERE "{first}" IN (FROM "changed_{first}")'
    return ""


def _scopes(connection: duckdb.DuckDBPyConnection, queries: Queries) -> Scope:
    genres = [genre for (genre,) in connection.sql(f"SELECT DISTINCT genre FROM {DAYS}").fetchall()]

    def scope(contract: type[Contract]) -> str:
        if contract in LAKE.values():
            return f"WHERE (genre, date) IN (FROM {DAYS})"
        return _scope(contract, genres) if contract in queries else ""

    return scope
