"""``spotify-assets publish``: the warehouse, as the lake is."""

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.schemas import LAKE
from spotify_assets_tests.lake.partition_files import rows_file
from spotify_assets_tests.lake.test_retention import add_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import ask

ROCK, FORRO = (GenreDay(genre, dt.date(2026, 11, 20)) for genre in ("rock", "forró"))
TABLE = next(iter(LAKE))


def publish() -> Result:
    return CliRunner().invoke(app, ["publish"])


@pytest.fixture
def lake(data_dir: Path) -> Lake:
    lake = Lake(data_dir / "lake")
    add_genre_day(lake, ROCK, ["a", "b"])
    return lake


def test_it_loads_what_is_new_and_says_how_much(lake: Lake, data_dir: Path) -> None:
    first = publish()
    assert first.exit_code == 0, first.stderr
    assert "spotify.duckdb: 1 genre-day(s) loaded" in first.stdout
    assert ask(data_dir / "spotify.duckdb", "SELECT count(*) FROM processed.tracks") == [(2,)]
    assert "0 genre-day(s) loaded" in publish().stdout


def test_a_damaged_file_is_told_and_the_others_are_loaded(lake: Lake, data_dir: Path) -> None:
    add_genre_day(lake, FORRO, ["c"])
    rows_file(lake, TABLE, ROCK).write_bytes(b"no Parquet")
    done = publish()
    assert done.exit_code == 1
    assert "left out of the warehouse" in done.stderr
    found = ask(data_dir / "spotify.duckdb", "SELECT DISTINCT genre FROM processed.tracks")
    assert found == [("forró",)]
