"""`spotify-assets forget`: an import is taken back, and all else is as if it had never been."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import Lake, history
from spotify_assets.schemas import LISTENING
from spotify_assets.settings import Settings
from spotify_assets.sources.account_export import find, read
from spotify_assets.sources.release_files import find as find_downloads
from spotify_assets.sources.release_files import import_files
from spotify_assets_tests.sources.account_export.samples import NOW, account_play, play, zipped

MINE, THEIRS = "endsong_0.json", "endsong_1.json"
UNKNOWN_SONG = "Song that nobody should know of"
DIES = """
import os, signal
from spotify_assets.lake import history
from spotify_assets.cli import app
step, calls = {step}, 0
real = history.Path.unlink
def counted(self, missing_ok=False):
    global calls
    if "file=" in str(self):
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
    real(self, missing_ok=missing_ok)
history.Path.unlink = counted
app(["forget", "endsong_1.json", "--yes"])
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Published: a data folder with one export, and one with that of somebody else besides."""
    mine, both = (tmp_path_factory.mktemp(name) / "data" for name in ("mine", "both"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SPOTI")]:
            patch.delenv(name)
        patch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(mine))
        imported(Settings().lake, mine.with_name("mine.zip"), {MINE: [play(), play(ts="never")]})
        publish_now(Settings())
        shutil.copytree(mine, both)
        patch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(both))
        rows = [
            play(),
            play(ts="2025-05-01T10:00:00Z", master_metadata_track_name=UNKNOWN_SONG, username="x"),
            play(ts="not a time"),
        ]
        content = {THEIRS: rows, "StreamingHistory_music_0.json": [account_play()]}
        imported(Settings().lake, both.with_name("theirs.zip"), content)
        publish_now(Settings())
    return mine, both


@pytest.fixture
def lake(made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake with one export, where the command finds it by its settings."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    shutil.copytree(made[0], tmp_path / "data")
    return Settings().lake


@pytest.fixture
def before(lake: Lake) -> dict[str, str]:
    """What is published before the other export comes."""
    return published()


@pytest.fixture
def theirs(lake: Lake, before: dict[str, str], made: tuple[Path, Path], tmp_path: Path) -> Path:
    """The export of somebody else, imported and published."""
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(made[1], tmp_path / "data")
    assert published() != before
    return Path(shutil.copy(made[1].with_name("theirs.zip"), tmp_path))


def imported(lake: Lake, path: Path, content: dict[str, list[dict[str, Any]]]) -> None:
    for file in find([zipped(path, content)]).files:
        read(file, lake, NOW)


def forget(*words: str) -> Result:
    """The command in this process, where nobody can be asked."""
    return CliRunner().invoke(app, ["forget", *words])


def published() -> dict[str, str]:
    """The rows of each table of plays."""
    with duckdb.connect(Settings().database, read_only=True) as connection:
        tables = [contract.table() for contract in LISTENING]
        return {
            table: repr(connection.execute(f"FROM {table} ORDER BY ALL").fetchall())
            for table in tables
        }


def left(lake: Lake) -> list[str]:
    return [
        json.loads(history.facts_file(lake, one).read_text(encoding="utf-8"))["file_name"]
        for one in history.held_files(lake)
    ]


def test_a_download_is_taken_back_and_all_is_as_before_it(
    lake: Lake, before: dict[str, str], theirs: Path
) -> None:
    done = forget(str(theirs), "--yes")
    assert done.exit_code == 0
    assert "Forgot 2 file(s)." in done.stdout.replace("\n", " ")
    assert published() == before
    assert left(lake) == [MINE]
    written = b"".join(path.read_bytes() for path in lake.root.parent.rglob("*") if path.is_file())
    assert UNKNOWN_SONG.encode() not in written


def test_one_file_goes_by_its_name_and_the_rest_stays(lake: Lake, theirs: Path) -> None:
    assert forget(THEIRS, "--yes").exit_code == 0
    assert sorted(left(lake)) == ["StreamingHistory_music_0.json", MINE]


def test_a_forgotten_file_can_be_imported_again(lake: Lake, theirs: Path) -> None:
    after = published()
    forget(str(theirs), "--yes")
    for file in find([theirs]).files:
        assert not read(file, lake, NOW).already
    publish_now(Settings())
    assert published() == after


def test_a_dry_run_and_a_question_that_nobody_answers_change_nothing(
    lake: Lake, theirs: Path
) -> None:
    after = published()
    shown = forget(str(theirs), "--dry-run")
    assert (shown.exit_code, "Nothing was deleted." in shown.stdout) == (0, True)
    assert THEIRS in shown.stdout
    asked = forget(str(theirs))
    assert (asked.exit_code, "say --yes" in asked.stderr) == (2, True)
    assert (published(), len(left(lake))) == (after, 3)


def test_what_means_nothing_is_said_and_nothing_goes(lake: Lake, theirs: Path) -> None:
    done = forget(MINE, "nothing.zip", "--yes")
    assert done.exit_code == 1
    assert "No imported file is meant by 'nothing.zip'" in done.stderr.replace("\n", " ")
    assert len(left(lake)) == 3


@pytest.mark.parametrize(
    "step", [3, *(pytest.param(step, marks=pytest.mark.slow) for step in (1, 2, 4))]
)
def test_killed_anywhere_the_same_command_goes_on_and_nothing_is_half(
    lake: Lake, before: dict[str, str], tmp_path: Path, step: int
) -> None:
    """Killed before the typed rows go, the quarantine, the raw rows, and the facts."""
    imported(lake, tmp_path / "theirs.zip", {THEIRS: [play(ms_played=5), play(ts="x")]})
    publish_now(Settings())
    after = published()
    killed = subprocess.run([sys.executable, "-c", DIES.format(step=step)], check=False)
    assert killed.returncode == -signal.SIGKILL

    publish_now(Settings())
    assert published() == (after if step == 1 else before)

    assert forget(THEIRS, "--yes").exit_code == 0
    assert (published(), left(lake)) == (before, [MINE])


def test_downloads_of_a_team_are_taken_back_beside_an_export(
    lake: Lake, theirs: Path, tmp_path: Path
) -> None:
    label = tmp_path / "label"
    label.mkdir()
    for name, day in (("One-timeline.csv", 1), ("Two-timeline.csv", 2)):
        (label / name).write_text(f"date,streams\n2025-01-0{day},5\nnot a day,1\n")
    import_files(find_downloads([label]), lake, NOW)
    publish_now(Settings())

    done = forget("One-timeline.csv", str(theirs), "--yes")
    assert "Forgot 3 file(s)." in done.stdout.replace("\n", " ")
    with duckdb.connect(Settings().database, read_only=True) as connection:
        names = connection.execute("SELECT file_name FROM monitoring.release_files").fetchall()
    assert names == [("Two-timeline.csv",)]
    assert left(lake) == [MINE]
    assert forget(str(label), "--yes").exit_code == 0
    assert list((lake.root / "raw" / "release_files").iterdir()) == []
    assert "No imported file is meant" in forget("Two-timeline.csv", "--yes").output
