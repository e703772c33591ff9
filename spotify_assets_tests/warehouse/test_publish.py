import datetime as dt
import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake, LakeError, months
from spotify_assets.lake.tables import partitions, read_partition, write_partition
from spotify_assets.schemas import LAKE, WAREHOUSE
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.publish import Published
from spotify_assets.warehouse.publish import publish as publish_queries
from spotify_assets_tests.warehouse.conftest import MONDAY, spotify_id, write_genre_day
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
            if table not in {"monitoring.partitions", "monitoring.genre_folders"}
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
    for table in LAKE:
        shutil.rmtree(lake.partition(table, day(1)))
    publish(lake, database)
    assert ask(database, "SELECT DISTINCT date FROM star.fact_track_daily") == [(MONDAY,)]


def test_a_file_changed_by_hand_is_noticed_when_every_file_is_looked_at(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    write_genre_day(lake, day(1), ["a"])
    publish(lake, database)
    file = lake.rows("processed.tracks", day(1))
    pl.read_parquet(file).with_columns(name=pl.lit("other")).write_parquet(file)
    assert publish(lake, database).loaded == []
    assert publish_queries(lake, database, queries(), everywhere=True).loaded == [day(1)]
    assert ask(database, "SELECT name FROM processed.tracks ORDER BY date") == [("a",), ("other",)]


def test_a_genre_day_waits_while_a_run_rewrites_it(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    lake.begin(day(0))
    write_genre_day(lake, day(0), ["b"])
    write_genre_day(lake, day(1), ["c"])
    published = publish(lake, database)
    assert (published.loaded, published.waiting) == ([day(1)], [day(0)])
    assert ask(database, "SELECT name FROM processed.tracks WHERE date = '2026-11-16'") == [("a",)]
    lake.finish(day(0))
    assert publish(lake, database).loaded == [day(0)]


def test_a_genre_day_waits_until_all_its_tables_are_there(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    write_genre_day(lake, day(1), ["a"])
    lake.rows("star.fact_track_daily", day(1)).unlink()
    assert publish(lake, database).waiting == [day(1)]
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_an_orphan_is_not_published_and_the_old_state_stays(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    before = database.read_bytes()
    facts = pl.read_parquet(lake.rows("star.fact_track_daily", day(0)))
    stray = facts.with_columns(track_id=pl.lit(spotify_id("nobody")))
    write_partition(lake, "star.fact_track_daily", day(0), stray)
    with pytest.raises(
        WarehouseError, match=r"fact_track_daily .*\(track_id\) is in star.dim_track"
    ):
        publish(lake, database)
    assert database.read_bytes() == before
    assert not list(database.parent.glob(".*next*"))


def test_a_file_of_another_definition_is_made_anew(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE monitoring.definition SET hash = 'older'")
        connection.execute("DELETE FROM processed.tracks")
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_a_file_that_is_no_database_is_made_anew(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    database.parent.mkdir(parents=True, exist_ok=True)
    database.write_bytes(b"not a database" * 1000)
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_a_file_of_another_version_of_duckdb_is_made_anew(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    of_another_version(database)
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(1,)]


def test_a_reader_that_never_closes_sees_its_state_and_keeps_nobody_waiting(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        seen = [reader.stdout.readline()]
        for number in range(1, 4):
            write_genre_day(lake, day(number), ["a", "b"])
            assert publish(lake, database).loaded == [day(number)]
            reader.stdin.write("again\n")
            reader.stdin.flush()
            seen.append(reader.stdout.readline())
        reader.stdin.close()
    assert seen == ["1\n"] * 4
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(7,)]


def test_two_that_publish_at_once_take_turns_and_lose_nothing(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    spawn = multiprocessing.get_context("spawn")
    both = [
        spawn.Process(target=_publish_days, args=(lake, database, genre))
        for genre in ("rock", "samba")
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    found = ask(database, "SELECT genre, count(*) FROM processed.tracks GROUP BY 1 ORDER BY 1")
    assert found == [("rock", 3), ("samba", 3)]


def test_a_damaged_partition_is_named_and_the_rest_is_published(lake: Lake, database: Path) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a"])
    publish(lake, database)
    for number in range(4):
        write_genre_day(lake, day(number), ["b"])
    damaged = [
        lake.rows(table, day(number))
        for table, number in (("processed.tracks", 1), ("star.fact_track_daily", 2))
    ]
    for file in damaged:
        file.write_bytes(file.read_bytes()[:-1])

    published = publish(lake, database)

    assert published.loaded == [day(0), day(3)]
    assert sorted(published.damaged["file"]) == [lake.relative(file) for file in damaged]
    assert all("magic bytes" in reason for reason in published.damaged["reason"])
    names = "SELECT day(date)::INTEGER, name FROM processed.tracks ORDER BY date"
    assert ask(database, names) == [(16, "b"), (17, "a"), (19, "b")]
    told = ask(database, "SELECT file FROM monitoring.damaged_files ORDER BY file")
    assert told == [(lake.relative(file),) for file in damaged]


def test_a_damaged_partition_is_not_tried_again_until_it_is_written_anew(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    file = lake.rows("processed.tracks", day(0))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    publish(lake, database)
    before = database.read_bytes()
    assert publish(lake, database).damaged["file"].to_list() == [lake.relative(file)]
    assert database.read_bytes() == before

    file.write_bytes(whole)

    published = publish(lake, database)
    assert (published.loaded, published.damaged.height) == ([day(0)], 0)
    assert ask(database, "SELECT count(*) FROM monitoring.damaged_files") == [(0,)]


def test_a_file_restored_with_its_old_time_is_taken_in(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    file = lake.rows("processed.tracks", day(0))
    whole, time_ns = file.read_bytes(), file.stat().st_mtime_ns
    for content in (bytes(len(whole)), whole):
        file.write_bytes(content)
        os.utime(file, ns=(time_ns, time_ns))
        published = publish(lake, database)
    assert (published.loaded, published.damaged.height) == ([day(0)], 0)


def test_departures_of_before_the_day_that_came_are_made_anew(
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
    publish(lake, tmp_path / "anew.duckdb")
    assert contents(database) == contents(tmp_path / "anew.duckdb")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (pl.col("track_id").alias("id"), "NOT NULL constraint failed: tracks.track_id"),
        (pl.col("name").alias("duration_ms"), "Could not convert string 'a' to INT64"),
    ],
)
def test_a_partition_of_another_schema_is_refused_by_name_and_the_rest_is_published(
    lake: Lake, database: Path, change: pl.Expr, reason: str
) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a"])
    file = lake.rows("processed.tracks", day(1))
    rows = pl.read_parquet(file)
    dropped = [] if change.meta.output_name() in rows.columns else change.meta.root_names()
    rows.with_columns(change).drop(dropped).write_parquet(file)

    published = publish(lake, database)

    assert published.loaded == [day(0)]
    [said] = published.damaged["reason"]
    assert reason in said


def test_columns_are_matched_by_name_and_those_of_an_older_contract_may_lack_or_be_more(
    lake: Lake, database: Path
) -> None:
    write_genre_day(lake, day(0), ["a"])
    file = lake.rows("processed.tracks", day(0))
    rows = pl.read_parquet(file)
    older = rows.drop("isrc").with_columns(label=pl.lit("of an older contract"))
    older.select(reversed(older.columns)).write_parquet(file)

    publish(lake, database)

    expected = rows.with_columns(isrc=pl.lit(None, pl.String)).rows()
    assert ask(database, "FROM processed.tracks") == expected


def test_a_merged_month_is_not_loaded_again_and_its_rows_are_found_in_its_file(
    lake: Lake, database: Path
) -> None:
    for number in range(3):
        write_genre_day(lake, day(number), ["a", "b"])
        write_genre_day(lake, day(number, "forró"), [])
    publish(lake, database)
    before = contents(database)
    for genre in ("rock", "forró"):
        months.merge(lake, day(0, genre))

    published = publish(lake, database)

    assert published.loaded == []
    assert contents(database) == before
    assert ask(database, "SELECT DISTINCT file FROM monitoring.partitions ORDER BY file") == sorted(
        (f"{table.replace('.', '/')}/genre={genre}/month=2026-11/rows.parquet",)
        for table in LAKE
        for genre in ("forr%C3%B3", "rock")
    )
    unchanged = database.read_bytes()
    publish(lake, database)
    assert database.read_bytes() == unchanged
    database.unlink()
    assert len(publish(lake, database).loaded) == 6
    assert contents(database) == before


def test_of_a_merged_month_only_the_day_that_changed_is_loaded(lake: Lake, database: Path) -> None:
    for number in range(3):
        write_genre_day(lake, day(number), ["a"])
    publish(lake, database)
    months.merge(lake, day(0))
    write_genre_day(lake, day(1), ["b"])
    assert publish(lake, database).loaded == [day(1)]
    months.merge(lake, day(0))
    assert publish(lake, database).loaded == []
    assert ask(database, "SELECT name FROM processed.tracks ORDER BY date") == [
        *(("a",), ("b",), ("a",))
    ]


@pytest.mark.parametrize("cut", [slice(0, -1), slice(4, None)])
def test_a_damaged_month_is_named_and_its_days_stay_as_they_were_published(
    lake: Lake, database: Path, cut: slice
) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a"])
    publish(lake, database)
    before = ask(database, "FROM processed.tracks ORDER BY date")
    months.merge(lake, day(0))
    damaged = months.month_file(lake, "processed.tracks", day(0))
    damaged.write_bytes(damaged.read_bytes()[cut])
    write_genre_day(lake, day(0, "samba"), ["s"])

    for _ in range(2):
        published = publish(lake, database)
        assert set(published.damaged["file"]) <= {lake.relative(damaged)}
        assert ask(database, "FROM processed.tracks WHERE genre = 'rock' ORDER BY date") == before
    assert ask(database, "SELECT name FROM processed.tracks WHERE genre = 'samba'") == [("s",)]
    database.unlink()
    assert set(publish(lake, database).damaged["file"]) == {lake.relative(damaged)}
    assert ask(database, "SELECT DISTINCT genre FROM processed.tracks") == [("samba",)]


def test_a_place_that_cannot_be_written_is_a_clear_error(lake: Lake, tmp_path: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match=r"Cannot write the warehouse .* Free space"):
        publish(lake, tmp_path / "file" / "spotify.duckdb")


def _publish_with_little_space(lake: Lake, database: Path, limit: int) -> str:
    """In a process whose files may not grow past ``limit`` bytes: as on a disk that is full."""
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from spotify_assets.lake import Lake, LakeError\n"
        "from spotify_assets_tests.warehouse.test_publish import publish\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try: publish(Lake(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "except LakeError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(lake.root), str(database), str(limit)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize("room", [-1_000_000, 0])
def test_a_full_disk_is_a_clear_error_and_the_old_state_stays(
    lake: Lake, database: Path, room: int
) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    before = database.read_bytes()
    write_genre_day(lake, day(1), ["b"])
    said = _publish_with_little_space(lake, database, len(before) + room)
    assert "Cannot write the warehouse" in said
    assert database.read_bytes() == before
    publish(lake, database)
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(2,)]


READER = """
import itertools, sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for line in itertools.chain(["first"], sys.stdin):
        print(connection.sql("SELECT count(*) FROM processed.tracks").fetchone()[0], flush=True)
"""
"""Asks as often as it reads a line, by one connection; the first time unasked."""


def _publish_days(lake: Lake, database: Path, genre: str) -> None:
    for number in range(3):
        write_genre_day(lake, day(number, genre), ["a"])
        publish(lake, database)


def _rewrite_for_ever(lake: Lake) -> None:
    for number in range(10_000):
        months.begin(lake, day(1))
        write_genre_day(lake, day(1), ["a", "b"] if number % 2 else ["a", "b", "c"])
        lake.finish(day(1))


def test_a_day_that_is_rewritten_while_it_is_loaded_is_never_of_two_states(
    lake: Lake, database: Path
) -> None:
    for number in range(2):
        write_genre_day(lake, day(number), ["a", "b"])
    process = multiprocessing.get_context("spawn").Process(target=_rewrite_for_ever, args=(lake,))
    process.start()
    try:
        deadline = time.monotonic() + 60
        while not lake.under_way() and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(6):
            publish(lake, database)
            (counts,) = ask(
                database,
                "SELECT (SELECT count(*) FROM processed.tracks), "
                "(SELECT count(*) FROM rankings.top_tracks), "
                "(SELECT count(*) FROM star.fact_track_daily), "
                "(SELECT sum(kept) FROM processed.intake WHERE table_name = 'tracks')",
            )
            assert len(set(counts)) == 1, counts
        assert process.is_alive()
    finally:
        process.kill()
        process.join()
    lake.finish(day(1))
    write_genre_day(lake, day(1), ["z"])
    assert publish(lake, database).waiting == []
    assert ask(database, "SELECT count(*) FROM processed.tracks") == [(3,)]


def _publish_for_ever(lake: Lake, database: Path) -> None:
    for number in range(10_000):
        write_genre_day(lake, day(1), ["a", "b"] if number % 2 else ["a", "b", "c"])
        publish(lake, database)


def test_a_kill_in_the_middle_leaves_a_whole_file(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    publish(lake, database)
    spawn = multiprocessing.get_context("spawn")
    copy = database.with_name(f".{database.name}.next")
    for moment in (0.0, 0.05, 0.15):
        process = spawn.Process(target=_publish_for_ever, args=(lake, database))
        process.start()
        deadline = time.monotonic() + 60
        while not copy.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(moment)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        rows = ask(database, "SELECT count(*) FROM processed.tracks WHERE date = '2026-11-16'")
        assert rows == [(1,)]
    write_genre_day(lake, day(1), ["z"])
    publish(lake, database)
    assert ask(database, "SELECT name FROM rankings.top_tracks WHERE date = '2026-11-17'") == [
        ("z",)
    ]


def test_readers_are_never_kept_out_and_never_see_a_mixture(lake: Lake, database: Path) -> None:
    write_genre_day(lake, day(0), ["a"])
    write_genre_day(lake, day(1), ["a", "b"])
    publish(lake, database)
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_publish_for_ever, args=(lake, database))
    process.start()
    try:
        states: set[tuple[object, ...]] = set()
        reads, deadline = 0, time.monotonic() + 120
        # Until both states were seen; the other process takes its time to start on a busy machine.
        while (len(states) < 2 or reads < 300) and time.monotonic() < deadline:
            reads += 1
            states.add(
                ask(
                    database,
                    "SELECT (SELECT count(*) FROM processed.tracks), "
                    "(SELECT count(*) FROM rankings.top_tracks), "
                    "(SELECT count(*) FROM star.fact_track_daily), "
                    "(SELECT count(*) FROM star.dim_track)",
                )[0]
            )
        assert process.is_alive()
    finally:
        process.kill()
        process.join()
    assert states == {(3, 3, 3, 2), (4, 4, 4, 3)}
