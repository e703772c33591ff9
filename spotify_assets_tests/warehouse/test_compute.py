import re
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import DamagedFile
from spotify_assets.warehouse.compute import compute

SQL = "SELECT sum(n) AS n FROM star.numbers"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two partitions of a table."""
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path in paths:
        pl.DataFrame({"n": [1, 2]}).write_parquet(path)
    return paths


def test_a_table_is_all_of_its_partitions(files: list[Path]) -> None:
    assert compute(SQL, {"star.numbers": files}).item() == 6


def test_a_damaged_partition_is_named(files: list[Path]) -> None:
    files[1].write_bytes(files[1].read_bytes()[:-1])

    with pytest.raises(DamagedFile, match=re.escape(str(files[1]))):
        compute(SQL, {"star.numbers": files})
