"""Putting other rows in the place of all that a table has.

Belongs here: the two ways, by a frame and by a query, and the temporary tables of the latter. Does
not belong here: which rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import duckdb
import polars as pl

from spotify_assets.schemas import Contract
from spotify_assets.warehouse.publication.integrity import hold_to_contract
from spotify_assets.warehouse.tables import TYPES, quoted

BATCH_ROWS = 1_000_000


def replace(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], rows: pl.DataFrame
) -> None:
    """Make the rows of a frame those of a table.

    Raises:
        WarehouseError: They break its contract.
    """
    hold_to_contract(contract, rows)
    connection.execute(f"DELETE FROM {quoted(contract)}")
    connection.register("made", rows.to_arrow())
    connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM made")
    connection.unregister("made")


def replace_by_query(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], rows: str
) -> None:
    """Make what a query gives the rows of a table.

    Raises:
        WarehouseError: They break its contract.
    """
    connection.execute(f"DELETE FROM {quoted(contract)}")
    connection.execute(f"INSERT INTO {quoted(contract)} BY NAME {rows}")
    # In batches: as a frame, ten million plays would take some GiB.
    reader = connection.sql(f"FROM {quoted(contract)}").to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        hold_to_contract(contract, cast(pl.DataFrame, pl.from_arrow(batch)))


def nothing(contract: type[Contract]) -> str:
    """A query with the columns of a table, and no rows."""
    columns = ", ".join(f'NULL::{TYPES[c.dtype]} AS "{c.name}"' for c in contract.columns())
    return f"SELECT {columns} WHERE false"


@contextmanager
def leaving_nothing(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Drop the temporary tables and views that the body makes, once it has ended well."""
    before = _temporary(connection)
    yield
    for name, kind in _temporary(connection) - before:
        connection.execute(f'DROP {kind} temp."{name}"')


def _temporary(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Names and kinds of what goes with the connection."""
    return set(
        connection.execute(
            "SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary UNION ALL "
            "SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary AND NOT internal"
        ).fetchall()
    )
