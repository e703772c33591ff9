"""Dagster's GraphQL and its backfill daemon in this process, which executes each run at once.

Of a house that runs, processes differ: the daemon asks a code server over the network, and each run
has a process of its own. What is asked, submitted, executed and stored is the same.

Does not belong here: what has to be so (the tests).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster_graphql.test.utils import execute_dagster_graphql

LOCATION, REPOSITORY = "spotify_assets.definitions", "__repository__"
AT_ONCE = """
run_launcher:
  module: dagster._core.launcher.sync_in_memory_run_launcher
  class: SyncInMemoryRunLauncher
run_coordinator:
  module: dagster._core.run_coordinator
  class: DefaultRunCoordinator
event_log_storage:
  module: spotify_assets.defs.monitoring.event_log
  class: BatchedEventLog
  config: {}
telemetry:
  enabled: false
"""
LAUNCH_BACKFILL = """mutation ($asked: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $asked) {
        __typename ... on LaunchBackfillSuccess { backfillId } } }"""
LAUNCH_RUN = """mutation ($asked: ExecutionParams!) {
    launchPipelineExecution(executionParams: $asked) {
        __typename ... on LaunchRunSuccess { run { runId } } } }"""
EXECUTE_AGAIN = """mutation ($asked: ReexecutionParams!) {
    launchPipelineReexecution(reexecutionParams: $asked) {
        __typename ... on LaunchRunSuccess { run { runId } } } }"""


@dataclass(frozen=True)
class Webserver:
    """What the UI asks for, by the same GraphQL."""

    process: WorkspaceProcessContext

    def backfill_job(self, job: str, partitions: Sequence[str], **more: object) -> str:
        """As the page of a job launches one; returns how it ended."""
        selector = {
            "partitionSetName": f"{job}_partition_set",
            "repositorySelector": {
                "repositoryLocationName": LOCATION,
                "repositoryName": REPOSITORY,
            },
        }
        return self._backfill({"selector": selector, "partitionNames": list(partitions), **more})

    def backfill_assets(self, keys: Sequence[dg.AssetKey], partitions: Sequence[str]) -> str:
        """As the page of an asset launches one; returns how it ended."""
        paths = [{"path": list(key.path)} for key in keys]
        return self._backfill({"assetSelection": paths, "partitionNames": list(partitions)})

    def run(self, job: str, tags: dict[str, str]) -> str:
        """Launch a run of a job with tags; returns its id when it has ended."""
        asked = {
            "selector": {
                "repositoryLocationName": LOCATION,
                "repositoryName": REPOSITORY,
                "pipelineName": job,
            },
            "executionMetadata": {"tags": _listed(tags)},
            "mode": "default",
        }
        return str(self._ask(LAUNCH_RUN, asked)["launchPipelineExecution"]["run"]["runId"])

    def execute_again(self, run_id: str, strategy: str) -> str:
        """Execute a run again, ``ALL_STEPS`` or ``FROM_FAILURE``; returns the id of the new one."""
        asked = {"parentRunId": run_id, "strategy": strategy}
        launched = self._ask(EXECUTE_AGAIN, asked)["launchPipelineReexecution"]
        return str(launched["run"]["runId"])

    def _backfill(self, asked: dict[str, Any]) -> str:
        launched = self._ask(LAUNCH_BACKFILL, asked)["launchPartitionBackfill"]
        identity = launched["backfillId"]
        while True:
            # One for each turn of the daemon.
            list(execute_backfill_iteration(self.process, logging.getLogger(__name__)))
            backfill = self.process.instance.get_backfill(identity)
            assert backfill is not None
            if backfill.status.value != "REQUESTED":
                return str(backfill.status.value)

    def _ask(self, query: str, asked: dict[str, Any]) -> dict[str, Any]:
        context = self.process.create_request_context()
        return cast(dict[str, Any], execute_dagster_graphql(context, query, {"asked": asked}).data)


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def execute_at_once(home: Path) -> None:
    """Have the instance of this home execute runs in the process that submits them."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(AT_ONCE)


@contextmanager
def webserver(instance: dg.DagsterInstance) -> Iterator[Webserver]:
    """The UI of an instance that executes at once."""
    # A process of its own would load the definitions again, with the folders of its settings.
    ReconstructableJob.get_repository_definition.cache_clear()
    ReconstructableJob.get_definition.cache_clear()
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name=LOCATION), location_name=LOCATION
    )
    with WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as process:
        yield Webserver(process)
