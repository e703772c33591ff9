"""The journal: what is appended is on the disk, and a restart goes on from it."""

import dataclasses
import signal
import subprocess
from pathlib import Path

import pytest

from spotify_assets.lake import LakeError
from spotify_assets.lake.exchanges import Response, decode, encode
from spotify_assets.lake.journal import Journal
from spotify_assets_tests.lake import crash_workers, processes
from spotify_assets_tests.lake.samples import TERMS, answer, numbered_answer, question

CHANGES_OF_AN_OPENING = 3
"""With a damaged line: putting the whole ones in place, writing the terms, renaming them."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "genre=rock" / "date=2025-11-20" / "0001.journal.jsonl"


def test_what_was_appended_is_answered_at_once_and_after_a_restart(path: Path) -> None:
    with Journal(path, TERMS) as journal:
        assert journal.answer(question()) is None
        for number in (1, 2, 3):
            journal.append(question(number), numbered_answer(number))
        assert journal.answer(question(2)) == numbered_answer(2)

    with Journal(path, TERMS) as journal:
        assert journal.lines == 3
        assert journal.answer(question(2)) == numbered_answer(2)
        assert journal.answer(question(4)) is None
        journal.append(question(4), numbered_answer(4))
        assert journal.answer(question(1)) == numbered_answer(1)
        assert journal.answer(question(4)) == numbered_answer(4)
    assert [decode(line).line for line in path.read_bytes().splitlines(True)] == [1, 2, 3, 4]


@pytest.mark.parametrize("passing", [answer(b"{", 200), answer(b"", 429), answer(b"", 503)])
def test_an_answer_that_is_not_final_is_kept_and_asked_again(path: Path, passing: Response) -> None:
    with Journal(path, TERMS) as journal:
        journal.append(question(), passing)
        assert journal.answer(question()) is None
        journal.append(question(), answer(b'{"at":"last"}'))

    with Journal(path, TERMS) as journal:
        assert journal.lines == 2
        assert journal.answer(question()) == answer(b'{"at":"last"}')


def test_a_prohibition_is_asked_again_by_the_next_run(path: Path) -> None:
    """Premium that lapsed can be paid, and a user registered; the day must not stay lost."""
    with Journal(path, TERMS) as journal:
        journal.append(question(), answer(b"Active premium subscription required", 403))

    with Journal(path, TERMS) as journal:
        assert journal.answer(question()) is None


def test_the_last_of_two_final_answers_counts(path: Path) -> None:
    with Journal(path, TERMS) as journal:
        journal.append(question(), numbered_answer(1))
        journal.append(question(), numbered_answer(2))
        assert journal.answer(question()) == numbered_answer(2)


def test_a_line_cut_at_any_byte_is_dropped_and_asked_again(path: Path) -> None:
    first = encode(1, question(1), numbered_answer(1))
    second = encode(2, question(2), numbered_answer(2))
    path.parent.mkdir(parents=True)
    for cut in range(len(second)):
        path.write_bytes(first + second[:cut])
        with Journal(path, TERMS) as journal:
            assert journal.lines == 1
            assert journal.answer(question(2)) is None
            journal.append(question(2), numbered_answer(2))
        assert path.read_bytes() == first + second


@pytest.mark.parametrize("whole", [0, 1, 4])
@pytest.mark.parametrize("cut", [0, 1, 100, 300])
def test_a_line_cut_by_a_kill_is_dropped_and_asked_again(path: Path, whole: int, cut: int) -> None:
    killed = processes.run(crash_workers.killed_within_a_line, path, whole, cut)
    assert killed.returncode == processes.KILLED, killed.stderr

    with Journal(path, TERMS) as journal:
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
        processes.command(crash_workers.appends_until_killed, path, size),
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

    with Journal(path, TERMS) as journal:
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
        b"[" * 100_000 + b"\n",
        encode(2, question(2), answer(b'{"a":1}')).replace(b'{"a":1}', b'{"a":2}'),
        encode(2, question(2), answer(b"text")).replace(b'"text":"text"', b'"text":17'),
    ],
)
def test_a_damaged_line_is_set_aside_and_said_and_only_its_question_is_open_again(
    path: Path, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _with_a_damaged_line(path, damaged)

    with Journal(path, TERMS) as journal:
        assert journal.answer(question(1)) == numbered_answer(1)
        assert journal.answer(question(2)) is None
        assert journal.answer(question(3)) == numbered_answer(3)
        assert journal.damaged.read_bytes() == damaged
        journal.append(question(2), numbered_answer(2))

    assert "1 line(s) of" in caplog.text
    assert "0001.damaged.jsonl, and asked for again" in caplog.text
    lines = [decode(line) for line in path.read_bytes().splitlines(True)]
    assert [(one.line, one.request) for one in lines] == [
        (1, question(1)),
        (2, question(3)),
        (3, question(2)),
    ]


def test_a_journal_without_damage_is_not_written_again(path: Path) -> None:
    with Journal(path, TERMS) as journal:
        journal.append(question(), answer())
    before = path.stat()

    with Journal(path, TERMS) as journal:
        assert not journal.damaged.exists()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_damaged_lines_of_several_days_are_all_kept(path: Path) -> None:
    _with_a_damaged_line(path, b"first\n")
    with Journal(path, TERMS):
        pass
    path.write_bytes(path.read_bytes() + b"second\nthird\n")

    with Journal(path, TERMS) as journal:
        assert journal.lines == 2
        assert journal.damaged.read_bytes() == b"first\nsecond\nthird\n"


@pytest.mark.parametrize("step", range(1, CHANGES_OF_AN_OPENING + 1))
def test_a_repair_that_is_killed_at_any_step_is_done_again(path: Path, step: int) -> None:
    _with_a_damaged_line(path, b"damaged\n")
    killed = processes.run(crash_workers.opens_a_journal_and_is_killed, path, step)
    assert killed.returncode == processes.KILLED, killed.stderr

    with Journal(path, TERMS) as journal:
        assert (journal.lines, journal.terms) == (2, TERMS)
        assert journal.answer(question(3)) == numbered_answer(3)
        assert set(journal.damaged.read_bytes().splitlines()) == {b"damaged"}


def test_an_opening_has_no_further_step_to_be_killed_at(path: Path) -> None:
    _with_a_damaged_line(path, b"damaged\n")
    opened = processes.run(
        crash_workers.opens_a_journal_and_is_killed, path, CHANGES_OF_AN_OPENING + 1
    )
    assert opened.returncode == 0, opened.stderr


def test_a_journal_keeps_the_terms_that_it_was_begun_under(path: Path) -> None:
    with Journal(path, TERMS) as journal:
        assert journal.terms == TERMS

    with Journal(path, dataclasses.replace(TERMS, market="US", tracks=7)) as journal:
        assert journal.terms == TERMS


@pytest.mark.parametrize("damaged", ["", "[]", '{"source":"sandbox"', '{"market":"BR"}', "null"])
def test_terms_that_cannot_be_read_are_said_with_what_to_do(path: Path, damaged: str) -> None:
    with Journal(path, TERMS):
        pass
    noted = path.with_name("0001.terms.json")
    noted.write_text(damaged)

    with pytest.raises(LakeError, match=r"0001\.terms\.json is damaged .*Delete it"):
        Journal(path, TERMS)

    noted.unlink()
    with Journal(path, TERMS) as journal:
        assert journal.terms == TERMS


def test_two_processes_do_not_write_one_journal(path: Path) -> None:
    with processes.holding(crash_workers.holds_a_journal, path) as holder:
        with pytest.raises(LakeError, match="Another process collects into"):
            Journal(path, TERMS)
        holder.kill()
        holder.wait()

    # The lock goes with the process, however it ended.
    with Journal(path, TERMS) as journal:
        journal.append(question(), answer())


def test_a_journal_is_free_again_once_it_is_closed(path: Path) -> None:
    with Journal(path, TERMS), pytest.raises(LakeError, match="Another process"):
        Journal(path, TERMS)
    with Journal(path, TERMS):
        pass


def test_a_journal_that_cannot_be_made_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LakeError, match=r"Cannot write the journal to .*0001.*run again"):
        Journal(tmp_path / "file" / "0001.journal.jsonl", TERMS)


# In the middle of a line, within the first one, and after whole ones.
@pytest.mark.parametrize("free", [1000, 10, 2 * len(encode(1, question(1), numbered_answer(1)))])
def test_a_full_disk_is_said_and_the_lines_before_it_are_kept(path: Path, free: int) -> None:
    refused = processes.run(crash_workers.appends_to_a_full_disk, path, free)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write line" in refused.stdout
    assert "Free space" in refused.stdout
    with Journal(path, TERMS) as journal:
        assert journal.lines == free // len(encode(1, question(1), numbered_answer(1)))
        journal.append(question(99), answer())
        assert journal.answer(question(99)) == answer()


def _with_a_damaged_line(path: Path, damaged: bytes) -> None:
    """A journal of three answers, the second of which is damaged."""
    path.parent.mkdir(parents=True)
    first = encode(1, question(1), numbered_answer(1))
    path.write_bytes(first + damaged + encode(3, question(3), numbered_answer(3)))
