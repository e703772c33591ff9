"""The entry point: puts the definitions together."""

import logging
import os
import pkgutil
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from types import ModuleType

import dagster as dg

from spotify_assets import defs as domains
from spotify_assets.defs import labels
from spotify_assets.defs.policies import with_policies
from spotify_assets.defs.resources import resources
from spotify_assets.operations import error_reports, logs
from spotify_assets.settings import Settings
from spotify_assets.storage import permissions as access

NOT_DEFINITIONS = {"event_log"}
"""What Dagster imports by its ``dagster.yaml``, with a library of databases: half a second."""


def _modules() -> Iterator[ModuleType]:
    for domain in pkgutil.iter_modules(domains.__path__, f"{domains.__name__}."):
        if domain.ispkg:
            folder = import_module(domain.name)
            for _, name, _ in pkgutil.iter_modules(folder.__path__):
                if name not in NOT_DEFINITIONS:
                    yield import_module(f"{domain.name}.{name}")


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs and resources."""
    settings = Settings()
    # Dagster's own processes may be started without our command.
    os.umask(access.OWNER_ONLY)
    if not logs.has_begun():
        logs.begin(settings.logs, is_server=True)
        error_reports.begin(settings.sentry_dsn)
    if said := access.keep_private(settings.data_dir.resolve(), settings.readers):
        logging.getLogger(__name__).warning(said)
    # A new domain is a new folder: what it defines is found where it lies.
    found = dg.load_definitions_from_modules(_modules())
    assets = (each for each in found.assets or [] if isinstance(each, dg.AssetsDefinition))
    policies = partial(with_policies, late_hours=settings.late_hours)
    return dg.Definitions(
        assets=labels.labelled(assets, policies),
        asset_checks=found.asset_checks,
        jobs=found.jobs,
        sensors=found.sensors,
        schedules=found.schedules,
        # Read again by each run and each tick: what is set meanwhile holds without a restart.
        resources=resources(Settings),
        # Runs, not steps, are the unit of parallelism: a process for each step costs seconds.
        executor=dg.in_process_executor,
    )
