"""The polls of a day: what was appended is on the disk, sealed or not, whatever happens."""

import datetime as dt
import json
import logging
import signal
import subprocess
from pathlib import Path

import pytest

from spotify_assets.lake import DamagedFile, Lake, LakeError
from spotify_assets.lake.exchanges import Request, encode
from spotify_assets.lake.polls import PolledDay, polled_days, seal_before
from spotify_assets_tests.lake import processes
from spotify_assets_tests.lake.samples import numbered_answer

DAY = dt.date(2026, 11, 20)
NEXT_DAY = dt.date(2026, 11, 21)
QUESTION = Request("me", "me/player/recently-played", {"limit": 50})
CHANGES_OF_A_SEAL = 9
"""Two files get their names, and lose those that they were written under; two responses go, and
after each the folders are tried."""


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
    """Seal the day, and die just before the ``step``-th file gets or loses its name."""
    processes.die_before_change(step)
    PolledDay(Lake(Path(root)), DAY).seal()


def test_what_was_appended_is_read_in_its_order_with_its_very_bytes(day: PolledDay) -> None:
    assert day.read() == []

    _append(day, 1, 2, 3)

    assert [one.response for one in day.read()] == [numbered_answer(n) for n in (1, 2, 3)]
    assert [one.line for one in day.read()] == [1, 2, 3]
    assert all(one.request == QUESTION for one in day.read())


def test_a_poll_is_always_asked_again(day: PolledDay) -> None:
    _append(day, 1)
    assert day.answer(QUESTION) is None


def test_each_day_has_a_folder_of_its_own(lake: Lake, day: PolledDay) -> None:
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
    assert _names(PolledDay(lake, NEXT_DAY)) == ["responses"]
    assert lake.path(day.source_file).exists()
    lines = [encode(one.line, one.request, one.response) for one in before]
    facts = json.loads((folder(day) / "polls.json").read_text())
    assert (facts["lines"], facts["bytes"]) == (2, sum(map(len, lines)))
    assert _scratch(lake) == []


def test_a_sealed_day_is_not_sealed_again(lake: Lake, day: PolledDay) -> None:
    _append(day, 1)
    seal_before(lake, NEXT_DAY)
    before = (folder(day) / "polls.jsonl.zst").stat()

    assert seal_before(lake, NEXT_DAY) == []
    assert (folder(day) / "polls.jsonl.zst").stat().st_mtime_ns == before.st_mtime_ns


def test_a_late_poll_of_a_sealed_day_stays_beside_it(lake: Lake, day: PolledDay) -> None:
    """One that began before midnight; or the clock was set back."""
    _append(day, 1, 2)
    seal_before(lake, NEXT_DAY)

    _append(day, 3)

    assert seal_before(lake, NEXT_DAY) == []
    assert _numbers(day) == [1, 2, 3]
    assert [one.line for one in day.read()] == [1, 2, 3]
    assert _scratch(lake) == []


def test_what_an_earlier_version_appended_is_read_and_sealed_with_the_others(
    lake: Lake, day: PolledDay
) -> None:
    first, second, cut = _lines(1, 2, 9)
    folder(day).mkdir(parents=True)
    growing(day).write_bytes(first + second + cut[:50])
    _append(day, 3)
    assert _numbers(day) == [1, 2, 3]

    seal_before(lake, NEXT_DAY)

    assert _numbers(day) == [1, 2, 3]
    assert _names(day) == ["polls.json", "polls.jsonl.zst"]


def test_what_an_earlier_version_sealed_is_read(lake: Lake, day: PolledDay) -> None:
    _append(day, 1, 2)
    seal_before(lake, NEXT_DAY)
    sidecar = folder(day) / "polls.json"
    facts = json.loads(sidecar.read_text())
    del facts["responses"]
    sidecar.write_text(json.dumps(facts))
    # Killed before it was deleted.
    growing(day).write_bytes(b"".join(_lines(1, 2)))
    assert _numbers(day) == [1, 2]
    assert seal_before(lake, NEXT_DAY) == []
    assert not growing(day).exists()


