"""A small warehouse whose every kind of table has rows, and what became of it later."""

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets_tests.warehouse.conftest import MONDAY, spotify_id, write_genre_day
from spotify_assets_tests.warehouse.telling import (
    export,
    in_account,
    polled,
    publish,
    report,
    track,
)

Become = Callable[[str], None]


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the DuckDB file of each state.

    ``first``: two genres, three days, a change of names, plays from all sources. ``grown``: with a
    genre-day more. ``rewritten``: with a day before all others, and one that was made again.
    """
    from spotify_assets.defs.publication import queries  # noqa: PLC0415 - imports Dagster

    folder = tmp_path_factory.mktemp("states")
    lake, made = Lake(folder / "lake"), queries()

    def day(number: int, ranking: list[str], genre: str = "rock") -> None:
        write_genre_day(lake, GenreDay(genre, MONDAY + dt.timedelta(days=number)), ranking)

    def keep(state: str) -> None:
        publish(lake, folder / "spotify.duckdb", made)
        shutil.copyfile(folder / "spotify.duckdb", folder / f"{state}.duckdb")

    day(0, ["one", "two", "three"])
    day(1, ["two", "ONE", "four"])
    day(2, ["four", "one"])
    day(1, ["three", "six"], genre="forró")
    export(lake, [track(f"{number:02} 20:00:00", name) for number in range(4, 9) for name in "ab"])
    export(lake, [in_account("06 21:30:00", "c")], "StreamingHistory_music_0")
    reports = report("09 10:00:00", "tone", artist_id=spotify_id("aone")), report("09 11:00:00")
    polled(lake, *reports, date=dt.date(2026, 1, 9))
    keep("first")
    day(3, ["five", "one"])
    keep("grown")
    day(-1, ["ONE", "TWO"])
    day(1, ["one", "nine"])
    keep("rewritten")
    return folder


@pytest.fixture
def become(states: Path, tmp_path: Path) -> Become:
    """Let the published file be that of a state, as a publication does: ``become("grown")``."""

    def put(state: str) -> None:
        shutil.copyfile(states / f"{state}.duckdb", tmp_path / "next")
        (tmp_path / "next").replace(tmp_path / "spotify.duckdb")

    return put


@pytest.fixture
def database(become: Become, tmp_path: Path) -> Path:
    """The published file, in its first state."""
    become("first")
    return tmp_path / "spotify.duckdb"
