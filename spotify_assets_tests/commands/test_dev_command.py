"""``spotify-assets dev``: what keeps it from starting is said, and nothing is started."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.commands import servers
from spotify_assets.commands.servers import DAGSTER
from spotify_assets.defs.monitoring.processes import PROCESS, this_process
from spotify_assets_tests.defs.dagster_runs import stands


@pytest.mark.parametrize("file", ["ledger.sqlite", "operations.sqlite"])
def test_a_file_that_cannot_be_used_is_named_where_a_killed_run_must_be_noted(
    instance: dg.DagsterInstance, data_dir: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    # Or the command would set it for all that comes after in this process.
    monkeypatch.setenv("SPOTIFY_DAGSTER_URL", "http://127.0.0.1:3000")
    host, pid, start = this_process().rsplit("/", 2)
    dead = {PROCESS: f"{host}/{pid}/{int(start) - 1}"}
    stands(instance, dg.DagsterRunStatus.STARTED, tags=dead)
    (data_dir / file).write_text("no database at all")

    done = CliRunner().invoke(app, ["dev", "--pages-port", "0"])

    assert (done.exit_code, str(data_dir / file) in done.stderr) == (1, True), done.exception


def test_dagster_begins_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    # It warns of its own command first, and then finds that this is no folder to work in.
    monkeypatch.setenv("DAGSTER_HOME", "not absolute")
    done = subprocess.run([*DAGSTER, "dev"], capture_output=True, text=True, check=False)
    assert "must be an absolute path" in done.stderr
    assert "Warning" not in done.stderr


WRITES_FIRST_DAY = """
from pathlib import Path
from spotify_assets.defs.partitions import days
Path("first").write_text(days.get_partition_keys()[0])
"""


@pytest.mark.parametrize("said", [None, "2026-02-03"])
def test_the_first_day_of_the_ui_is_the_first_that_was_collected_unless_it_is_set(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    for name in ("SPOTIFY_DAGSTER_URL", "SPOTIFY_ASSETS_START_DATE"):
        # Or the command would leave it to all that comes after in this process.
        monkeypatch.setenv(name, said or "" if name.endswith("DATE") else "http://127.0.0.1:3000")
    raw = data_dir / "lake" / "raw"
    for folder in ("catalog/genre=rock/date=2026-11-14", "recently_played/date=2026-11-13"):
        (raw / folder).mkdir(parents=True)
    # It loads the definitions as Dagster's servers do, and serves nothing.
    monkeypatch.setattr(servers, "DAGSTER", (sys.executable, "-c", WRITES_FIRST_DAY))
    CliRunner().invoke(app, ["dev", "--pages-port", "0"])
    assert Path("first").read_text() == (said or "2026-11-13")
