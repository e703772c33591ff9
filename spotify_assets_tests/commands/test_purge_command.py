"""``spotify-assets purge``: what it deletes is gone from the lake and from the DuckDB file."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import GenreDay, Lake, retention
from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.lake.history import history_file, write_rows
from spotify_assets.lake.polls import PolledDay, polled_days
from spotify_assets.lake.raw import RawPartition
from spotify_assets.schemas import TABLES, WAREHOUSE
from spotify_assets.settings import Settings
from spotify_assets.transforms.listening import plays
from spotify_assets.warehouse.reading import read_only
from spotify_assets_tests.end_to_end.conftest import environment, spotify_assets
from spotify_assets_tests.end_to_end.processes import typed
from spotify_assets_tests.lake.partition_files import prepare
from spotify_assets_tests.lake.processes import REPOSITORY
from spotify_assets_tests.lake.samples import TERMS
from spotify_assets_tests.lake.test_retention import (
    add_genre_day,
    collected,
    processed,
    publish_lake,
    published_names,
    tree,
)
from spotify_assets_tests.sources.account_export.samples import imported
from spotify_assets_tests.sources.account_export.samples import play as export_play
from spotify_assets_tests.transforms.music import track

TODAY = dt.datetime.now(dt.UTC).date()


def day(days_ago: int, genre: str = "rock") -> GenreDay:
    return GenreDay(genre, TODAY - dt.timedelta(days=days_ago))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three genre-days, published."""
    lake = Lake(tmp_path_factory.mktemp("made") / "data" / "lake")
    add_genre_day(lake, day(40), ["oldrock", "inboth"])
    add_genre_day(lake, day(1), ["newrock", "inboth"])
    add_genre_day(lake, day(40, "forró"), ["oldforro"])
    publish_lake(lake)
    return lake.root.parent


