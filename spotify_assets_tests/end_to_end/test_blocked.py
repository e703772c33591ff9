"""A quota that is spent, from the command line and in Dagster."""

import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests

from spotify_assets.sandbox import api, catalog, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets_tests.conftest import TODAY, Run
from spotify_assets_tests.end_to_end.conftest import spotify_assets

pytestmark = pytest.mark.end_to_end
SPENT = Behaviour(mode="development", quotas={"search": 7}, quota_retry_after_s=85_771)


def searches(url: str) -> int:
    log = requests.get(f"{url}/sandbox/log", timeout=10).text.splitlines()
    return sum('"family":"search"' in line.replace(" ", "") for line in log)


def test_a_spent_quota_ends_the_command_and_keeps_every_later_one_from_asking(
    tmp_path: Path,
) -> None:
    (tmp_path / "genres.txt").write_text("rock\nsamba\n")
    application = api.create_app(catalog.generate(seed=1, tracks=2000), behaviour=SPENT)
    with server.running(application) as sandbox:
        words: Any = {
            "data_dir": tmp_path / "data",
            "SPOTIFY_SANDBOX_URL": sandbox.url,
            "SPOTIFY_GENRES_FILE": str(tmp_path / "genres.txt"),
        }
        begun = time.monotonic()
        done = spotify_assets("collect", "--all", "-t", "100", "-n", "10", **words)
        assert done.returncode == 75, done.stderr
        # Not a limit of speed: a sleep through the day would never get here.
        assert time.monotonic() - begun < 60
        assert "rock: The API is not to be asked for search before" in done.stderr
        assert [line.split("\t")[-1] for line in done.stdout.splitlines()[1:]] == ["waits", "waits"]
        asked = searches(sandbox.url)
        # Seven answers, of which the first taught the page size, and the one that said no.
        assert asked == 8

        again = spotify_assets("collect", "-g", "samba", **words)
        told = spotify_assets("status", **words)

        assert again.returncode == 75
        assert searches(sandbox.url) == asked
    assert "development, since" in told.stdout
    assert "QUOTA_EXCEEDED" in told.stdout


def test_a_blocked_run_fails_in_dagster_with_the_time(
    instance: dg.DagsterInstance, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = api.create_app(
        catalog.generate(seed=1, tracks=2000), behaviour=SPENT, today=TODAY
    )
    with server.running(application) as sandbox:
        monkeypatch.setenv("SPOTIFY_SANDBOX_URL", sandbox.url)
        outcome = run("rock", tracks=200)
        assert outcome.blocked is not None
        assert outcome.blocked[0] == "search"

        # The block outlives the run, and the quota: nothing is sent before its time.
        requests.patch(f"{sandbox.url}/sandbox/state", json={"quotas": {}}, timeout=10)
        asked = searches(sandbox.url)
        assert run("rock", tracks=200).blocked is not None
        assert searches(sandbox.url) == asked
    record = instance.get_run_records()[0]
    assert record.dagster_run.status == dg.DagsterRunStatus.FAILURE
