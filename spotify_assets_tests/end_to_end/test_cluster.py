"""Several machines collect together, and one is killed while it asks: another goes on by itself."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.sandbox.catalog import generate
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.end_to_end.conftest import environment, spotify_assets
from spotify_assets_tests.warehouse.databases.postgresql.server import Server

pytest.importorskip("moto", reason="pip install 'spotify-assets[s3-tests]'")
from benchmarks import cluster, s3

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def luck() -> random.Random:
    return random.Random(7)  # noqa: S311 - no secret is made of it


@pytest.fixture
def bucket() -> Iterator[str]:
    with s3.bucket_of_moto() as url:
        yield url


def test_another_machine_goes_on_with_what_a_killed_one_leaves(
    postgresql: Server, bucket: str, tmp_path: Path
) -> None:
    music = generate(seed=1, tracks=5_000)
    soaked = cluster.soak(music, tmp_path, bucket, postgresql, luck())
    assert soaked.holds, soaked


def test_who_only_collects_makes_no_warehouse_and_who_publishes_finds_all(
    sandbox_url: str, tmp_path: Path
) -> None:
    own = {"SPOTIFY_SANDBOX_URL": sandbox_url, "SPOTIFY_PUBLISH_AFTER_COLLECTING": "no"}
    words = ("collect", "-g", "rock", "-d", str(TODAY))
    for _ in range(2):
        done = spotify_assets(*words, data_dir=tmp_path, **own)
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "spotify.duckdb").exists()
    done = spotify_assets("publish", data_dir=tmp_path, **own)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(tmp_path / "spotify.duckdb", read_only=True) as warehouse:
        assert warehouse.sql("FROM star.fact_track_daily").fetchall()


def test_where_collecting_does_not_publish_a_schedule_does(tmp_path: Path) -> None:
    looked = (
        "from spotify_assets.definitions import defs; held = defs().get_repository_def(); "
        "print([s.name for s in held.schedule_defs if s.job_name == 'publication']); "
        "print(sorted(n.name for n in held.get_job('catalog').graph.node_defs))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", looked],
        env=environment(tmp_path, SPOTIFY_PUBLISH_AFTER_COLLECTING="no"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    schedules, steps = done.stdout.splitlines()
    assert schedules == "['regular_publication']"
    assert steps == "['facts', 'process', 'rank', 'raw__catalog']"


def test_a_run_of_celery_whose_worker_was_killed_goes_on_at_another(
    postgresql: Server, bucket: str, tmp_path: Path
) -> None:
    pytest.importorskip("dagster_celery", reason="pip install 'spotify-assets[cluster-tests]'")
    music, genres = generate(seed=1, tracks=5_000), cluster.GENRES
    soaked = cluster.soak_celery(music, tmp_path, bucket, postgresql, luck(), genres=genres)
    assert (soaked.complete, soaked.published, soaked.repeated) == (3, 3, 0), soaked
    assert soaked.most_in_window <= cluster.LIMIT
