import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.store import Folder, Remote, Store
from spotify_assets_tests.lake.s3 import S3, running


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "data" / "lake")


@pytest.fixture
def genre_day() -> GenreDay:
    return GenreDay("forró", dt.date(2025, 11, 20))


@pytest.fixture
def partition(lake: Lake, genre_day: GenreDay) -> RawPartition:
    return RawPartition(lake, genre_day)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    with running() as server:
        yield server


@pytest.fixture
def s3(s3_server: S3) -> S3:
    """The server, which fails at nothing yet."""
    s3_server.fail = lambda _method, _path: None
    return s3_server


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    match request.param:
        case "folder":
            return Folder(tmp_path / "lake")
        case "memory":
            return Remote(MemoryStore())
        case _:
            server: S3 = request.getfixturevalue("s3")
            return server.store(server.bucket())
