"""A genre is what its commits say: all of each or nothing, in one order, now and at any time."""

import contextlib
import datetime as dt
import json
import subprocess
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from spotify_assets.lake import log as logs
from spotify_assets.lake.errors import LakeError
from spotify_assets.lake.log import Change, Day, Draft, Log, Origin, Revised, State, TableFile
from spotify_assets.lake.store import AlreadyThere, Folder, Remote, Store, StoreFailed
from spotify_assets_tests.lake import processes

TODAY = dt.date(2026, 11, 20)
Stores = Callable[[], Store]


def day(number: int, *, key: str = "") -> Day:
    """A day whose only table has so many rows."""
    return Day({"star.facts": TableFile(key or f"star/{number}", str(number), number, 10)})


def put(log: Log, date: dt.date, what: Day | None, kind: logs.Kind = "replace") -> State:
    """Commit a day, with the files that it names."""
    for key in what.files() if what else ():
        with contextlib.suppress(AlreadyThere):
            log.store.create(key, b"rows")
    return log.commit("rock", lambda _: {date: what}, Origin(kind))


def test_a_new_log_says_nothing(store: Store) -> None:
    log = Log(store)
    assert log.genres() == []
    assert log.heads() == {}
    assert log.state("rock").days == {}


def test_what_was_committed_holds_for_whoever_looks(store: Store) -> None:
    put(Log(store), TODAY, day(1))
    other = Log(store)
    assert other.state("rock").days == {TODAY: day(1)}
    put(Log(store), TODAY, day(2))
    assert other.state("rock").days == {TODAY: day(2)}
    assert other.heads() == {"rock": 2}


def test_what_holds_already_makes_no_commit(store: Store) -> None:
    log = Log(store)
    put(log, TODAY, day(1))
    assert put(log, TODAY, day(1)).seq == 1
    assert log.heads() == {"rock": 1}


def test_a_snapshot_is_read_once_and_sees_its_own_commits_and_whom_it_meets(store: Store) -> None:
    log, other = Log(store), Log(store)
    put(log, TODAY, day(1))
    with log.snapshot():
        assert log.state("rock").seq == 1
        put(other, TODAY, day(2))
        with log.snapshot():
            assert log.state("rock").days == {TODAY: day(1)}
        # What it would change it to is asked again, of what the other has said.
        seen = []
        log.commit("rock", lambda state: {TODAY: seen.append(state.seq) or day(3)})  # type: ignore[func-returns-value]
        assert seen == [1, 2]
        assert log.state("rock").seq == 3
    put(other, TODAY, day(4))
    assert log.state("rock").days == {TODAY: day(4)}


def test_a_commit_says_who_made_it_when_and_why(store: Store) -> None:
    before = dt.datetime.now(dt.UTC)
    origin = Origin("replace", run="7f3a", code_version="2.5", source="sandbox")
    store.create("star/1", b"rows")
    Log(store).commit("r&b", lambda _: {TODAY: day(1)}, origin)
    [commit] = Log(store).since("r&b", 0)
    assert (commit.seq, commit.origin, commit.days) == (1, origin, {TODAY: day(1)})
    assert before <= commit.at <= dt.datetime.now(dt.UTC)


def test_a_commit_says_what_was_revised_and_others_look_as_before(store: Store) -> None:
    put(Log(store), TODAY, day(1))
    revised = Day({"star.facts": TableFile("star/2", "2", 2, 10, Revised(1, 2, 1))})
    put(Log(store), TODAY, revised)
    assert Log(store).state("rock").days == {TODAY: revised}
    told = [json.loads(store.get(key))["days"][str(TODAY)] for key in store.keys("commits")]
    assert told == [
        {"tables": {"star.facts": ["star/1", "1", 1, 10]}},
        {"tables": {"star.facts": ["star/2", "2", 2, 10, [1, 2, 1]]}},
    ]


def test_a_commit_of_an_earlier_version_says_no_source(store: Store) -> None:
    put(Log(store), TODAY, day(1))
    [key] = store.keys("commits")
    told = json.loads(store.get(key))
    del told["source"]
    store.delete([key])
    store.create(key, json.dumps(told).encode())
    [commit] = Log(store).since("rock", 0)
    assert (commit.origin, commit.days) == (Origin(), {TODAY: day(1)})


