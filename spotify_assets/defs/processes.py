"""Runs in a process of their own, without a daemon: which of them are dead.

Dagster watches the processes that its daemon started. A run that the command line started and that
was killed would count as running for ever, and would keep others waiting.

Belongs here: knowing a process again. Does not belong here: runs that a daemon started.
"""

import os
import socket
from pathlib import Path

import dagster as dg

from spotify_assets.defs import unrecorded

PROCESS = ".dagster/spotify_assets_process"
"""Tag of a run: in which process it runs. The UI hides what begins like that."""
KILLED_SAYS = "The process of this run was killed. What it had received is kept: start it again."
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
