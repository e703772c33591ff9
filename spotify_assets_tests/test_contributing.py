"""What CONTRIBUTING.md tells a newcomer to do works as it stands there."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import spotify_assets

PACKAGE = Path(spotify_assets.__file__).parent
DOCUMENT = Path(__file__).parents[1] / "CONTRIBUTING.md"
FILE = re.compile(r"```(?:python|sql)\n(?:#|--) (spotify_assets/\S+)\n(.*?)```", re.DOTALL)
USED = """
import duckdb
from spotify_assets.definitions import defs
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.transforms.expressions import sql
from spotify_assets.warehouse.tables import create

contract = WAREHOUSE["rankings.explicit_share"]
assets = {key.to_user_string() for key in defs().resolve_asset_graph().get_all_asset_keys()}
with duckdb.connect() as connection:
    create(connection, WAREHOUSE.values())
    connection.execute(
        "INSERT INTO processed.tracks BY NAME "
        "SELECT 'samba' AS genre, DATE '2026-11-20' AS date, * "
        "FROM (VALUES ('a', true), ('b', false), ('c', NULL)) AS given(track_id, is_explicit)"
    )
    rows = contract.validate(connection.sql(sql(contract)).pl()).rows()
print(("rankings/explicit_share" in assets, [row[2:] for row in rows]))
"""


def test_the_table_of_the_example_is_an_asset_and_has_the_right_rows(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "spotify_assets")
    files = FILE.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(files) == 3
    for path, text in files:
        (tmp_path / path).write_text(text, encoding="utf-8")
    used = subprocess.run(
        [sys.executable, "-c", USED],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "SPOTIFY_ASSETS_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.returncode == 0, used.stderr
    assert ast.literal_eval(used.stdout) == (True, [(2, 1)])
    assert_contract_tests_pass(tmp_path)


def assert_contract_tests_pass(repository: Path) -> None:
    """The tests that every table has to pass, in a copy of the repository."""
    tests = "spotify_assets_tests"
    for part in ("__init__.py", "conftest.py", "schemas", "../docs"):
        (repository / tests).mkdir(exist_ok=True)
        one, copy = DOCUMENT.parent / tests / part, repository / tests / part
        (shutil.copytree if one.is_dir() else shutil.copy)(one, copy)
    shutil.copy(DOCUMENT.parent / "pyproject.toml", repository)
    words = ["pytest", "-q", "-p", "no:cacheprovider", "-k", "explicit_share", f"{tests}/schemas"]
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=repository,
        env={"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
