import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.defs import launch
from spotify_assets.defs.monitoring import unrecorded
from spotify_assets.defs.monitoring.processes import (
    PROCESS,
    end_dead_runs,
    end_runs_of_the_last_daemon,
    this_process,
)
from spotify_assets.operations.runs import Operations
from spotify_assets.sandbox import api, catalog, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.settings import Settings
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.defs.dagster_runs import stands
from spotify_assets_tests.end_to_end.conftest import environment

STARTED, FAILURE = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE


def started(instance: dg.DagsterInstance, process: str) -> str:
    return stands(instance, STARTED, tags={PROCESS: process})


def test_a_run_of_a_living_process_goes_on(instance: dg.DagsterInstance) -> None:
    started(instance, this_process())
    assert end_dead_runs(instance) == []


def test_a_run_that_a_daemon_started_is_let_be(instance: dg.DagsterInstance) -> None:
    stands(instance, STARTED)
    assert end_dead_runs(instance) == []


def test_a_run_that_the_daemon_executes_again_is_let_be(instance: dg.DagsterInstance) -> None:
    host, pid, start = this_process().rsplit("/", 2)
    # Dagster copies the tags of the first run.
    tags = {PROCESS: f"{host}/{pid}/{int(start) - 1}"}
    first = stands(instance, FAILURE, tags=tags)
    stands(instance, STARTED, tags=tags, again=first)
    assert end_dead_runs(instance) == []


def test_of_another_machine_nothing_is_known(instance: dg.DagsterInstance) -> None:
    started(instance, "another.example/4000000/1")
    assert end_dead_runs(instance) == []


def test_a_later_process_with_the_same_number_is_another_one(instance: dg.DagsterInstance) -> None:
    host, pid, start = this_process().rsplit("/", 2)
    dead = started(instance, f"{host}/{pid}/{int(start) - 1}")
    assert end_dead_runs(instance) == [dead]


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_however_far_it_had_come_the_run_of_a_dead_process_fails_and_says_what_to_do(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    host = this_process().rsplit("/", 2)[0]
    dead = stands(instance, status, tags={PROCESS: f"{host}/{process.pid}/1"})
    assert end_dead_runs(instance) == [dead]
    run = instance.get_run_by_id(dead)
    assert run is not None
    assert run.status == FAILURE
    said = [entry.message for entry in instance.all_logs(dead)]
    assert any("was killed" in message and "start it again" in message for message in said)
    assert end_dead_runs(instance) == []


def test_what_the_last_daemon_had_started_fails_before_a_new_one_begins(
    instance: dg.DagsterInstance,
) -> None:
    ended = stands(instance, dg.DagsterRunStatus.SUCCESS)
    of_the_daemon = stands(instance, STARTED)
    # Dagster copies the tags of the first run, which was the command's.
    tags = {PROCESS: this_process()}
    again = stands(instance, dg.DagsterRunStatus.STARTING, tags=tags, again=ended)
    of_the_command = started(instance, this_process())

    assert set(end_runs_of_the_last_daemon(instance)) == {of_the_daemon, again}

    assert {run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=[FAILURE]))} == {
        of_the_daemon,
        again,
    }
    for run_id in (ended, of_the_command):
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status != FAILURE


def test_who_opens_the_instance_finds_the_run_of_a_dead_process_in_the_run_table(
    instance: dg.DagsterInstance,
) -> None:
    host, pid, start = this_process().rsplit("/", 2)
    dead = started(instance, f"{host}/{pid}/{int(start) - 1}")

    with launch.instance(Settings()):
        [run] = Operations(Settings().operations).runs(last=2)

    assert (run.run_id, run.job, run.status) == (dead, "catalog", "failure")
    assert "was killed" in str(run.failure)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the start of a process is not known")
def test_a_run_whose_end_did_not_fit_on_the_disk_is_not_told_as_killed(
    instance: dg.DagsterInstance,
) -> None:
    host, pid, start = this_process().rsplit("/", 2)
    lost = started(instance, f"{host}/{pid}/{int(start) - 1}")
    with pytest.raises(OSError, match="No space left"), unrecorded.noting(lost):
        raise sqlite3.OperationalError("database or disk is full")

    launch.instance(Settings())

    [run] = Operations(Settings().operations).runs(10)
    assert (run.run_id, run.failure) == (lost, unrecorded.SAYS)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the start of a process is not known")
def test_a_killed_process_that_nobody_waited_for_is_dead(instance: dg.DagsterInstance) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    host = this_process().rsplit("/", 2)[0]
    start = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    run_id = started(instance, f"{host}/{process.pid}/{start}")
    assert end_dead_runs(instance) == []
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert end_dead_runs(instance) == [run_id]
    process.communicate()


@pytest.mark.end_to_end
def test_a_run_of_the_command_that_is_killed_ends_as_failed(
    instance: dg.DagsterInstance, data_dir: Path
) -> None:
    # No answer comes before the run is killed.
    slow = Behaviour(shares={"slow": 1.0}, slow_s=20)
    application = api.create_app(catalog.generate(seed=1, tracks=500), behaviour=slow, today=TODAY)
    with server.running(application) as sandbox:
        command = subprocess.Popen(
            [sys.executable, "-m", "spotify_assets", "collect", "-g", "rock"],
            env=environment(data_dir, SPOTIFY_SANDBOX_URL=sandbox.url),
            cwd=data_dir,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            run_id = wait_for_a_started_run(instance)
            assert end_dead_runs(instance) == []
        finally:
            command.send_signal(signal.SIGKILL)
            command.wait()
    assert end_dead_runs(instance) == [run_id]
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status == FAILURE


def wait_for_a_started_run(instance: dg.DagsterInstance) -> str:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        for record in instance.get_run_records(dg.RunsFilter(statuses=[STARTED])):
            return record.dagster_run.run_id
        time.sleep(0.05)
    raise TimeoutError("The command has started no run.")
