"""The entry point: puts the definitions together."""

import logging
import os

import dagster as dg

from spotify_assets import defs as domains
from spotify_assets.defs import labels
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
    # A new domain is a new folder: what it defines is found where it lies.
    found = dg.load_definitions_from_package_module(domains)
    assets = labels.labelled(
        each for each in found.assets or [] if isinstance(each, dg.AssetsDefinition)
    )
    return dg.Definitions(
        assets=[asset.map_asset_specs(with_policies) for asset in assets],
        asset_checks=found.asset_checks,
        jobs=found.jobs,
        sensors=found.sensors,
        schedules=found.schedules,
        resources={
            "lake": LakeResource(root=str(settings.lake.root)),
            "api": ApiResource(),
            "warehouse": WarehouseResource(database=str(settings.database)),
        },
        # Runs, not steps, are the unit of parallelism: a process for each step costs seconds.
        executor=dg.in_process_executor,
    )
