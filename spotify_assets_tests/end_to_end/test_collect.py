import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from spotify_assets.sandbox import api, catalog, server
from spotify_assets.settings import Settings
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.end_to_end.conftest import environment, spotify_assets
from spotify_assets_tests.end_to_end.processes import typed

pytestmark = pytest.mark.end_to_end
REAL_TRACKS = Path(__file__).resolve().parents[3] / "shared/data/spotify_songs/spotify_songs.csv.gz"
RECONCILED = """
    SELECT i.genre, i.received - i.duplicate - i.quarantined, i.kept, count(f.track_id)
    FROM processed.reconciliation AS i LEFT JOIN star.fact_track_daily AS f USING (genre, date)
    WHERE i.table_name = 'tracks' GROUP BY ALL ORDER BY ALL"""


def ask(data_dir: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.slow
@pytest.mark.skipif(not REAL_TRACKS.exists(), reason=f"{REAL_TRACKS} is not there")
def test_the_real_tracks_reconcile_from_responses_to_facts(tmp_path: Path) -> None:
    genres = tmp_path / "genres.txt"
    genres.write_text("pop\nrap\nrock\nlatin\nr&b\nedm\n")
    application = api.create_app(catalog.read(REAL_TRACKS))
    with server.running(application) as sandbox:
        done = spotify_assets(
            "collect",
            "--all",
            "--tracks=200",
            data_dir=tmp_path / "data",
            SPOTIFY_SANDBOX_URL=sandbox.url,
            SPOTIFY_GENRES_FILE=str(genres),
        )
    assert done.returncode == 0, done.stderr
    rows = ask(tmp_path / "data", RECONCILED)
    assert [row[0] for row in rows] == ["edm", "latin", "pop", "r&b", "rap", "rock"]
    assert all(received == kept == facts for _, received, kept, facts in rows)
    assert all(int(str(kept)) >= 200 for _, _, kept, _ in rows)


# Readers beside publications in one process each: `publication/test_replacing`.
@pytest.mark.slow
def test_a_reader_is_answered_while_runs_write(data_dir: Path, sandbox_url: str) -> None:
    first = spotify_assets(
        "collect",
        "-g",
        "rock",
        "-d",
        str(TODAY),
        data_dir=data_dir,
        SPOTIFY_SANDBOX_URL=sandbox_url,
    )
    assert first.returncode == 0, first.stderr
    writer = subprocess.Popen(
        [sys.executable, "-m", "spotify_assets", "collect"]
        + ["-g", "samba", "-g", "pop", "-d", "2026-11-18..2026-11-20"],
        env=environment(data_dir, SPOTIFY_SANDBOX_URL=sandbox_url),
        cwd=data_dir,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    states = set()
    while writer.poll() is None:
        states.add(
            ask(
                data_dir,
                "SELECT (SELECT count(*) FROM processed.tracks), "
                "(SELECT count(*) FROM star.fact_track_daily), "
                "(SELECT count(*) FROM processed.extracts)",
            )[0]
        )
        time.sleep(0.01)
    assert writer.returncode == 0
    assert len(states) > 1
    assert all(tracks == facts for tracks, facts, _ in states)
    assert {days for _, _, days in states} <= {1, 4, 7}


@pytest.mark.slow
def test_development_mode_ranks_by_search_position(tmp_path: Path) -> None:
    application = api.create_app(catalog.generate(tracks=2_000), mode="development", today=TODAY)
    with server.running(application) as sandbox:
        done = spotify_assets(
            *("collect", "--genero", "samba", "--qtd", "15", "-t", "25", "-d", str(TODAY)),
            data_dir=tmp_path,
            SPOTIFY_SANDBOX_URL=sandbox.url,
        )
    assert done.returncode == 0, done.stderr
    rows = ask(tmp_path, "SELECT DISTINCT basis, score = search_position FROM rankings.top_tracks")
    assert rows == [("search_position", True)]
    assert ask(tmp_path, "SELECT count(*), count(popularity) FROM star.fact_track_daily")[0][1] == 0


def test_the_names_of_the_older_tools_still_work(tmp_path: Path, sandbox_url: str) -> None:
    done = spotify_assets(
        *("collect", "--date", str(TODAY), "--no-interactive"),
        data_dir=tmp_path,
        SPOTIFY_SANDBOX_URL=sandbox_url,
        SPOTIFY_GENERO="Forró",
        SPOTIFY_QTD_ARTISTAS="3",
        SPOTIFY_MARKET="PT",
    )
    assert done.returncode == 0, done.stderr
    asked = ask(tmp_path, "SELECT genre, artists_wanted, market FROM processed.extracts")
    assert asked == [("forró", 3, "PT")]


@pytest.mark.slow
def test_a_batch_takes_the_stalest_genres_first(tmp_path: Path, sandbox_url: str) -> None:
    genres = tmp_path / "genres.txt"
    genres.write_text("# ours\nrock\npop\n\nsamba\n")
    settings = {"SPOTIFY_SANDBOX_URL": sandbox_url, "SPOTIFY_GENRES_FILE": str(genres)}
    small = ("-n", "2", "-t", "2", "-d", str(TODAY))
    spotify_assets("collect", "-g", "rock", *small, data_dir=tmp_path, **settings)
    done = spotify_assets("collect", "--batch-genres", "2", *small, data_dir=tmp_path, **settings)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()[1:]] == ["pop", "samba"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["collect", "-g", "rock"], 1, "SPOTIFY_SANDBOX_URL"),
        (["collect", "--no-interactive"], 2, "--genre rock"),
        (["collect"], 2, "--genre rock"),
        (["collect", "-g", "a|b"], 2, "partition key cannot"),
        (["collect", "-g", "rock", "-d", "yesterday"], 2, "is no day"),
        (["collect", "-g", "rock", "-d", "2026-11-20..2026-11-19"], 2, "ends before it begins"),
        (["collect", "-g", "rock", "-d", "1999-01-01"], 2, "SPOTIFY_ASSETS_START_DATE"),
        (["collect", "-g", "rock", "-d", "2999-01-01"], 2, "has not begun"),
        (["collect", "-g", "rock", "-m", "Brazil"], 2, "two letters"),
        (["sandbox", "--catalog", "none.csv"], 2, "none.csv"),
        (["sandbox", "--today", "soon"], 2, "soon"),
        (["query", "SELECT 1"], 1, "There is no warehouse"),
    ],
)
def test_bad_words_end_with_a_code_and_what_to_do(
    tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = spotify_assets(*words, data_dir=tmp_path)
    assert (done.returncode, said in done.stderr.replace("\n", " ")) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_an_api_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = spotify_assets(
        *("collect", "-g", "rock", "--sandbox", "http://127.0.0.1:9"), data_dir=tmp_path
    )
    assert done.returncode == 1
    assert "http://127.0.0.1:9/" in done.stderr
    assert "rock" in done.stdout


def test_a_damaged_ledger_is_named(data_dir: Path, sandbox_url: str) -> None:
    ledger = Path(str(Settings().ledger))
    ledger.parent.mkdir()
    ledger.write_bytes(b"no database" * 100)

    done = spotify_assets(
        *("collect", "-g", "rock"), data_dir=data_dir, SPOTIFY_SANDBOX_URL=sandbox_url
    )

    assert done.returncode == 1
    assert f"The request ledger {ledger} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = spotify_assets("collect", data_dir=tmp_path, SPOTIFY_QTD_ARTISTAS="many")
    assert done.returncode == 2
    assert "SPOTIFY_ARTISTS='many'" in done.stderr


@pytest.mark.slow
def test_on_a_terminal_it_asks_for_the_genre(data_dir: Path, sandbox_url: str) -> None:
    shown = typed(
        *(b"samba\n", "collect", "-n", "2", "-t", "2"),
        data_dir=data_dir,
        SPOTIFY_SANDBOX_URL=sandbox_url,
    )
    assert "Which genre" in shown
    assert ask(data_dir, "SELECT genre FROM star.dim_genre") == [("samba",)]
