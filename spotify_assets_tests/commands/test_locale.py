"""A terminal or a timer whose encoding is not UTF-8: what it has no character for is escaped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

LOCALES: dict[str, dict[str, str]] = {
    "ascii": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"},
    "told": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"}
    | {"PYTHONIOENCODING": "ascii"},
    "told latin-1": {"PYTHONIOENCODING": "iso-8859-1"},
}
SHOWN = {"ascii": rb"\xe9\u97f3", "told": rb"\xe9\u97f3", "told latin-1": b"\xe9" + rb"\u97f3"}


@pytest.mark.parametrize("where", LOCALES)
def test_a_table_is_shown_in_the_encoding_of_the_terminal(tmp_path: Path, where: str) -> None:
    done = asked(tmp_path, where, "SELECT 'é音' AS name")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"name\n" + SHOWN[where] + b"\n", b"")


def test_data_for_programs_is_utf8_in_any_locale(tmp_path: Path) -> None:
    done = asked(tmp_path, "told", "SELECT 'é音' AS name", "--format", "json")
    assert json.loads(done.stdout.decode("utf-8")) == [{"name": "é音"}]


def asked(data: Path, where: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    duckdb.connect(data / "spotify.duckdb").close()
    plain = {
        name: one for name, one in os.environ.items() if not name.startswith(("LC_", "PYTHON"))
    }
    return subprocess.run(
        [sys.executable, "-m", "spotify_assets", "query", *words],
        env=plain | LOCALES[where] | {"SPOTIFY_ASSETS_DATA_DIR": str(data)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
