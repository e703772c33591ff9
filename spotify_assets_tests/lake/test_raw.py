"""Sealing: a finished collection is one file that can be held to its hash."""

import datetime as dt
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.exchanges import encode
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets_tests.lake import crash_workers, processes
from spotify_assets_tests.lake.samples import OTHER_TERMS, TERMS, answer, numbered_answer, question

GENRES = ("forró", "samba", "rock")
FIRST, DAY, ROUNDS = dt.date(2025, 11, 1), dt.timedelta(days=1), 12
CHANGES_OF_A_SEAL = 5
"""Renaming the file, writing the sidecar, renaming it, deleting the terms and the journal."""
CHANGES_OF_A_BEGINNING = 4
"""Putting the journal under other terms aside, deleting its terms; writing and renaming the new."""


def test_a_sealed_file_holds_the_lines_of_the_journal(partition: RawPartition) -> None:
    lines = _collected(partition)
    sealed = _sealed(partition)

    assert [encode(one.line, one.request, one.response) for one in read_exchanges(sealed.path)] == (
        lines
    )
    assert (sealed.lines, sealed.bytes) == (len(lines), len(b"".join(lines)))
    assert sealed.sha256 == hashlib.sha256(sealed.path.read_bytes()).hexdigest()
    assert sealed.terms == TERMS
    assert sealed.source_file == ("raw/catalog/genre=forr%C3%B3/date=2025-11-20/0001.jsonl.zst")
    assert _names(partition) == ["0001.json", "0001.jsonl.zst"]


def test_a_partition_is_nothing_then_under_way_then_finished(partition: RawPartition) -> None:
    assert partition.latest() is None
    assert (partition.is_under_way(), partition.is_finished()) == (False, False)
    _collected(partition)
    assert (partition.is_under_way(), partition.is_finished()) == (True, False)
    sealed = _sealed(partition)
    assert (partition.is_under_way(), partition.is_finished()) == (False, True)
    assert partition.latest() == sealed


def test_lines_longer_than_a_read_are_put_together_again(partition: RawPartition) -> None:
    answers = [numbered_answer(number, size=1_500_000) for number in (1, 2, 3)]
    with partition.journal(TERMS) as journal:
        for number, response in enumerate(answers, start=1):
            journal.append(question(number), response)
        sealed = partition.seal(journal)

    assert [exchange.response for exchange in read_exchanges(sealed.path)] == answers


def test_a_collection_without_a_question_is_sealed_empty(partition: RawPartition) -> None:
    sealed = _sealed(partition)

    assert (sealed.lines, sealed.bytes) == (0, 0)
    assert list(read_exchanges(sealed.path)) == []
    assert partition.latest() == sealed


def test_a_finished_partition_is_not_begun_again_by_itself(partition: RawPartition) -> None:
    _sealed(partition)

    with pytest.raises(LakeError, match="forró on 2025-11-20 is collected already"):
        partition.journal(TERMS)


def test_a_further_collection_has_the_next_number_and_changes_nothing(
    partition: RawPartition,
) -> None:
    _collected(partition)
    first = _sealed(partition)
    before = first.path.read_bytes()
    with partition.journal(TERMS, force=True) as journal:
        journal.append(question(), answer(b'{"second":true}'))
        assert partition.latest() == first
        assert partition.is_under_way()
        assert not partition.is_finished()
        second = partition.seal(journal)

    assert second.path.name == "0002.jsonl.zst"
    assert partition.latest() == second
    assert first.path.read_bytes() == before


def test_a_collection_that_was_begun_again_goes_on_whoever_asks(partition: RawPartition) -> None:
    _sealed(partition)
    with partition.journal(TERMS, force=True) as journal:
        journal.append(question(), answer())

    for again in (True, False):
        with partition.journal(TERMS, force=again) as journal:
            assert (journal.path.name, journal.lines) == ("0002.journal.jsonl", 1)


def test_a_collection_under_way_under_other_terms_is_put_aside_and_stays(
    partition: RawPartition,
) -> None:
    lines = _collected(partition)

    with partition.journal(OTHER_TERMS, force=True) as journal:
        assert (journal.lines, journal.terms) == (0, OTHER_TERMS)
        sealed = partition.seal(journal)

    assert (sealed.path.name, sealed.terms) == ("0002.jsonl.zst", OTHER_TERMS)
    assert (partition.folder / "0001.abandoned.jsonl").read_bytes() == b"".join(lines)
    assert _names(partition) == ["0001.abandoned.jsonl", "0002.json", "0002.jsonl.zst"]
    with partition.journal(TERMS, force=True) as journal:
        assert journal.path.name == "0003.journal.jsonl"


def test_a_collection_under_way_goes_on_under_its_own_terms_unless_it_is_begun_again(
    partition: RawPartition,
) -> None:
    _collected(partition)

    with partition.journal(OTHER_TERMS) as journal:
        assert (journal.lines, journal.terms) == (3, TERMS)
        assert partition.seal(journal).terms == TERMS


