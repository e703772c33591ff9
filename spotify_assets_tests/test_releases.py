"""A tag is held to the version and the changelog; a tracked secret fails `make lint`."""

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

import spotify_assets

PROJECT = Path(spotify_assets.__file__).parents[1]
NAME = "spotify-assets"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile and the changelog in a repository of their own, with this environment."""
    for name in ("Makefile", "CHANGELOG.md", "requirements.lock", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(PROJECT / ".venv")
    return tmp_path


def make(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # What is installed is as it should be: nothing is to be installed here.
    installed = ["--old-file", ".venv/.installed"]
    return subprocess.run(
        ["make", *installed, *words], cwd=project, capture_output=True, text=True, check=False
    )


def test_a_tag_is_the_version_and_has_a_section_in_the_changelog(project: Path) -> None:
    tag = f"v{version(NAME)}"
    refused = make(project, "release-check", "TAG=v9.9.9")
    assert refused.returncode
    assert "set the same version in pyproject.toml" in refused.stdout
    assert make(project, "release-check", f"TAG={tag}").returncode == 0

    (project / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n")
    refused = make(project, "release-check", f"TAG={tag}")
    assert refused.returncode
    assert f"CHANGELOG.md has no section ## {tag[1:]}" in refused.stdout


def test_a_secret_in_a_tracked_file_is_found(project: Path) -> None:
    # Its own mark of what was scanned, not that of the project.
    (project / ".venv").unlink()
    (project / ".venv" / "bin").mkdir(parents=True)
    hook = project / ".venv" / "bin" / "detect-secrets-hook"
    hook.symlink_to(PROJECT / ".venv" / "bin" / "detect-secrets-hook")
    (project / ".venv" / ".installed").touch()
    git = ["git", "-C", str(project)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (project / "notes.txt").write_text("nothing\n")
    subprocess.run([*git, "add", "notes.txt"], check=True)
    assert make(project, ".venv/.scanned").returncode == 0

    key = "AKIA" + "Z" * 16
    (project / "notes.txt").write_text(f"{key}\n")
    found = make(project, ".venv/.scanned")

    assert found.returncode
    assert "AWS Access Key" in found.stdout
    # Again, until it is gone.
    assert make(project, ".venv/.scanned").returncode
