"""Contracts as Ibis tables that no database is bound to yet, and which expression makes which.

Belongs here: what every expression is written with. Does not belong here: any table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from spotify_assets.schemas import Contract
from spotify_assets.schemas.contract import Stage
from spotify_assets.transforms.lazily import Lazily

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir
else:
    ibis = Lazily("ibis")

Expression = Callable[[], "ir.Table"]

MADE_BY: dict[type[Contract], Expression] = {}
"""The expression of each table, as the modules of the domains declare them."""
READ_BY: dict[type[Contract], tuple[type[Contract], ...]] = {}
"""The tables that each expression reads, as they declare them too."""


def makes(
    contract: type[Contract], *, of: tuple[type[Contract], ...]
) -> Callable[[Expression], Expression]:
    """Declare that the function below gives the rows of a table.

    Args:
        contract: The table.
        of: The tables that it reads. Dagster asks for them whenever it loads the code; to make the
            expressions only to see what they read would take it as long as all the rest of ours.

    Raises:
        ValueError: One of them is made of plays. Those are loaded after these tables are made, so
            the rows would be those of the publication before.
    """
    if of_plays := [one.table() for one in of if one.stage() is Stage.LISTENING]:
        raise ValueError(
            f"{contract.table()} reads {', '.join(of_plays)}, which are made after it. Make it in "
            "transforms/listening, or as a macro."
        )

    def declared(expression: Expression) -> Expression:
        MADE_BY[contract], READ_BY[contract] = expression, of
        return expression

    return declared


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
