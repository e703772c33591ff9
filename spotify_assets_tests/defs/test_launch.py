"""What must be there before Dagster starts."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spotify_assets.defs.launch import prepare_home


def test_two_that_begin_together_both_find_a_whole_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a web server and a daemon do: in containers, both are process 1."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        for number in range(20):
            home = tmp_path / str(number)
            list(pool.map(prepare_home, [home, home]))
            assert (home / "dagster.yaml").stat().st_size
            assert not list(home.glob("dagster.*-*"))
