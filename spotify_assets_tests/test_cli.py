"""The list of commands, and what each may import before it works."""

import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import duckdb
import pytest
import typer

from spotify_assets.cli import COMMANDS

HEAVY = (
    *("dagster", "pandera", "pandas", "numpy", "ibis", "sqlglot", "polars", "pyarrow", "duckdb"),
    *("spotipy", "requests", "sqlalchemy", "alembic"),
)
"""Each takes from a twentieth of a second to two seconds."""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_paragraph_of_what_it_says(name: str) -> None:
    where, summary = COMMANDS[name]
    module, _, function = where.partition(":")
    found = getattr(import_module(f"spotify_assets.commands.{module}"), function)
    said = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert said
    assert summary == said.partition("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import spotify_assets.cli", set()),
        ("from spotify_assets.cli import load; load('status')", {"polars"}),
        ("from spotify_assets.cli import load; load('query')", {"polars", "duckdb"}),
        ("from spotify_assets.cli import load; load('tables')", {"polars", "duckdb"}),
        ("import spotify_assets.schemas", {"polars"}),
        (
            "from spotify_assets.definitions import defs; defs().get_repository_def()",
            {"dagster", "polars", "duckdb"},
        ),
    ],
)
def test_what_is_heavy_is_imported_only_where_it_is_used(code: str, allowed: set[str]) -> None:
    assert imported_by(code) & {*HEAVY} <= allowed


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["status"], {"polars", "requests"}),
        (["query", "SELECT 1"], {"polars", "duckdb"}),
        (["backfill", "--genre", "rock", "--date", "2026-11-20"], {"polars", "duckdb"}),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_a_command_imports_only_what_it_works_with(
    words: list[str], allowed: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path))
    # With an app to sign in to: whether somebody is, needs no spotipy.
    monkeypatch.setenv("SPOTIFY_SANDBOX_URL", "http://127.0.0.1:9")
    with duckdb.connect(tmp_path / "spotify.duckdb"):
        pass
    called = f"from spotify_assets.cli import app; app({words}, standalone_mode=False)"
    assert imported_by(called) & {*HEAVY} <= allowed


def imported_by(code: str) -> set[str]:
    """The modules that are there after it."""
    asked = f"{code}; import json, sys; print(json.dumps([*sys.modules]))"
    made = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout
    return {*json.loads(made.splitlines()[-1])}
