"""The data dictionary says of every table what its contract says."""

import pytest

from spotify_assets.schemas import LAKE_ONLY, WAREHOUSE, Contract, dictionary


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


def test_a_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for name, section in sections().items():
        rows = [line for line in section.splitlines() if line.startswith("|")]
        assert {row.replace("\\|", "").count("|") for row in rows} == {6}, name
