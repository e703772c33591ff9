"""Which columns a column of a query is made from, read off its SQL.

Belongs here: the analysis of a query. Does not belong here: the queries (`transforms`).
"""

from functools import cache

from spotify_assets.schemas import TABLES, Contract
from spotify_assets.transforms.expressions import inputs, sql

Origin = tuple[str, str]
"""``layer.table`` and one of its columns."""


@cache
def origins(contract: type[Contract]) -> dict[str, list[Origin]]:
    """For each column of a table that a query makes, the columns whose values it is made from.

    What only decides which rows there are (filters, the keys of joins) is not among them. A column
    of constants has none.
    """
    # Only now: nothing of it is needed to load the code.
    from sqlglot import exp, parse_one  # noqa: PLC0415
    from sqlglot.lineage import lineage  # noqa: PLC0415
    from sqlglot.optimizer import build_scope  # noqa: PLC0415
    from sqlglot.optimizer.qualify import qualify  # noqa: PLC0415

    query = qualify(
        parse_one(sql(contract), read="duckdb"), dialect="duckdb", schema=_schema(contract)
    )
    scope = build_scope(query)
    return {
        column.name: sorted(
            {
                (f"{leaf.source.db}.{leaf.source.name}", exp.to_column(leaf.name).name)
                for leaf in lineage(
                    column.name, query, scope=scope, copy=False, trim_selects=False
                ).walk()
                if isinstance(leaf.source, exp.Table)
            }
        )
        for column in contract.columns()
    }


def _schema(contract: type[Contract]) -> dict[str, dict[str, dict[str, str]]]:
    """The columns of the query's inputs, by layer and table; their types do not matter here."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for name in inputs(contract):
        layer, _, table = name.partition(".")
        schema.setdefault(layer, {})[table] = dict.fromkeys(TABLES[name].polars_schema(), "VARCHAR")
    return schema
