"""A lake on an object store: what one machine was told is kept, another goes on with.

The machines are folders of their own; the store is obstore's in memory. A kill is an error that
nobody catches, at any request that changes the store, before it is done or after.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from obstore.store import MemoryStore

from spotify_assets.lake import (
    DamagedFile,
    GenreDay,
    Lake,
    LakeError,
    comment_decisions,
    comments,
    history,
    layout,
    retention,
)
from spotify_assets.lake.exchanges import Exchange, Request
from spotify_assets.lake.history import bring_up_to_date
from spotify_assets.lake.journal import CollectionParameters, Journal
from spotify_assets.lake.log import Revised
from spotify_assets.lake.polls import PolledDay, polled_days, seal_before
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.lake.retention import GenreDayBusy, Rule
from spotify_assets.lake.revisions import note, revisions
from spotify_assets.lake.store import AlreadyThere, Remote
from spotify_assets.lake.tables import (
    first_date,
    genres,
    held_file,
    read_partition,
)
from spotify_assets_tests.lake.partition_files import write_partition
from spotify_assets_tests.lake.samples import (
    ASKED_AT,
    OTHER_TERMS,
    TERMS,
    answer,
    numbered_answer,
    question,
)

DAY = GenreDay("forró", dt.date(2025, 11, 20))
FOLDER = "raw/catalog/genre=forr%C3%B3/date=2025-11-20"
LONG_AFTER = dt.date(2026, 11, 20)
TABLE = "star.fact_track_daily"
FILE_ID = "0123456789abcdef"
CHANGES = 7
"""Of the store, from beginning a collection of three answers to having it sealed."""


class Killed(BaseException):
    """As far as the lake can tell, the process ended here."""


class Mortal(Remote):
    """A store whose ``die_at``-th change is the last that this process asks for."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store, "memory:///")
        self.die_at, self.is_done, self.changes = 0, False, 0

    def _changing(self, change: Callable[[], None]) -> None:
        self.changes += 1
        if self.changes == self.die_at:
            if self.is_done:
                change()
            raise Killed
        change()

    def create(self, key: str, data: bytes) -> None:
        self._changing(lambda: super(Mortal, self).create(key, data))

    def delete(self, keys: Iterable[str]) -> None:
        listed = list(keys)
        self._changing(lambda: super(Mortal, self).delete(listed))


@pytest.fixture
def store() -> Mortal:
    return Mortal(MemoryStore())


@pytest.fixture
def machine(
    tmp_path: Path, store: Mortal, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Lake]]:
    """The lake as a machine of that name has it."""
    monkeypatch.setattr(layout, "open_store", lambda _place: store)
    layout._log_at.cache_clear()
    yield lambda name: Lake(tmp_path / name, "memory:///")
    layout._log_at.cache_clear()


@pytest.fixture
def lake(machine: Callable[[str], Lake]) -> Lake:
    return machine("one")


@pytest.fixture
def other(machine: Callable[[str], Lake]) -> Lake:
    return machine("other")


def collect(lake: Lake, wanted: int = 3, *, force: bool = False, day: GenreDay = DAY) -> Sealed:
    """Ask so many questions, but for those that are answered, and seal the answers."""
    partition = RawPartition(lake, day)
    with partition.journal(TERMS, force=force) as journal:
        ask(journal, range(1, wanted + 1))
        return partition.seal(journal)


def ask(journal: Journal, numbers: Iterable[int]) -> list[int]:
    """Those that had to be asked."""
    asked = [number for number in numbers if journal.answer(question(number)) is None]
    for number in asked:
        journal.append(question(number), numbered_answer(number))
    return asked


def bodies(exchanges: Iterable[Exchange]) -> list[int]:
    return [json.loads(one.response.body)["number"] for one in exchanges]


# --- Collections ----------------------------------------------------------------------------------


def test_a_response_is_on_the_store_before_the_next_is_asked_for(lake: Lake, other: Lake) -> None:
    with RawPartition(lake, DAY).journal(TERMS) as journal:
        ask(journal, [1, 2])
        assert RawPartition(other, DAY).held() == {"search": 2}
    assert RawPartition(other, DAY).is_under_way()
    assert not RawPartition(other, DAY).is_finished()


