"""``backfill``: days again from what raw holds, and what becomes of those that it does not."""

import datetime as dt
import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import partitions
from spotify_assets_tests.conftest import TODAY, Run
from spotify_assets_tests.end_to_end.conftest import spotify_assets

pytestmark = pytest.mark.end_to_end
DAYS = [TODAY - dt.timedelta(days=back) for back in (3, 2, 1, 0)]


def lake_of(data_dir: Path) -> dict[str, str]:
    return {
        path.relative_to(data_dir).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((data_dir / "lake").rglob("*"))
        if path.is_file()
    }


def forget_tables(data_dir: Path) -> None:
    for layer in ("processed", "quarantine", "rankings", "star"):
        shutil.rmtree(data_dir / "lake" / layer)


@pytest.mark.slow
def test_a_range_is_made_again_to_the_byte_and_what_cannot_be_is_named_and_stops_no_other(
    data_dir: Path, run: Run
) -> None:
    assert run("rock", DAYS[0], DAYS[-1], artists=2, tracks=5).failure is None
    words = ("backfill", "--genre", "Rock", "--date", f"{DAYS[0]}..{DAYS[-1]}")
    before = lake_of(data_dir)

    forget_tables(data_dir)
    done = spotify_assets(*words, data_dir=data_dir)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["genre-days\tmade\tfailed", "4\t4\t0"]
    assert lake_of(data_dir) == before

    forget_tables(data_dir)
    lake = Lake(data_dir / "lake")
    shutil.rmtree(RawPartition(lake, GenreDay("rock", DAYS[1])).folder)
    sealed = RawPartition(lake, GenreDay("rock", DAYS[2])).latest()
    assert sealed is not None
    sealed.path.write_bytes(sealed.path.read_bytes()[:-1])

    done = spotify_assets(*words, data_dir=data_dir)

    assert done.returncode == 1, done.stderr
    *table, missing, damaged = done.stdout.splitlines()
    assert table == ["genre-days\tmade\tfailed", "4\t2\t2", "Not made", "genre\tdate\twhy"]
    assert missing == f"rock\t{DAYS[1]}\tnot held by raw"
    assert damaged.startswith(f"rock\t{DAYS[2]}\t{sealed.path} is not the file that was sealed")
    assert "answers for now only" in done.stderr
    made = [day.date for day, _ in partitions(lake, "star.fact_track_daily")]
    assert made == [DAYS[0], DAYS[3]]
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        runs = connection.execute(
            "SELECT status, first_date, last_date, requests FROM monitoring.runs "
            "WHERE job = 'reprocess' ORDER BY run_number"
        ).fetchall()
    # All together; then, in two runs, the newest first.
    assert runs == [
        ("success", DAYS[0], DAYS[3], 0),
        ("success", DAYS[3], DAYS[3], 0),
        ("success", DAYS[0], DAYS[0], 0),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-d", str(TODAY)], "--genre rock, or --all"),
        (["-d", str(TODAY), "-g", "rock", "--all"], "--genre rock, or --all"),
        (["-d", "soon", "-g", "rock"], "is no day"),
        (["-d", str(TODAY), "-g", "a|b"], "partition key cannot"),
    ],
)
def test_bad_words_end_with_2_and_what_to_do(tmp_path: Path, words: list[str], said: str) -> None:
    done = spotify_assets("backfill", *words, data_dir=tmp_path)
    assert (done.returncode, said in done.stderr.replace("\n", " ")) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
