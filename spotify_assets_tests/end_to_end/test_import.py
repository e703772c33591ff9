"""`import` as a user types it: what comes in, what is refused, and what a kill leaves."""

import hashlib
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from spotify_assets.operations.runs import Operations
from spotify_assets_tests.end_to_end.conftest import environment, spotify_assets
from spotify_assets_tests.end_to_end.processes import until

pytestmark = pytest.mark.end_to_end
PLAYS = 17_000
"""More than a file of an export holds."""
DERIVED = {
    "star.dim_item": "*",
    "star.fact_play": "*",
    "star.play_coverage": "*",
    "monitoring.imports": "* EXCLUDE (imported_at, account, downloads)",
    "quarantine.plays": "*",
}
Tables = dict[str, list[tuple[Any, ...]]]

# Runs the command, and kills its own process with SIGKILL just before the n-th folder or file is
# renamed into place: nothing is caught, nothing is cleaned up.
KILLED_COMMAND = """
import os, pathlib, signal, sys
from spotify_assets import cli

name, number = sys.argv[1], int(sys.argv[2])
original, seen = getattr(pathlib.Path, name), 0

def dying(*args):
    global seen
    seen += 1
    if seen == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args)

setattr(pathlib.Path, name, dying)
cli.app(sys.argv[3:])
"""


def run(data_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = spotify_assets(*words, data_dir=data_dir)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def tables(data_dir: Path) -> Tables:
    """All that the imports make, but for when, and what is hashed with the key of the folder."""
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
            for table, columns in DERIVED.items()
        }


def digest(data_dir: Path) -> dict[Path, str]:
    """The hash of each file of the lake."""
    files = (path for path in (data_dir / "lake").rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines(stdout: str) -> list[list[str]]:
    """The rows of the table of files that is printed, the sum last."""
    return [line.split("\t") for line in stdout.splitlines()[2:]]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the zips of both packages."""
    folder = tmp_path_factory.mktemp("exports")
    words = ("--plays", str(PLAYS), "--zip", "--package", "both")
    assert run(folder, "sample-history", str(folder), *words).returncode == 0
    return folder


@pytest.fixture(scope="module")
def imported(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The data folder that they were imported into, and what was printed."""
    data_dir = tmp_path_factory.mktemp("imported")
    done = run(data_dir, "import", str(exports))
    assert done.returncode == 0, done.stderr
    assert "is account data, not the extended streaming history" in done.stderr
    return data_dir, done.stdout


def test_the_classes_of_each_file_add_up_to_its_rows(imported: tuple[Path, str]) -> None:
    data_dir, stdout = imported
    rows = lines(stdout)
    for _, received, *classes, _ in rows:
        assert int(received) == sum(map(int, classes))
    assert rows[-1][1] == str(sum(int(row[1]) for row in rows[:-1]))
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        said = connection.execute(
            "SELECT package, sum(received), sum(duplicate), sum(unreadable) "
            "FROM monitoring.imports GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        plays = connection.execute("SELECT count(*) FROM star.fact_play").fetchall()
    # The account data tells of nothing that the extended history does not tell better.
    [(_, in_account, told_better, _), extended] = said
    assert in_account == told_better > 0
    assert extended == ("extended", PLAYS, 0, 0)
    assert plays == [(PLAYS,)]


def test_what_is_piped_is_plain_lines(imported: tuple[Path, str]) -> None:
    head, columns, *rows = imported[1].splitlines()
    assert head == "Imported"
    assert {line.count("\t") for line in (columns, *rows)} == {11}
    assert columns.startswith("file\treceived\tcounted\tshort\tskipped\tpodcast\t")


def test_a_second_import_changes_nothing_and_says_so(
    imported: tuple[Path, str], exports: Path
) -> None:
    data_dir, _ = imported
    before = digest(data_dir)
    done = run(data_dir, "import", str(exports))
    assert done.returncode == 0
    assert "nothing has changed" in done.stderr
    assert {row[-1] for row in lines(done.stdout)[:-1]} == {"as before"}
    # Nothing to do takes no run.
    assert len(Operations(data_dir / "operations.sqlite").runs(9)) == 1
    assert digest(data_dir) == before


def test_a_damaged_zip_keeps_no_good_one_out(exports: Path, tmp_path: Path) -> None:
    good = exports / "Spotify Extended Streaming History.zip"
    cut = tmp_path / "cut.zip"
    cut.write_bytes(good.read_bytes()[:-1000])
    done = run(tmp_path / "data", "import", str(cut), str(good))
    assert done.returncode == 1
    assert f"{cut} is a damaged zip" in done.stderr
    assert lines(done.stdout)[-1][1] == str(PLAYS)


def test_rows_that_cannot_be_read_are_shown_and_are_no_failure(tmp_path: Path) -> None:
    export = tmp_path / "export.zip"
    with zipfile.ZipFile(export, "w") as archive:
        rows = '[{"ts": "soon", "ms_played": 1}, null, {"ts": "2025-01-01T00:00:00Z"}]'
        archive.writestr("Streaming_History_Audio_2025_0.json", rows)
    done = run(tmp_path / "data", "import", str(export))
    assert done.returncode == 0
    shown = done.stdout[done.stdout.index("Unreadable") :]
    assert "\t/0\tts: expected a time" in shown
    assert "\t/2\tms_played: missing" in shown


def test_a_file_that_ends_in_the_middle_is_told_of_and_its_rows_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "Streaming_History_Audio_2025_0.json"
    row = '{"ts": "2025-01-01T00:00:00Z", "ms_played": 40000, "master_metadata_track_name": "A"}'
    file.write_text(f"[{row}, {row[:30]}")
    done = run(tmp_path / "data", "import", str(file))
    assert done.returncode == 0
    assert f"{file.name} ends before its list does" in done.stderr
    assert "\t2\t" in done.stdout
    assert "is cut off" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.zip"], "none.zip does not exist"),
        (["."], "holds no listening history of Spotify"),
        ([], "inbox does not exist"),
    ],
)
def test_where_nothing_can_be_imported_it_says_why(
    tmp_path: Path, words: list[str], said: str
) -> None:
    done = run(tmp_path, "import", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.slow
def test_ctrl_c_stops_it_and_the_same_command_goes_on(
    imported: tuple[Path, str], exports: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "spotify_assets", "import", str(exports)],
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: list(tmp_path.glob("lake/.importing/*")), 60, "rows are being read")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "Stopped. Files that were read stay imported" in err
    assert "Traceback" not in err
    assert run(tmp_path, "import", str(exports)).returncode == 0
    assert tables(tmp_path) == tables(imported[0])


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("rename", 2),  # some raw rows are there, of no file anything else
        # Some files are imported as a whole, and others are not.
        pytest.param("rename", 8, marks=pytest.mark.slow),
        # All are imported; the copy of the warehouse is not in place.
        pytest.param("replace", 1, marks=pytest.mark.slow),
    ],
)
def test_a_killed_import_goes_on_to_the_same_rows(
    imported: tuple[Path, str], exports: Path, tmp_path: Path, what: str, number: int
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_COMMAND, what, str(number), "import", str(exports)],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    done = run(tmp_path, "import", str(exports))
    assert done.returncode == 0, done.stderr
    assert tables(tmp_path) == tables(imported[0])
