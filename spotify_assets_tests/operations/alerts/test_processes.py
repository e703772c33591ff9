"""Several processes on one file, and processes that are killed."""

import datetime as dt
import subprocess
from pathlib import Path

from pydantic import SecretStr

from spotify_assets.operations.alerts import Alerts, Webhook
from spotify_assets_tests.lake.processes import KILLED, REPOSITORY, command, run
from spotify_assets_tests.operations.alerts import crash_workers
from spotify_assets_tests.operations.alerts.servers import Hook

INCIDENTS = 5


def started(path: Path, hook: Hook) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(crash_workers.observes_when_told, path, hook.url, INCIDENTS),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        text=True,
    )


def in_ten_minutes() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)


def test_processes_that_observe_the_same_at_once_give_one_message(
    tmp_path: Path, hook: Hook
) -> None:
    path = tmp_path / "new" / "operations.sqlite"
    processes = [started(path, hook) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("now\n")
        process.stdin.flush()

    assert [process.wait() for process in processes] == [0, 0, 0]
    assert [len(body["incidents"]) for body in hook.bodies] == [INCIDENTS]


def test_an_alert_of_a_process_that_was_killed_before_sending_is_sent_by_the_next(
    tmp_path: Path, hook: Hook
) -> None:
    path = tmp_path / "operations.sqlite"
    assert run(crash_workers.dies_before_sending, path, hook.url).returncode == KILLED
    assert hook.bodies == []

    alerts = Alerts(path, [Webhook(SecretStr(hook.url))])

    assert alerts.deliver() == 1
    assert alerts.deliver() == 0
    assert hook.states == ["open"]


def test_an_alert_of_a_process_that_was_killed_while_sending_comes_again_as_the_same(
    tmp_path: Path, hook: Hook
) -> None:
    path = tmp_path / "operations.sqlite"
    process = started(path, hook)
    # The message has arrived, and its sender will never know.
    hook.before_answer = process.kill
    process.communicate("now\n")
    assert process.returncode == KILLED
    hook.before_answer = lambda: None

    alerts = Alerts(path, [Webhook(SecretStr(hook.url))], in_ten_minutes)

    assert alerts.deliver() == 1
    assert alerts.deliver() == 0
    first, second = hook.bodies
    assert first == second