def test_another_machine_goes_on_with_what_is_missing(lake: Lake, other: Lake) -> None:
    with RawPartition(lake, DAY).journal(TERMS) as journal:
        ask(journal, [1, 2])
    with RawPartition(other, DAY).journal(OTHER_TERMS) as journal:
        assert journal.terms == TERMS
        assert ask(journal, [1, 2, 3]) == [3]
        sealed = RawPartition(other, DAY).seal(journal)
    assert RawPartition(lake, DAY).latest() == replace(
        sealed, path=lake.root / FOLDER / "0001.jsonl.zst"
    )
    assert bodies(read_exchanges(lake.root / FOLDER / "0001.jsonl.zst")) == [1, 2, 3]


def test_of_two_machines_that_collect_the_same_one_is_refused(lake: Lake, other: Lake) -> None:
    with RawPartition(lake, DAY).journal(TERMS) as journal:
        ask(journal, [1])
        with RawPartition(other, DAY).journal(TERMS) as second:
            journal.append(question(2), numbered_answer(2))
            with pytest.raises(LakeError, match="Another machine collects into"):
                second.append(question(3), numbered_answer(3))
        assert ask(journal, [3]) == [3]
        assert RawPartition(lake, DAY).seal(journal).lines == 3


def test_what_is_sealed_is_one_object_and_its_sidecar(lake: Lake) -> None:
    collect(lake)
    assert lake.log.store.keys("raw") == [f"{FOLDER}/0001.json", f"{FOLDER}/0001.jsonl.zst"]
    assert genres(lake) == ["forró"]
    assert first_date(lake) == DAY.date
    with pytest.raises(LakeError, match="is collected already"):
        RawPartition(lake, DAY).journal(TERMS)


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("die_at", range(1, CHANGES + 1))
def test_a_kill_at_any_request_loses_nothing_and_asks_nothing_twice(
    lake: Lake, other: Lake, store: Mortal, die_at: int, is_done: bool
) -> None:
    store.die_at, store.is_done = die_at, is_done
    told = 0
    with suppress(Killed), RawPartition(lake, DAY).journal(TERMS) as journal:
        for number in (1, 2, 3):
            ask(journal, [number])
            told = number
        RawPartition(lake, DAY).seal(journal)
    partition = RawPartition(other, DAY)
    if not partition.is_finished():
        with partition.journal(TERMS) as journal:
            assert not set(ask(journal, [1, 2, 3])) & set(range(1, told + 1))
            partition.seal(journal)
    sealed = partition.latest()
    assert sealed
    assert bodies(read_exchanges(sealed.path)) == [1, 2, 3]
    with partition.journal(TERMS, force=True):
        # What was left of the first collection is cleared away now.
        assert store.keys(FOLDER) == [
            f"{FOLDER}/0001.json",
            f"{FOLDER}/0001.jsonl.zst",
            f"{FOLDER}/0002.terms.json",
        ]


def test_a_collection_takes_as_many_changes_as_are_tried(lake: Lake, store: Mortal) -> None:
    collect(lake)
    assert store.changes == CHANGES


def test_under_other_terms_a_collection_is_put_aside(lake: Lake, other: Lake) -> None:
    with RawPartition(lake, DAY).journal(TERMS) as journal:
        ask(journal, [1, 2])
    with RawPartition(other, DAY).journal(OTHER_TERMS, force=True) as journal:
        assert journal.lines == 0
    assert lake.log.store.keys(FOLDER) == [
        f"{FOLDER}/0001.abandoned.jsonl",
        f"{FOLDER}/0002.terms.json",
    ]
    assert lake.log.store.get(f"{FOLDER}/0001.abandoned.jsonl").count(b"\n") == 2


def test_what_was_read_before_a_purge_is_not_taken_for_what_is_there(
    lake: Lake, other: Lake
) -> None:
    collect(lake, 1)
    purge(other)
    collect(other, 2)
    sealed = RawPartition(lake, DAY).latest()
    assert sealed
    assert bodies(read_exchanges(sealed.path)) == [1, 2]