@pytest.mark.parametrize("step", range(1, CHANGES_OF_A_BEGINNING + 1))
def test_a_beginning_that_is_killed_at_any_step_is_done_again(
    partition: RawPartition, step: int
) -> None:
    lines = _collected(partition)
    killed = processes.run(crash_workers.begins_again_and_is_killed, *_place(partition), step)
    assert killed.returncode == processes.KILLED, killed.stderr

    with partition.journal(OTHER_TERMS, force=True) as journal:
        assert (journal.path.name, journal.lines) == ("0002.journal.jsonl", 0)
        assert journal.terms == OTHER_TERMS
    assert (partition.folder / "0001.abandoned.jsonl").read_bytes() == b"".join(lines)


def test_a_beginning_has_no_further_step_to_be_killed_at(partition: RawPartition) -> None:
    _collected(partition)
    step = CHANGES_OF_A_BEGINNING + 1
    assert (
        processes.run(crash_workers.begins_again_and_is_killed, *_place(partition), step).returncode
        == 0
    )


@pytest.mark.parametrize("step", range(1, CHANGES_OF_A_SEAL + 1))
def test_a_seal_that_is_killed_at_any_step_is_done_again_to_the_same_file(
    partition: RawPartition, step: int
) -> None:
    lines = _collected(partition)

    _kill_while_sealing(partition, step)
    sealed = partition.latest() if partition.is_finished() else _sealed(partition)

    assert sealed
    assert sealed.lines == len(lines)
    assert sealed.sha256 == _sealed_elsewhere(partition)
    assert [encode(one.line, one.request, one.response) for one in read_exchanges(sealed.path)] == (
        lines
    )


def test_a_seal_has_no_further_step_to_be_killed_at(partition: RawPartition) -> None:
    _collected(partition)

    assert _seal_killed_before(partition, CHANGES_OF_A_SEAL + 1) == 0
    assert partition.is_finished()


def test_a_journal_that_a_kill_left_beside_its_sealed_file_is_no_collection_under_way(
    partition: RawPartition,
) -> None:
    _collected(partition)
    _kill_while_sealing(partition, CHANGES_OF_A_SEAL)
    assert "0001.journal.jsonl" in _names(partition)

    assert partition.is_finished()
    with pytest.raises(LakeError, match="collected already"):
        partition.journal(TERMS)
    assert _names(partition) == ["0001.json", "0001.jsonl.zst"]


