from pathlib import Path

import pytest

from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.transforms.accounts import Read, Tables, assert_adds_up
from spotify_assets_tests.transforms.answers import Answer, seal
from spotify_assets_tests.transforms.small_warehouse import SmallWarehouse


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`process` of one genre-day of these answers, held to its accounts."""

    def read_them(*answers: Answer, lake: Path = tmp_path) -> Tables:
        tables = process([seal(lake, *answers)])
        assert_adds_up(tables, "forró")
        return tables

    return read_them


@pytest.fixture(scope="session")
def reused_warehouse() -> SmallWarehouse:
    """For the many examples of one test: it is to be `emptied` before each."""
    return SmallWarehouse()


@pytest.fixture
def warehouse(reused_warehouse: SmallWarehouse) -> SmallWarehouse:
    return reused_warehouse.emptied()
