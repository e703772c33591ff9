"""What a run says stands in the logs, with the run, its genre and its day."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from spotify_assets.configuration import secret_store
from spotify_assets.configuration.sources import secret_names
from spotify_assets.defs.run_log import RunLog
from spotify_assets.operations.logs import LogSettings, begin
from spotify_assets.settings import Settings
from spotify_assets_tests.conftest import TODAY, Run


@pytest.fixture
def lines(data_dir: Path) -> Callable[[], list[dict[str, str | None]]]:
    def read() -> list[dict[str, str | None]]:
        text = (data_dir / "logs" / "spotify-assets.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    return read


def test_each_line_of_a_run_says_which_run_genre_and_day_once(
    run: Run,
    lines: Callable[[], list[dict[str, str | None]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(Settings().logs, is_server=False)
    # Nobody answers there.
    monkeypatch.setenv("SPOTIFY_SANDBOX_URL", "http://127.0.0.1:9")

    outcome = run("forró", tracks=5, artists=1)

    assert outcome.failure
    found = [(line["message"], line["step"]) for line in lines()]
    assert len(found) == len({*found})
    assert {(line["run"], line["genre"], line["day"]) for line in lines()} == {
        (outcome.run_id, "forró", f"{TODAY}")
    }
    assert any(outcome.failure in str(line.get("error")) for line in lines())


def test_a_secret_of_the_store_is_in_no_event_no_log_and_no_file(
    run: Run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "a-secret-nobody-may-see"  # noqa: S105 # pragma: allowlist secret
    store = tmp_path / "secrets"
    store.mkdir()
    urls = {"SPOTIFY_PUBLISH_URL", "SPOTIFY_SENTRY_DSN", "SPOTIFY_STATE_URL"}
    for name in secret_names(Settings) - urls:
        (store / name).write_text(secret)
    (store / "SPOTIFY_CLIENT_ID").write_text("the-app")
    monkeypatch.setattr(secret_store, "_answers", {})
    monkeypatch.setenv("SPOTIFY_SECRETS", f"dir:{store}")
    monkeypatch.setenv("SPOTIFY_SANDBOX_URL", "")
    # Nobody answers there.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    begin(Settings().logs, is_server=False)
    assert Settings().connection.client_secret == secret

    outcome = run("forró", tracks=5, artists=1)

    assert outcome.failure
    assert secret not in outcome.failure
    written = [path for path in data_dir.rglob("*") if path.is_file()]
    assert any("dagster" in path.parts for path in written)
    assert not [path for path in written if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("tags", "genre", "day"),
    [
        ({"dagster/partition": "2026-11-20|rock"}, "rock", "2026-11-20"),
        ({"dagster/partition": "2026-11-20"}, None, "2026-11-20"),
        (
            {
                "dagster/asset_partition_range_start": "2026-11-18|forró",
                "dagster/asset_partition_range_end": "2026-11-20|forró",
            },
            "forró",
            "2026-11-18..2026-11-20",
        ),
        ({}, None, None),
    ],
)
def test_the_genre_and_the_day_are_those_of_the_tags(
    tmp_path: Path, tags: dict[str, str], genre: str | None, day: str | None
) -> None:
    begin(LogSettings(tmp_path, "INFO", "text", 2, 1_000_000), is_server=True)
    record = logging.makeLogRecord({"msg": "x", "levelno": logging.INFO, "levelname": "INFO"})
    record.dagster_meta = {"run_id": "r", "job_tags": tags, "orig_message": "said"}

    RunLog().emit(record)

    line = json.loads((tmp_path / "spotify-assets.log").read_text())
    assert (line["message"], line["run"]) == ("said", "r")
    assert (line["genre"], line["day"]) == (genre, day)
