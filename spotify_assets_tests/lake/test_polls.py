"""The polls of a day: what was appended is on the disk, sealed or not, whatever happens."""

import datetime as dt
import json
import logging
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.lake import DamagedFile, Lake, LakeError
from spotify_assets.lake.exchanges import Request, decode, encode
from spotify_assets.lake.polls import PolledDay, polled_days, seal_before
from spotify_assets_tests.lake import processes
from spotify_assets_tests.lake.samples import numbered_answer

DAY = dt.date(2026, 11, 20)
NEXT_DAY = dt.date(2026, 11, 21)
QUESTION = Request("me", "me/player/recently-played", {"limit": 50})
CHANGES_OF_A_SEAL = 4
"""Renaming the sealed file, writing the sidecar, renaming it, deleting the growing file."""
CHANGES_OF_A_REOPENING = 3
"""Renaming the growing file, deleting the sidecar and the sealed file."""


@pytest.fixture
def day(lake: Lake) -> PolledDay:
    return PolledDay(lake, DAY)


def appends_until_killed(root: str, size: int) -> None:
    """Append for ever; say each line's number once it is said to be on the disk."""
    day, number = PolledDay(Lake(Path(root)), DAY), 0
    while True:
        number += 1
        day.append(QUESTION, numbered_answer(number, size))
        print(number, flush=True)


def appends(root: str, first: int, last: int) -> None:
    for number in range(first, last + 1):
        PolledDay(Lake(Path(root)), DAY).append(QUESTION, numbered_answer(number))


def appends_to_a_full_disk(root: str, free_bytes: int) -> None:
    processes.limit_files_to(free_bytes)
    appends(root, 1, 100)


def seals_and_is_killed(root: str, step: int) -> None:
    """Seal the day, and die just before the ``step``-th change to a folder."""
    _kill_before_change(step)
    PolledDay(Lake(Path(root)), DAY).seal()


def appends_and_is_killed(root: str, step: int) -> None:
    """Append the answer of number 3, and die just before the ``step``-th change to a folder."""
    _kill_before_change(step)
    appends(root, 3, 3)