def test_a_sealed_object_that_was_changed_is_damaged(lake: Lake, store: Mortal) -> None:
    sealed = collect(lake)
    sealed.path.unlink()
    store.replace(sealed.source_file, b"something else")
    with pytest.raises(DamagedFile, match=r"0001\.jsonl\.zst is not the file that was sealed"):
        RawPartition(lake, DAY).latest()


# --- Polls ----------------------------------------------------------------------------------------


POLL = Request("me", "me/player/recently-played", {"limit": 50})


def polled(lake: Lake, number: int, at: dt.datetime = ASKED_AT) -> None:
    response = replace(numbered_answer(number), requested_at=at)
    PolledDay(lake, DAY.date).append(POLL, response)


def test_polls_of_two_machines_are_of_one_day_in_the_order_of_their_time(
    lake: Lake, other: Lake
) -> None:
    polled(lake, 2, ASKED_AT + dt.timedelta(minutes=30))
    polled(other, 1)
    day = PolledDay(lake, DAY.date)
    assert bodies(day.read()) == [1, 2]
    assert [one.line for one in day.read()] == [1, 2]
    assert polled_days(other) == [DAY.date]


def test_a_sealed_day_of_polls_is_read_the_same_and_takes_what_comes_late(
    lake: Lake, other: Lake
) -> None:
    polled(lake, 1)
    polled(lake, 2, ASKED_AT + dt.timedelta(minutes=30))
    assert seal_before(other, LONG_AFTER) == [DAY.date]
    assert seal_before(lake, LONG_AFTER) == []
    folder = "raw/recently_played/date=2025-11-20"
    assert lake.log.store.keys(folder) == [f"{folder}/polls.json", f"{folder}/polls.jsonl.zst"]
    polled(lake, 3, ASKED_AT + dt.timedelta(hours=12))
    assert seal_before(lake, LONG_AFTER) == []
    assert bodies(PolledDay(other, DAY.date).read()) == [1, 2, 3]


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("die_at", [3, 4, 5])
def test_a_kill_while_a_day_of_polls_is_sealed_loses_and_doubles_nothing(
    lake: Lake, other: Lake, store: Mortal, die_at: int, is_done: bool
) -> None:
    polled(lake, 1)
    polled(lake, 2, ASKED_AT + dt.timedelta(minutes=30))
    store.die_at, store.is_done = die_at, is_done
    with pytest.raises(Killed):
        PolledDay(lake, DAY.date).seal()
    assert bodies(PolledDay(other, DAY.date).read()) == [1, 2]
    PolledDay(other, DAY.date).seal()
    assert bodies(PolledDay(other, DAY.date).read()) == [1, 2]
    assert len(store.keys("raw/recently_played")) == 2


# --- Exports, and what is made of polls -----------------------------------------------------------


def imported(lake: Lake, text: str) -> None:
    """Put the two folders of an export file into place."""
    for table in (history.STREAMING_HISTORY, history.STREAMS):
        with history.making(lake) as made:
            (made / "rows.parquet").write_text(text)
            if table == history.STREAMING_HISTORY:
                (made / history.FACTS_FILE).write_text(f'{{"{text}": 1}}')
            folder = history.history_folder(lake, table, history.file_folder(FILE_ID))
            history.place(lake, made, folder)


def seen(lake: Lake) -> dict[str, str]:
    """What a machine reads of the history."""
    bring_up_to_date(lake)
    found = [*lake.root.glob("raw/streaming_history/*/*"), *lake.root.glob("processed/*/*/*")]
    return {lake.relative(path): path.read_text() for path in found}


def test_an_export_is_on_every_machine_with_its_time(lake: Lake, other: Lake) -> None:
    imported(lake, "first")
    assert seen(other) == seen(lake)
    assert history.imported_files(other) == [FILE_ID]
    streams = [
        history.history_file(one, history.STREAMS, f"file={FILE_ID}") for one in (lake, other)
    ]
    assert len({path.stat().st_mtime_ns for path in streams}) == 1


