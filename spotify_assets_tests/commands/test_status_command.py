"""``spotify-assets status``: what it shows, and what it shows all the same."""

import datetime as dt
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.operations.alerts import Alerts, causes
from spotify_assets.operations.runs import Operations, RunEnded
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api import shared_workers

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Those of a data folder in which a run has failed."""
    settings = Settings()
    run = RunEnded("run-1", "catalog", "failure", NOON, NOON, failure="The disk is full.")
    Operations(settings.operations).record(run)
    failed = causes.monitoring.run_failure("catalog", None, "The disk is full.", NOON)
    Alerts(settings.operations).observe(failed.kind, [failed])
    return settings


def test_the_app_is_followed_by_the_last_runs_and_what_is_wrong(settings: Settings) -> None:
    result = CliRunner().invoke(app, ["status"])

    assert result.exit_code == 0, result.output
    parts = ["App", "Requests in the last 24 h", "Last runs (UTC)", "What is wrong"]
    assert [line for line in result.output.splitlines() if line in parts] == parts


def test_without_credentials_it_says_so_and_shows_the_runs_and_what_is_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")

    result = CliRunner().invoke(app, ["status"])

    assert result.exit_code == 0, result.output
    first, *rest = result.output.splitlines()
    assert "SPOTIFY_CLIENT_ID" in first
    assert rest == [
        "",
        "Last runs (UTC)",
        "ended\tjob\tpartition\tstatus\twhy",
        "11-20 12:00\tcatalog\t\tfailure\tThe disk is full.",
        "",
        "What is wrong",
        "since\tkind\twhat",
        "2026-11-20 12:00 UTC\trun_failure\tThe run of catalog failed",
    ]


def test_a_damaged_file_is_named(settings: Settings) -> None:
    Path(str(settings.ledger)).write_bytes(b"no database" * 100)

    result = CliRunner().invoke(app, ["status"])

    assert result.exit_code == 1
    assert str(settings.ledger) in result.output


def test_who_is_at_work_is_shown_with_the_machine_and_what_it_holds(settings: Settings) -> None:
    place = str(settings.ledger)
    with (
        closing(Ledger(settings.ledger)),
        processes.holding(shared_workers.holds, place, "rock on 2026-11-20") as holder,
    ):
        result = CliRunner().invoke(app, ["status"])
    assert "Who is at work" in result.stdout
    [line] = [one for one in result.stdout.splitlines() if "rock on 2026-11-20" in one]
    assert str(holder.pid) in line
    assert "Who is at work" not in CliRunner().invoke(app, ["status"]).stdout
