import datetime as dt
import hashlib
import multiprocessing
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake, upkeep
from spotify_assets.lake.log import Origin
from spotify_assets.lake.tables import partitions, read_partition, write_days
from spotify_assets.schemas import LAKE, WAREHOUSE
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.publication.changes import is_behind
from spotify_assets.warehouse.publication.publish import Published
from spotify_assets.warehouse.publication.publish import publish as publish_queries
from spotify_assets_tests.lake.partition_files import rows_file, write_partition
from spotify_assets_tests.warehouse.conftest import (
    MONDAY,
    prepare_genre_day,
    spotify_id,
    tables_of,
    write_genre_day,
)
from spotify_assets_tests.warehouse.test_reading import of_another_version


def publish(lake: Lake, database: Path) -> Published:
    return publish_queries(lake, database, queries())


def day(number: int, genre: str = "rock") -> GenreDay:
    return GenreDay(genre, MONDAY + dt.timedelta(days=number))


def ask(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def contents(database: Path) -> dict[str, str]:
    """A hash of the sorted rows of each table but those that note when files were written."""
    with duckdb.connect(database, read_only=True) as connection:
        return {
            table: hashlib.sha256(
                repr(connection.execute(f"FROM {table} ORDER BY ALL").fetchall()).encode()
            ).hexdigest()
            for table in WAREHOUSE
            if table not in {"monitoring.partitions", "monitoring.lake_commits"}
        }


def test_every_table_of_the_contracts_is_published_with_comments(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["one", "two"])
    publish(lake, database)
    named = "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables()"
    about = {str(name): str(comment) for name, comment in ask(database, named)}
    assert set(about) == set(WAREHOUSE)
    assert all(WAREHOUSE[name].grain() in comment for name, comment in about.items())
    of_tables = "SELECT c.comment FROM duckdb_columns() AS c JOIN duckdb_tables() USING (table_oid)"
    comments = ask(database, of_tables)
    assert comments
    assert all(comment for (comment,) in comments)


def test_published_rows_are_those_of_the_lake(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["one", "two"])
    write_genre_day(lake, day(0, "forró"), ["three"])
    published = publish(lake, database)
    assert published.loaded == [day(0, "forró"), day(0)]
    for table in LAKE:
        rows = sum(pl.read_parquet(file).height for _, file in partitions(lake, table))
        assert published.rows[table] == rows, table


def test_publishing_again_changes_no_byte(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["one", "two"])
    publish(lake, database)
    before = database.read_bytes(), database.stat().st_mtime_ns
    assert publish(lake, database).loaded == []
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before


@pytest.mark.slow
def test_days_in_any_order_and_portion_give_the_same_tables(tmp_path: Path) -> None:
    days = [(day(0), ["a", "b"]), (day(1), ["b", "c"]), (day(2), ["a", "c"]), (day(4), ["a"])]
    results = []
    for number, order in enumerate([(0, 1, 2, 3), (3, 1, 0, 2)]):
        lake, database = Lake(tmp_path / f"{number}/lake"), tmp_path / f"{number}/w.duckdb"
        for index in order:
            write_genre_day(lake, *days[index])
            publish(lake, database)
        results.append(contents(database))
    assert results[0] == results[1]


def test_a_rewritten_day_leaves_no_stale_neighbour(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a", "b"])
    write_genre_day(lake, day(1), ["a", "b"])
    publish(lake, database)
    query = (
        "SELECT status, movement FROM rankings.top_tracks WHERE date = '2026-11-17' AND rank = 1"
    )
    assert ask(database, query) == [("same", 0)]
    write_genre_day(lake, day(0), ["b", "a"])
    publish(lake, database)
    assert ask(database, query) == [("up", 1)]


def test_a_partition_that_left_the_lake_leaves_the_warehouse(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    write_genre_day(lake, day(1), ["a"])
    publish(lake, database)
    upkeep.purge(lake, "rock", {day(1).date})
    publish(lake, database)
    assert ask(database, "SELECT DISTINCT date FROM star.fact_track_daily") == [(MONDAY,)]


def test_a_genre_day_stays_as_it_is_while_a_run_prepares_it(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    prepare_genre_day(lake, day(0), ["b"])
    write_genre_day(lake, day(1), ["c"])
    published = publish(lake, database)
    assert (published.loaded, published.waiting) == ([day(1)], [day(0)])
    assert ask(database, "SELECT name FROM processed.tracks WHERE date = '2026-11-16'") == [("a",)]
    write_genre_day(lake, day(0), ["b"])
    assert publish(lake, database).loaded == [day(0)]


def test_a_genre_day_waits_until_all_its_tables_are_there(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    tables = tables_of(day(1), ["a"])
    last = tables.pop("star.fact_track_daily")
    write_days(lake, "rock", {day(1).date: tables}, Origin())
    assert publish(lake, database).waiting == [day(1)]
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]
    write_partition(lake, "star.fact_track_daily", day(1), last)
    assert publish(lake, database).loaded == [day(1)]


def test_an_orphan_is_not_published_and_the_old_state_stays(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    before = database.read_bytes()
    facts = pl.read_parquet(rows_file(lake, "star.fact_track_daily", day(0)))
    stray = facts.with_columns(track_id=pl.lit(spotify_id("nobody")))
    write_partition(lake, "star.fact_track_daily", day(0), stray)
    with pytest.raises(
        WarehouseError, match=r"fact_track_daily .*\(track_id\) is in star.dim_track"
    ):
        publish(lake, database)
    assert database.read_bytes() == before
    assert not list(database.parent.glob(".*next*"))


def test_a_file_of_another_definition_is_made_again(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE monitoring.definition SET hash = 'older'")
        connection.execute("DELETE FROM processed.tracks")
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_a_file_that_is_no_database_is_made_again(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    database.parent.mkdir(parents=True, exist_ok=True)
    database.write_bytes(b"not a database" * 1000)
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_a_file_of_another_version_of_duckdb_is_made_again(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    of_another_version(database)
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_departures_of_before_the_day_that_came_are_made_again(
    lake: Lake, tmp_path: Path, database: Path
) -> None:
    """Of a basis that was not ranked in between, the next day tells that days before were gaps."""
    for number, names in enumerate((["a", "b"], ["a", "c"], ["b", "c"], ["a", "b"])):
        write_genre_day(lake, day(number), names)
        if number in (1, 2):
            for table in ("rankings.top_tracks", "rankings.top_artists"):
                rows = read_partition(lake, table, day(number))
                other = {"basis": pl.lit("search_position"), "score": pl.col("search_position")}
                write_partition(lake, table, day(number), rows.with_columns(**other))
        publish(lake, database)
    publish(lake, tmp_path / "again.duckdb")
    assert contents(database) == contents(tmp_path / "again.duckdb")


def _rewrite_for_ever(lake: Lake) -> None:
    for number in range(10_000):
        names = ["a", "b"] if number % 2 else ["a", "b", "c"]
        prepare_genre_day(lake, day(1), names)
        write_genre_day(lake, day(1), names)


@pytest.mark.slow
def test_a_day_that_is_rewritten_while_it_is_loaded_is_never_of_two_states(
    lake: Lake, database: Path
) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a", "b"])
    process = multiprocessing.get_context("spawn").Process(target=_rewrite_for_ever, args=(lake,))
    process.start()
    try:
        deadline = time.monotonic() + 60
        while lake.log.state("rock").seq < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(6):
            publish(lake, database)
            (counts,) = ask(
                database,
                "SELECT (SELECT count(*) FROM processed.tracks), "
                "(SELECT count(*) FROM rankings.top_tracks), "
                "(SELECT count(*) FROM star.fact_track_daily), "
                "(SELECT sum(kept) FROM processed.reconciliation WHERE table_name = 'tracks')",
            )
            assert len(set(counts)) == 1, counts
        assert process.is_alive()
    finally:
        process.kill()
        process.join()
    write_genre_day(lake, day(1), ["z"])
    assert publish(lake, database).waiting == []
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(3,)]


def test_the_file_is_behind_as_long_as_the_lake_has_what_it_has_not(
    lake: Lake, database: Path
) -> None:
    assert not is_behind(lake, database)
    write_genre_day(lake, day(0), ["one", "two"])
    assert is_behind(lake, database)
    publish(lake, database)
    assert not is_behind(lake, database)
    write_genre_day(lake, day(1), ["one", "three"])
    assert is_behind(lake, database)
    publish(lake, database)
    database.unlink()
    assert is_behind(lake, database)
