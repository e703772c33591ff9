"""Of which version of a dimension each row is: its surrogate key, assigned at publication.

Belongs here: looking it up. Does not belong here: what the key is made of (``transforms.star``).
"""

from collections.abc import Iterator

import duckdb

from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.warehouse.publication.scopes import ids
from spotify_assets.warehouse.tables import quoted


def version_keys(contract: type[Contract]) -> Iterator[tuple[str, type[Contract]]]:
    """The columns that hold the key of a version, each with its dimension."""
    for columns, target in contract.references().items():
        dimension = WAREHOUSE[target]
        if columns == (dimension.surrogate(),):
            yield columns[0], dimension


def assign(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], *, full_refresh: bool
) -> None:
    """Give rows the key of the version that held on their day; without a day, of the current one.

    Args:
        connection: To the copy that will be published; its dimensions are made.
        contract: Of the table.
        full_refresh: Of all rows; else of those whose ids the changed genre-days name.
    """
    is_daily = "date" in contract.polars_schema()
    on_its_day = "t.date >= v.valid_from AND (v.valid_to IS NULL OR t.date < v.valid_to)"
    holds = on_its_day if is_daily else "v.is_current"
    for column, dimension in version_keys(contract):
        name = dimension.key()[0]
        among = "" if full_refresh else f'AND t."{name}" IN (FROM {ids(name)})'
        connection.execute(
            f'UPDATE {quoted(contract)} AS t SET "{column}" = v."{column}" '
            f'FROM {quoted(dimension)} AS v WHERE v."{name}" = t."{name}" AND {holds} {among} '
            # Few differ; the others stay untouched.
            f'AND t."{column}" IS DISTINCT FROM v."{column}"'
        )
