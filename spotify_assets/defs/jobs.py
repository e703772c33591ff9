"""Jobs: which assets run together."""

import dagster as dg

catalog = dg.define_asset_job(
    "catalog",
    selection=dg.AssetSelection.all(),
    description="One genre-day the whole way: collect, process, rank, facts, publish, check.",
)
