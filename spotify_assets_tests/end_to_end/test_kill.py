"""Killed at any point, a run that is started again ends as if it had not been killed."""

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets.lake.tables import partitions
from spotify_assets.schemas import LAKE, LOGS, WAREHOUSE
from spotify_assets.schemas.monitoring import LakeCommits, Partitions
from spotify_assets_tests.conftest import TODAY, Run
from spotify_assets_tests.end_to_end.conftest import environment

pytestmark = pytest.mark.end_to_end

# Runs the command, and kills its own process with SIGKILL just before the n-th request is sent or
# the n-th file gets its name: nothing is caught, nothing is cleaned up.
KILLED_COMMAND = """
import os, pathlib, signal, sys
import requests
from spotify_assets import cli

what, number = sys.argv[1], int(sys.argv[2])
seen = 0

def dying(original):
    def call(*args, **kwargs):
        global seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    return call

if what == "request":
    requests.Session.request = dying(requests.Session.request)
else:
    pathlib.Path.replace, os.link = dying(pathlib.Path.replace), dying(os.link)
cli.app(sys.argv[3:])
"""
GENRE = "forró"


def contents(data_dir: Path) -> dict[str, str]:
    """Hash of each Parquet file, and of the rows of each table."""
    files = {
        f"{table} of {day}": hashlib.sha256(path.read_bytes()).hexdigest()
        for table in LAKE
        for day, path in partitions(Lake(data_dir / "lake"), table)
    }
    # What happened was another thing; what came of it is the same.
    others = {Partitions.table(), LakeCommits.table(), *(contract.table() for contract in LOGS)}
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        tables = {
            table: repr(connection.execute(f"FROM {table} ORDER BY ALL").fetchall())
            for table in WAREHOUSE
            if table not in others
        }
    return {**files, **tables}


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, dict[str, str]]:
    """What a run gives that nobody kills; filled by the first test."""
    return {}


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("request", 3),  # the journal holds some responses
        # The sealed responses are there, their sidecar is not.
        pytest.param("file", 6, marks=pytest.mark.slow),
        # Some tables of `processed` are there.
        pytest.param("file", 11, marks=pytest.mark.slow),
        # All of them are, and no commit names them.
        pytest.param("file", 15, marks=pytest.mark.slow),
        # The facts are there, and not committed.
        pytest.param("file", 21, marks=pytest.mark.slow),
        # The copy of the warehouse is finished, and not in place.
        pytest.param("file", 22, marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_goes_on_to_the_same_result(
    data_dir: Path,
    run: Run,
    sandbox_url: str,
    tmp_path: Path,
    what: str,
    number: int,
    undisturbed: dict[str, dict[str, str]],
) -> None:
    if not undisturbed:
        assert run(GENRE).failure is None
        undisturbed["contents"] = contents(data_dir)
        for path in (data_dir / "lake", data_dir / "spotify.duckdb"):
            path.rename(tmp_path / f"undisturbed-{path.name}")
    words = ["collect", "-g", GENRE, "-d", str(TODAY), "-n", "20", "-t", "60"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_COMMAND, what, str(number), *words],
        env=environment(data_dir, SPOTIFY_SANDBOX_URL=sandbox_url),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert run(GENRE).failure is None
    assert contents(data_dir) == undisturbed["contents"]
