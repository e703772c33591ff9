"""Contracts as Ibis tables that no database is bound to yet."""

import ibis
import ibis.expr.types as ir

from spotify_assets.schemas import Contract


def relation(contract: type[Contract]) -> ir.Table:
    """The table of a contract, by its name; whoever runs the expression has such a table."""
    layer, _, name = contract.table().partition(".")
    return ibis.table(_schema(contract), name=name, database=layer)


def conform(rows: ir.Table, contract: type[Contract]) -> ir.Table:
    """The contract's columns in its order and of its types."""
    return rows.select(
        **{name: rows[name].cast(dtype) for name, dtype in _schema(contract).items()}
    )


def _schema(contract: type[Contract]) -> ibis.Schema:
    return ibis.Schema.from_polars(contract.polars_schema())
