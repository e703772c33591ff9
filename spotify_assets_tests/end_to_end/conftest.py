"""A warehouse that the command made, in a process of its own, for tests that only read it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spotify_assets_tests import command

Command = Callable[..., subprocess.CompletedProcess[str]]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """This process's environment without any setting of ours but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SPOTI", "DAGSTER"))}
    return {**kept, "SPOTIFY_ASSETS_DATA_DIR": str(data_dir), **more}


def spotify_assets(*words: str, data_dir: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, from a folder without a ``.env``."""
    data_dir.mkdir(parents=True, exist_ok=True)
    return command.run(words, folder=data_dir, env=environment(data_dir, **more))


@pytest.fixture(scope="session", autouse=True)
def once(migrations_read_once: None) -> None:
    """Each data folder has a home of Dagster."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The data folder that ``spotify-assets demo`` made, and what it printed."""
    data_dir = tmp_path_factory.mktemp("demo") / "data"
    done = spotify_assets("demo", data_dir=data_dir)
    assert done.returncode == 0, done.stdout + done.stderr
    return data_dir, done.stdout
