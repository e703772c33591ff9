"""The entry point: puts the definitions together."""

import dagster as dg

from spotify_assets.defs import checks, jobs
from spotify_assets.defs.assets import per_genre_day, processed, publish, raw
from spotify_assets.defs.resources import ApiResource, LakeResource, WarehouseResource
from spotify_assets.settings import Settings


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs and resources."""
    settings = Settings()
    return dg.Definitions(
        assets=[
            raw.catalog,
            processed.process_catalog,
            per_genre_day.rank,
            per_genre_day.facts,
            publish.publish_warehouse,
        ],
        asset_checks=[checks.published],
        jobs=[jobs.catalog],
        resources={
            "lake": LakeResource(root=str(settings.lake.root)),
            "api": ApiResource(),
            "warehouse": WarehouseResource(database=str(settings.database)),
        },
        # Runs, not steps, are the unit of parallelism: a process for each step costs seconds.
        executor=dg.in_process_executor,
    )
