"""``spotify-assets compact``: fewer files, the same answers."""

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.tables import is_shared
from spotify_assets.schemas import LAKE
from spotify_assets.settings import Settings
from spotify_assets_tests.lake.partition_files import rows_file
from spotify_assets_tests.lake.test_retention import add_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import ask, contents

TODAY = dt.datetime.now(dt.UTC).date()
OLD = TODAY.replace(day=1) - dt.timedelta(days=1)


def compact(*words: str) -> Result:
    return CliRunner().invoke(app, ["compact", *words])


@pytest.fixture
def lake(data_dir: Path) -> Lake:
    """Two days of the last month and today of rock, one day of the last month of forró."""
    lake = Lake(data_dir / "lake")
    for one in (
        GenreDay("rock", OLD),
        GenreDay("rock", OLD - dt.timedelta(days=1)),
        GenreDay("rock", TODAY),
        GenreDay("forró", OLD),
    ):
        add_genre_day(lake, one, ["a", "b"])
    publish_now(Settings())
    return lake


def files(lake: Lake) -> list[Path]:
    return sorted(lake.root.glob("[!.]*/**/*.parquet"))


def test_months_that_are_over_are_merged_and_no_answer_changes(lake: Lake) -> None:
    before = contents(Settings().database)
    # The last month of each genre, in each table; and today's files.
    assert len(files(lake)) == 4 * len(LAKE)

    done = compact()

    assert (done.exit_code, done.stderr.splitlines()[-1]) == (0, "3/3 publish")
    told = done.stdout.splitlines()[-1].split("\t")
    assert told[:3] == ["2", str(3 * len(LAKE)), str(2 * len(LAKE))]
    # Those of the days go a day later.
    assert len(files(lake)) == 6 * len(LAKE)
    assert contents(Settings().database) == before
    assert is_shared(_file_of(GenreDay("forró", OLD)))
    assert not is_shared(_file_of(GenreDay("rock", TODAY)))
    again = compact()
    assert (again.exit_code, "no file to merge" in again.stdout) == (0, True)


def test_only_the_genre_that_is_named_is_merged(lake: Lake) -> None:
    assert compact("-g", "FORRÓ").exit_code == 0
    assert is_shared(_file_of(GenreDay("forró", OLD)))
    assert not is_shared(_file_of(GenreDay("rock", OLD)))
    assert len(files(lake)) == 5 * len(LAKE)


def test_what_cannot_be_merged_is_said_and_the_rest_is(lake: Lake) -> None:
    damaged = rows_file(lake, "processed.tracks", GenreDay("forró", OLD))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    done = compact()
    assert done.exit_code == 1
    assert f"{damaged.name} is not the file that was written" in done.stderr
    assert is_shared(_file_of(GenreDay("rock", OLD)))


def test_a_wrong_genre_is_a_usage_error() -> None:
    assert compact("-g", " ").exit_code == 2


def _file_of(one: GenreDay) -> str:
    [(file,)] = ask(
        Settings().database,
        "SELECT file FROM monitoring.partitions WHERE table_name = 'processed.tracks' "
        f"AND genre = '{one.genre}' AND date = '{one.date}'",
    )
    return str(file)