def test_the_time_of_a_commit_is_never_before_the_last(store: Store) -> None:
    log = Log(store)
    put(log, TODAY, day(1))
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    told = json.loads(store.get("commits/rock/0000000001.json")) | {"at": ahead.isoformat()}
    store.delete(["commits/rock/0000000001.json"])
    store.create("commits/rock/0000000001.json", json.dumps(told).encode())
    assert put(Log(store), TODAY, day(2)).at == ahead


def test_who_is_second_sees_what_the_first_said(store: Store) -> None:
    slow, fast = Log(store), Log(store)
    seen = []

    def change(state: State) -> Change:
        seen.append(state.seq)
        if len(seen) == 1:
            put(fast, TODAY, day(1))
        return {TODAY + dt.timedelta(days=1): day(2)}

    state = slow.commit("rock", change)
    assert seen == [0, 1]
    assert state.days == {TODAY: day(1), TODAY + dt.timedelta(days=1): day(2)}


def test_a_draft_is_kept_beside_what_holds(store: Store) -> None:
    begun = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    drafted = Day(day(1).tables, Draft(begun, day(2).tables, frozenset({"star.other"})))
    put(Log(store), TODAY, drafted)
    assert Log(store).state("rock").days == {TODAY: drafted}
    assert drafted.latest() == day(2).tables
    assert drafted.files() == {"star/1", "star/2"}


def test_the_state_after_each_commit_can_be_asked_for(store: Store) -> None:
    log = Log(store)
    times = [put(log, TODAY, day(number)).at for number in (1, 2, 3)]
    for number, at in enumerate(times, start=1):
        assert Log(store).state("rock", seq=number).days == {TODAY: day(number)}
        assert Log(store).state("rock", at=at).seq == number
    assert Log(store).state("rock", at=times[0] - dt.timedelta(seconds=1)).days == {}


def test_what_was_compacted_since_is_found_where_it_lies_now(store: Store) -> None:
    log = Log(store)
    put(log, TODAY, day(1))
    put(log, TODAY, day(1, key="star/month"), "compact")
    put(log, TODAY, day(2))
    assert log.state("rock", seq=1).days == {TODAY: day(1, key="star/month")}


def test_what_was_purged_since_is_in_no_earlier_state(store: Store) -> None:
    log = Log(store)
    put(log, TODAY, day(1))
    put(log, TODAY, None, "purge")
    put(log, TODAY, day(2))
    assert log.state("rock", seq=1).days == {}
    assert log.state("rock").days == {TODAY: day(2)}


def test_checkpoints_are_a_cache(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "CHECKPOINT_EVERY", 2)
    log = Log(store)
    for number in range(1, 10):
        put(log, TODAY + dt.timedelta(days=number % 3), day(number))
    kept = store.keys("checkpoints/rock")
    assert [int(key[-18:-9]) for key in kept] == [6, 8]
    with_them = [Log(store).state("rock", seq=number) for number in range(10)]
    store.delete(kept)
    store.create(kept[0], zstandard.compress(b'{"version": 1}'))
    store.create(kept[1], b"no checkpoint")
    assert [Log(store).state("rock", seq=number) for number in range(10)] == with_them


def test_a_damaged_commit_is_said(store: Store) -> None:
    store.create("commits/rock/0000000001.json", b"{}")
    with pytest.raises(LakeError, match=r"commits/rock/0000000001.json of the lake is damaged"):
        Log(store).state("rock")


def test_a_commit_of_a_later_version_is_refused(store: Store) -> None:
    store.create("commits/rock/0000000001.json", b'{"version": 2}')
    with pytest.raises(LakeError, match="later version of spotify-assets"):
        Log(store).state("rock")


def test_threads_of_a_process_lose_nothing(store: Store) -> None:
    def write(worker: int) -> None:
        log = Log(store)
        for number in range(10):
            put(log, TODAY + dt.timedelta(days=100 * worker + number), day(number))

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Log(store).state("rock").days) == 40


def add_one(root: Path, worker: int, times: int) -> None:
    """Count a day that all share, and write one of its own, each time."""
    log = Log(Folder(root))
    (root / "star").mkdir(exist_ok=True)
    for number in range(times):

        def change(state: State, number: int = number) -> Change:
            shared = state.days.get(TODAY)
            count = int(shared.tables["star.facts"].hash) if shared else 0
            own = TODAY + dt.timedelta(days=1 + worker * times + number)
            return {TODAY: day(count + 1), own: day(number)}

        log.commit("rock", change)


