"""What many tests need: a sandbox that answers, and a data folder of their own.

What is heavy is imported by the fixture that needs it: Dagster takes seconds, and most tests know
nothing of it.
"""

import datetime as dt
import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import settings

from spotify_assets.storage import permissions as access

if TYPE_CHECKING:
    import dagster as dg

    from spotify_assets.defs.launch import Outcome
    from spotify_assets_tests.places import Places
    from spotify_assets_tests.warehouse.databases.postgresql.server import Server

# A busy machine is no fault of a rule. `make test` tries the same cases each time, so that a change
# fails by what it changes; `make test-all` chooses the other, which looks for new ones.
settings.register_profile("fast", max_examples=20, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("fast")

TODAY = dt.date(2026, 11, 20)
Run = Callable[..., "Outcome"]

LONGEST = ("end_to_end", "defs", "warehouse", "commands")
"""Folders of long tests, which begin first: at the end, one file of them is one worker's alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which the workers take their files."""
    here = Path(__file__).parent
    folders = {item: item.path.relative_to(here).parts[0] for item in items}
    items.sort(key=lambda item: [folders[item] != folder for folder in LONGEST])


def pytest_collection_finish() -> None:
    """What was imported until now stays: looking through it for garbage takes a tenth of a test."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Each worker of `make test` has one core: there, a second thread of DuckDB costs a quarter.

    `make test-all` and the processes that tests start have as many as the machine has cores.
    """
    if settings.get_current_profile_name() != "fast":
        yield
        return
    connect = duckdb.connect

    def with_one(
        database: Path | str = ":memory:",
        read_only: bool = False,
        config: dict[str, Any] | None = None,
    ) -> duckdb.DuckDBPyConnection:
        return connect(database, read_only, {"threads": 1, **(config or {})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", with_one)
        yield


@pytest.fixture(scope="session", autouse=True)
def umask() -> Iterator[None]:
    """What tests put into data folders is its owner's alone, as with the command."""
    before = os.umask(access.OWNER_ONLY)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What a command leaves in its process, none of the next tests has: they share this one."""
    environ = dict(os.environ)
    loggers = [logging.getLogger(name) for name in ("", "spotify_assets")]
    handlers = [list(logger.handlers) for logger in loggers]
    yield
    for logger, before in zip(loggers, handlers, strict=True):
        logger.handlers[:] = before
    if os.environ != environ:
        os.environ.clear()
        os.environ.update(environ)


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """A sandbox in extended mode."""
    from spotify_assets.sandbox import api, catalog, server  # noqa: PLC0415

    application = api.create_app(catalog.generate(seed=1, tracks=4_000), today=TODAY)
    with server.running(application) as running:
        yield running.url


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[Server]":
    """A PostgreSQL; each test has a database of its own in it."""
    from spotify_assets_tests.warehouse.databases.postgresql.server import running  # noqa: PLC0415

    with running() as started:
        yield started


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.slow)])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> "Places":
    """Where processes keep what they share: the same tests hold for both."""
    if request.param == "file":
        return lambda name: tmp_path / f"{name}.sqlite"
    from spotify_assets_tests.places import empty_database  # noqa: PLC0415

    database = empty_database(request.getfixturevalue("postgresql"))
    return lambda _: database


@pytest.fixture
def data_dir(tmp_path: Path, sandbox_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, set up in the environment, with the sandbox as the API."""
    monkeypatch.chdir(tmp_path)
    for name in ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_GENRE", "SPOTIFY_GENERO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SPOTIFY_SANDBOX_URL", sandbox_url)
    monkeypatch.setenv("DAGSTER_HOME", "")
    return tmp_path / "data"


@pytest.fixture(scope="session")
def migrations_read_once() -> Iterator[None]:
    """Dagster's migrations: sixty modules, which it reads again for each file of each run."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", cache(ScriptDirectory.from_config))
        yield


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory, migrations_read_once: None) -> Path:
    """A home of Dagster with its databases and no runs: a copy takes a tenth of making one."""
    import dagster as dg  # noqa: PLC0415

    from spotify_assets.defs import launch  # noqa: PLC0415

    home = tmp_path_factory.mktemp("empty") / "dagster"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        launch.prepare_home(home)
        with dg.DagsterInstance.get():
            pass
    return home


@pytest.fixture
def instance(data_dir: Path, empty_home: Path) -> "Iterator[dg.DagsterInstance]":
    """The Dagster instance of the data folder."""
    from spotify_assets.defs import launch  # noqa: PLC0415
    from spotify_assets.settings import Settings  # noqa: PLC0415

    settings = Settings()
    shutil.copytree(empty_home, settings.dagster_home)
    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as held:
        yield held


@pytest.fixture
def run(instance: "dg.DagsterInstance") -> Run:
    """Take days of a genre the whole way: ``run("rock", tracks=60)``."""
    from spotify_assets.defs import launch  # noqa: PLC0415
    from spotify_assets.defs.catalog.raw import CollectConfig  # noqa: PLC0415
    from spotify_assets.settings import Settings  # noqa: PLC0415

    def start(
        genre: str, first: dt.date = TODAY, last: dt.date | None = None, **wanted: object
    ) -> "Outcome":
        config = CollectConfig.model_validate({"artists": 20, "tracks": 60, **wanted})
        return launch.collect(instance, Settings(), genre, (first, last or first), config)

    return start
