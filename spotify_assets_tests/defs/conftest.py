"""What the tests of sensors and schedules need."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.definitions import defs

Genres = Callable[..., None]


@pytest.fixture(scope="session", autouse=True)
def once(migrations_read_once: None) -> None:
    """Each data folder has a home of Dagster."""


@pytest.fixture(scope="session")
def repository() -> dg.RepositoryDefinition:
    """All definitions, as the daemon has them."""
    return defs().get_repository_def()


@pytest.fixture
def genres(data_dir: Path) -> Genres:
    """Write the list of genres: ``genres("rock", "samba")``."""

    def write(*lines: str) -> None:
        data_dir.mkdir(exist_ok=True)
        (data_dir / "genres.txt").write_text("\n".join(lines))

    return write
