"""Lines of the logs: what stands in each, and that nobody's text makes one."""

import datetime as dt
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.operations import logs
from spotify_assets.operations.logs import LogSettings, about, begin
from spotify_assets.text.visible import in_line
from spotify_assets_tests.hostile import NAMES
from spotify_assets_tests.operations import log_processes

log = logging.getLogger("spotify_assets.test")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[LogSettings]:
    """What is set by default, in a folder of its own."""
    yield LogSettings(tmp_path / "logs", "INFO", "text", files=5, file_bytes=10_000_000)
    begin(LogSettings(tmp_path, "NOTSET", "text", 0, 1), is_server=True)


@pytest.fixture
def lines(settings: LogSettings) -> Lines:
    def read() -> list[dict[str, Any]]:
        text = (settings.folder / "spotify-assets.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n")[:-1]]

    return read


def test_a_line_says_when_who_what_and_of_which_run_genre_and_day(
    settings: LogSettings, lines: Lines
) -> None:
    begin(settings, is_server=True)

    log.info("collected %d", 7)
    with about("forró", dt.date(2026, 11, 20)):
        log.warning("late", extra={"run": "a-run"})

    first, second = lines()
    assert (first["message"], first["level"], first["logger"]) == ("collected 7", "INFO", log.name)
    assert dt.datetime.fromisoformat(first["time"]).tzinfo
    assert [first[name] for name in ("run", "genre", "day")] == [None, None, None]
    assert [second[name] for name in ("run", "genre", "day")] == ["a-run", "forró", "2026-11-20"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_makes_a_second_line_or_gives_a_terminal_an_order(
    settings: LogSettings, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    begin(replace(settings, format="json"), is_server=True)

    log.warning("The file %s is left out.", name)

    written = (settings.folder / "spotify-assets.log").read_text(encoding="utf-8")
    for text in (written, capfd.readouterr().out):
        assert text.count("\n") == len(text.splitlines()) == 1
        message = json.loads(text)["message"]
        assert in_line(message) == message
        assert message.startswith("The file ")
        assert message.endswith(" is left out.")


def test_an_error_is_one_line_with_its_traceback(settings: LogSettings, lines: Lines) -> None:
    begin(settings, is_server=True)
    try:
        raise ValueError("of nobody\x1b[31m")
    except ValueError:
        log.exception("It failed.")

    [line] = lines()
    assert "Traceback" in line["error"]
    assert "\x1b" not in line["error"]


def test_debug_is_written_only_where_it_is_set(settings: LogSettings, lines: Lines) -> None:
    begin(settings, is_server=True)
    log.debug("an id")
    log.info("no id")
    assert [line["message"] for line in lines()] == ["no id"]

    begin(replace(settings, level="DEBUG"), is_server=True)
    log.debug("an id")
    assert [line["message"] for line in lines()] == ["no id", "an id"]


def test_where_json_is_set_a_server_logs_to_its_standard_output_and_a_command_beside_it(
    settings: LogSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    begin(replace(settings, format="json", files=0), is_server=True)
    log.info("of a server")
    begin(replace(settings, format="json", files=0), is_server=False)
    log.info("of a command")

    said = capfd.readouterr()
    assert [json.loads(line)["message"] for line in said.out.splitlines()] == ["of a server"]
    assert [json.loads(line)["message"] for line in said.err.splitlines()] == ["of a command"]
    assert not settings.folder.exists()


def test_where_json_is_set_the_standard_output_of_a_server_has_nothing_else(
    settings: LogSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    # As the code server of Dagster sets its own up, before it loads ours.
    of_dagster = logging.getLogger("dagster")
    of_dagster.addHandler(logging.StreamHandler(sys.stdout))

    begin(replace(settings, format="json", files=0), is_server=True)
    logging.getLogger("dagster.code_server").warning("Started.")

    [line] = capfd.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "Started."


def test_a_command_shows_warnings_as_they_read(
    settings: LogSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    begin(settings, is_server=False)

    log.info("not shown")
    log.warning("The file %s is damaged.", "a\nb\x1b[31m")

    assert capfd.readouterr().err == "The file a\\nb\\u001b[31m is damaged.\n"


def test_files_are_turned_over_at_their_size_and_no_more_are_kept(settings: LogSettings) -> None:
    begin(replace(settings, files=3, file_bytes=1_000), is_server=True)
    for number in range(100):
        log.info("line %d", number)

    kept = sorted(settings.folder.glob("*.log*"))
    assert [path.name for path in kept] == [f"spotify-assets.log{n}" for n in ("", ".1", ".2")]
    assert all(path.stat().st_size <= 1_000 for path in kept)


def test_no_line_is_lost_where_processes_turn_the_file_over_at_once(settings: LogSettings) -> None:
    words = [sys.executable, log_processes.__file__, str(settings.folder)]
    names = ("one", "two", "three")
    for process in [subprocess.Popen([*words, name, "100"]) for name in names]:
        assert process.wait(60) == 0

    found = [
        json.loads(line)["message"]
        for path in settings.folder.glob("*.log*")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert sorted(found) == sorted(f"{name} {n}" for name in names for n in range(100))


def test_a_folder_that_cannot_be_written_stops_no_work(
    settings: LogSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    begin(settings, is_server=True)

    log.error("still goes on")

    assert capfd.readouterr().err == ""


def test_a_line_that_a_run_wrote_is_not_written_again(settings: LogSettings, lines: Lines) -> None:
    begin(settings, is_server=True)
    handler = logging.Handler()
    handler.emit = logs.write  # type: ignore[method-assign]
    log.addHandler(handler)
    try:
        log.info("once")
    finally:
        log.removeHandler(handler)

    assert [line["message"] for line in lines()] == ["once"]
