"""The tables of predictions in the warehouse.

Belongs here: the asset, and what it shows. Does not belong here: how they are made
(``learning.releases``).
"""

from collections.abc import Iterator

import dagster as dg

from spotify_assets.defs.checks import asset_key, contract_check, contract_kept
from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata.markdown import MAX_ROWS
from spotify_assets.defs.metadata.tables import ONE_READING, keys, preview, table_spec
from spotify_assets.defs.predictions.fitting import PREDICTIONS as MADE
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.schemas import PREDICTIONS
from spotify_assets.schemas.predictions import FACTS
from spotify_assets.settings import Settings


@dg.multi_asset(
    name="publish_predictions",
    specs=[
        table_spec(
            contract,
            [*keys(FACTS), MADE],
            kinds={"numpy", "duckdb"},
            note=ONE_READING,
            partitions_def=None,
        )
        for contract in PREDICTIONS
    ],
    check_specs=[contract_check(contract) for contract in PREDICTIONS],
    pool="warehouse",
)
@failing
def publish_predictions(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Estimate again what depends on facts that changed, and publish."""
    published = publish_now(settings, log=context.log)
    with warehouse.get_connection() as connection:
        first_rows = {
            one: connection.table(one.table()).limit(MAX_ROWS).pl() for one in PREDICTIONS
        }
    for contract in PREDICTIONS:
        rows = published.rows[contract.table()]
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            metadata={"dagster/row_count": rows, "preview": preview(first_rows[contract])},
            check_results=[contract_kept(contract, rows)],
        )