def test_a_collection_that_another_process_finishes_meanwhile_is_not_overwritten(
    partition: RawPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    _collected(partition)
    first = partition.journal(TERMS)
    finished: list[Sealed] = []
    lock = fcntl.flock

    def finish_and_lock(file: Any, operation: int) -> None:
        """What happens between choosing the journal and having it."""
        monkeypatch.setattr(fcntl, "flock", lock)
        with first:
            finished.append(partition.seal(first))
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", finish_and_lock)
    with pytest.raises(LakeError, match="forró on 2025-11-20 was finished by another process"):
        partition.journal(TERMS)

    monkeypatch.undo()
    assert [partition.latest()] == finished
    with partition.journal(TERMS, force=True) as journal:
        assert (journal.path.name, journal.lines) == ("0002.journal.jsonl", 0)


def test_a_seal_does_not_mind_that_another_process_has_cleared_the_journal_away(
    partition: RawPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `journal` does with those that a kill left beside their sealed file."""
    _collected(partition)
    unlink = Path.unlink

    def unlink_after_another(self: Path, missing_ok: bool = False) -> None:
        unlink(self)
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_after_another)

    assert partition.latest() is None
    assert _sealed(partition) == partition.latest()


def test_seals_of_different_days_in_containers_with_the_same_process_id_do_not_meet(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each container the first process is 1."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    for number in range(ROUNDS):
        days = [RawPartition(lake, GenreDay(genre, FIRST + number * DAY)) for genre in GENRES]
        lines = [_collected(day) for day in days]

        sealed = _at_once([partial(_sealed, day) for day in days])

        assert [day.latest() for day in days] == sealed
        assert [_lines_of(one) for one in sealed] == lines
    assert list(lake.scratch.iterdir()) == []


def test_two_seals_at_once_of_one_collection_make_one_file_that_can_be_read(lake: Lake) -> None:
    for number in range(ROUNDS):
        day = RawPartition(lake, GenreDay("forró", FIRST + number * DAY))
        lines = _collected(day)
        with day.journal(TERMS) as journal:
            first, second = _at_once([partial(day.seal, journal)] * 2)

        assert first == second == day.latest()
        assert _lines_of(first) == lines
        assert _names(day) == ["0001.json", "0001.jsonl.zst"]


def test_what_was_sealed_and_reads_otherwise_keeps_its_journal(
    partition: RawPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _collected(partition)
    replace = Path.replace

    def replace_by_something_else(self: Path, target: Path) -> Path:
        if target.suffix == ".zst":
            self.write_bytes(b"of another process")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace_by_something_else)
    with pytest.raises(LakeError, match="not the file that was sealed"):
        _sealed(partition)
    monkeypatch.undo()

    assert partition.is_under_way()
    assert _lines_of(_sealed(partition)) == lines


def _at_once(calls: Sequence[Callable[[], Sealed]]) -> list[Sealed]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


def _lines_of(sealed: Sealed) -> list[bytes]:
    return [encode(one.line, one.request, one.response) for one in read_exchanges(sealed.path)]


def _cut_in_half(sealed: Sealed) -> None:
    sealed.path.write_bytes(sealed.path.read_bytes()[: sealed.path.stat().st_size // 2])


def _flip_a_bit(sealed: Sealed) -> None:
    content = bytearray(sealed.path.read_bytes())
    content[-1] ^= 1
    sealed.path.write_bytes(content)


def _delete(sealed: Sealed) -> None:
    sealed.path.unlink()


def _cut_the_sidecar(sealed: Sealed) -> None:
    _sidecar(sealed).write_text(_sidecar(sealed).read_text()[:40])


def _empty_the_sidecar(sealed: Sealed) -> None:
    _sidecar(sealed).write_text("")


def _take_the_terms_from_the_sidecar(sealed: Sealed) -> None:
    facts = json.loads(_sidecar(sealed).read_text())
    del facts["terms"]
    _sidecar(sealed).write_text(json.dumps(facts))


def _make_the_sidecar_a_list(sealed: Sealed) -> None:
    _sidecar(sealed).write_text("[]")


@pytest.mark.parametrize(
    "damage",
    [
        _cut_in_half,
        _flip_a_bit,
        _delete,
        _cut_the_sidecar,
        _empty_the_sidecar,
        _take_the_terms_from_the_sidecar,
        _make_the_sidecar_a_list,
    ],
)
def test_a_damaged_sealed_file_is_refused_by_name(partition: RawPartition, damage: object) -> None:
    _collected(partition)
    sealed = _sealed(partition)
    assert callable(damage)
    damage(sealed)

    with pytest.raises(
        LakeError, match=r"0001\.jsonl\.zst is not the file that was sealed.*0001\.json"
    ):
        partition.latest()


@pytest.mark.parametrize(
    ("damage", "is_intact"),
    [(_delete, False), (_cut_in_half, False), (_make_the_sidecar_a_list, False), (str, True)],
)
def test_damage_that_changes_the_length_is_seen_without_reading_the_file(
    partition: RawPartition, damage: Callable[[Sealed], None], is_intact: bool
) -> None:
    assert not partition.is_intact()
    _collected(partition)
    damage(_sealed(partition))

    assert partition.is_intact() == is_intact


def test_a_sidecar_of_an_older_version_does_not_say_how_long_the_file_was(
    partition: RawPartition,
) -> None:
    _collected(partition)
    sealed = _sealed(partition)
    facts = json.loads(_sidecar(sealed).read_text())
    del facts["compressed_bytes"]
    _sidecar(sealed).write_text(json.dumps(facts))

    assert partition.is_intact()
    assert partition.latest() == sealed


def test_a_file_that_was_cut_between_blocks_reads_as_complete_and_is_still_refused(
    partition: RawPartition,
) -> None:
    """Why there is a sidecar."""
    _collected(partition)
    sealed = _sealed(partition)
    sealed.path.write_bytes(b"")
    assert list(read_exchanges(sealed.path)) == []

    with pytest.raises(LakeError, match="not the file that was sealed"):
        partition.latest()


@pytest.mark.parametrize("free", [0, 150])
def test_a_seal_on_a_full_disk_keeps_the_journal(partition: RawPartition, free: int) -> None:
    _collected(partition)

    refused = processes.run(crash_workers.seals_on_a_full_disk, *_place(partition), free)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert "Cannot write the raw responses of forró on 2025-11-20" in refused.stdout
    assert _names(partition) == ["0001.journal.jsonl", "0001.terms.json"]
    assert _sealed(partition).sha256 == _sealed_elsewhere(partition)


def _collected(partition: RawPartition) -> list[bytes]:
    with partition.journal(TERMS) as journal:
        for number in (1, 2, 3):
            journal.append(question(number), numbered_answer(number, size=number))
        return journal.path.read_bytes().splitlines(keepends=True)


def _sealed(partition: RawPartition) -> Sealed:
    with partition.journal(TERMS) as journal:
        return partition.seal(journal)


def _sealed_elsewhere(partition: RawPartition) -> str:
    """The hash of the same collection, sealed in another lake in one go."""
    other = RawPartition(type(partition.lake)(partition.lake.root / "other"), partition.genre_day)
    _collected(other)
    return _sealed(other).sha256


def _kill_while_sealing(partition: RawPartition, step: int) -> None:
    assert _seal_killed_before(partition, step) == processes.KILLED


def _seal_killed_before(partition: RawPartition, step: int) -> int:
    return processes.run(crash_workers.seals_and_is_killed, *_place(partition), step).returncode


def _place(partition: RawPartition) -> tuple[Path, Path]:
    return partition.lake.root, partition.genre_day.folder


def _sidecar(sealed: Sealed) -> Path:
    return sealed.path.with_name("0001.json")


def _names(partition: RawPartition) -> list[str]:
    return sorted(path.name for path in partition.folder.iterdir())
