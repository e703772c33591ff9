"""Arrows between the packages point one way, and Dagster stays in its place."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import spotify_assets

PACKAGE = Path(spotify_assets.__file__).parent
PROJECT = PACKAGE.name

MAY_IMPORT: dict[str, set[str]] = {
    "storage": set(),
    "text": set(),
    "schemas": {"storage"},
    "sandbox": set(),
    "configuration": {"storage", "text"},
    "transforms": {"schemas", "text", "storage"},
    "lake": {"storage", "text"},
    "sources": {"schemas", "configuration", "lake", "sandbox", "storage", "text"},
    "warehouse": {"schemas", "lake", "storage"},
    "engines": {"schemas", "transforms", "lake", "storage"},
    "learning": {"schemas", "transforms", "lake", "storage", "text"},
    "pages": {"schemas", "lake", "sources", "warehouse", "operations", "storage", "text"},
    "operations": {
        "schemas",
        "transforms",
        "lake",
        "sources",
        "warehouse",
        "storage",
        "text",
        "settings",
        "configuration",
    },
}
"""For each layer the others that it may import; `sandbox` is imported for its constants.

`settings` is a module: the configuration as a value.
"""
DOORS = {"__init__", "__main__", "cli", "definitions", "settings"}
"""The modules that lie in no layer."""
EDGES = {f"{name}.py" for name in DOORS}


def modules(package: str = "") -> Iterator[Path]:
    yield from sorted((PACKAGE / package).rglob("*.py"))


@cache
def told(module: Path) -> list[ast.Import | ast.ImportFrom | ast.Call]:
    """The imports and calls of a module, wherever in it: each rule reads all modules."""
    kinds = (ast.Import, ast.ImportFrom, ast.Call)
    found = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    return [node for node in found if isinstance(node, kinds)]


def imported(module: Path) -> set[str]:
    """The dotted names that a module imports, wherever in it; of `from a import b`: ``a.b``."""
    found = set()
    for node in told(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def project_parts(module: Path) -> set[str]:
    """The packages and modules right below the project's that a module imports."""
    names = [name.split(".") for name in imported(module)]
    return {name[1] for name in names if name[0] == PROJECT and len(name) > 1}


def relative(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def test_only_the_definitions_import_dagster() -> None:
    those = {
        relative(module)
        for module in modules()
        if any(name.split(".")[0].startswith("dagster") for name in imported(module))
    }
    assert {name for name in those if not name.startswith("defs/")} <= {"definitions.py"}


def test_only_the_entry_points_import_the_definitions() -> None:
    those = {
        relative(module) for module in modules() if project_parts(module) & {"defs", "definitions"}
    }
    outside = {name for name in those if not name.startswith("defs/")}
    assert {name for name in outside if not name.startswith("commands/")} <= {"definitions.py"}


def test_the_command_line_imports_the_definitions_only_when_a_command_needs_them() -> None:
    """Importing Dagster takes more than a second."""
    for module in (PACKAGE / "cli.py", *modules("commands")):
        top = ast.parse(module.read_text(encoding="utf-8")).body
        eager = [node for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not [node for node in eager if "defs" in ast.unparse(node)], module


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_no_more_than_it_may(package: str) -> None:
    for module in modules(package):
        assert project_parts(module) <= {package, *MAY_IMPORT[package]}, relative(module)


def test_the_client_takes_nothing_but_names_from_the_sandbox() -> None:
    taken = {
        name.removeprefix(f"{PROJECT}.sandbox.")
        for module in modules("sources/spotify_api")
        for name in imported(module)
        if name.startswith(f"{PROJECT}.sandbox.")
    }
    assert all(name.isupper() for name in taken), taken


def test_the_configuration_is_read_at_the_edges_alone() -> None:
    """Below them it is handed down: as a value, or as Dagster's resource ``settings``."""
    reads = {
        relative(module)
        for module in modules()
        for call in told(module)
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "Settings"
    }
    below = {name for name in reads if name not in EDGES and not name.startswith("commands/")}
    # What Dagster fixes when it loads the code.
    assert below == {"defs/at_load.py"}


def test_a_run_fails_by_an_error_of_ours_and_one_module_tells_dagster() -> None:
    those = {
        relative(module)
        for module in modules()
        for call in told(module)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("dg.Failure")
    }
    assert those == {"defs/failures.py"}


def test_every_layer_has_its_rule() -> None:
    layers = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert layers == {*MAY_IMPORT, "defs", "commands"}


def test_every_module_lies_in_a_layer() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == DOORS


def test_every_folder_says_what_belongs_there() -> None:
    for folder in PACKAGE.rglob("__init__.py"):
        if folder.parent != PACKAGE:
            assert "elongs here: " in (ast.get_docstring(ast.parse(folder.read_text())) or ""), (
                relative(folder)
            )


def test_every_text_file_is_utf8_whatever_the_locale() -> None:
    """A file that is opened as text says its encoding; one that is not, is opened as bytes."""
    silent = [
        f"{relative(module)}:{call.lineno}"
        for module in modules()
        for call in told(module)
        if isinstance(call, ast.Call) and _opens_text(call)
        if not any(word.arg == "encoding" for word in call.keywords)
    ]
    assert silent == []


def _opens_text(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr="read_text" | "write_text"):
            return True
        case ast.Attribute(value=ast.Name("os" | "webbrowser")):
            return False
        case ast.Attribute(attr="open") | ast.Name("open"):
            modes = [one.value for one in call.args if isinstance(one, ast.Constant)]
            return any(set(str(mode)) <= set("rwxat+") for mode in modes)
        case _:
            return False


def test_the_notebook_needs_nothing_but_duckdb() -> None:
    notebook = ast.parse((PACKAGE.parent / "docs" / "analysis.py").read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(notebook)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"duckdb"}


def test_unit_tests_start_no_process_no_server_and_no_run() -> None:
    """`make test-unit` names their folders."""
    makefile = (PACKAGE.parent / "Makefile").read_text(encoding="utf-8")
    [folders] = re.findall(r"^UNIT_TESTS := \S+ spotify_assets_tests/,(.*)\)$", makefile, re.M)
    heavy = {"dagster", "multiprocessing", "socket", "subprocess", "uvicorn"}
    fixtures = re.compile(r"\b(sandbox_url|data_dir|instance)\b")
    for folder in folders.split():
        tests = [*(Path(__file__).parent / folder).rglob("*.py")]
        assert tests, folder
        for module in tests:
            names = imported(module)
            assert not {name.split(".")[0] for name in names} & heavy, module
            assert not any(name.startswith(f"{PROJECT}.sandbox.server") for name in names), module
            assert not fixtures.search(module.read_text(encoding="utf-8")), module
