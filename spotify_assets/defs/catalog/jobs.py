"""Jobs of the catalog: which of its assets run together.

Belongs here: selections of assets. Does not belong here: when they run.
"""

import dagster as dg

from spotify_assets.defs.catalog.per_genre_day import facts, rank
from spotify_assets.defs.catalog.processed import process_catalog
from spotify_assets.defs.catalog.publish import publish_warehouse
from spotify_assets.defs.catalog.raw import CATALOG
from spotify_assets.defs.monitoring.quality import freshness

# What nobody collected is measured by the hour, and is no fault of a run.
MADE_FROM_RAW = dg.AssetSelection.assets(
    process_catalog, rank, facts, publish_warehouse
) - dg.AssetSelection.checks(freshness)

catalog = dg.define_asset_job(
    "catalog",
    selection=MADE_FROM_RAW | dg.AssetSelection.assets(CATALOG),
    description="One genre-day the whole way: collect, process, rank, facts, publish, check.",
)

reprocess = dg.define_asset_job(
    "reprocess",
    selection=MADE_FROM_RAW,
    description="Genre-days again from the responses that raw holds; nothing is asked of the API.",
)
