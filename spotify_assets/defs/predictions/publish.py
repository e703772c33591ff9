"""The tables of predictions in the warehouse.

Belongs here: the asset, and what it shows. Does not belong here: how they are made
(``learning.releases``).
"""

from collections.abc import Iterator

import dagster as dg

from spotify_assets.defs.checks import contract_check
from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata.tables import ONE_READING, keys, table_spec
from spotify_assets.defs.predictions.fitting import PREDICTIONS as MADE
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.publishing import tables_of
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
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Estimate again what depends on facts that changed, and publish."""
    published = publish_now(settings, log=context.log)
    yield from tables_of(context, warehouse, published, PREDICTIONS)
