"""Runs on other machines: Celery's launcher, which also notices that a worker is dead.

Belongs here: launching on Celery. Does not belong here: what runs, and the configuration of Celery,
which is in ``dagster.yaml``. Nothing imports it but Dagster, where that names it: it needs the
extra ``cluster``.
"""

import dagster as dg
from celery import Celery
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import create_execute_job_task, create_resume_job_task

from spotify_assets.storage.errors import ProjectError

COLLECTING = ("catalog", "reprocess")
"""Jobs that any worker can do."""
WAREHOUSE = "warehouse"
"""The queue of all others: they publish, or read inboxes and tokens, which one machine has."""
ASKED_SECONDS, TIMES = 5.0, 3
"""How long the workers have to answer who has a task, and how often they are asked."""


class CeleryLauncher(CeleryRunLauncher):
    """The stock launcher; but a run whose worker was killed fails, and so is tried again.

    Celery keeps a task as started until its worker says otherwise, which a dead one never does. So
    the workers are asked; of a task that none knows, again: one may be cut off for a moment. Where
    it lives all the same, the run that takes its place is kept off what it holds.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Queue a run; unless its tag says which, in the queue of its job."""
        run = context.dagster_run
        if run.job_name not in COLLECTING and DAGSTER_CELERY_QUEUE_TAG not in run.tags:
            tag = {DAGSTER_CELERY_QUEUE_TAG: WAREHOUSE}
            self._instance.add_run_tags(run.run_id, tag)
            context = LaunchRunContext(run.with_tags({**run.tags, **tag}), context.workspace)
        super().launch_run(context)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a worker is at the run."""
        known: CheckRunHealthResult = super().check_run_worker_health(run)
        if known.status is not WorkerStatus.RUNNING:
            return known
        task = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        inspect = self.celery.control.inspect(timeout=ASKED_SECONDS)
        for _ in range(TIMES):
            if any(task in held for held in (inspect.query_task(task) or {}).values()):
                return known
        # It may have ended meanwhile.
        known = super().check_run_worker_health(run)
        if known.status is not WorkerStatus.RUNNING:
            return known
        return CheckRunHealthResult(
            WorkerStatus.FAILED,
            "The worker of this run is gone. What it had received is kept: another goes on.",
        )


def application() -> Celery:
    """Celery as ``dagster.yaml`` configures it, with the tasks of a worker.

    Raises:
        NoLauncher: It does not.
    """
    with dg.DagsterInstance.get() as instance:
        launcher = instance.run_launcher
        if not isinstance(launcher, CeleryRunLauncher):
            raise NoLauncher(
                f"{instance.root_directory}/dagster.yaml names no launcher of Celery: take that of "
                "deploy/, and name its folder in SPOTIFY_DAGSTER_HOME."
            )
        create_execute_job_task(launcher.celery)
        create_resume_job_task(launcher.celery)
        return launcher.celery


class NoLauncher(ProjectError):
    """Dagster is not configured for Celery."""


def seen() -> list[tuple[str, list[str], int]]:
    """The workers that answer: name, queues, and how many runs each is at."""
    inspect = application().control.inspect(timeout=ASKED_SECONDS)
    queues, active = inspect.active_queues() or {}, inspect.active() or {}
    return [
        (name, [one["name"] for one in queues[name]], len(active.get(name, [])))
        for name in sorted(queues)
    ]
