"""The data folder is its owner's alone; the DuckDB file a group's too, where one is set."""

import grp
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.defs.publication import queries
from spotify_assets.lake import Lake
from spotify_assets.storage import permissions as access
from spotify_assets.storage.permissions import AccessError
from spotify_assets_tests.warehouse.conftest import write_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import day

NOBODY = "nobody"
PLAY = '[{"endTime": "2026-03-01 10:00", "artistName": "A", "trackName": "T", "msPlayed": 200000}]'
GROUP = next((one.gr_name for one in grp.getgrall() if one.gr_gid > 0), "")
needs_other_users = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv"
)


@pytest.fixture
def usual_umask() -> Iterator[None]:
    """That of most users: what a process makes, all can read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def data(usual_umask: None) -> Iterator[Path]:
    """A data folder as an older version left it, where other users come by."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    folder = place / "data"
    (folder / "lake" / "raw").mkdir(parents=True)
    (folder / "lake" / "raw" / "rows").write_bytes(b"what somebody listened to")
    (folder / "ledger.sqlite").touch()
    yield folder
    shutil.rmtree(place)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def publish(folder: Path, number: int, readers: int | None) -> Path:
    from spotify_assets.warehouse.publication.publish import publish as publish_lake  # noqa: PLC0415

    write_genre_day(Lake(folder / "lake"), day(number), ["a"])
    path = folder / access.PUBLISHED
    publish_lake(Lake(folder / "lake"), path, queries(), readers=readers)
    return path


def can_read(path: Path, *, group: str | None = None) -> bool:
    """Whether a user who is nobody here can, in that group, or in none of ours."""
    name = group or grp.getgrgid(65534).gr_name
    who = [f"--reuid={NOBODY}", f"--regid={name}", "--clear-groups"]
    done = subprocess.run(["setpriv", *who, "cat", str(path)], capture_output=True, check=False)
    assert done.returncode == 0 or b"Permission denied" in done.stderr
    return done.returncode == 0


def test_a_folder_of_an_older_version_is_closed_once_and_told(data: Path) -> None:
    said = access.keep_private(data, None)
    assert said is not None
    assert "was open to others" in said
    assert "SPOTIFY_PUBLISHED_GROUP" in said
    assert [mode(data), mode(data / "lake"), mode(data / "ledger.sqlite")] == [0o700, 0o700, 0o600]
    assert access.keep_private(data, None) is None


def test_a_new_folder_is_closed_without_a_word(tmp_path: Path, usual_umask: None) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "README.md").touch()
    assert access.keep_private(folder, None) is None
    assert mode(folder) == 0o700
    assert access.keep_private(tmp_path / "not made yet", None) is None


def test_a_home_a_shared_folder_and_one_with_other_things_stay_open(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(data))
    assert access.keep_private(data, None) is None
    assert (mode(data), mode(data / "lake")) == (0o755, 0o700)

    monkeypatch.setenv("HOME", str(tmp_path))
    data.chmod(0o1777)
    assert access.keep_private(data, None) is None
    assert mode(data) == 0o1777

    other = tmp_path / "documents"
    other.mkdir()
    (other / "letter.txt").touch()
    assert access.keep_private(other, None) is None
    assert (mode(other), mode(other / "letter.txt")) == (0o755, 0o644)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder away")
def test_the_folder_of_another_user_stays_as_it_is(data: Path) -> None:
    os.chown(data, 65534, -1)
    assert access.keep_private(data, None) is None
    assert (mode(data), mode(data / "lake")) == (0o755, 0o755)


def test_what_is_published_is_its_owners_alone_whatever_the_umask(data: Path) -> None:
    path = publish(data, 0, None)
    assert (mode(path), mode(data)) == (0o600, 0o700)


def test_a_command_makes_everything_for_its_owner_alone(
    tmp_path: Path, usual_umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(folder))
    export = tmp_path / "StreamingHistory_music_0.json"
    export.write_text(PLAY, encoding="utf-8")

    done = CliRunner().invoke(app, ["import", str(export)])

    assert done.exit_code == 0, done.output
    assert "was open" not in done.output
    assert (folder / access.PUBLISHED).exists()
    made = [folder, *folder.rglob("*")]
    assert [str(path) for path in made if mode(path) & 0o077] == []


def test_what_is_exported_is_as_its_user_has_new_files(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(data, 0, None)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(data))
    target = tmp_path / "genres.csv"

    done = CliRunner().invoke(app, ["export", "star.dim_genre", "--to", str(target)])

    assert done.exit_code == 0, done.output
    assert mode(target) == 0o644


@needs_other_users
def test_the_group_reads_the_published_file_and_nothing_else(data: Path) -> None:
    group = access.group_id(GROUP)
    path = publish(data, 0, group)
    access.keep_private(data, group)
    (data / "operations.sqlite").touch(0o600)

    assert (mode(data), mode(path), path.stat().st_gid) == (0o710, 0o640, group)
    assert can_read(path, group=GROUP)
    assert not can_read(path)
    closed = [data / "lake" / "raw" / "rows", data / "ledger.sqlite", data / "operations.sqlite"]
    assert [str(one) for one in closed if can_read(one, group=GROUP)] == []

    publish(data, 1, group)
    assert can_read(path, group=GROUP)
    assert not can_read(path)

    access.keep_private(data, None)
    assert not can_read(path, group=GROUP)
    assert (mode(data), mode(path)) == (0o700, 0o600)


@needs_other_users
def test_a_file_that_was_published_before_is_opened_at_the_next_start(data: Path) -> None:
    path = publish(data, 0, None)
    access.keep_private(data, access.group_id(GROUP))
    assert can_read(path, group=GROUP)
    with duckdb.connect(path, read_only=True) as connection:
        assert connection.sql("FROM star.dim_genre").fetchall()


@needs_other_users
def test_a_group_that_one_is_not_in_is_refused_with_what_to_do(data: Path) -> None:
    for path in (data, *data.rglob("*")):
        os.chown(path, 65534, 65534)
    number = os.fork()
    if number == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            access.keep_private(data, access.group_id(GROUP))
        except AccessError as error:
            os._exit(0 if f"usermod -aG {GROUP}" in str(error) else 3)
        os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0


def test_a_group_that_is_not_there_is_a_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_PUBLISHED_GROUP", "no such group")
    done = CliRunner().invoke(app, ["status"])
    assert done.exit_code == 2
    assert "SPOTIFY_PUBLISHED_GROUP" in done.output
    assert "group of this machine" in done.output