def race(root: Path, processes: int, times: int) -> State:
    context = get_context("fork")
    workers = [context.Process(target=add_one, args=(root, n, times)) for n in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    return Log(Folder(root)).state("rock")


def test_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    state = race(tmp_path, processes=2, times=20)
    assert state.seq == 40
    assert state.days[TODAY] == day(40)
    assert len(state.days) == 41


@pytest.mark.slow
def test_four_processes_lose_and_double_nothing_in_800_commits(tmp_path: Path) -> None:
    state = race(tmp_path, processes=4, times=200)
    assert state.seq == 800
    assert state.days[TODAY] == day(800)
    assert len(state.days) == 801


class Failing:
    """A store that fails at one of its calls: before it is done, or after, as a lost answer."""

    def __init__(self, store: Store, at: int, *, done: bool) -> None:
        self.store, self.left, self.done = store, at, done

    def __getattr__(self, name: str) -> Callable[..., object]:
        call = getattr(self.store, name)

        def failing(*args: object) -> object:
            self.left -= 1
            if self.left == 0 and not self.done:
                raise StoreFailed("503")
            answer: object = call(*args)
            if self.left == 0:
                raise StoreFailed("timed out")
            return answer

        return failing


@pytest.mark.parametrize("done", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("at", range(1, 9))
def test_whichever_call_fails_the_change_is_made_once(
    store: Store, at: int, *, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "CHECKPOINT_EVERY", 2)
    put(Log(store), TODAY, day(1))
    store.create("star/2", b"rows")
    failing = Log(cast(Store, Failing(store, at, done=done)))
    for _ in range(2):
        # Who is told of a failure makes the same change again.
        with contextlib.suppress(StoreFailed):
            failing.commit("rock", lambda _: {TODAY: day(2)})
    assert [commit.days for commit in Log(store).since("rock", 0)] == [
        {TODAY: day(1)},
        {TODAY: day(2)},
    ]


dates = st.integers(0, 3).map(lambda n: TODAY + dt.timedelta(days=n))
steps = st.lists(
    st.tuples(dates, st.one_of(st.none(), st.integers(1, 3)), st.integers(0, 2)), max_size=12
)


@settings(max_examples=60)
@given(steps, st.integers(1, 4))
def test_the_log_is_a_sequence_of_dictionaries(
    steps: list[tuple[dt.date, int | None, int]], every: int
) -> None:
    """Whoever of three writes and reads, and whatever was put into checkpoints."""
    store = Remote(MemoryStore())
    readers = [Log(store) for _ in range(3)]
    model: dict[dt.date, Day] = {}
    history = [dict(model)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "CHECKPOINT_EVERY", every)
        for date, rows, reader in steps:
            what = None if rows is None else day(rows)
            if model.get(date) != what:
                model = (
                    {**model, date: what} if what else {d: v for d, v in model.items() if d != date}
                )
                history.append(model)
            assert put(readers[reader], date, what).days == model
            for log in readers:
                assert log.state("rock").days == model
    fresh = Log(store)
    assert [fresh.state("rock", seq=seq).days for seq in range(len(history))] == history
    assert fresh.heads().get("rock", 0) == len(history) - 1


def add_until_killed(root: str) -> None:
    """Commit day after day, and say each once it is acknowledged."""
    log = Log(Folder(Path(root)))
    for number in range(log.state("rock").seq, 10_000):
        put(log, TODAY + dt.timedelta(days=number), day(number))
        print(number, flush=True)


@pytest.mark.slow
def test_no_acknowledged_commit_is_lost_by_kill_9(tmp_path: Path) -> None:
    acknowledged = -1
    for seconds in range(20):
        writer = subprocess.Popen(
            processes.command(add_until_killed, tmp_path),
            cwd=processes.REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout
        acknowledged = max(acknowledged, int(writer.stdout.readline()))
        time.sleep(0.01 * seconds)
        writer.kill()
        for line in writer.stdout:
            acknowledged = max(acknowledged, int(line))
        writer.wait()
        state = Log(Folder(tmp_path)).state("rock")
        assert len(state.days) >= acknowledged + 1
        assert [commit.seq for commit in Log(Folder(tmp_path)).since("rock", 0)] == [
            *range(1, state.seq + 1)
        ]
