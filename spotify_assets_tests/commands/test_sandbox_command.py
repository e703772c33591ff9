import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

COMMAND = [sys.executable, "-m", "spotify_assets", "sandbox", "--tracks", "500"]
pytestmark = pytest.mark.end_to_end


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("SPOTI", "DAGSTER"))}


def test_the_command_takes_limits_and_faults(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "faults.json").write_text('{"mode": "development", "burst": 2, "seed": 9}')
    options = "--rate-limit 7 --window 12 --quota search=500 --quota me=3 --log served.jsonl"
    words = f"--port {port} {options} --faults faults.json --faults 503=0.1 --faults slow=0"
    process = subprocess.Popen(
        [*COMMAND, *words.split()],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(1200):
            try:
                state = requests.get(f"http://127.0.0.1:{port}/sandbox/state", timeout=5).json()
                break
            except requests.ConnectionError:
                assert process.poll() is None
                time.sleep(0.025)
        requests.get(f"http://127.0.0.1:{port}/v1/markets", timeout=5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert "The sandbox (development) answers" in out
    expected = {
        "mode": "development",
        "rate_limit": 7,
        "window_s": 12,
        "quotas": {"search": 500, "me": 3},
        "shares": {"503": 0.1, "slow": 0},
        "burst": 2,
        "seed": 9,
    }
    assert {name: state[name] for name in expected} == expected
    (line,) = (tmp_path / "served.jsonl").read_text().splitlines()
    assert json.loads(line)["path"] == "/v1/markets"


def test_what_the_command_cannot_set_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--quota", "serch=5"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "quotas.serch: there is no family 'serch'" in done.stderr
