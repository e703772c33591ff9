"""Runs that stand in the instance, without anything having been executed."""

import uuid

import dagster as dg

from spotify_assets.defs.partitions import PARTITION, key_of
from spotify_assets.lake import GenreDay


def stands(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    genre_day: GenreDay | None = None,
    job: str = "catalog",
    tags: dict[str, str] | None = None,
    again: str | None = None,
) -> str:
    """A run of a job in a state, which executes another one ``again``; returns its id."""
    of_day = {} if genre_day is None else {PARTITION: str(key_of(genre_day))}
    run = dg.DagsterRun(
        job_name=job,
        run_id=str(uuid.uuid4()),
        status=status,
        tags={**of_day, **(tags or {})},
        root_run_id=again,
        parent_run_id=again,
    )
    return instance.add_run(run).run_id