def test_no_response_that_was_said_to_be_on_the_disk_is_lost_in_a_kill(
    lake: Lake, day: PolledDay
) -> None:
    """Killed from outside at whatever moment it is in."""
    with subprocess.Popen(
        processes.command(appends_until_killed, lake.root, 300_000),
        cwd=processes.REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        said = [int(process.stdout.readline()) for _ in range(3)]
        process.kill()
        said += [int(line) for line in process.stdout.read().splitlines()]
    assert process.returncode == -signal.SIGKILL

    _append(day, 0)

    # One may be there of which nothing was said yet.
    assert _numbers(day)[: len(said)] == said


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
def test_a_damaged_response_is_left_out_and_named_and_set_aside_by_the_sealing(
    lake: Lake, day: PolledDay, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _append(day, 1, 2, 3)
    _, second, _ = sorted((folder(day) / "responses").iterdir())
    second.write_bytes(damaged)

    assert _numbers(day) == [1, 3]
    assert f"1 line(s) of {folder(day)} are damaged and are left out" in caplog.text
    assert [one.line for one in day.read()] == [1, 2]

    seal_before(lake, NEXT_DAY)

    assert (folder(day) / "polls.damaged.jsonl").read_bytes() == damaged
    assert "polls.damaged.jsonl" in caplog.text
    assert _numbers(day) == [1, 3]


@pytest.mark.parametrize("step", range(1, CHANGES_OF_A_SEAL + 1))
def test_a_seal_that_is_killed_at_any_step_loses_nothing_and_is_done_again(
    lake: Lake, day: PolledDay, step: int
) -> None:
    _append(day, 1, 2)
    assert processes.run(seals_and_is_killed, lake.root, step).returncode == processes.KILLED
    assert _numbers(day) == [1, 2]

    seal_before(lake, NEXT_DAY)

    assert lake.log.store.keys(day.folder) == [
        *(f"{day.folder}/polls.json", f"{day.folder}/polls.jsonl.zst")
    ]
    assert _numbers(day) == [1, 2]


def test_there_is_no_further_step_to_be_killed_at(lake: Lake, day: PolledDay) -> None:
    _append(day, 1, 2)
    assert processes.run(seals_and_is_killed, lake.root, CHANGES_OF_A_SEAL + 1).returncode == 0


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


def test_a_full_disk_is_said_and_what_was_there_is_kept(lake: Lake, day: PolledDay) -> None:
    _append(day, 1)
    refused = processes.run(appends_to_a_full_disk, lake.root, 100)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write a file of the lake to" in refused.stdout
    _append(day, 99)
    assert _numbers(day) == [1, 99]


@pytest.mark.parametrize("damage", ["cut", "delete", "spoil the sidecar"])
def test_a_sealed_day_that_is_not_what_was_sealed_is_refused_by_name(
    lake: Lake, day: PolledDay, damage: str
) -> None:
    _append(day, 1, 2)
    seal_before(lake, NEXT_DAY)
    sealed = folder(day) / "polls.jsonl.zst"
    match damage:
        case "cut":
            sealed.write_bytes(sealed.read_bytes()[:-1])
        case "delete":
            sealed.unlink()
        case _:
            (folder(day) / "polls.json").write_text("[]")

    with pytest.raises(DamagedFile, match=r"polls\.jsonl\.zst is not the file that was sealed"):
        day.read()
    # What is played meanwhile is kept all the same.
    _append(day, 3)


def test_a_folder_that_is_no_day_is_said(lake: Lake, day: PolledDay) -> None:
    _append(day, 1)
    (folder(day).parent / "date=yesterday").mkdir()

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


def folder(day: PolledDay) -> Path:
    return day.lake.path(day.folder)


def growing(day: PolledDay) -> Path:
    """What earlier versions appended to."""
    return folder(day) / "polls.jsonl"


def _names(day: PolledDay) -> list[str]:
    return sorted(path.name for path in folder(day).iterdir())


def _scratch(lake: Lake) -> list[Path]:
    return list(lake.scratch.iterdir())
