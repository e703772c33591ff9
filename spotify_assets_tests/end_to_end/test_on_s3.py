"""One machine fills a bucket, another makes the same warehouse of it; S3 is spoken to by HTTP."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.schemas import WAREHOUSE
from spotify_assets_tests.conftest import TODAY
from spotify_assets_tests.end_to_end.conftest import environment, spotify_assets
from spotify_assets_tests.lake.s3 import S3, running

pytestmark = pytest.mark.end_to_end
OF_THE_MACHINE = {"monitoring.requests", "monitoring.runs", "monitoring.check_results"}
"""What a machine notes of what it does itself."""
MAX_REQUESTS = 20
"""Of a genre-day, from its sealed responses to its tables."""


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with running() as server:
        yield server


def in_cloud(s3: S3, sandbox_url: str, bucket: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
        "AWS_REGION": "eu-central-1",
        "SPOTIFY_LAKE_URL": f"s3://{bucket}/team/lake",
        "SPOTIFY_SANDBOX_URL": sandbox_url,
    }


def tables(data_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return {
            name: connection.sql(f"FROM {name} ORDER BY ALL").fetchall()
            for name in {*WAREHOUSE} - OF_THE_MACHINE
        }


def test_another_machine_makes_the_same_warehouse_of_the_bucket(
    s3: S3, sandbox_url: str, tmp_path: Path
) -> None:
    bucket = s3.bucket()
    cloud = in_cloud(s3, sandbox_url, bucket)
    here, there = tmp_path / "here", tmp_path / "there"
    exports = tmp_path / "exports"
    made = spotify_assets("sample-history", str(exports), "--plays=300", data_dir=here)
    assert made.returncode == 0, made.stderr
    for words in (["collect", "-g", "R&B", "-d", str(TODAY)], ["import", str(exports)]):
        done = spotify_assets(*words, data_dir=here, **cloud)
        assert done.returncode == 0, done.stderr
    assert not (here / "lake").exists()
    asked = of_a_genre_day(s3)
    assert sum(asked.values()) <= MAX_REQUESTS, asked

    # Who only publishes needs no right to write.
    s3.fail = lambda method, _path: None if method in ("GET", "HEAD") else "AccessDenied"
    there.mkdir()
    done_there = subprocess.run(
        [sys.executable, "-m", "spotify_assets", "publish"],
        env=environment(there, **cloud),
        cwd=there,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done_there.returncode == 0, done_there.stderr
    found = tables(there)
    assert found["star.fact_track_daily"]
    assert found["star.fact_play"]
    assert found == tables(here)


def of_a_genre_day(s3: S3) -> Counter[str]:
    """The requests from reading what was sealed to the publication, by what they ask for."""
    asked = [(method, path.partition("/team/lake/")[2]) for method, path in s3.requests]
    asked = asked[: _published(asked)]
    sealed = max(n for n, (_, key) in enumerate(asked) if key.startswith("raw/"))
    return Counter(f"{method} {key.partition('/')[0]}" for method, key in asked[sealed + 1 :])


def _published(asked: list[tuple[str, str]]) -> int:
    # A publication begins with what lies there besides genre-days.
    lists = (n for n, (_, key) in enumerate(asked) if key.endswith("/") and "genre=" not in key)
    return next(n for n in lists if not asked[n][1].startswith(("commits", "checkpoints")))
