"""Several machines collect together, and one is killed while it asks: another goes on by itself."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotify_assets.sandbox.catalog import generate
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


def test_a_run_of_celery_whose_worker_was_killed_goes_on_at_another(
    postgresql: Server, bucket: str, tmp_path: Path
) -> None:
    pytest.importorskip("dagster_celery", reason="pip install 'spotify-assets[cluster-tests]'")
    music, genres = generate(seed=1, tracks=5_000), cluster.GENRES
    soaked = cluster.soak_celery(music, tmp_path, bucket, postgresql, luck(), genres=genres)
    assert (soaked.complete, soaked.published, soaked.repeated) == (3, 3, 0), soaked
    assert soaked.most_in_window <= cluster.LIMIT
