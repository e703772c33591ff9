"""A data folder of an earlier version is taken over as it lies; then that one refuses it."""

import datetime as dt
import json
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake, LakeError, upkeep
from spotify_assets.lake.log import Log, Origin
from spotify_assets.lake.migration import import_folder
from spotify_assets.lake.store import Folder
from spotify_assets.lake.tables import genres, partitions, read_partition, under_way, write_days
from spotify_assets.schemas import LAKE
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.lake.test_log import Failing
from spotify_assets_tests.warehouse.conftest import MONDAY, tables_of, write_genre_day
from spotify_assets_tests.warehouse.publication.test_publish import ask, contents

DAYS = [
    GenreDay(genre, MONDAY + dt.timedelta(days=number))
    for genre in ("forró", "rock")
    for number in range(3)
]
MERGED = DAYS[:3]
"""Their files were merged into those of the month."""


@cache
def tables(day: GenreDay) -> dict[str, pl.DataFrame]:
    return tables_of(day, ["a", "b"])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The lake of an earlier version: a file a day and table, of one genre a file a month."""
    root = tmp_path / "data" / "lake"
    for layer_and_table in LAKE:
        folder = root / layer_and_table.replace(".", "/")
        merged: dict[str, tuple[int, int]] = {}
        for number, day in enumerate(DAYS):
            rows = tables(day)[layer_and_table]
            file = folder / day.folder / "rows.parquet"
            file.parent.mkdir(parents=True)
            rows.write_parquet(file, compression="zstd", compression_level=1)
            if day in MERGED:
                merged[str(day.date)] = (file.stat().st_size, file.stat().st_mtime_ns + number)
                file.unlink()
                file.parent.rmdir()
        month = folder / MERGED[0].folder.parent / "month=2026-11" / "rows.parquet"
        month.parent.mkdir()
        pl.concat(tables(day)[layer_and_table] for day in MERGED).write_parquet(
            month, metadata={"spotify_assets.days": json.dumps(merged)}
        )
    (root / "source.txt").write_text("sandbox\n", encoding="utf-8")
    return root


def files(root: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(root).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("*.parquet")
    }


def test_every_row_is_held_as_before_and_no_file_is_moved_or_written(
    old: Path, tmp_path: Path
) -> None:
    before = files(old)
    lake = Lake(old)
    for table in LAKE:
        assert [day for day, _ in partitions(lake, table)] == sorted(DAYS)
        for day in DAYS:
            assert read_partition(lake, table, day).equals(tables(day)[table])
    assert files(old) == before
    assert [commit.origin.kind for commit in lake.log.since("rock", 0)] == ["import"]

    fresh = Lake(tmp_path / "fresh")
    for day in DAYS:
        write_days(fresh, day.genre, {day.date: tables(day)}, Origin())
    for one, database in ((lake, tmp_path / "old.duckdb"), (fresh, tmp_path / "fresh.duckdb")):
        publish(one, database, queries())
    assert contents(tmp_path / "old.duckdb") == contents(tmp_path / "fresh.duckdb")


def test_the_same_rows_again_keep_the_file_of_the_earlier_version(old: Path) -> None:
    lake = Lake(old)
    before = {genre: lake.log.state(genre).seq for genre in genres(lake)}
    for day in DAYS:
        write_days(lake, day.genre, {day.date: tables(day)}, Origin())
    assert {genre: lake.log.state(genre).seq for genre in genres(lake)} == before


def test_a_day_that_is_made_again_is_loaded_alone(old: Path, tmp_path: Path) -> None:
    lake, database = Lake(old), tmp_path / "spotify.duckdb"
    publish(lake, database, queries())
    write_genre_day(lake, MERGED[1], ["b", "c"])
    assert publish(lake, database, queries()).loaded == [MERGED[1]]
    upkeep.compact(lake, "forró", MONDAY)
    assert publish(lake, database, queries()).loaded == []
    names = ask(database, "SELECT DISTINCT name FROM processed.tracks WHERE genre = 'forró'")
    assert sorted(names) == [("a",), ("b",), ("c",)]


def test_a_day_that_a_run_was_rewriting_waits_until_it_is_made_again(
    old: Path, tmp_path: Path
) -> None:
    mark = old / ".under_way" / DAYS[-1].folder
    mark.parent.mkdir(parents=True)
    mark.touch()
    lake = Lake(old)
    assert under_way(lake, DAYS[-1])
    assert publish(lake, tmp_path / "one.duckdb", queries()).loaded == sorted(DAYS[:-1])
    write_days(lake, "rock", {DAYS[-1].date: tables_of(DAYS[-1], ["a"])}, Origin())
    assert publish(lake, tmp_path / "one.duckdb", queries()).loaded == [DAYS[-1]]


@pytest.mark.parametrize("at", range(1, 9))
def test_broken_off_anywhere_the_next_look_ends_it(old: Path, at: int) -> None:
    failing = Log(Failing(Folder(old), at, done=at % 2 == 0))  # type: ignore[arg-type]
    try:
        import_folder(old, failing)
    except LakeError:
        assert not (old / "lake.json").exists()
    assert [day for day, _ in partitions(Lake(old), "star.fact_track_daily")] == sorted(DAYS)
    assert Lake(old).log.heads() == {"forró": 1, "rock": 1}


def test_an_earlier_version_refuses_the_folder_with_a_sentence(old: Path) -> None:
    assert Lake(old).log.genres() == ["forró", "rock"]
    # As it reads the source, it says: "The lake … holds data of the <source>, and this run would
    # add data of the sandbox."
    source = (old / "source.txt").read_text(encoding="utf-8")
    assert source.startswith("sandbox, in a form that this version of spotify-assets does not know")
    # Where it does not collect, it would begin with a mark in this folder.
    with pytest.raises(NotADirectoryError):
        (old / ".under_way" / "genre=rock").mkdir(parents=True, exist_ok=True)
    Lake(old).claim("sandbox")
    with pytest.raises(LakeError, match="holds data of the sandbox"):
        Lake(old).claim("spotify")


def test_a_new_lake_is_kept_from_earlier_versions_too(tmp_path: Path) -> None:
    Lake(tmp_path).claim("spotify")
    assert "use a later version" in (tmp_path / "source.txt").read_text(encoding="utf-8")
    assert (tmp_path / ".under_way").is_file()


def test_a_month_that_does_not_say_its_days_is_named(old: Path) -> None:
    month = old / "processed/tracks/genre=forr%C3%B3/month=2026-11/rows.parquet"
    month.write_bytes(month.read_bytes()[:-1])
    with pytest.raises(LakeError, match=r"month=2026-11/rows.parquet does not say which days"):
        list(partitions(Lake(old), "star.fact_track_daily"))
