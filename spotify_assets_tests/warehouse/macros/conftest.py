"""A warehouse in memory that has all macros, and the history that a test writes down."""

from collections.abc import Iterator

import duckdb
import pytest

from spotify_assets_tests.warehouse.histories import empty_warehouse, live_in, tell


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_warehouse() as connection:
        yield connection


@pytest.fixture
def connection(
    warehouse: duckdb.DuckDBPyConnection,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """With no history yet, of a listener who lives by UTC."""
    tell(warehouse, [])
    yield warehouse
    live_in(warehouse, "UTC")
