"""``spotify-assets tables`` and ``describe``: the DuckDB file tells what can be asked of it."""

import datetime as dt
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.macros import macros
from spotify_assets_tests.lake.test_retention import publish_lake
from spotify_assets_tests.warehouse.conftest import MONDAY, spotify_id, write_genre_day


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DuckDB file of a lake with two genre-days."""
    lake = Lake(tmp_path_factory.mktemp("made") / "data" / "lake")
    write_genre_day(lake, GenreDay("rock", MONDAY), ["a", "b"])
    write_genre_day(lake, GenreDay("rock", MONDAY + dt.timedelta(days=1)), ["b", "a"])
    return publish_lake(lake).path


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command looks for the DuckDB file; there is none."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "spotify.duckdb"


@pytest.fixture
def published(made: Path, database: Path) -> Path:
    """A copy of the DuckDB file, where the command finds it."""
    return Path(shutil.copy(made, database))


def command(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def lines(done: Result) -> list[list[str]]:
    """The cells of what was shown."""
    assert done.exit_code == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def facts(done: Result) -> dict[str, str]:
    """What stands at the head of a description."""
    told = [line for (line, *more) in lines(done) if line.startswith("  ") and not more]
    return {line[2:].split("  ")[0]: line[2:].split("  ", 1)[1].strip() for line in told}


@pytest.mark.usefixtures("published")
def test_every_table_view_and_macro_is_listed() -> None:
    listed = {name: kind for name, kind, *_ in lines(command("tables"))[1:]}
    tables = {name for name, kind in listed.items() if kind == "table"}
    assert tables == set(WAREHOUSE)
    assert set(listed) - tables == set(macros())
    assert listed["star.plays"] == "view"
    assert listed["listening.top_tracks"] == "table macro"
    assert listed["listening.is_skip"] == "macro"


@pytest.mark.usefixtures("published")
def test_tables_are_listed_with_their_rows_and_their_grain() -> None:
    listed = {name: [rows, what] for name, _, rows, what in lines(command("tables"))[1:]}
    assert listed["rankings.top_tracks"] == ["4", "one rank of a genre-day"]
    assert listed["star.plays"] == ["", "one play"]
    assert listed["listening.local_time"][1] == "What the listener's clock shows at a moment in UTC"


@pytest.mark.usefixtures("published")
def test_a_table_is_described_by_its_key_its_references_and_its_columns() -> None:
    done = command("describe", "star.bridge_track_artist")
    contract = WAREHOUSE["star.bridge_track_artist"]
    told = facts(done)
    assert told["what it is"] == contract.description()
    assert told["grain"] == contract.grain()
    assert told["key"] == ", ".join(contract.key())
    for names, target in contract.references().items():
        assert ", ".join(names) in told[f"found in {target}"].split("; ")
    described = [row for row in lines(done) if len(row) == 5][1:]
    assert [(name, rule, what) for name, _, _, rule, what in described] == [
        (column.name, column.rule, column.description) for column in contract.columns()
    ]


@pytest.mark.usefixtures("published")
def test_a_table_is_shown_by_its_first_three_rows() -> None:
    shown = lines(command("describe", "rankings.top_tracks"))
    assert ["column", "row 1", "row 2", "row 3"] in shown
    assert ["date", "2026-11-16", "2026-11-16", "2026-11-17"] in shown
    assert ["track_id", *map(spotify_id, ("ta", "tb", "tb"))] in shown


@pytest.mark.usefixtures("published")
def test_columns_of_a_view_have_the_comments_of_the_tables_they_come_from() -> None:
    told = {row[0]: row[-1] for row in lines(command("describe", "star.plays")) if len(row) == 5}
    of_table = {
        column.name: column.description
        for table in ("star.play_coverage", "star.dim_item", "star.fact_play")
        for column in WAREHOUSE[table].columns()
    }
    computed = {"local_at", "local_date", "class"}
    assert {name: what for name, what in told.items() if name not in {*computed, "column"}} == {
        name: of_table[name] for name in told if name not in {*computed, "column"}
    }


def test_a_macro_is_described_by_its_parameters_and_its_sql(published: Path) -> None:
    done = command("describe", "listening.top_artists")
    told = facts(done)
    assert told["grain"] == "one rank"
    assert told["call"] == (
        "FROM listening.top_artists("
        "from_date, to_date, n := 50, classes := ['counted'], ranked_by := 'plays', "
        "min_seconds := 30)"
    )
    sql = done.stdout.splitlines()[-1]
    with duckdb.connect(published) as connection:
        connection.execute("DROP MACRO TABLE listening.top_artists")
        connection.execute(sql)
        connection.execute("FROM listening.top_artists('2026-11-16', '2026-11-17')")


@pytest.mark.usefixtures("published")
def test_a_name_needs_its_schema_only_where_several_have_it() -> None:
    assert facts(command("describe", "dim_track"))["kind"] == "table"
    several = command("describe", "top_tracks")
    assert several.exit_code == 2
    assert "rankings.top_tracks (table), listening.top_tracks (table macro)" in several.stderr


@pytest.mark.parametrize("name", ["rankings.top_track", "dim_trak", "plai"])
@pytest.mark.usefixtures("published")
def test_an_unknown_name_is_answered_with_the_nearest(name: str) -> None:
    done = command("describe", name)
    meant = {"rankings.top_track": "rankings.top_tracks", "dim_trak": "star.dim_track"}
    assert done.exit_code == 2
    assert f"There is no {name}." in done.stderr
    assert meant.get(name, "star.plays") in done.stderr


def test_a_file_that_has_no_contract_is_described_by_its_own_comments(database: Path) -> None:
    with duckdb.connect(database) as connection:
        connection.execute("""CREATE TABLE "my table" ("a b" DECIMAL(4, 2), tags VARCHAR[])""")
        connection.execute("""COMMENT ON TABLE "my table" IS 'What I like. Not more.'""")
        connection.execute("""COMMENT ON COLUMN "my table"."a b" IS 'How much.'""")
        connection.execute("""INSERT INTO "my table" VALUES (1.5, ['x', 'y'])""")
    listed = ["main.my table", "table", "1", "What I like"]
    assert lines(command("tables"))[1:] == [listed]
    shown = lines(command("describe", "my table"))
    assert ["a b", "DECIMAL(4,2)", "", "", "How much."] in shown
    assert ["tags", "x, y"] in shown


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("words", [["tables"], ["describe", "star.plays"]])
def test_without_a_warehouse_it_is_said_how_to_make_one(words: list[str]) -> None:
    done = command(*words)
    assert done.exit_code == 1
    assert "spotify-assets collect" in done.stderr
