"""What is shown is text, whatever a name holds, on a terminal and where it is piped."""

import io
import json
import logging
import re
import unicodedata
from collections.abc import Callable

import pytest
import typer
from rich.cells import cell_len

from spotify_assets.commands import terminal
from spotify_assets.commands.exit_codes import stop
from spotify_assets.commands.terminal import progress, show_json, show_record, show_table, write
from spotify_assets.text.visible import visible
from spotify_assets_tests.hostile import CONTROL, NAMES, PLAIN

OWN = re.compile(r"\x1b\[[0-9;]*m")
"""How rich itself asks for colours."""


class Screen(io.StringIO):
    """Takes what is written, and says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """What a terminal gets, wide enough that no line is broken."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    written = Screen()
    for console in (terminal.out, terminal.err):
        monkeypatch.setattr(console, "_file", written)
        monkeypatch.setattr(console, "_width", 400)
    monkeypatch.setattr("sys.stdout", written)
    return written


def told(name: str) -> None:
    with pytest.raises(typer.Exit):
        stop(f"No track {name} end", 2)


def shown_in_progress(name: str) -> None:
    with progress(1) as begin:
        begin(name)
        logging.getLogger("spotify_assets.sources.spotify_api").warning("Warned of %s", name)


SHOWN: list[Callable[[str], None]] = [
    lambda name: show_table(name, ["name", name], [[name, 1], [[name], 2]]),
    lambda name: show_record(name, {"name": name}),
    lambda name: terminal.out.print(f"Made {name}."),
    lambda name: write(f"name\n{name}\n"),
    lambda name: show_json({"name": name}),
    told,
    shown_in_progress,
]


def one_line(text: str) -> str:
    return re.sub(r"[\t\n]+", " ", text)


@pytest.mark.parametrize("show", [*SHOWN[:4], told])
def test_names_are_shown_as_they_are_on_a_terminal(
    screen: Screen, show: Callable[[str], None]
) -> None:
    for name in NAMES:
        screen.seek(0)
        screen.truncate(0)
        show(name)
        text = re.sub(" +", " ", one_line(OWN.sub("", screen.getvalue())))
        assert re.sub(" +", " ", one_line(visible(name))).strip() in text


@pytest.mark.parametrize("show", SHOWN)
def test_nothing_that_a_terminal_obeys_comes_from_a_name(
    screen: Screen, show: Callable[[str], None]
) -> None:
    show("plain")
    own = set(re.findall(r"\x1b\[[0-9?;]*[A-Za-z]", screen.getvalue()))
    for name in CONTROL:
        screen.seek(0)
        screen.truncate(0)
        show(name)
        left = screen.getvalue()
        for sequence in own:
            left = left.replace(sequence, "")
        obeyed = {c for c in left if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")}
        # A bar goes back to the begin of its line.
        assert obeyed <= {"\n", "\r"}, name


def test_scripts_accents_and_emoji_are_left() -> None:
    assert [visible(name) for name in PLAIN] == list(PLAIN)


def test_half_a_character_and_one_beyond_the_first_plane_are_made_visible() -> None:
    assert visible("\ud83d\U000e0041") == "\\ud83d\\udb40\\udc41"


def test_json_stays_the_same_value(screen: Screen) -> None:
    show_json(list(NAMES))
    assert json.loads(OWN.sub("", screen.getvalue())) == list(NAMES)


def test_a_table_is_as_wide_on_the_screen_in_every_row(screen: Screen) -> None:
    show_table("", ["name"], [[name] for name in NAMES])
    lines = OWN.sub("", screen.getvalue()).splitlines()
    assert len({cell_len(line) for line in lines}) == 1
    assert len(lines) == len(NAMES) + 4


def test_where_it_is_piped_a_table_has_one_line_a_row_and_no_control(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_table("", ["name", "number"], [[name, 1] for name in NAMES])
    lines = capsys.readouterr().out.split("\n")[:-1]
    cells = [visible(re.sub(r"[\t\n]", " ", name)) for name in NAMES]
    assert lines[1:] == [f"{cell}\t1" for cell in cells]


def test_what_a_program_reads_is_exact_where_it_is_piped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("\x1b[2J\n")
    assert capsys.readouterr().out == "\x1b[2J\n"


def test_where_it_is_piped_a_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    said = "A response is damaged: it is set aside, and asked for again. " * 5

    with progress(1):
        logging.getLogger("spotify_assets.lake.journal").warning(said)

    assert capsys.readouterr().err.splitlines() == [said]
