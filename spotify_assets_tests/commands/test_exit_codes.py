"""Each exit code of the documents is what a command ends with, and there is no other."""

import os
import re
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import typer
from typer.testing import CliRunner, Result

from spotify_assets import __main__ as entry
from spotify_assets.cli import app
from spotify_assets.commands import exit_codes as ending
from spotify_assets.commands import supervisor
from spotify_assets.storage.errors import FailureKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
DONE, FAILED, USAGE, LATER, STOPPED = 0, 1, 2, 75, 130
"""As the document says; that 75 and Ctrl-C of a run are so, `end_to_end` tries."""
DAY = "2026-11-20"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is not there yet, and no setting but that."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def run(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=typed)


def test_the_document_names_the_codes_that_there_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    chapter = text.partition("## Exit codes\n")[2].partition("\n## ")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", chapter, re.MULTILINE)}
    assert documented == {DONE, FAILED, USAGE, LATER, STOPPED}
    used = {ending.DONE, ending.FAILED, ending.USAGE, ending.LATER, ending.STOPPED}
    assert used | {entry.FAILED, entry.STOPPED, supervisor.FAILED} == documented


def test_the_code_follows_from_the_kind_of_the_failure() -> None:
    codes = {kind: ending.code_of([kind]) for kind in FailureKind}
    others = dict.fromkeys(codes, FAILED)
    assert codes == others | {FailureKind.WAIT: LATER, FailureKind.USAGE: USAGE}
    assert ending.code_of([]) == DONE
    assert ending.code_of([FailureKind.WAIT, FailureKind.WAIT]) == LATER
    assert ending.code_of([FailureKind.WAIT, FailureKind.RETRY]) == FAILED


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["genres", "list"],
        ["genres", "add", "rock"],
        ["status"],
        ["logout"],
        ["purge", "--all", "--dry-run"],
    ],
)
def test_what_was_asked_for_is_done(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTIFY_SANDBOX_URL", "http://127.0.0.1:9")
    done = run(*words)
    assert done.exit_code == DONE, done.output


@pytest.mark.parametrize(
    "words",
    [
        ["query", "SELECT 1"],
        ["tables"],
        ["describe", "star.dim_genre"],
        ["export", "star.dim_genre", "--to", "genres.csv"],
        ["explain", "rankings.top_tracks", "rock", DAY, "1"],
        ["poll"],
        ["login"],
        ["restore", "no such folder", "--to", "new.duckdb"],
        ["forget", "nothing.zip", "--yes"],
        ["backfill", "--genre", "rock", "--date", DAY],
    ],
)
def test_what_is_not_there_is_a_failure(words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == FAILED, done.output


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["no-such-command"],
        ["collect", "--no-such-option"],
        ["collect", "--no-interactive"],
        ["collect", "--genre", "rock", "--date", "yesterday"],
        ["collect", "--genre", "rock", "--market", "Brazil"],
        ["collect", "--genre", "rock", "--artists", "-1"],
        ["backfill", "--date", DAY],
        ["backfill", "--genre", "rock", "--all", "--date", DAY],
        ["compact", "--genre", " "],
        ["export", "star.dim_genre"],
        ["genres", "add", " "],
        ["genres"],
        ["metrics", "--serve", "0", "--json"],
        ["purge"],
        ["purge", "--all", "--genre", "rock"],
        ["report"],
        ["sample-history", "new", "--from", "yesterday"],
        ["sandbox", "--today", "yesterday", "--port", "58765"],
    ],
)
def test_wrong_words_change_nothing(words: list[str], data: Path) -> None:
    done = run(*words)
    assert done.exit_code == USAGE, done.output
    assert not (data / "lake").exists()


@pytest.mark.parametrize("sql", ["SELEC 1", "FROM no_such_table", "COPY (SELECT 1) TO 'x.csv'"])
def test_a_wrong_query_is_one_of_words(sql: str, data: Path) -> None:
    data.mkdir()
    duckdb.connect(data / "spotify.duckdb").close()
    assert run("query", sql).exit_code == USAGE
    assert run("describe", "no.such_table").exit_code == USAGE


@pytest.mark.parametrize(
    "command", ["status", "poll", "login", "tables", "compact", "metrics", "dev", "import"]
)
@pytest.mark.parametrize(
    ("name", "value"),
    [("SPOTIFY_TIME_ZONE", "Mars"), ("SPOTIFY_PUBLISHED_GROUP", "no such group")],
)
def test_a_wrong_setting_is_named_and_nothing_is_made(
    command: str, name: str, value: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What `dev` and `metrics` import reads the settings as they are then.
    from spotify_assets.defs import launch  # noqa: F401, PLC0415

    monkeypatch.setenv(name, value)
    done = run(command)
    assert done.exit_code == USAGE, done.output
    assert value in done.output
    assert not data.exists()


@pytest.mark.parametrize("command", ["collect", "backfill"])
def test_of_an_empty_list_of_genres_nothing_is_said_to_be_done(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTIFY_GENRES_FILE", "nowhere.txt")
    done = run(command, "--all", "--date", DAY)
    assert done.exit_code == USAGE, done.output
    assert "nowhere.txt" in done.output


def test_ctrl_c_at_a_question_stops_as_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stopped, ending.answering():
        # What a question makes of Ctrl-C, and of an input that is at its end.
        raise typer.Abort
    assert stopped.value.exit_code == STOPPED
    assert "Stopped." in capsys.readouterr().err


def test_every_question_is_asked_so_that_it_can_be_stopped() -> None:
    commands = Path(ending.__file__).parent
    asking = [
        (file.name, before.strip())
        for file in sorted(commands.glob("*.py"))
        for before, line in pairwise(file.read_text(encoding="utf-8").splitlines())
        if "typer.confirm(" in line or "typer.prompt(" in line
    ]
    assert [name for name, _ in asking] == [
        *("accounts.py", "collect.py", "forget.py", "purge.py"),
    ]
    assert {before for _, before in asking} == {"with answering():"}