def _kill_before_change(step: int) -> None:
    calls = 0
    for name in ("replace", "unlink", "write_text"):
        real = getattr(Path, name)

        def counted(self: Path, *args: Any, real: Callable[..., Any] = real, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(self, *args, **more)

        setattr(Path, name, counted)


def test_what_was_appended_is_read_in_its_order_with_its_very_bytes(day: PolledDay) -> None:
    assert day.read() == []

    _append(day, 1, 2, 3)

    assert [one.response for one in day.read()] == [numbered_answer(n) for n in (1, 2, 3)]
    assert [one.line for one in day.read()] == [1, 2, 3]
    assert all(one.request == QUESTION for one in day.read())


def test_a_poll_is_always_asked_again(day: PolledDay) -> None:
    _append(day, 1)
    assert day.answer(QUESTION) is None


def test_each_day_has_a_file_of_its_own(lake: Lake, day: PolledDay) -> None:
    _append(PolledDay(lake, NEXT_DAY), 2)
    _append(day, 1)

    assert polled_days(lake) == [DAY, NEXT_DAY]
    assert _numbers(day) == [1]


def test_days_before_today_are_sealed_and_read_the_same(lake: Lake, day: PolledDay) -> None:
    _append(day, 1, 2)
    _append(PolledDay(lake, NEXT_DAY), 3)
    before = day.read()

    assert seal_before(lake, NEXT_DAY) == [DAY]

    assert day.read() == before
    assert _names(day) == ["polls.json", "polls.jsonl.zst"]
    assert _names(PolledDay(lake, NEXT_DAY)) == ["polls.jsonl"]
    assert (lake.root / day.source_file).exists()
    lines = [encode(one.line, one.request, one.response) for one in before]
    facts = json.loads((day.folder / "polls.json").read_text())
    assert (facts["lines"], facts["bytes"]) == (2, sum(map(len, lines)))
    assert _scratch(lake) == []


def test_a_sealed_day_is_not_sealed_again(lake: Lake, day: PolledDay) -> None:
    _append(day, 1)
    seal_before(lake, NEXT_DAY)
    before = (day.folder / "polls.jsonl.zst").stat()

    assert seal_before(lake, NEXT_DAY) == []
    assert (day.folder / "polls.jsonl.zst").stat().st_mtime_ns == before.st_mtime_ns


def test_a_sealed_day_is_taken_up_again_by_a_late_poll(lake: Lake, day: PolledDay) -> None:
    """One that began before midnight; or the clock was set back."""
    _append(day, 1, 2)
    seal_before(lake, NEXT_DAY)

    _append(day, 3)

    assert _numbers(day) == [1, 2, 3]
    assert _names(day) == ["polls.jsonl"]
    assert seal_before(lake, NEXT_DAY) == [DAY]
    assert _numbers(day) == [1, 2, 3]
    assert _scratch(lake) == []


def test_a_line_cut_at_any_byte_is_not_read_and_is_dropped_by_the_next_poll(day: PolledDay) -> None:
    first, second = _lines(1, 2)
    day.folder.mkdir(parents=True)
    for cut in range(1, len(second), 7):
        _growing(day).write_bytes(first + second[:cut])
        assert _numbers(day) == [1]
        _append(day, 2)
        assert _growing(day).read_bytes() == first + second


@pytest.mark.parametrize("after_bytes", [1, 700_001, 3_000_003])
def test_no_line_that_was_said_to_be_on_the_disk_is_lost_in_a_kill(
    lake: Lake, day: PolledDay, after_bytes: int
) -> None:
    """Killed from outside at whatever moment it is in."""
    with subprocess.Popen(
        processes.command(appends_until_killed, lake.root, 300_000),
        cwd=processes.REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while not (_growing(day).exists() and _growing(day).stat().st_size >= after_bytes):
            assert process.poll() is None
        process.kill()
        assert process.stdout
        said = [int(line) for line in process.stdout.read().splitlines()]
    assert process.returncode == -signal.SIGKILL

    _append(day, 0)

    numbers = _numbers(day)
    assert numbers == [*range(1, len(numbers)), 0]
    assert len(numbers) > len(said)


@pytest.mark.parametrize(
    "damaged",
    [
        b"not json\n",
        b"{}\n",
        b"null\n",
        b"\n",
        b"\x00\xff\n",
        b"[" * 100_000 + b"\n",
        encode(2, QUESTION, numbered_answer(2)).replace(b'"number":2', b'"number":7'),
    ],
)
def test_a_damaged_line_is_left_out_and_named_and_set_aside_by_the_next_poll(
    day: PolledDay, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first, third = _lines(1, 3)
    day.folder.mkdir(parents=True)
    _growing(day).write_bytes(first + damaged + third)

    before = day.read()
    assert _numbers(day) == [1, 3]
    assert f"1 line(s) of {_growing(day)} are damaged and are left out" in caplog.text

    _append(day, 4)

    assert day.damaged.read_bytes() == damaged
    assert "polls.damaged.jsonl" in caplog.text
    assert day.read()[:2] == before
    written = [decode(line).line for line in _growing(day).read_bytes().splitlines(True)]
    assert written == [one.line for one in day.read()] == [1, 2, 3]


def test_a_sealing_sets_damaged_lines_aside_too(lake: Lake, day: PolledDay) -> None:
    first, third = _lines(1, 3)
    day.folder.mkdir(parents=True)
    _growing(day).write_bytes(first + b"damaged\n" + third[:20])

    seal_before(lake, NEXT_DAY)

    assert _numbers(day) == [1]
    assert day.damaged.read_bytes() == b"damaged\n"


def test_a_mending_that_is_killed_is_done_again(lake: Lake, day: PolledDay) -> None:
    first, second = _lines(1, 2)
    day.folder.mkdir(parents=True)
    _growing(day).write_bytes(first + b"damaged\n" + second)
    # Its one change is the renaming.
    assert processes.run(appends_and_is_killed, lake.root, 1).returncode == processes.KILLED
    assert _numbers(day) == [1, 2]

    _append(day, 3)

    assert _numbers(day) == [1, 2, 3]
    assert set(day.damaged.read_bytes().splitlines()) == {b"damaged"}


@pytest.mark.parametrize("step", range(1, CHANGES_OF_A_SEAL + 1))
def test_a_seal_that_is_killed_at_any_step_loses_nothing_and_is_done_again(
    lake: Lake, day: PolledDay, step: int
) -> None:
    _append(day, 1, 2)
    assert processes.run(seals_and_is_killed, lake.root, step).returncode == processes.KILLED
    assert _numbers(day) == [1, 2]

    seal_before(lake, NEXT_DAY)

    assert _names(day) == ["polls.json", "polls.jsonl.zst"]
    assert _numbers(day) == [1, 2]


@pytest.mark.parametrize("step", range(1, CHANGES_OF_A_REOPENING + 1))
def test_a_late_poll_that_is_killed_at_any_step_loses_nothing_of_the_sealed_day(
    lake: Lake, day: PolledDay, step: int
) -> None:
    _append(day, 1, 2)
    seal_before(lake, NEXT_DAY)
    assert processes.run(appends_and_is_killed, lake.root, step).returncode == processes.KILLED
    assert _numbers(day) == [1, 2]

    _append(day, 3)

    assert _numbers(day) == [1, 2, 3]


@pytest.mark.parametrize(
    ("kill", "steps"),
    [(seals_and_is_killed, CHANGES_OF_A_SEAL), (appends_and_is_killed, CHANGES_OF_A_REOPENING)],
)
def test_there_is_no_further_step_to_be_killed_at(
    lake: Lake, day: PolledDay, kill: Callable[[str, int], None], steps: int
) -> None:
    _append(day, 1, 2)
    if kill is appends_and_is_killed:
        seal_before(lake, NEXT_DAY)
    assert processes.run(kill, lake.root, steps + 1).returncode == 0


def test_polls_of_several_processes_at_once_are_all_kept(lake: Lake, day: PolledDay) -> None:
    running = [
        subprocess.Popen(
            processes.command(appends, lake.root, first, first + 9), cwd=processes.REPOSITORY
        )
        for first in (1, 11)
    ]
    assert [process.wait() for process in running] == [0, 0]

    assert sorted(_numbers(day)) == [*range(1, 21)]
    assert [one.line for one in day.read()] == [*range(1, 21)]


# In the middle of a line, within the first one, and after whole ones.
@pytest.mark.parametrize("free", [1000, 10, 0])
def test_a_full_disk_is_said_and_the_lines_before_it_are_kept(
    lake: Lake, day: PolledDay, free: int
) -> None:
    refused = processes.run(appends_to_a_full_disk, lake.root, free)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write a response to" in refused.stdout
    whole = _numbers(day)
    assert whole == [*range(1, free // len(_lines(1)[0]) + 1)]
    _append(day, 99)
    assert _numbers(day) == [*whole, 99]


@pytest.mark.parametrize("damage", ["cut", "delete", "spoil the sidecar"])
def test_a_sealed_day_that_is_not_what_was_sealed_is_refused_by_name(
    lake: Lake, day: PolledDay, damage: str
) -> None:
    _append(day, 1, 2)
    seal_before(lake, NEXT_DAY)
    sealed = day.folder / "polls.jsonl.zst"
    match damage:
        case "cut":
            sealed.write_bytes(sealed.read_bytes()[:-1])
        case "delete":
            sealed.unlink()
        case _:
            (day.folder / "polls.json").write_text("[]")

    with pytest.raises(DamagedFile, match=r"polls\.jsonl\.zst is not the file that was sealed"):
        day.read()
    with pytest.raises(DamagedFile, match="Restore it from a backup"):
        _append(day, 3)


def test_a_folder_that_is_no_day_is_said(lake: Lake, day: PolledDay) -> None:
    _append(day, 1)
    (day.folder.parent / "date=yesterday").mkdir()

    with pytest.raises(LakeError, match=r"date=yesterday has no day in its name.*Rename"):
        polled_days(lake)


def test_nothing_is_written_by_reading(lake: Lake, day: PolledDay) -> None:
    assert (day.read(), polled_days(lake), seal_before(lake, NEXT_DAY)) == ([], [], [])
    assert not lake.root.exists()


def test_a_healthy_day_costs_no_warning(
    lake: Lake, day: PolledDay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    _append(day, 1, 2)
    day.read()
    seal_before(lake, NEXT_DAY)
    assert caplog.records == []


def _append(day: PolledDay, *numbers: int) -> None:
    for number in numbers:
        day.append(QUESTION, numbered_answer(number))


def _numbers(day: PolledDay) -> list[int]:
    return [one.response.json()["number"] for one in day.read()]


def _lines(*numbers: int) -> list[bytes]:
    return [encode(number, QUESTION, numbered_answer(number)) for number in numbers]


def _growing(day: PolledDay) -> Path:
    return day.folder / "polls.jsonl"


def _names(day: PolledDay) -> list[str]:
    return sorted(path.name for path in day.folder.iterdir())


def _scratch(lake: Lake) -> list[Path]:
    return list(lake.scratch.iterdir())
