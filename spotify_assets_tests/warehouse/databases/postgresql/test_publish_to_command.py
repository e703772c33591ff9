"""``spotify-assets publish-to``: what it says, and how it ends. Here, where the server is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets_tests.warehouse.databases.postgresql.conftest import Ask

Call = Callable[..., Result]


@pytest.fixture
def publish_to(
    tmp_path: Path, database: Path, url: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """The command, in a folder whose data folder has the small warehouse."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(database.parent))
    monkeypatch.setenv("SPOTIFY_PUBLISH_URL", url.get_secret_value())
    monkeypatch.setenv("SPOTIFY_TIME_ZONE", "America/Sao_Paulo")
    return lambda *words: CliRunner().invoke(app, ["publish-to", *words])


def test_it_publishes_says_what_it_did_and_then_finds_nothing_to_do(publish_to: Call) -> None:
    first, second = publish_to(), publish_to()
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "rows added, 0 removed, in" in first.stdout
    assert "nothing to do" in second.stdout
    assert publish_to("--verify").stdout.endswith("every row is as in the DuckDB file.\n")


def test_what_was_edited_by_hand_is_listed_and_ends_with_1(
    published: SecretStr, publish_to: Call, ask: Ask
) -> None:
    ask("DELETE FROM gold.play_coverage WHERE date = '2026-01-05'")
    found = publish_to("--verify")
    assert found.exit_code == 1
    assert "gold.play_coverage\t2026-01-01\t1\t0\tdate=2026-01-05\n" in found.stdout
    assert "--full-refresh" in found.stderr
    assert publish_to("--full-refresh").exit_code == 0
    assert publish_to("--verify").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--verify", "--full-refresh"], "Say one of"),
        ([], "Set SPOTIFY_PUBLISH_URL"),
    ],
)
def test_what_is_missing_or_too_much_ends_with_2(
    publish_to: Call, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.delenv("SPOTIFY_PUBLISH_URL")
    ended = publish_to(*words)
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_a_database_of_no_known_kind_is_a_wrong_setting(
    publish_to: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "oracle://u:tiger@db/x"  # pragma: allowlist secret
    monkeypatch.setenv("SPOTIFY_PUBLISH_URL", other)
    ended = publish_to()
    assert ended.exit_code == 2
    assert "begins with none of postgresql://" in ended.stderr
    assert "tiger" not in ended.stderr
