"""``spotify-assets files``: what other engines read, as docs/lake.md shows it."""

import datetime as dt
import os
import re
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.lake import GenreDay, Lake, history, upkeep
from spotify_assets.lake.log import Change, Origin, State
from spotify_assets.lake.tables import write_days
from spotify_assets_tests.lake.partition_files import write_partition

DOCUMENT = Path(__file__).parents[2] / "docs" / "lake.md"
TABLE = "star.fact_track_daily"
MAY = dt.date(2026, 5, 1)


def files(*words: str) -> Result:
    return CliRunner().invoke(app, ["files", *words])


def day(number: int) -> GenreDay:
    return GenreDay("r&b", MAY.replace(day=number))


def rows_of(one: GenreDay, rank: int) -> pl.DataFrame:
    return pl.DataFrame({"genre": [one.genre], "date": [one.date], "rank": [rank]})


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Two days in the file of their month, of which one was made again since, and a third."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    lake = Lake(tmp_path / "data" / "lake")
    for number in (1, 2):
        write_partition(lake, TABLE, day(number), rows_of(day(number), number))
    upkeep.compact(lake, "r&b", MAY)
    write_partition(lake, TABLE, day(2), rows_of(day(2), 20))
    write_partition(lake, TABLE, day(3), rows_of(day(3), 30))
    return lake


def block(language: str, comment: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    [one] = [text for text in found if comment in text]
    return str(one)


def ranks(lake: Lake, *words: str) -> list[int]:
    """What DuckDB reads of the list, as the document says."""
    listed = files(TABLE, *words)
    assert listed.exit_code == 0, listed.stderr
    Path("files.tsv").write_text(listed.stdout, encoding="utf-8")
    with duckdb.connect() as connection:
        return connection.execute(block("sql", "DuckDB")).pl().sort("date")["rank"].to_list()


def test_duckdb_reads_what_holds_and_nothing_else(lake: Lake) -> None:
    assert ranks(lake) == [1, 20, 30]
    # A glob reads more.
    assert len(pl.read_parquet(lake.root / "star/*/*/*/*.parquet")) == 6


def test_polars_reads_what_holds_and_nothing_else(lake: Lake) -> None:
    ranks(lake)
    names: dict[str, Any] = {}
    exec(block("python", "# polars"), names)  # noqa: S102 - our own document
    assert names["facts"].collect().sort("date")["rank"].to_list() == [1, 20, 30]


def test_what_was_known_at_a_moment_is_read_as_it_was(lake: Lake) -> None:
    after = [commit.at.isoformat() for commit in lake.log.since("r&b", 0)]
    assert [ranks(lake, "--as-of", at) for at in after] == [
        *([1], [1, 2], [1, 2], [1, 20], [1, 20, 30])
    ]
    assert ranks(lake, "--as-of", str(dt.datetime.now(dt.UTC).date())) == [1, 20, 30]


def test_what_is_not_kept_any_more_is_refused(lake: Lake) -> None:
    at = lake.log.state("r&b").at.isoformat()
    write_partition(lake, TABLE, day(3), rows_of(day(3), 31))
    assert ranks(lake, "--as-of", at) == [1, 20, 30]
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=9)
    upkeep.collect(lake, keep=dt.timedelta(days=1), now=later)
    refused = files(TABLE, "--as-of", at)
    assert refused.exit_code == 1
    assert "What was known of r&b on 2026-05-03" in refused.stderr
    assert ranks(lake) == [1, 20, 31]


def test_what_was_before_the_lake_had_a_log_is_refused(lake: Lake) -> None:
    def change(_: State) -> Change:
        return {MAY: lake.log.state("r&b").days[MAY]}

    before = dt.datetime.now(dt.UTC)
    lake.log.commit("rock", change, Origin("import"))
    refused = files(TABLE, "--as-of", before.isoformat())
    assert refused.exit_code == 1
    assert "taken over from an earlier version" in refused.stderr


def test_the_changes_of_a_table_say_what_was_revised_by_whom(lake: Lake) -> None:
    lake.claim("sandbox")
    write_days(lake, "r&b", {MAY: {TABLE: rows_of(day(1), 11)}}, Origin(run="7f3a"))
    upkeep.purge(lake, "r&b", {MAY.replace(day=2)})
    Path("changes.tsv").write_text(files(TABLE, "--changes").stdout, encoding="utf-8")
    told = pl.read_csv("changes.tsv", separator="\t")
    assert told.select(pl.exclude("at", "genre", "code_version")).rows() == [
        ("replace", "2026-05-01", 1, None, None, None, None, None),
        ("replace", "2026-05-02", 1, None, None, None, None, None),
        # Merging a month is no change.
        ("replace", "2026-05-02", 1, 1, 1, 1, None, None),
        ("replace", "2026-05-03", 1, None, None, None, None, None),
        ("replace", "2026-05-01", 1, 1, 1, 1, "7f3a", "sandbox"),
        ("purge", "2026-05-02", None, None, None, None, None, "sandbox"),
    ]


def test_of_what_polls_say_each_file_is_listed_as_it_was_known(lake: Lake) -> None:
    target = history.history_file(lake, "processed.plays", "date=2026-05-01")
    history.write_rows(lake, target, "plays", pl.DataFrame({"number": [1]}))
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    os.utime(target, (yesterday.timestamp(),) * 2)
    history.write_rows(lake, target, "plays", pl.DataFrame({"number": [2]}))
    for words, number in (((), 2), (("--as-of", str(yesterday.date())), 1)):
        [_, line] = files("processed.plays", *words).stdout.splitlines()
        rows = pl.read_parquet(line.partition("\t")[0], hive_partitioning=False)
        assert rows["number"].to_list() == [number]


def test_what_makes_pseudonyms_is_not_listed(lake: Lake) -> None:
    history.secret(lake)
    assert files("raw.streaming_history").stdout.splitlines() == ["file\twritten_at"]


def test_an_unknown_table_and_a_wrong_day_are_said(lake: Lake) -> None:
    assert "has no table star.nothing. It has: star.fact" in files("star.nothing").stderr
    assert files(TABLE, "--as-of", "yesterday").exit_code == 2
    assert files(TABLE, "--as-of", "2026-05-01", "--changes").exit_code == 2
