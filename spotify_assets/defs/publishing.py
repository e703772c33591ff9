"""The step that publishes the tables of a domain: the same for each.

Belongs here: publishing in a run, what it shows of the tables, how it fails. Does not belong here:
which tables a domain has, and what is published (``publication``).
"""

from collections.abc import Collection, Iterator, Sequence

import dagster as dg

from spotify_assets.defs.checks import asset_key, contract_check, contract_kept
from spotify_assets.defs.metadata.markdown import MAX_ROWS
from spotify_assets.defs.metadata.tables import preview
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.schemas import Contract
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.publication.domain import Domain
from spotify_assets.warehouse.publication.publish import Published


def tables_of(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    published: Published,
    contracts: Sequence[type[Contract]],
    personal: Collection[type[Contract]] = (),
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Tell of the tables that the run was asked for; the others were made with them.

    Args:
        context: Of the run.
        warehouse: Holds what was published.
        published: What came of it.
        contracts: The tables of the step.
        personal: Those of which no row is shown: what Dagster keeps, nobody can have forgotten.
    """
    with warehouse.get_connection() as connection:
        shown = {
            one: {"preview": preview(connection.table(one.table()).limit(MAX_ROWS).pl())}
            for one in contracts
            if one not in personal
        }
    for contract in contracts:
        rows = published.rows[contract.table()]
        is_checked = contract_check(contract).key in context.selected_asset_check_keys
        kept = [contract_kept(contract, rows)] if is_checked else []
        if asset_key(contract) not in context.selected_asset_keys:
            yield from kept
            continue
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            metadata={"dagster/row_count": rows, **shown.get(contract, {})},
            check_results=kept,
        )


def fail_if_damaged(published: Published, domain: type[Domain], named: str) -> None:
    """Fail where the tables of a domain stay as they were; the rest is published.

    Raises:
        WarehouseError: A file is damaged that the domain needs.
    """
    for one in published.damaged.iter_rows(named=True):
        if one["table_name"] in domain.lake_tables:
            raise WarehouseError(f"The tables of {named} stay as they were: {one['reason']}")
