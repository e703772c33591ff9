"""One `dev` has a data folder, and who has a folder or a port is named."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spotify_assets.commands import claims

URL = "http://127.0.0.1:3000"
HOLDER = """
import sys, pathlib
from spotify_assets.commands import claims
held = claims.data_folder(pathlib.Path(sys.argv[1]), "http://127.0.0.1:3000")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_server_on_a_data_folder_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with claims.data_folder(tmp_path, URL):
        with pytest.raises(claims.Taken) as refused:
            claims.data_folder(tmp_path, URL)

        said = str(refused.value)
        assert f"runs on {tmp_path}: process {os.getpid()} on {socket.gethostname()}" in said
        assert f"at {URL}" in said
        assert f"`kill {os.getpid()}`" in said
    claims.data_folder(tmp_path, URL).close()


def test_a_data_folder_whose_server_was_killed_can_be_had_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(claims.Taken, match=f"process {holder.pid} "):
        claims.data_folder(tmp_path, URL)

    holder.send_signal(signal.SIGKILL)
    holder.communicate()

    begun = time.monotonic()
    claims.data_folder(tmp_path, URL).close()
    assert time.monotonic() - begun < claims.ENDING_SECONDS


def test_the_servers_of_a_killed_one_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "ENDING_SECONDS", 0.5)
    with claims.data_folder(tmp_path, URL):
        # As if the process that took it were gone, and its servers had the file still open.
        mark = tmp_path / ".dev.lock"
        mark.write_bytes(mark.read_bytes().replace(str(os.getpid()).encode(), b"4194305"))
        begun = time.monotonic()
        with pytest.raises(claims.Taken):
            claims.data_folder(tmp_path, URL)
        assert time.monotonic() - begun > 0.5


def test_folders_of_their_own_can_be_served_at_once(tmp_path: Path) -> None:
    with (
        claims.data_folder(tmp_path / "one", URL) as one,
        claims.data_folder(tmp_path / "other", URL) as other,
    ):
        assert one.name != other.name


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_taken_port_is_refused_with_the_process_that_has_it(host: str) -> None:
    with socket.create_server((host, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(claims.Taken) as refused:
            claims.free_port(port, "the Dagster UI", "--port")

    said = str(refused.value)
    assert said.startswith(f"Port {port}, for the Dagster UI, is taken by process {os.getpid()} (")
    assert "choose another port: --port" in said


def test_a_free_port_is_let_be_and_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    claims.free_port(port, "the sandbox", "--port")
    with socket.create_server(("127.0.0.1", port)) as served:
        assert served.getsockname()[1] == port


def test_where_the_system_does_not_tell_the_port_is_named_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(claims, "PROC", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(claims.Taken, match=f"Port {port}, for the sandbox, cannot be had: Add"):
            claims.free_port(port, "the sandbox", "--port")
