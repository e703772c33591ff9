"""Which expression makes which table, and its SQL.

Belongs here: finding the expressions, their order, their SQL. Does not belong here: any of them. A
module in the folder of a domain declares them (``relations.makes``), and is found by lying there.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spotify_assets import transforms
from spotify_assets.schemas import FACTS, LAKE, RANKED, Contract
from spotify_assets.transforms.lazily import Lazily
from spotify_assets.transforms.relations import MADE_BY, READ_BY, Expression

if TYPE_CHECKING:
    import ibis
    import ibis.expr.operations as ops
    import ibis.expr.types as ir
else:
    ibis = Lazily("ibis")
    ops = Lazily("ibis.expr.operations")

for _module in pkgutil.walk_packages(transforms.__path__, f"{transforms.__name__}."):
    import_module(_module.name)

OF_A_GENRE_DAY: dict[type[Contract], Expression] = {
    contract: MADE_BY[contract] for contract in (*RANKED, *FACTS)
}
"""Made from one genre-day, in this order; each is a partition of the lake."""


@cache
def sql(contract: type[Contract]) -> str:
    """The query of a table in DuckDB's SQL, ordered by the key; it runs in the warehouse too."""
    return _sql(contract, _expression(contract))


@cache
def sql_of_some(contract: type[Contract]) -> str:
    """The same query over views ``some_<layer>_<table>``, which hold some rows of each table."""
    return _sql(contract, _expression(contract).op().replace(_some).to_expr())


def inputs(contract: type[Contract]) -> tuple[str, ...]:
    """The tables, ``layer.table``, that the query reads."""
    return tuple(sorted({one.table() for one in READ_BY[contract]}))


def _sql(contract: type[Contract], rows: ir.Table) -> str:
    made = str(ibis.to_sql(rows.order_by(list(contract.key())), dialect="duckdb"))
    # Ibis writes the columns that are left out in the order of a set: another in each process.
    return re.sub(
        r"EXCLUDE \(([^)]*)\)",
        lambda out: f"EXCLUDE ({', '.join(sorted(out[1].split(', ')))})",
        made,
    )


def _some(node: Any, replaced: dict[str, Any] | None) -> Any:
    if isinstance(node, ops.UnboundTable):
        return ops.UnboundTable(f"some_{node.namespace.database}_{node.name}", node.schema)
    return node.__recreate__(replaced) if replaced else node


def _expression(contract: type[Contract]) -> ir.Table:
    return MADE_BY[contract]()


def _in_order() -> dict[type[Contract], Expression]:
    """What is made from all days, each table after those that it reads."""
    made = {contract.table(): contract for contract in MADE_BY if contract not in OF_A_GENRE_DAY}
    # What the lake holds is there already; a ranking is made from the lake's table of its name.
    of_others = made.keys() - LAKE.keys()
    reads = {name: [one for one in inputs(made[name]) if one in of_others] for name in sorted(made)}
    return {made[name]: MADE_BY[made[name]] for name in TopologicalSorter(reads).static_order()}


OF_ALL_DAYS: dict[type[Contract], Expression] = _in_order()
"""Made from all days that are there, when the warehouse is published, in this order."""
