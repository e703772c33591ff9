"""What Dagster makes of the definitions, as JSON that a person can compare.

After a change that is meant, write the snapshot again, and read the difference::

    python -m spotify_assets_tests.defs.graph > spotify_assets_tests/defs/graph.json
"""

import json
from typing import Any

import dagster as dg

from spotify_assets.definitions import defs
from spotify_assets.transforms.version import code_version

KIND = "dagster/kind/"


def snapshot() -> dict[str, Any]:
    """All assets, checks, jobs, schedules and sensors, each by its name."""
    repository = defs().get_repository_def()
    graph = repository.asset_graph
    return {
        "assets": {
            node.key.to_user_string(): _asset(node, graph)
            for node in sorted(graph.asset_nodes, key=lambda node: node.key)
        },
        "jobs": {job.name: _job(job) for job in _named(repository.get_all_jobs())},
        "schedules": {each.name: _schedule(each) for each in _named(repository.schedule_defs)},
        "sensors": {each.name: _sensor(each) for each in _named(repository.sensor_defs)},
    }


def as_json() -> str:
    """The snapshot as the file holds it."""
    return json.dumps(snapshot(), indent=2, ensure_ascii=False) + "\n"


def _named(definitions: Any) -> list[Any]:
    """By name; what Dagster adds itself is left out."""
    ours = (each for each in definitions if not each.name.startswith("__"))
    return sorted(ours, key=lambda each: str(each.name))


def _asset(node: Any, graph: Any) -> dict[str, Any]:
    return {
        "deps": sorted(key.to_user_string() for key in node.parent_keys),
        "group": node.group_name,
        "kinds": sorted(node.kinds),
        "owners": list(node.owners),
        "tags": {k: v for k, v in sorted(node.tags.items()) if not k.startswith(KIND)},
        "partitions": _partitions(node.partitions_def),
        "backfill_policy": _said(node.backfill_policy),
        "freshness_policy": _said(node.freshness_policy),
        "automation_condition": _said(node.automation_condition),
        # Not which: it changes with each rule of a transform, and the graph does not.
        "is_of_this_code": node.code_version == code_version(),
        "pools": sorted(node.pools or []),
        "checks": {
            key.name: _check(graph.get_check_spec(key))
            for key in sorted(node.check_keys, key=lambda key: key.name)
        },
    }


def _check(spec: dg.AssetCheckSpec) -> dict[str, Any]:
    return {
        "blocking": spec.blocking,
        "deps": sorted(dep.asset_key.to_user_string() for dep in spec.additional_deps),
    }


def _partitions(definition: Any) -> Any:
    """Without the first day, which is a setting."""
    if isinstance(definition, dg.MultiPartitionsDefinition):
        return {each.name: _partitions(each.partitions_def) for each in definition.partitions_defs}
    if isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return {
            "cron": definition.cron_schedule,
            "timezone": definition.timezone,
            "end_offset": definition.end_offset,
        }
    return _said(definition)


def _job(job: dg.JobDefinition) -> dict[str, Any]:
    return {
        "steps": sorted(node.name for node in job.nodes),
        "partitions": _partitions(job.partitions_def),
        "tags": dict(sorted(job.run_tags.items())),
    }


def _schedule(schedule: dg.ScheduleDefinition) -> dict[str, Any]:
    return {
        "default_status": schedule.default_status.value,
        "cron": schedule.cron_schedule,
        "timezone": schedule.execution_timezone,
        "job": schedule.job_name,
    }


def _sensor(sensor: dg.SensorDefinition) -> dict[str, Any]:
    return {
        "default_status": sensor.default_status.value,
        "type": sensor.sensor_type.value,
        "minimum_interval_s": sensor.minimum_interval_seconds,
        "jobs": sorted(job.name for job in sensor.jobs) if sensor.has_jobs else [],
    }


def _said(value: Any) -> str | None:
    return None if value is None else str(value)


if __name__ == "__main__":
    print(as_json(), end="")
