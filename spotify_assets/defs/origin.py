"""Runs that the command executes itself stand under their job in the UI, as the daemon's do.

Belongs here: saying where the job of a run is defined. Does not belong here: starting a run
(`launch`).
"""

from typing import Any

import dagster as dg

# Dagster's `execute_in_process` leaves a run without it, and the timeline and the pages of jobs
# show only runs that have it; no public name makes one.
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

LOCATION = "spotify_assets.definitions"
"""The code location: Dagster names it after the module that `dev` loads."""
REPOSITORY = "__repository__"
"""What Dagster calls the definitions of a code location."""
ONCE = {"dagster/max_retries": "0"}
"""Tag of a run of the command: where it is killed, the daemon does not start it again."""


def of_job(name: str) -> RemoteJobOrigin:
    """Where the job of that name is defined."""
    location = RegisteredCodeLocationOrigin(LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), name)


def with_origins(instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """The same instance; each run that is created through it says where its job is defined."""
    create = instance.create_run_for_job

    def create_run_for_job(job_def: dg.JobDefinition, **wanted: Any) -> dg.DagsterRun:
        return create(job_def, **{"remote_job_origin": of_job(job_def.name), **wanted})

    instance.create_run_for_job = create_run_for_job  # type: ignore[method-assign, assignment]
    return instance
