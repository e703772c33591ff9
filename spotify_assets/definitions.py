"""The entry point: puts the definitions together."""

import logging
import os

import dagster as dg

from spotify_assets.defs import checks, jobs, labels, schedules, sensors
from spotify_assets.defs.catalog import per_genre_day, processed, publish, raw
from spotify_assets.defs.listening import history as listening
from spotify_assets.defs.monitoring import quality
from spotify_assets.defs.policies import with_policies
from spotify_assets.defs.resources import ApiResource, LakeResource, WarehouseResource
from spotify_assets.settings import Settings
from spotify_assets.storage import permissions as access


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs and resources."""
    settings = Settings()
    # Dagster's own processes may be started without our command.
    os.umask(access.OWNER_ONLY)
    if said := access.keep_private(settings.data_dir.resolve(), settings.readers):
        logging.getLogger(__name__).warning(said)
    assets = labels.labelled(
        [
            raw.catalog,
            processed.process_catalog,
            per_genre_day.rank,
            per_genre_day.facts,
            publish.publish_warehouse,
            listening.import_exports,
            listening.recently_played,
            listening.read_polls,
            listening.publish_plays,
        ]
    )
    return dg.Definitions(
        assets=[asset.map_asset_specs(with_policies) for asset in assets],
        asset_checks=[checks.published, quality.quality, quality.punctuality],
        jobs=[
            jobs.catalog,
            jobs.reprocess,
            jobs.import_history,
            jobs.poll_plays,
            jobs.measures,
            jobs.housekeeping,
        ],
        sensors=[
            sensors.rotation,
            sensors.record_runs,
            sensors.alerts,
            sensors.go_on_with_the_rest,
            sensors.inbox,
        ],
        schedules=[
            schedules.daily_completion,
            schedules.recently_played,
            schedules.reprocess_outdated,
            schedules.hourly_measures,
            schedules.daily_housekeeping,
        ],
        resources={
            "lake": LakeResource(root=str(settings.lake.root)),
            "api": ApiResource(),
            "warehouse": WarehouseResource(database=str(settings.database)),
        },
        # Runs, not steps, are the unit of parallelism: a process for each step costs seconds.
        executor=dg.in_process_executor,
    )
