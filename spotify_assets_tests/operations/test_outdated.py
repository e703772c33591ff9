import datetime as dt
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import read_partition
from spotify_assets.operations.outdated import outdated
from spotify_assets.schemas import LAKE
from spotify_assets.transforms.version import code_version
from spotify_assets_tests.lake.partition_files import rows_file, write_partition
from spotify_assets_tests.lake.samples import TERMS, answer, question
from spotify_assets_tests.warehouse.conftest import MONDAY, write_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import publish

COLLECTIONS = "processed.extracts"


def day(number: int, genre: str = "rock") -> GenreDay:
    return GenreDay(genre, MONDAY + dt.timedelta(days=number))


def made(lake: Lake, genre_day: GenreDay, version: str) -> None:
    """A genre-day that this version of the code made, from what raw holds."""
    partition = RawPartition(lake, genre_day)
    if not partition.is_finished():
        with partition.journal(TERMS) as journal:
            journal.append(question(), answer())
            partition.seal(journal)
    write_genre_day(lake, genre_day, ["a"])
    rows = read_partition(lake, COLLECTIONS, genre_day)
    write_partition(
        lake, COLLECTIONS, genre_day, rows.with_columns(code_version=pl.lit(version, pl.String))
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "spotify.duckdb"


def test_where_nothing_is_published_nothing_is_outdated(lake: Lake, database: Path) -> None:
    assert outdated(lake, database, 10) == []


def test_what_another_version_made_comes_newest_first_in_a_bounded_portion(
    lake: Lake, database: Path
) -> None:
    made(lake, day(0), "0.older")
    made(lake, day(1), code_version())
    made(lake, day(2), "0.older")
    made(lake, day(2, "forró"), "9.newer")
    publish(lake, database)
    assert outdated(lake, database, 10) == [day(2, "forró"), day(2), day(0)]
    assert outdated(lake, database, 2) == [day(2, "forró"), day(2)]


def test_what_was_made_again_is_outdated_no_more(lake: Lake, database: Path) -> None:
    made(lake, day(0), "0.older")
    publish(lake, database)
    made(lake, day(0), code_version())
    publish(lake, database)
    assert outdated(lake, database, 10) == []


def test_what_raw_does_not_hold_keeps_no_other_day_from_being_made_again(
    lake: Lake, database: Path
) -> None:
    for number in range(3):
        made(lake, day(number), "0.older")
    publish(lake, database)
    shutil.rmtree(RawPartition(lake, day(2)).folder)
    assert outdated(lake, database, 1) == [day(1)]


def test_a_file_of_the_time_before_versions_is_outdated_as_a_whole(
    lake: Lake, database: Path
) -> None:
    made(lake, day(0), code_version())
    made(lake, day(1), code_version())
    publish(lake, database)
    with duckdb.connect(database) as connection:
        connection.execute("ALTER TABLE processed.extracts DROP code_version")
    assert outdated(lake, database, 1) == [day(1)]


def test_a_version_is_short_and_the_same_in_every_process() -> None:
    rules, _, contracts = code_version().partition(".")
    assert rules.isdecimal()
    assert len(contracts) == 8
    assert code_version() == code_version()


def without_version(lake: Lake, genre_day: GenreDay) -> None:
    """As the contract was before it had the column."""
    file = rows_file(lake, COLLECTIONS, genre_day)
    pl.read_parquet(file, hive_partitioning=False).drop("code_version").write_parquet(file)


@pytest.mark.parametrize("older", [0, 1])
def test_days_of_an_older_contract_are_published_beside_the_newer_until_they_are_made_again(
    lake: Lake, database: Path, older: int
) -> None:
    for number in (0, 1):
        made(lake, day(number), code_version())
    without_version(lake, day(older))
    publish(lake, database)
    assert outdated(lake, database, 10) == [day(older)]


def test_a_column_that_the_contract_has_no_more_is_let_be(lake: Lake, database: Path) -> None:
    made(lake, day(0), "0.older")
    file = rows_file(lake, COLLECTIONS, day(0))
    held = pl.read_parquet(file, hive_partitioning=False)
    held.with_columns(retired=1).write_parquet(file)
    assert set(publish(lake, database).rows) >= set(LAKE)
    assert outdated(lake, database, 10) == [day(0)]
