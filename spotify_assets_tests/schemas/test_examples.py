"""Each table has examples, and they can be asked; that they give rows, the demo's tests hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.schemas import LAKE_ONLY, WAREHOUSE, Contract, examples
from spotify_assets.warehouse.macros import create_macros
from spotify_assets.warehouse.tables import create

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = examples.by_question((ROOT / "docs" / "answers.sql").read_text(encoding="utf-8"))
EVERY = [*WAREHOUSE.values(), *LAKE_ONLY]
each = pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.table())


@pytest.fixture(scope="module")
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        create(connection, WAREHOUSE.values())
        create_macros(connection, "America/Sao_Paulo")
        yield connection


def test_each_query_of_a_file_stands_under_its_question() -> None:
    text = (
        "-- About the file.\n\n-- One?\nSELECT 1;\n\n"
        "-- Two?\n-- A hint.\nSELECT 2 -- or 3?\nFROM two;\n"
    )
    assert examples.by_question(text) == {
        "One?": "SELECT 1",
        "Two?": "-- A hint.\nSELECT 2 -- or 3?\nFROM two",
    }


def test_every_file_of_examples_is_that_of_a_table() -> None:
    files = {file.name for file in examples.SQL.iterdir() if file.name.endswith(".sql")}
    assert files == {f"{contract.table()}.sql" for contract in EVERY}


@each
def test_a_table_has_three_examples_that_ask_it(contract: type[Contract]) -> None:
    found = examples.of(contract)
    assert len(found) == 3
    # The warehouse does not hold every table: the lake does, as files.
    place = contract.table().replace(".", "/") if contract in LAKE_ONLY else contract.table()
    for query in found.values():
        assert re.search(rf"(FROM|JOIN) (read_parquet\('data/lake/)?{place}\b", query), query


def assert_its_columns_have_names(answer: duckdb.DuckDBPyConnection) -> None:
    """Each its own, that a person gave it; DuckDB calls one without a name by its expression."""
    names = [column[0] for column in answer.description or []]
    assert names
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"\w+", name) for name in names), names
    answer.fetchall()


@pytest.mark.parametrize("contract", WAREHOUSE.values(), ids=WAREHOUSE)
def test_an_example_can_be_asked_before_anything_is_collected(
    contract: type[Contract], empty_warehouse: duckdb.DuckDBPyConnection
) -> None:
    for query in examples.of(contract).values():
        assert_its_columns_have_names(empty_warehouse.execute(query))


def test_the_questions_are_answered_in_order() -> None:
    numbers = [question.partition(".")[0] for question in ANSWERS]
    assert numbers == [str(number) for number in range(1, len(ANSWERS) + 1)]


@pytest.mark.parametrize("question", ANSWERS)
def test_an_answer_can_be_asked_before_anything_is_collected(
    question: str, empty_warehouse: duckdb.DuckDBPyConnection
) -> None:
    assert_its_columns_have_names(empty_warehouse.execute(ANSWERS[question]))


def test_sql_fits_a_page() -> None:
    files = [ROOT / "docs" / "answers.sql", *Path(examples.__file__).parent.glob("*.sql")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        wrong = [line for line in text.splitlines() if len(line) > 100 or line != line.rstrip()]
        assert wrong == [], file
        assert text.endswith(";\n"), file
