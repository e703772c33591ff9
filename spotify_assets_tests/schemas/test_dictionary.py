"""The data dictionary says of every table what its contract says."""

import re
from functools import cache
from pathlib import Path

import pytest

from spotify_assets.schemas import LAKE_ONLY, WAREHOUSE, Contract, dictionary, examples

ROOT = Path(__file__).resolve().parents[2]


@cache
def sections() -> dict[str, str]:
    """The text of each table by its name."""
    _, *tables = dictionary.markdown().split("\n### ")
    return dict(table.split("\n", 1) for table in tables)


def test_every_table_has_a_section() -> None:
    assert set(sections()) == {*WAREHOUSE, *(contract.table() for contract in LAKE_ONLY)}


@pytest.mark.parametrize("contract", WAREHOUSE.values(), ids=WAREHOUSE)
def test_a_section_says_what_the_contract_says(contract: type[Contract]) -> None:
    section = sections()[contract.table()]
    assert contract.description() in section
    assert contract.grain() in section
    for target in contract.references().values():
        assert f"`{target}`" in section
    for column in contract.columns():
        assert f"| `{column.name}` |" in section
        assert column.description in section
    for question, query in examples.of(contract).items():
        assert f"```sql\n-- {question}\n{query}\n```" in section


def test_a_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for name, section in sections().items():
        rows = [line for line in section.splitlines() if line.startswith("|")]
        assert {row.replace("\\|", "").count("|") for row in rows} == {6}, name


def test_the_file_is_what_the_contracts_say() -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert text == dictionary.markdown(), "run `make docs`"


def test_the_diagram_shows_every_reference_of_a_contract() -> None:
    lines = re.findall(r'^    "(.+)" \S+ "(.+)" : "(.+)"$', dictionary.diagram(), re.MULTILINE)
    for contract in WAREHOUSE.values():
        for columns, target in contract.references().items():
            assert (contract.table(), target, ", ".join(columns)) in lines


@pytest.mark.parametrize(
    "line",
    [
        '"star.fact_play" }o--|| "star.dim_item" : "item_key"',
        # Its key has the day from which a version holds, too; the surrogate key is of one version.
        '"star.fact_track_daily" }o--|{ "star.dim_track" : "track_id"',
        '"star.fact_track_daily" }o--|| "star.dim_track" : "track_key"',
        # A track may be of no album.
        '"star.dim_track" }o--o| "star.dim_album" : "album_id"',
        # No contract says these, but their keys do.
        '"processed.tracks" }o--|| "processed.extracts" : "genre, date"',
        '"processed.extracts" }o--|| "star.dim_date" : "date"',
        '"processed.streams" }o--|| "monitoring.imports" : "file_id"',
        # Missing on a day that perhaps nobody asked about.
        '"rankings.departures" }o--|| "star.dim_genre" : "genre"',
    ],
)
def test_a_line_of_the_diagram_says_how_many_rows_are_found(line: str) -> None:
    assert f"    {line}" in dictionary.diagram().splitlines()


def test_a_line_of_the_diagram_joins_tables_that_it_draws() -> None:
    diagram = dictionary.diagram()
    drawn = re.findall(r'^    "(.+)" {$', diagram, re.MULTILINE)
    ends = re.findall(r'^    "(.+)" \S+ "(.+)" :', diagram, re.MULTILINE)
    assert set(drawn) == {table for line in ends for table in line}
    assert len(drawn) == len(set(drawn))
