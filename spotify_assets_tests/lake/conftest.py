import datetime as dt
from pathlib import Path

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "data" / "lake")


@pytest.fixture
def genre_day() -> GenreDay:
    return GenreDay("forró", dt.date(2025, 11, 20))


@pytest.fixture
def partition(lake: Lake, genre_day: GenreDay) -> RawPartition:
    return RawPartition(lake, genre_day)
