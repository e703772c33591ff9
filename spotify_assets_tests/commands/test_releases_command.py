"""`spotify-assets releases`: what a label declares, changed where it lies."""

import datetime as dt
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.settings import Settings
from spotify_assets.sources.release_files import import_files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def releases(*words: str) -> Result:
    return CliRunner().invoke(app, ["releases", *words])


def test_releases_are_added_listed_and_removed_in_the_inbox() -> None:
    file = Settings().inbox / "releases.toml"
    assert releases("add-artist", "ana", "--name", "Ana [b]").exit_code == 0
    added = releases(
        *("add", "tide", "--artist", "ana", "--title", "Maré", "--date", "2025-01-03"),
        *("--campaign", "Spring push", "--campaign", "Autumn"),
    )
    assert f"spotify-assets import {file}" in added.output.replace("\n", "")
    assert 'campaigns = ["Spring push", "Autumn"]' in file.read_text(encoding="utf-8")
    shown = releases("list").output
    assert "Ana [b]" in shown
    assert "2025-01-03" in shown
    assert releases("remove", "tide").exit_code == 0
    assert "Maré" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["remove", "tide"], "Nothing is declared as 'tide'"),
        (["add", "tide", "--artist", "ana", "--title", "T"], "No artist 'ana' is declared"),
        (["add", "t", "--artist", "a", "--title", "T", "--date", "1.2.25"], "'1.2.25' is no day"),
    ],
)
def test_what_cannot_be_declared_ends_with_a_reason_and_leaves_no_file(
    words: list[str], said: str
) -> None:
    done = releases(*words)
    assert done.exit_code == 2
    assert said in done.output
    assert not (Settings().inbox / "releases.toml").exists()


def test_the_command_goes_on_from_what_was_imported_and_never_from_an_older_file(
    folder: Path,
) -> None:
    mine = folder / "label.toml"
    mine.write_text('# mine\n[artists.ana]\nname = "Ana"\n', encoding="utf-8")
    import_files([mine], Settings().lake, dt.datetime.now(dt.UTC))
    assert releases("add-artist", "bo", "--name", "Bo").exit_code == 0
    file = Settings().inbox / "releases.toml"
    assert file.read_text(encoding="utf-8").startswith("# mine\n[artists.ana]")
    os.utime(file, (0, 0))
    refused = releases("add-artist", "cy", "--name", "Cy")
    assert refused.exit_code == 2
    assert "is older than the label.toml" in refused.output.replace("\n", " ")