@pytest.fixture
def lake(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A copy of it, where the command finds it by its settings."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    shutil.copytree(made, tmp_path / "data")
    return Lake(tmp_path / "data" / "lake")


def database(lake: Lake) -> Path:
    return lake.root.parent / "spotify.duckdb"


def purge(*words: str) -> Result:
    """The command in this process, where nobody can be asked."""
    return CliRunner().invoke(app, ["purge", *words])


WRITTEN_AT = ("monitoring.partitions", "monitoring.lake_commits")
"""Tables that say when files were written."""


def contents(lake: Lake) -> dict[str, str]:
    """The rows of each table, and all comments."""
    with duckdb.connect(database(lake), read_only=True) as connection:
        asked = {table: f"FROM {table} ORDER BY ALL" for table in WAREHOUSE}
        asked["comments"] = (
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY ALL"
        )
        return {name: repr(connection.execute(sql).fetchall()) for name, sql in asked.items()}


def is_written_down(lake: Lake, name: str) -> bool:
    """Whether the bytes of a name are anywhere in the published file."""
    return name.encode() in database(lake).read_bytes()


# --- What is due ----------------------------------------------------------------------------------


def test_without_a_rule_it_explains_and_deletes_nothing(lake: Lake) -> None:
    before = tree(lake.root.parent)
    done = purge("--yes")
    assert done.exit_code == 2
    for rule in ("--older-than 90", "--genre", "--superseded", "--all", "SPOTIFY_RETENTION_DAYS"):
        assert rule in done.stderr.replace("\n", " ")
    assert tree(lake.root.parent) == before


def test_without_a_rule_it_takes_what_is_older_than_the_retention(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTIFY_RETENTION_DAYS", "30")
    assert purge("--yes").exit_code == 0
    assert published_names(lake) == {"newrock", "inboth"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all", "--genre", "rock"], "--all means everything"),
        (["--all", "--older-than", "3"], "--all means everything"),
        (["--all", "--superseded"], "--all means everything"),
        (["--genre", "a|b"], "partition key cannot"),
        (["--older-than", "-1"], "--older-than"),
    ],
)
def test_words_that_make_no_rule_are_refused(lake: Lake, words: list[str], said: str) -> None:
    before = tree(lake.root.parent)
    done = purge("--yes", *words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert tree(lake.root.parent) == before


@pytest.mark.parametrize("days", ["0", "soon"])
def test_a_retention_that_is_no_number_of_days_is_refused(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    monkeypatch.setenv("SPOTIFY_RETENTION_DAYS", days)
    done = purge("--yes")
    assert (done.exit_code, "SPOTIFY_RETENTION_DAYS" in done.stderr) == (2, True)


def test_rules_narrow_each_other(lake: Lake) -> None:
    assert purge("--yes", "-g", "Rock", "--older-than", "30").exit_code == 0
    assert published_names(lake) == {"newrock", "inboth", "oldforro"}


# --- Asking ---------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_go_and_changes_nothing(lake: Lake) -> None:
    before = tree(lake.root.parent)
    done = purge("--older-than", "30", "--dry-run")
    assert done.exit_code == 0
    shown = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[:5] for row in shown if row[0] in ("rock", "forró")] == [
        [genre, str(day(40).date), str(day(40).date), "1", "14"] for genre in ("forró", "rock")
    ]
    assert "raw" in {row[0] for row in shown}
    assert "Nothing was deleted." in done.stdout
    assert tree(lake.root.parent) == before


def test_where_nobody_can_be_asked_it_needs_yes(lake: Lake) -> None:
    before = tree(lake.root.parent)
    done = purge("--all")
    assert (done.exit_code, "say --yes" in done.stderr) == (2, True)
    assert tree(lake.root.parent) == before


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("keys", "left"),
    [(b"n\n", {"newrock", "inboth"}), pytest.param(b"y\n", set(), marks=pytest.mark.slow)],
)
def test_on_a_terminal_it_asks(lake: Lake, keys: bytes, left: set[str]) -> None:
    purge("--older-than", "30", "--yes")
    shown = typed(keys, "purge", "--all", data_dir=lake.root.parent)
    assert "Delete this for good?" in shown
    assert published_names(lake) == left


# --- What is gone ---------------------------------------------------------------------------------


def test_what_was_purged_is_in_no_file_any_more(lake: Lake) -> None:
    assert is_written_down(lake, "oldforro")
    done = purge("--genre", "forró", "--yes")
    assert done.exit_code == 0, done.stderr
    assert published_names(lake) == {"oldrock", "newrock", "inboth"}
    # The log keeps that the genre was there.
    assert [path.parent.name for path in lake.root.parent.rglob("*forr*")] == ["commits"]
    assert not is_written_down(lake, "oldforro")
    assert is_written_down(lake, "oldrock")


def test_a_publication_alone_leaves_the_bytes_of_deleted_rows(lake: Lake) -> None:
    """Why a purge has the file compacted; if this fails, DuckDB wipes and that can go."""
    (part,) = retention.due(lake, retention.Rule(genres=frozenset({"forró"})), TODAY)
    retention.delete(lake, part)
    publish_lake(lake)
    assert "oldforro" not in published_names(lake)
    assert is_written_down(lake, "oldforro")


def test_it_says_how_much_went(lake: Lake) -> None:
    (part,) = retention.due(lake, retention.Rule(genres=frozenset({"forró"})), TODAY)
    size = retention.listing(lake, [part])["bytes"].sum()
    said = " ".join(purge("--genre", "forró", "--yes").stdout.split())
    # A track, its artist, album, credit, two hits, two ranks, two facts; the accounts of five
    # tables, and the collection.
    assert (
        f"Deleted 14 files of 1 genre-day(s) and 0 day(s) of polls, {size} bytes: 2 responses, "
        "16 rows."
    ) in said


def test_what_is_left_is_as_if_the_rest_had_never_been_collected(
    lake: Lake, tmp_path: Path
) -> None:
    assert purge("--older-than", "30", "--yes").exit_code == 0
    elsewhere = Lake(tmp_path / "elsewhere" / "lake")
    add_genre_day(elsewhere, day(1), ["newrock", "inboth"])
    publish_lake(elsewhere)
    # They hold when each file was written.
    own = dict.fromkeys((*WRITTEN_AT, "monitoring.revisions"), "")
    left, other = contents(lake), contents(elsewhere)
    assert {**left, **own} == {**other, **own}


def test_all_leaves_a_warehouse_that_is_empty_and_valid(lake: Lake) -> None:
    assert purge("--all", "--yes").exit_code == 0
    with read_only(database(lake)) as connection:
        counts = {table: connection.table(table).count("*").fetchall()[0][0] for table in TABLES}
    assert set(counts.values()) == {0}
    # That a genre was rewritten once stays known.
    for name in ("oldrock", "newrock", "inboth", "oldforro"):
        assert not is_written_down(lake, name)
    assert CliRunner().invoke(app, ["query", "FROM star.dim_track"]).exit_code == 0


def test_superseded_responses_go_and_the_rows_stay(lake: Lake) -> None:
    before = contents(lake)
    second = collected(lake, day(1))
    processed(lake, day(1), ["newrock", "inboth"], second)
    assert purge("--superseded", "--yes").exit_code == 0
    assert sorted(file.name for file in second.path.parent.iterdir()) == [
        *("0002.json", "0002.jsonl.zst")
    ]
    # That it was rewritten stays known.
    own = (*WRITTEN_AT, "monitoring.revisions", "processed.extracts")
    after = contents(lake)
    assert {name: rows for name, rows in after.items() if name not in own} == {
        name: rows for name, rows in before.items() if name not in own
    }


@pytest.mark.parametrize("rule", [["--genre", "polka"], ["--older-than", "99"], ["--superseded"]])
def test_where_nothing_is_due_it_says_so_and_touches_nothing(lake: Lake, rule: list[str]) -> None:
    before = tree(lake.root.parent)
    done = purge(*rule)
    assert (done.exit_code, "nothing to delete" in done.stdout) == (0, True)
    assert tree(lake.root.parent) == before


def test_a_purge_can_be_the_first_thing_ever_done(lake: Lake, tmp_path: Path) -> None:
    done = CliRunner(env={"SPOTIFY_ASSETS_DATA_DIR": str(tmp_path / "none")}).invoke(
        app, ["purge", "--all"]
    )
    assert (done.exit_code, "nothing to delete" in done.stdout) == (0, True)
    assert not (tmp_path / "none").exists()


# --- What was played ------------------------------------------------------------------------------


def poll(lake: Lake, days_ago: int, name: str) -> None:
    """A day with a poll that showed one play, and its tables."""
    polls = PolledDay(lake, day(days_ago).date)
    played_at = f"{polls.date}T10:00:00.000Z"
    shown = {"track": {**track(days_ago), "name": name}, "played_at": played_at, "context": None}
    body = json.dumps({"items": [shown], "next": None}).encode()
    asked_at = dt.datetime.combine(polls.date, dt.time(12), dt.UTC)
    request = Request("me", "me/player/recently-played", {"limit": 50})
    polls.append(request, Response(200, {}, body, asked_at, elapsed_ms=1))
    polls.seal()
    for table, frame in plays.process(polls.date, polls.source_file, polls.read()).items():
        write_rows(lake, history_file(lake, table, f"date={polls.date}"), table, frame)


def played(lake: Lake) -> list[tuple[str, str]]:
    """Name and source of all plays that are published."""
    with duckdb.connect(database(lake), read_only=True) as connection:
        return connection.execute(
            "SELECT name, source FROM star.fact_play JOIN star.dim_item USING (item_key) "
            "ORDER BY name"
        ).fetchall()


@pytest.fixture
def listened(lake: Lake) -> Lake:
    """Two days of polls and an export besides, published."""
    poll(lake, 40, "oldplay")
    poll(lake, 1, "newplay")
    imported(lake, [export_play(master_metadata_track_name="ownplay")])
    publish_now(Settings())
    return lake


def test_what_was_played_is_purged_by_the_day_of_the_poll(listened: Lake) -> None:
    assert is_written_down(listened, "oldplay")

    done = purge("--older-than", "30", "--yes")

    assert done.exit_code == 0, done.stderr
    assert played(listened) == [("newplay", "api"), ("ownplay", "extended")]
    assert not is_written_down(listened, "oldplay")
    # The sealed responses, their sidecar, and three tables.
    assert ["(plays)", str(day(40).date), str(day(40).date), "1", "5"] in [
        line.split("\t")[:5] for line in done.stdout.splitlines()
    ]
    assert "and 1 day(s) of polls" in done.stdout
    assert polled_days(listened) == [day(1).date]


def test_all_leaves_the_exports(listened: Lake) -> None:
    assert purge("--all", "--yes").exit_code == 0

    assert played(listened) == [("ownplay", "extended")]
    assert not is_written_down(listened, "newplay")
    assert "nothing to delete" in purge("--all").stdout


def test_a_genre_says_nothing_of_what_was_played(listened: Lake) -> None:
    assert purge("--genre", "rock", "--yes").exit_code == 0
    assert [name for name, _ in played(listened)] == ["newplay", "oldplay", "ownplay"]


# --- Others at work -------------------------------------------------------------------------------


def test_a_genre_day_that_a_run_has_is_named_and_the_others_go(lake: Lake) -> None:
    with RawPartition(lake, day(40)).journal(TERMS, force=True):
        done = purge("--all", "--yes")
    assert done.exit_code == 1
    assert f"rock on {day(40).date} is being collected" in done.stderr
    assert published_names(lake) == {"oldrock", "inboth"}


def test_rows_of_a_genre_day_that_is_being_rewritten_stay_published(lake: Lake) -> None:
    prepare(lake, day(1))
    assert purge("--older-than", "30", "--yes").exit_code == 0
    assert published_names(lake) == {"newrock", "inboth"}


@pytest.mark.end_to_end
def test_a_reader_keeps_the_state_that_it_opened(lake: Lake) -> None:
    query = "SELECT count(*) FROM processed.tracks"
    with read_only(database(lake)) as reader:
        assert reader.sql(query).fetchall() == [(5,)]
        done = spotify_assets("purge", "-g", "rock", "--yes", data_dir=lake.root.parent)
        assert done.returncode == 0, done.stderr
        assert reader.sql(query).fetchall() == [(5,)]
    with read_only(database(lake)) as reader:
        assert reader.sql(query).fetchall() == [(1,)]


# Compacts where no file may grow past so many bytes: the disk fills up only then.
FILLING_DISK = """
import signal, sys
from spotify_assets import cli
from spotify_assets.warehouse.publication import replacing
from spotify_assets_tests.lake.processes import limit_files_to

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
compact = replacing._compact

def filling(copy):
    limit_files_to(int(sys.argv[1]))
    compact(copy)

replacing._compact = filling
cli.app(sys.argv[2:])
"""


@pytest.mark.end_to_end
@pytest.mark.parametrize("room", [pytest.param(4096, marks=pytest.mark.slow), 500_000])
def test_a_disk_that_fills_up_leaves_the_old_file_and_a_purge_to_end(lake: Lake, room: int) -> None:
    before = database(lake).read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FILLING_DISK, str(room), "purge", "-g", "forró", "--yes"],
        env={**environment(lake.root.parent), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Cannot write the warehouse" in done.stderr) == (1, True), done.stderr
    assert database(lake).read_bytes() == before
    assert [file.name for file in lake.root.parent.glob(".*.next*")] == []
    assert purge("--genre", "forró").exit_code == 0
    assert not is_written_down(lake, "oldforro")


# Runs the command, and kills its own process just before it renames its n-th file into place: the
# first is the compacted copy, the second the published file.
KILLED_COMMAND = """
import os, pathlib, signal, sys
from spotify_assets import cli

original, seen = pathlib.Path.replace, 0

def dying(self, target):
    global seen
    seen += 1
    if seen == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, target)

pathlib.Path.replace = dying
cli.app(sys.argv[2:])
"""


@pytest.mark.end_to_end
@pytest.mark.parametrize("rename", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_before_it_has_published_the_next_purge_does(lake: Lake, rename: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_COMMAND, str(rename), "purge", "-g", "forró", "--yes"],
        env=environment(lake.root.parent),
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert "oldforro" in published_names(lake)

    done = purge("--genre", "forró")

    assert (done.exit_code, "A purge was stopped before" in done.stdout) == (0, True)
    assert "oldforro" not in published_names(lake)
    assert not [
        file
        for file in lake.root.parent.rglob("*")
        if file.is_file() and b"oldforro" in file.read_bytes()
    ]
    assert "nothing to delete" in purge("--genre", "forró").stdout
