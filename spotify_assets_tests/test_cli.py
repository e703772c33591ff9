"""The list of commands, and what each may import before it works."""

import inspect
import json
import subprocess
import sys
from importlib import import_module

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
    asked = f"{code}; import json, sys; print(json.dumps([*sys.modules]))"
    made = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout
    assert {*json.loads(made)} & {*HEAVY} <= allowed
