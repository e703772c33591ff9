"""Jobs: which assets run together."""

import dagster as dg

from spotify_assets.defs.partitions import genre_days

catalog = dg.define_asset_job(
    "catalog",
    selection=dg.AssetSelection.all(),
    partitions_def=genre_days,
    description="One genre-day the whole way: collect, process, rank, facts, publish, check.",
)
