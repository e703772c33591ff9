"""Which runs are dead: Dagster would count them as running for ever, and keep others waiting.

A run that the command line started is dead when its process is. Those that the daemon of a ``dev``
started end with it.

Belongs here: knowing a process again. Does not belong here: starting a run once more.
"""

import os
import socket
from pathlib import Path

import dagster as dg

from spotify_assets.defs.monitoring import unrecorded

PROCESS = ".dagster/spotify_assets_process"
"""Tag of a run: in which process it runs. The UI hides what begins like that."""
KILLED_SAYS = "The process of this run was killed. What it had received is kept: start it again."
STOPPED_SAYS = "Dagster was stopped while this run was under way. What it had received is kept."
PROC = Path("/proc")
RUNNING = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def this_process() -> str:
    """``<host>/<pid>/<start>``: no other process is called that, not even a later one."""
    return f"{socket.gethostname()}/{os.getpid()}/{_start_of(os.getpid())}"


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Have the runs fail whose process is gone; returns their ids."""
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=RUNNING)):
        run = record.dagster_run
        # Where the daemon executes such a run again, the tag is copied, and says nothing.
        is_ours = PROCESS in run.tags and run.parent_run_id is None
        if is_ours and not _lives(run.tags[PROCESS]):
            is_noted = unrecorded.is_noted(run.run_id)
            instance.report_run_failed(run, unrecorded.SAYS if is_noted else KILLED_SAYS)
            ended.append(run.run_id)
    return ended


def end_runs_of_the_last_daemon(instance: dg.DagsterInstance) -> list[str]:
    """Have the runs fail that a daemon started; returns their ids.

    Before ``dev`` starts its own: all that the last one had started ended with it. The new daemon
    starts each of them once more, and a backfill goes on. Runs on other machines did not end with
    it: whether their workers live, its launcher can say.
    """
    ended: list[str] = []
    if instance.run_launcher.supports_check_run_worker_health:
        return ended
    for record in instance.get_run_records(dg.RunsFilter(statuses=RUNNING)):
        run = record.dagster_run
        if PROCESS not in run.tags or run.parent_run_id is not None:
            instance.report_run_failed(run, STOPPED_SAYS)
            ended.append(run.run_id)
    return ended


def _lives(process: str) -> bool:
    host, pid, start = process.rsplit("/", 2)
    # Of another machine nothing is known here.
    return host != socket.gethostname() or start == _start_of(int(pid))


def _start_of(pid: int) -> str:
    """When a process began, in ticks since the machine did; ``gone`` if it is not there."""
    try:
        # After the name, which may hold anything: the state, and 18 fields before the time.
        stat = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].decode("ascii")
        state, *_, began = stat.split()[:20]
    except OSError:
        return "alive" if _answers(pid) else "gone"
    # Dead, but its parent has not asked how it ended.
    return "gone" if state in "ZX" else began


def _answers(pid: int) -> bool:
    """For systems without ``/proc``."""
    if PROC.is_dir():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
