"""DDL from contracts: tables, comments."""

from collections.abc import Iterable

import duckdb
import polars as pl

from spotify_assets.schemas import LAKE, Contract
from spotify_assets.storage.renamed import former_columns

TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Date(): "DATE",
    pl.Int32(): "INTEGER",
    pl.Int64(): "BIGINT",
    pl.Boolean(): "BOOLEAN",
    pl.Datetime("us"): "TIMESTAMP",
    pl.Float64(): "DOUBLE",
    pl.List(pl.String()): "VARCHAR[]",
}


def create(connection: duckdb.DuckDBPyConnection, contracts: Iterable[type[Contract]]) -> None:
    """Make empty tables, with the contracts' descriptions as comments.

    Keys are not declared: DuckDB's index made replacing 100,000 of 20 million rows take 0.9 s in
    place of 0.05 s. They are checked at each publication, and the comments say them.
    """
    for contract in contracts:
        layer, _, _ = contract.table().partition(".")
        table = quoted(contract)
        # What is loaded of the lake has its key; where a file of an older contract lacks another
        # column, that is null.
        must = contract.key() if contract.table() in LAKE else ()
        columns = ", ".join(
            f'"{column.name}" {TYPES[column.dtype]}{" NOT NULL" if column.name in must else ""}'
            for column in contract.columns()
        )
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
        connection.execute(f"CREATE TABLE {table} ({columns})")
        found = "".join(
            f" {', '.join(columns)}: found in {target}."
            for columns, target in contract.references().items()
        )
        key = ", ".join(contract.key())
        about = f"{contract.description()} Grain: {contract.grain()}. Key: {key}.{found}"
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(about)}")
        for column in contract.columns():
            connection.execute(
                f'COMMENT ON COLUMN {table}."{column.name}" IS {literal(column.description)}'
            )


def quoted(contract: type[Contract]) -> str:
    """``"layer"."table"``."""
    layer, _, name = contract.table().partition(".")
    return f'"{layer}"."{name}"'


def by_current_names(table: str, source: str) -> str:
    """What is read from files of a table (`layer.table`), its columns called as they are now.

    Args:
        table: By its name of now.
        source: What follows FROM; columns that files lack are null in it, or not there.
    """
    names = former_columns(table)
    if not names:
        return source
    merged = ", ".join(f'coalesce("{new}", "{old}") AS "{new}"' for new, old in names.items())
    # So that both names are there, whichever the files have.
    both = ", ".join(f'NULL AS "{new}", NULL AS "{old}"' for new, old in names.items())
    rows = f"FROM {source} UNION ALL BY NAME (SELECT {both} LIMIT 0)"
    return f"(SELECT * REPLACE ({merged}) FROM ({rows}))"


def literal(text: str) -> str:
    """A text as an SQL literal; DDL takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name for a statement, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'
