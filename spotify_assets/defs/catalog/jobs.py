"""Jobs of the catalog: which of its assets run together.

Belongs here: selections of assets. Does not belong here: when they run.
"""

import dagster as dg

from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.catalog.checks import published
from spotify_assets.defs.catalog.per_genre_day import facts, rank
from spotify_assets.defs.catalog.processed import process_catalog
from spotify_assets.defs.catalog.publish import publish_warehouse
from spotify_assets.defs.catalog.raw import CATALOG
from spotify_assets.defs.failures import failing
from spotify_assets.defs.monitoring.quality import freshness, quality
from spotify_assets.defs.publication import publish_now
from spotify_assets.settings import Settings

ON_THE_LAKE = dg.AssetSelection.assets(process_catalog, rank, facts)
# What nobody collected is measured by the hour, and is no fault of a run. Where another machine
# publishes, so is what is in the file.
MADE_FROM_RAW = (
    (ON_THE_LAKE | dg.AssetSelection.assets(publish_warehouse))
    - dg.AssetSelection.checks(freshness)
    if AT_LOAD.publish_after_collecting
    else ON_THE_LAKE - dg.AssetSelection.checks(published, quality, freshness)
)

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


@dg.op(pool="warehouse")
@failing
def publish_what_is_new(
    context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]
) -> None:
    """Bring the DuckDB file of this machine to the state of the lake."""
    published = publish_now(settings, log=context.log)
    context.log.info("%d genre-days are new or changed.", len(published.loaded))


def _publication() -> dg.JobDefinition:
    @dg.job(description="What other machines collected, into the DuckDB file of this one.")
    def publication() -> None:
        publish_what_is_new()

    return publication


publication = None if AT_LOAD.publish_after_collecting else _publication()
"""Only where collecting does not publish: else there is nothing for it to do."""
