"""The dbt project of the bench `rebuild`, as far as it can be looked at without dbt."""

import re
from pathlib import Path

import pytest

from benchmarks import plain_dbt
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS
from spotify_assets.warehouse.tables import quoted

REFERENCE = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")


@pytest.fixture
def models(tmp_path: Path) -> dict[str, str]:
    """The text of each model."""
    plain_dbt.write(tmp_path / "project", tmp_path / "lake")
    return {file.stem: file.read_text() for file in (tmp_path / "project/models").iterdir()}


def test_each_ranking_and_star_table_is_a_model(models: dict[str, str]) -> None:
    assert len(models) == len(plain_dbt.LOADED) + len(OF_A_GENRE_DAY) + len(OF_ALL_DAYS)


def test_a_model_reads_files_or_models(models: dict[str, str]) -> None:
    """dbt knows the order from the references alone."""
    for name, text in models.items():
        read = set(REFERENCE.findall(text))
        assert read <= models.keys() - {name}, name
        assert bool(read) != ("read_parquet" in text), name
        assert not [table for table in map(quoted, WAREHOUSE.values()) if table in text], name
