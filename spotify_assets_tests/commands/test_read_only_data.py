"""What only reads, works on a data folder that cannot be written: a mounted backup, another's."""

import datetime as dt
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.operations.alerts import Alerts, Incident
from spotify_assets.operations.runs import Operations, RunEnded
from spotify_assets.sources.spotify_api.ledger import Ledger, LedgerError
from spotify_assets.storage import sqlite
from spotify_assets.storage.clock import Clock

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
MOUNTED = "mount --bind {0} {0} && mount -o remount,bind,ro {0} || exit 99; exec {1}"
COMMANDS = (
    ["status"],
    ["tables"],
    ["query", "SELECT 1 AS one"],
    ["genres", "list"],
    ["metrics"],
)


def _may_mount() -> bool:
    found = shutil.which("unshare")
    if found is None:
        return False
    return subprocess.run([found, "-rm", "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _may_mount(), reason="needs unshare, to mount read-only")


def test_every_command_that_only_reads_ends_well_and_shows_what_is_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _fill(data)

    done = _mounted(data, sys.executable, "-m", __name__)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "a run that failed" in done.stdout
    assert "something is wrong" in done.stdout


def test_status_shows_an_empty_folder_though_no_ledger_can_be_begun_in_it(tmp_path: Path) -> None:
    done = _mounted(tmp_path, sys.executable, "-m", "spotify_assets", "status")

    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_open", [True, False])
def test_what_was_written_last_is_read_though_it_lies_in_the_log_beside(
    tmp_path: Path, is_open: bool
) -> None:
    """As in a copy of the folder that was made while a run went on."""
    sqlite.begin(tmp_path / "one.sqlite", "CREATE TABLE rows (number INTEGER) STRICT;")
    with closing(sqlite.connect(tmp_path / "one.sqlite")) as db:
        db.execute("INSERT INTO rows VALUES (7)")
        copy = tmp_path / "copy"
        copy.mkdir()
        for file in tmp_path.glob("one.sqlite*" if is_open else "nothing"):
            shutil.copyfile(file, copy / file.name)
    if not is_open:
        shutil.copyfile(tmp_path / "one.sqlite", copy / "one.sqlite")

    done = _mounted(copy, sys.executable, "-c", f"import {__name__} as t; t.reads({str(copy)!r})")

    assert (done.stdout, done.stderr) == ("[7]\n", "")


def test_who_writes_is_told_to_make_it_writable_and_not_to_free_space(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite").close()

    script = f"import {__name__} as t; t.writes({str(tmp_path)!r})"
    done = _mounted(tmp_path, sys.executable, "-c", script)

    assert "readonly database. Make the file and its folder writable" in done.stdout, done.stderr
    assert "space" not in done.stdout


def reads(folder: str) -> None:
    with closing(sqlite.connect(Path(folder) / "one.sqlite")) as db, sqlite.alone(db):
        print([number for (number,) in db.execute("SELECT number FROM rows")])


def writes(folder: str) -> None:
    ledger = Ledger(Path(folder) / "ledger.sqlite")
    try:
        ledger.learn_limit("app", 90, Clock().now())
    except LedgerError as error:
        print(error)


def _fill(data: Path) -> None:
    data.mkdir()
    Ledger(data / "ledger.sqlite").close()
    Operations(data / "operations.sqlite").record(
        RunEnded("1", "catalog", "failure", NOW, NOW, failure="a run that failed")
    )
    incident = Incident("key", "run_failure", "something is wrong", "text", "error", NOW)
    Alerts(data / "operations.sqlite").observe("run_failure", [incident])
    duckdb.connect(data / "spotify.duckdb").close()


def _mounted(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = MOUNTED.format(shlex.quote(str(folder)), shlex.join(words))
    more = {"SPOTIFY_ASSETS_DATA_DIR": str(folder), "SPOTIFY_SANDBOX_URL": "http://127.0.0.1:9"}
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=Path(__file__).parents[2],
        env=os.environ | more,
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    for words in COMMANDS:
        done = CliRunner().invoke(app, words)
        print(done.output)
        if done.exit_code:
            print(words, done.exception)
            sys.exit(done.exit_code)
