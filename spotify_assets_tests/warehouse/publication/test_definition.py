"""Whether a file is still of the contracts and queries of the code is the same in every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.warehouse.conftest import MONDAY, write_genre_day

PUBLISH = """
import sys
from pathlib import Path
from spotify_assets.defs.publication import queries
from spotify_assets.lake import Lake
from spotify_assets.warehouse.publication.publish import publish
publish(Lake(Path(sys.argv[1])), Path(sys.argv[2]), queries())
"""


def publish_in_a_process(lake: Lake, database: Path, hash_seed: int) -> None:
    subprocess.run(
        [sys.executable, "-c", PUBLISH, str(lake.root), str(database)],
        env={
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            # It compiles the queries itself.
            "XDG_CACHE_HOME": str(lake.root.with_name(f"cache-{hash_seed}")),
        },
        check=True,
    )


@pytest.mark.end_to_end
def test_another_process_takes_the_file_as_it_is(lake: Lake, database: Path) -> None:
    write_genre_day(lake, GenreDay("rock", MONDAY), ["one", "two"])
    publish(lake, database, queries())
    before = database.stat().st_mtime_ns
    publish_in_a_process(lake, database, hash_seed=1)
    assert database.stat().st_mtime_ns == before