def test_what_is_made_again_on_one_machine_is_so_on_the_other(lake: Lake, other: Lake) -> None:
    imported(lake, "first")
    assert seen(other)
    imported(other, "second")
    history.write_facts(other, FILE_ID, "{}")
    assert seen(lake) == {
        f"processed/streams/file={FILE_ID}/rows.parquet": "second",
        f"raw/streaming_history/file={FILE_ID}/rows.parquet": "second",
        f"raw/streaming_history/file={FILE_ID}/file.json": "{}",
    }


def test_what_is_forgotten_is_on_the_store_and_on_no_machine(lake: Lake, other: Lake) -> None:
    imported(lake, "private")
    assert seen(other)
    history.withdraw(other, FILE_ID)
    assert history.imported_files(other) == []
    history.erase(other, FILE_ID)
    assert seen(lake) == seen(other) == {}
    assert history.held_files(lake) == []
    assert lake.log.store.keys("raw") == lake.log.store.keys("processed") == []


def test_an_import_that_the_store_did_not_take_is_not_there(
    lake: Lake, store: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(store, "create", killed)
    with pytest.raises(Killed):
        imported(lake, "first")
    assert seen(lake) == {}


def test_comments_and_decisions_are_on_every_machine(lake: Lake, other: Lake) -> None:
    batch = comments.Batch("a" * 24, ASKED_AT, "api", "radio", [{"row": 1}], left_out=[])
    comments.write_batch(lake, batch)
    decisions = comment_decisions.DecisionLog(lake)
    for second, category in enumerate(("praise", "spam")):
        at = ASKED_AT + dt.timedelta(seconds=second)
        decisions.add({"comment_id": "1", "category": category}, at)
    comment_decisions.write_vocabulary(other, "topics")
    for one in (lake, other):
        comments.bring_up_to_date(one)
        [path] = comments.batch_files(one, DAY.date)
        assert comments.read_batch(path) == batch
        told = comment_decisions.decisions(comment_decisions.decision_files(one))
        assert [decision["category"] for decision in told] == ["praise", "spam"]
        assert comment_decisions.vocabulary_file(one).read_text() == "topics"


def test_pseudonyms_are_the_same_on_each_machine(lake: Lake, other: Lake) -> None:
    assert history.secret(lake) == history.secret(other)


def test_rows_of_polls_are_written_only_where_they_changed(lake: Lake, other: Lake) -> None:
    for one, number in ((lake, 1), (other, 1), (other, 2)):
        target = history.history_file(one, "processed.plays", "date=2025-11-20")
        history.write_rows(one, target, "plays", pl.DataFrame({"number": [number]}))
    bring_up_to_date(lake)
    target = history.history_file(lake, "processed.plays", "date=2025-11-20")
    assert pl.read_parquet(target, hive_partitioning=False)["number"].to_list() == [2]


# --- Tables, purges and the cache -----------------------------------------------------------------


def rows(*numbers: int) -> pl.DataFrame:
    return pl.DataFrame({"number": numbers}).with_columns(
        genre=pl.lit(DAY.genre), date=pl.lit(DAY.date)
    )


def purge(lake: Lake, rule: Rule = Rule()) -> None:  # noqa: B008 - it is frozen
    for one in retention.due(lake, rule, LONG_AFTER):
        retention.delete(lake, one)


def test_rows_are_read_from_the_store_once(lake: Lake, other: Lake, store: Mortal) -> None:
    write_partition(lake, TABLE, DAY, rows(1, 2))
    assert read_partition(other, TABLE, DAY)["number"].to_list() == [1, 2]
    file = held_file(other, TABLE, DAY)
    assert file
    store.delete([file.key])
    assert read_partition(other, TABLE, DAY)["number"].to_list() == [1, 2]
    assert lake.uri(file.key) == f"memory:////{file.key}"


def test_a_file_that_the_store_has_lost_is_damaged(lake: Lake, other: Lake, store: Mortal) -> None:
    write_partition(lake, TABLE, DAY, rows(1))
    file = held_file(other, TABLE, DAY)
    assert file
    store.delete([file.key])
    with pytest.raises(DamagedFile):
        read_partition(other, TABLE, DAY)


def test_a_purge_deletes_on_the_store_and_on_this_machine(lake: Lake, other: Lake) -> None:
    collect(lake)
    write_partition(lake, TABLE, DAY, rows(1))
    polled(lake, 1)
    due = retention.due(other, Rule(), LONG_AFTER)
    listed = retention.listing(other, due)
    assert listed.select("layer", "rows").rows() == [
        ("raw", 3),
        ("raw", 0),
        ("star", 1),
        ("raw", 1),
    ]
    purge(lake)
    assert lake.log.store.keys("raw") == lake.log.store.keys("star") == []
    assert [*lake.root.glob("raw/*/*/*")] == []
    with pytest.raises(FileNotFoundError):
        read_partition(other, TABLE, DAY)


def test_what_another_machine_purged_is_dropped_from_the_cache(lake: Lake, other: Lake) -> None:
    collect(other)
    next_day = replace(DAY, date=DAY.date + dt.timedelta(days=1))
    for day in (DAY, next_day):
        write_partition(lake, TABLE, day, rows(1))
        read_partition(other, TABLE, day)
    other.drop_cached(DAY)
    assert len([*other.root.glob("*/*/genre=*/*/*")]) == 1
    assert read_partition(other, TABLE, next_day).height == 1


def test_superseded_collections_go(lake: Lake) -> None:
    for _ in range(3):
        collect(lake, 1, force=True)
    purge(lake, Rule(superseded=True))
    assert lake.log.store.keys(FOLDER) == [f"{FOLDER}/0003.json", f"{FOLDER}/0003.jsonl.zst"]


def test_what_another_machine_collects_now_is_not_purged(lake: Lake, other: Lake) -> None:
    with RawPartition(lake, DAY).journal(TERMS) as journal:
        ask(journal, [1])
    with pytest.raises(GenreDayBusy, match="perhaps by another machine"):
        purge(other)


def test_revisions_of_two_machines_are_numbered_as_they_come(lake: Lake, other: Lake) -> None:
    for one, number in ((lake, 1), (other, 2), (lake, 3)):
        note(one, TABLE, DAY, 0, Revised(number, 0, 0), "2.5")
    assert [(n, one.rows_before) for n, one in revisions(other)] == [(1, 1), (2, 2), (3, 3)]
    assert [n for n, _ in revisions(other, after=2)] == [3]


def test_a_store_holds_data_of_one_source(lake: Lake, other: Lake) -> None:
    lake.claim("sandbox")
    lake.claim("sandbox")
    other.claim("sandbox")
    with pytest.raises(LakeError, match=r"memory:/// holds data of the sandbox.*SPOTIFY_LAKE_URL"):
        other.claim("spotify")


def test_a_store_that_overwrites_is_refused(
    lake: Lake, store: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "create", store.replace)
    with pytest.raises(LakeError, match="overwrites a key that is there"):
        lake.claim("sandbox")
    assert store.keys("") == []


def test_a_cache_that_is_deleted_is_made_again(lake: Lake) -> None:
    collect(lake)
    imported(lake, "first")
    before = seen(lake)
    for path in sorted(lake.root.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert seen(lake) == before
    assert RawPartition(lake, DAY).latest()


def test_an_answer_that_is_no_json_is_kept_as_it_came(lake: Lake, other: Lake) -> None:
    with RawPartition(lake, DAY).journal(TERMS) as journal:
        journal.append(question(1), answer(b"\xff\xfe<html>", status=502))
    with RawPartition(other, DAY).journal(CollectionParameters("sandbox", "PT", 1, 1)) as journal:
        assert journal.lines == 1
        assert journal.answer(question(1)) is None


def test_a_key_that_is_there_is_not_created_again(store: Mortal) -> None:
    store.create("a", b"1")
    with pytest.raises(AlreadyThere):
        store.create("a", b"2")
