"""The definitions as Dagster has them; `graph.json` is how they were left on purpose."""

from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import spotify_assets
from spotify_assets.definitions import defs
from spotify_assets.defs import labels
from spotify_assets.defs.checks import DATABASE
from spotify_assets.defs.comments import jobs as comment_jobs
from spotify_assets.defs.listening import jobs
from spotify_assets.defs.partitions import genre_days
from spotify_assets.defs.predictions import jobs as prediction_jobs
from spotify_assets.defs.releases import jobs as release_jobs
from spotify_assets.schemas import (
    COMMENTS,
    LAKE_ONLY,
    LISTENING,
    PREDICTIONS,
    PROCESSED,
    RANKED,
    RELEASES,
    TABLES,
    dictionary,
)
from spotify_assets_tests.defs.graph import as_json

SNAPSHOT = Path(__file__).with_name("graph.json")


@cache
def graph() -> Any:
    return defs().resolve_asset_graph()


@cache
def specs() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs().resolve_all_asset_specs()}


def test_the_graph_changes_only_with_its_snapshot() -> None:
    held, found = SNAPSHOT.read_text(encoding="utf-8").splitlines(), as_json().splitlines()
    difference = "\n".join(unified_diff(held, found, "graph.json", "now", lineterm="", n=8))
    assert not difference, (
        f"{difference}\nIf that is meant: "
        "python -m spotify_assets_tests.defs.graph > spotify_assets_tests/defs/graph.json"
    )


def test_every_asset_of_the_catalog_is_by_genre_and_day() -> None:
    of_others = {
        key.to_user_string()
        for job in (
            jobs.import_history,
            jobs.poll_plays,
            release_jobs.import_releases,
            comment_jobs.label_comments,
            comment_jobs.evaluate_labeller,
            prediction_jobs.train_streams,
        )
        for key in job.selection.resolve(graph())
    }
    assert {name for name, spec in specs().items() if spec.partitions_def is genre_days} == (
        set(specs()) - of_others
    )


def test_every_line_of_the_graph_ends_in_the_published_file() -> None:
    ends = {node.key for node in graph().asset_nodes if not node.child_keys}
    assert ends == {DATABASE}


def test_a_table_can_be_materialized_alone_or_says_why_others_come_along() -> None:
    steps = [one for one in defs().resolve_asset_graph().assets_defs if len(one.keys) > 1]
    assert {step.op.name for step in steps if step.can_subset} >= {"rank", "facts", "publish"}
    for step in steps:
        for spec in step.specs:
            assert step.can_subset or "made together" in str(spec.description).casefold()


def test_every_asset_is_in_the_group_of_its_layer() -> None:
    for node in graph().asset_nodes:
        assert node.group_name == node.key.path[0]
        assert node.description
        assert node.tags["layer"] == node.group_name
        assert node.owners == [labels.OWNER]
        assert 1 <= len(node.kinds) <= 3


def test_everything_that_the_ui_lists_says_what_it_does(
    repository: dg.RepositoryDefinition,
) -> None:
    said: dict[str, str | None] = {
        **{f"job {one.name}": one.description for one in ours(repository.get_all_jobs())},
        **{f"sensor {one.name}": one.description for one in repository.sensor_defs},
        **{f"schedule {one.name}": one.description for one in repository.schedule_defs},
        **{
            f"resource {name}": one.description
            for name, one in repository.get_top_level_resources().items()
        },
        **{
            f"step {node.name} of {job.name}": node.definition.description
            for job in ours(repository.get_all_jobs())
            for node in job.nodes
        },
        **{
            f"check {key.to_user_string()}": graph().get_check_spec(key).description
            for key in graph().asset_check_keys
        },
    }
    assert not [name for name, text in said.items() if not text]
    # Markdown shows what is indented as a block of code.
    assert not [name for name, text in said.items() if "\n    " in str(text)]


def ours(jobs: Any) -> list[dg.JobDefinition]:
    return [job for job in jobs if not job.name.startswith("__")]


def test_every_table_has_its_contract_as_a_blocking_check_and_its_columns() -> None:
    checks = {
        key.asset_key.to_user_string(): graph().get_check_spec(key)
        for key in graph().asset_check_keys
        if key.name == "contract"
    }
    of_lists = (*LISTENING, *RELEASES, *PREDICTIONS, *COMMENTS, *LAKE_ONLY)
    others = (contract.table() for contract in of_lists)
    tables = {table.replace(".", "/") for table in (*TABLES, *others)}
    assert set(checks) == tables
    assert all(check.blocking for check in checks.values())
    for node in graph().asset_nodes:
        if node.key.to_user_string() in tables:
            assert node.metadata["dagster/column_schema"].columns


def test_what_ranks_know_of_other_days_is_left_to_the_publication() -> None:
    for contract in RANKED:
        assert "movement" not in contract.polars_schema()
        assert "movement" in TABLES[contract.table()].polars_schema()


@pytest.mark.parametrize("contract", PROCESSED, ids=lambda contract: contract.__name__)
def test_the_ui_knows_a_tables_columns_before_there_is_a_row(contract: Any) -> None:
    schema = specs()[contract.table().replace(".", "/")].metadata["dagster/column_schema"]
    assert [(column.name, column.description) for column in schema.columns] == [
        (column.name, column.description) for column in contract.columns()
    ]
    assert [column.constraints.nullable for column in schema.columns] == [
        column.nullable for column in contract.columns()
    ]


def test_a_column_that_is_the_whole_key_is_unique() -> None:
    schema = specs()["star/dim_genre"].metadata["dagster/column_schema"]
    assert {column.name for column in schema.columns if column.constraints.unique} == {"genre"}


def test_code_references_are_lines_of_the_package_and_its_dictionary() -> None:
    project = Path(spotify_assets.__file__).parents[1]
    for name, spec in specs().items():
        references = spec.metadata[labels.CODE].code_references
        assert references, name
        for reference in references:
            file = Path(reference.file_path)
            assert file.is_relative_to(project)
            line = file.read_text(encoding="utf-8").splitlines()[reference.line_number - 1]
            assert line.startswith(("@dg.", "class ", "def ", "### ")), (name, line)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_names_its_section_of_the_data_dictionary(table: str) -> None:
    file, _, anchor = specs()[table.replace(".", "/")].metadata["data dictionary"].partition("#")
    assert file == "docs/tables.md"
    headings = [line[4:] for line in dictionary.markdown().splitlines() if line[:4] == "### "]
    # GitHub drops the dots of a heading, and keeps its underscores.
    assert {heading.replace(".", ""): heading for heading in headings}[anchor] == table
