"""The journal: what is appended is on the disk, and a restart goes on from it."""

import signal
import subprocess
from pathlib import Path

import pytest

from spotify_assets.lake import LakeError
from spotify_assets.lake.raw import Journal, Response, decode, encode
from spotify_assets_tests.lake import processes, victims
from spotify_assets_tests.lake.samples import answer, numbered_answer, question


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "genre=rock" / "date=2025-11-20" / "0001.journal.jsonl"


def test_what_was_appended_is_answered_at_once_and_after_a_restart(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.answer(question()) is None
        for number in (1, 2, 3):
            journal.append(question(number), numbered_answer(number))
        assert journal.answer(question(2)) == numbered_answer(2)

    with Journal(path) as journal:
        assert journal.lines == 3
        assert journal.answer(question(2)) == numbered_answer(2)
        assert journal.answer(question(4)) is None
        journal.append(question(4), numbered_answer(4))
        assert journal.answer(question(1)) == numbered_answer(1)
        assert journal.answer(question(4)) == numbered_answer(4)
    assert [decode(line).line for line in path.read_bytes().splitlines(True)] == [1, 2, 3, 4]


@pytest.mark.parametrize("passing", [answer(b"{", 200), answer(b"", 429), answer(b"", 503)])
def test_an_answer_that_is_not_final_is_kept_and_asked_again(path: Path, passing: Response) -> None:
    with Journal(path) as journal:
        journal.append(question(), passing)
        assert journal.answer(question()) is None
        journal.append(question(), answer(b'{"at":"last"}'))

    with Journal(path) as journal:
        assert journal.lines == 2
        assert journal.answer(question()) == answer(b'{"at":"last"}')


def test_a_prohibition_is_asked_again_by_the_next_run(path: Path) -> None:
    """Premium that lapsed can be paid, and a user registered; the day must not stay lost."""
    with Journal(path) as journal:
        journal.append(question(), answer(b"Active premium subscription required", 403))

    with Journal(path) as journal:
        assert journal.answer(question()) is None


def test_the_last_of_two_final_answers_counts(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(question(), numbered_answer(1))
        journal.append(question(), numbered_answer(2))
        assert journal.answer(question()) == numbered_answer(2)


def test_a_line_cut_at_any_byte_is_dropped_and_asked_again(path: Path) -> None:
    first = encode(1, question(1), numbered_answer(1))
    second = encode(2, question(2), numbered_answer(2))
    path.parent.mkdir(parents=True)
    for cut in range(len(second)):
        path.write_bytes(first + second[:cut])
        with Journal(path) as journal:
            assert journal.lines == 1
            assert journal.answer(question(2)) is None
            journal.append(question(2), numbered_answer(2))
        assert path.read_bytes() == first + second


@pytest.mark.parametrize("whole", [0, 1, 4])
@pytest.mark.parametrize("cut", [0, 1, 100, 300])
def test_a_line_cut_by_a_kill_is_dropped_and_asked_again(path: Path, whole: int, cut: int) -> None:
    killed = processes.run(victims.killed_within_a_line, path, whole, cut)
    assert killed.returncode == processes.KILLED, killed.stderr

    with Journal(path) as journal:
        assert journal.lines == whole
        assert journal.answer(question(whole + 1)) is None
        for number in range(1, whole + 1):
            assert journal.answer(question(number)) == numbered_answer(number)
        journal.append(question(whole + 1), numbered_answer(whole + 1))
    assert [decode(line).line for line in path.read_bytes().splitlines(True)] == [
        *range(1, whole + 2)
    ]


@pytest.mark.parametrize("after_bytes", [1, 700_001, 5_000_003])
def test_no_line_that_was_said_to_be_on_the_disk_is_lost_in_a_kill(
    path: Path, after_bytes: int
) -> None:
    """Killed from outside at whatever moment it is in: most lines are long, so mostly in one."""
    size = 300_000
    with subprocess.Popen(
        processes.command(victims.appends_until_killed, path, size),
        cwd=processes.REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while not (path.exists() and path.stat().st_size >= after_bytes):
            assert process.poll() is None
        process.kill()
        assert process.stdout
        said = [int(line) for line in process.stdout.read().splitlines()]
    assert process.returncode == -signal.SIGKILL

    with Journal(path) as journal:
        assert journal.lines >= len(said)
        for number in range(1, journal.lines + 1):
            assert journal.answer(question(number)) == numbered_answer(number, size)


@pytest.mark.parametrize(
    "damaged",
    [
        b"not json\n",
        b"{}\n",
        b"[]\n",
        b"17\n",
        b"null\n",
        b"\n",
        b"\x00\xff\n",
        encode(2, question(), answer(b'{"a":1}')).replace(b'{"a":1}', b'{"a":2}'),
        encode(2, question(), answer(b"text")).replace(b'"text":"text"', b'"text":17'),
    ],
)
def test_a_damaged_line_before_the_end_is_refused_by_number_and_file(
    path: Path, damaged: bytes
) -> None:
    path.parent.mkdir(parents=True)
    whole = encode(1, question(), answer())
    path.write_bytes(whole + damaged + whole)

    with pytest.raises(LakeError, match=r"Line 2 of .*0001\.journal\.jsonl is damaged"):
        Journal(path)

    assert path.read_bytes() == whole + damaged + whole
    path.unlink()
    with Journal(path) as journal:
        assert journal.lines == 0


def test_two_processes_do_not_write_one_journal(path: Path) -> None:
    with subprocess.Popen(
        processes.command(victims.holds_a_journal, path),
        cwd=processes.REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(LakeError, match="Another process collects into"):
            Journal(path)
        holder.kill()
        holder.wait()

    # The lock goes with the process, however it ended.
    with Journal(path) as journal:
        journal.append(question(), answer())


def test_a_journal_is_free_again_once_it_is_closed(path: Path) -> None:
    with Journal(path), pytest.raises(LakeError, match="Another process"):
        Journal(path)
    with Journal(path):
        pass


def test_a_journal_that_cannot_be_made_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LakeError, match=r"Cannot write the journal to .*0001.*run again"):
        Journal(tmp_path / "file" / "0001.journal.jsonl")


# In the middle of a line, within the first one, and after whole ones.
@pytest.mark.parametrize("free", [1000, 10, 2 * len(encode(1, question(1), numbered_answer(1)))])
def test_a_full_disk_is_said_and_the_lines_before_it_are_kept(path: Path, free: int) -> None:
    refused = processes.run(victims.appends_to_a_full_disk, path, free)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write line" in refused.stdout
    assert "Free space" in refused.stdout
    with Journal(path) as journal:
        assert journal.lines == free // len(encode(1, question(1), numbered_answer(1)))
        journal.append(question(99), answer())
        assert journal.answer(question(99)) == answer()
