"""The catalog in the DuckDB file: partitions that changed, and what is made of all days.

A publication costs what changed, not what is there: a genre-day touches its genre's rankings, and
the dimensions of the ids that it names.

Belongs here: loading, deriving and verifying within that scope. Does not belong here: which
partitions changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb
import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.lake.tables import is_shared
from spotify_assets.schemas import LAKE, WAREHOUSE, Contract
from spotify_assets.warehouse.publication import scopes
from spotify_assets.warehouse.publication.damage import damaged_files
from spotify_assets.warehouse.publication.integrity import hold, hold_to_contract
from spotify_assets.warehouse.publication.scopes import CHANGED, DAYS, Scopes
from spotify_assets.warehouse.publication.version_keys import assign, version_keys
from spotify_assets.warehouse.tables import by_current_names, create, literal, quoted

DAYS_OF_MONTH = 31
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


class NotTakenIn(Exception):
    """Files of the lake cannot be read, or do not fit their table.

    Attributes:
        files: Which, as `DamagedFiles`.
    """

    def __init__(self, files: pl.DataFrame) -> None:
        """Keep them."""
        super().__init__(f"{files.height} files cannot be loaded.")
        self.files = files


def load(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changed: pl.DataFrame,
    queries: Queries,
    *,
    full_refresh: bool,
) -> None:
    """Replace the rows of the changed partitions.

    Args:
        connection: To the copy that will be published, in a transaction.
        lake: Holds the partitions.
        changed: As `partitions.difference` gives them.
        queries: The tables that are made from all days; `derive` makes them.
        full_refresh: The copy is empty yet.

    Raises:
        NotTakenIn: Files cannot be read, or do not fit their table. There may be more of them.
    """
    connection.register("found", changed.to_arrow())
    connection.execute(f"CREATE TEMP TABLE {CHANGED} AS FROM found")
    connection.unregister("found")
    connection.execute(f"CREATE TEMP TABLE {DAYS} AS SELECT DISTINCT genre, date FROM {CHANGED}")
    ids = {} if full_refresh else _ids(queries)
    for column in ids:
        connection.execute(f'CREATE TEMP TABLE {scopes.ids(column)} ("{column}" VARCHAR)')
    _note_ids(connection, ids)
    _load(connection, lake, changed)
    _note_ids(connection, ids)


def move(connection: duckdb.DuckDBPyConnection, moved: pl.DataFrame) -> None:
    """Note in which file partitions lie now that did not change otherwise.

    Args:
        connection: To the copy that will be published.
        moved: As `partitions.moved` gives them.
    """
    connection.register("moved", moved.to_arrow())
    connection.execute(
        "UPDATE monitoring.partitions AS p SET file = m.file FROM moved AS m "
        "WHERE p.table_name = m.table_name AND p.genre = m.genre AND p.date = m.date"
    )
    connection.unregister("moved")


def derive(connection: duckdb.DuckDBPyConnection, queries: Queries, *, full_refresh: bool) -> None:
    """Make what is made of all days, as far as it is touched by what was loaded.

    Args:
        connection: The one that took the partitions in.
        queries: The tables.
        full_refresh: Everything is made, with no regard to what changed.

    Raises:
        WarehouseError: A table breaks its contract.
    """
    within = Scopes.of(connection, full_refresh=full_refresh)
    # As they are written, the queries narrow down first. DuckDB's guess joined each rank of a genre
    # with all its days: of 7,300 genre-days that took 9 GB, and thirty times as long.
    connection.execute("SET disabled_optimizers = 'join_order'")
    for contract, query in queries.items():
        _make(connection, contract, query, within)
    for contract in WAREHOUSE.values():
        if any(dimension in queries for _, dimension in version_keys(contract)):
            assign(connection, contract, full_refresh=full_refresh)
    connection.execute("RESET disabled_optimizers")


def verify(connection: duckdb.DuckDBPyConnection, queries: Queries, *, full_refresh: bool) -> None:
    """Hold what was loaded to its keys and references.

    Raises:
        WarehouseError: A key is there twice, or a reference is missing.
    """
    within = Scopes.of(connection, full_refresh=full_refresh)

    def scope(contract: type[Contract]) -> str:
        # What of a ranking does not depend on other days is of the lake.
        return within.made(contract) if contract in queries else within.loaded(contract)

    # Of a ranking that is loaded and then made, and of a fact with its key, the one that is seen.
    tables = dict.fromkeys([*LAKE, *(contract.table() for contract in queries)])
    hold(connection, [WAREHOUSE[table] for table in tables], scope)


def _ids(queries: Queries) -> dict[str, set[str]]:
    """For each id that begins a key of a derived table, the tables that name it."""
    ids: dict[str, set[str]] = {}
    for contract, query in queries.items():
        if (column := contract.key()[0]).endswith("_id"):
            ids.setdefault(column, set()).update(LAKE.keys() & set(query.inputs))
    return ids


def _note_ids(connection: duckdb.DuckDBPyConnection, ids: Mapping[str, Iterable[str]]) -> None:
    """Which ids the changed genre-days name: asked before they are loaded, and after."""
    for column, tables in ids.items():
        for table in sorted(tables):
            connection.execute(
                f'INSERT INTO {scopes.ids(column)} SELECT DISTINCT "{column}" FROM '
                f"{quoted(WAREHOUSE[table])} SEMI JOIN {DAYS} USING (genre, date)"
            )


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, changed: pl.DataFrame) -> None:
    for name, contract in LAKE.items():
        table = quoted(contract)
        connection.execute(
            f"DELETE FROM {table} AS t USING {CHANGED} AS c "
            "WHERE c.table_name = ? AND t.genre = c.genre AND t.date = c.date",
            [name],
        )
        files = changed.filter((pl.col("table_name") == name) & pl.col("file").is_not_null())
        for keys in _batches(files["file"].unique().sort()):
            try:
                which = _changed_of(lake, contract) if is_shared(keys[0]) else ""
                _insert(connection, contract, lake.fetched(keys), which)
            except duckdb.Error as error:
                damaged = _damaged(lake, contract, keys, files)
                if damaged.is_empty():
                    # It is not the files; it may be the disk.
                    raise
                raise NotTakenIn(damaged) from error
    connection.execute(
        f"DELETE FROM monitoring.partitions AS p USING {CHANGED} AS c "
        "WHERE p.table_name = c.table_name AND p.genre = c.genre AND p.date = c.date"
    )
    connection.execute(
        f"INSERT INTO monitoring.partitions BY NAME FROM {CHANGED} WHERE file IS NOT NULL"
    )


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """Files that one statement loads: either of single days or of months."""
    listed = list(keys)
    for shared, most in ((False, FILES_AT_ONCE), (True, FILES_AT_ONCE // DAYS_OF_MONTH)):
        of_kind = [key for key in listed if is_shared(key) == shared]
        for first in range(0, len(of_kind), most):
            yield of_kind[first : first + most]


def _insert(
    connection: duckdb.DuckDBPyConnection,
    contract: type[Contract],
    files: list[Path],
    which: str = "",
) -> None:
    """Load the rows of files, or those ``which`` says (`WHERE …`, the path being `filename`)."""
    rows = by_current_names(
        contract.table(),
        "read_parquet(?, hive_partitioning = false, union_by_name = true, filename = true)",
    )
    connection.execute(
        # By name: files of an older contract can lack columns, or have some that are no more.
        f"INSERT INTO {quoted(contract)} BY NAME SELECT COLUMNS(c -> list_contains(?, c)) "
        f"FROM {rows} {which} ORDER BY ALL",
        [contract.polars_schema().names(), [str(file) for file in files]],
    )


def _changed_of(lake: Lake, contract: type[Contract]) -> str:
    """Of a merged month, the days that changed; one that has its own file is loaded from that."""
    path = f"{literal(f'{lake.root}/')} || file"
    changed = f"FROM {CHANGED} WHERE table_name = {literal(contract.table())}"
    return f"WHERE (genre, date, filename) IN (SELECT genre, date, {path} {changed})"


def _damaged(
    lake: Lake, contract: type[Contract], keys: Iterable[str], partitions: pl.DataFrame
) -> pl.DataFrame:
    """Which of the files are not as they should be, as `DamagedFiles`: each is tried alone."""
    reasons = {key: said for key in keys if (said := refused(contract, *lake.fetched([key])))}
    bad = partitions.filter(pl.col("file").is_in(list(reasons))).drop("hash")
    return damaged_files({**one, "reason": reasons[one["file"]]} for one in bad.to_dicts())


def refused(contract: type[Contract], file: Path) -> str | None:
    """Why a file cannot be loaded, tried alone; ``None`` if it can.

    Args:
        contract: Of its table.
        file: In the lake.
    """
    with duckdb.connect() as connection:
        create(connection, [contract])
        try:
            _insert(connection, contract, [file])
        except duckdb.Error as error:
            said, *_ = str(error).splitlines()
            return said
    return None


def _make(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], query: Query, within: Scopes
) -> None:
    """Make a table again, or as much of it as changed."""
    table = quoted(contract)
    sql = query.sql
    if within.read(contract):
        sql = query.of_some
        for name in query.inputs:
            view, table_read = f"some_{name.replace('.', '_')}", WAREHOUSE[name]
            scope = within.read(contract, of=table_read)
            connection.execute(
                f'CREATE OR REPLACE TEMP VIEW "{view}" AS FROM {quoted(table_read)} {scope}'
            )
    made = within.made(contract)
    and_that = f"{made} AND" if made else "WHERE"
    (last,) = connection.execute(f"SELECT coalesce(max(rowid), -1) FROM {table}").fetchall()[0]
    # First the new rows, then the old ones go: a ranking is made of its own rows.
    connection.execute(f"INSERT INTO {table} BY NAME FROM ({sql}) {made}")
    new = connection.sql(f"FROM {table} {and_that} rowid > {last}")
    for batch in new.to_arrow_reader(ROWS_AT_ONCE):
        hold_to_contract(contract, cast(pl.DataFrame, pl.from_arrow(batch)))
    connection.execute(f"DELETE FROM {table} {and_that} rowid <= {last}")
