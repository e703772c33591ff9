"""The model is of the documents alone: what it shares with the program, it cannot find wrong."""

import ast
from pathlib import Path

import pytest

RUN_THE_PROGRAM = ("conftest.py", "test_")
MODULES = [
    path
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if not path.name.startswith(RUN_THE_PROGRAM)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_model_imports_nothing_of_the_program_nor_its_libraries_for_tables(
    module: Path,
) -> None:
    imported = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert not imported & {"spotify_assets", "polars", "pandas", "ibis", "pandera", "sqlglot"}
