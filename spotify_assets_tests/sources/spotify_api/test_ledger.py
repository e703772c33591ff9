"""The request ledger: every call is in it, whoever made it and however it ended."""

import dataclasses
import random
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake.journal import Journal
from spotify_assets.lake.raw import RawPartition
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import Unavailable
from spotify_assets.sources.spotify_api.ledger import (
    DAY_SECONDS,
    EVERY_FAMILY,
    MAX_FLIGHT_SECONDS,
    Ledger,
    LedgerError,
    Outcome,
    Purpose,
    app_of,
)
from spotify_assets.storage.clock import Clock, Moment
from spotify_assets_tests.lake import processes
from spotify_assets_tests.places import in_a_file
from spotify_assets_tests.sources.spotify_api import crash_workers, faults
from spotify_assets_tests.sources.spotify_api.conftest import TODAY
from spotify_assets_tests.sources.spotify_api.ledgers import ledger_of
from spotify_assets_tests.sources.spotify_api.questions import artists, search
from spotify_assets_tests.sources.spotify_api.times import SetClock
from spotify_assets_tests.sources.spotify_api.watched import Watched

Playing = Callable[..., tuple[Client, faults.Script]]
WINDOW = 30.0
PURPOSE = Purpose("run-1", "rock", TODAY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_a_call_is_kept_with_all_that_is_known_of_it(
    ledger: Ledger, clock: SetClock, journal: Journal, extended: Watched
) -> None:
    connection = Connection.to_sandbox(extended.url)
    client = Client(connection, ledger, purpose=PURPOSE, clock=clock)
    client.ask(search(limit=50), journal)

    token, call = ledger.requests(0, clock.now())

    assert (token["endpoint"], token["http_status"], token["rows"]) == ("token", 200, None)
    answer = journal.answer(search(limit=50))
    assert answer
    assert call == {
        "request_id": call["request_id"],
        "requested_at": clock.time.replace(tzinfo=None),
        "app": connection.app,
        "source": "sandbox",
        "run_id": "run-1",
        "genre": "rock",
        "date": TODAY,
        "endpoint": "search",
        "path": "search",
        "params": '{"q": "genre:\\"rock\\" year:1000", "type": "track", "limit": 50, '
        '"offset": 0, "market": "BR"}',
        "attempt": 1,
        "http_status": 200,
        "failure": None,
        "rows": len(answer.json()["tracks"]["items"]),
        "bytes": len(answer.body),
        "elapsed_ms": answer.elapsed_ms,
        "waited_ms": 0,
        "retry_after_s": None,
    }


def test_every_attempt_is_a_call_with_how_it_ended_and_how_long_it_waited(
    playing: Playing, ledger: Ledger, clock: SetClock, journal: Journal
) -> None:
    client, _ = playing(faults.too_many("7"), faults.Says(500), faults.CUT, faults.FINE)

    client.ask(search(limit=50), journal)

    calls = [one for one in ledger.requests(0, clock.now()) if one["endpoint"] == "search"]
    assert [(one["attempt"], one["http_status"], one["failure"]) for one in calls] == [
        (1, 429, None),
        (2, 500, None),
        (3, None, "ChunkedEncodingError"),
        (4, 200, None),
    ]
    assert [one["retry_after_s"] for one in calls] == [7, None, None, None]
    assert [one["waited_ms"] for one in calls] == [0, 7000, 0, 0]
    assert [one["rows"] for one in calls] == [None, None, None, 0]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'{"artists":{"items":[null,1]},"tracks":{"items":[1]}}', 3),
        (b'{"artists":[1,2,null]}', 3),
        (b'{"artists":null,"tracks":{"items":null}}', 0),
        (b"{}", 0),
        (b"[1,2]", None),
        (b"17", None),
    ],
)
def test_the_rows_of_an_answer_are_the_objects_that_it_lists(
    playing: Playing,
    ledger: Ledger,
    clock: SetClock,
    journal: Journal,
    body: bytes,
    rows: int | None,
) -> None:
    client, _ = playing(faults.Says(200, body))

    # Most are no whole answers: they are asked for again, and each attempt is a call.
    with suppress(Unavailable):
        client.ask(search(), journal)

    *_, call = ledger.requests(0, clock.now())
    assert (call["rows"], call["bytes"]) == (rows, len(body))


@in_a_file
def test_a_client_id_is_not_in_the_ledger(
    playing: Playing, ledger: Ledger, journal: Journal, tmp_path: Path
) -> None:
    client, _ = playing(faults.FINE)
    client.ask(search(limit=50), journal)

    kept = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.sqlite*"))
    assert client.connection.app.encode() in kept
    assert faults.CLIENT_ID.encode() not in kept


def test_apps_are_told_apart_by_client_id_and_api() -> None:
    names = {
        app_of(client, api)
        for client in ("one", "two")
        for api in ("https://api.spotify.com/v1/", "http://127.0.0.1:8765/v1/")
    }
    assert len(names) == 4


def test_calls_are_read_in_order_after_an_id_up_to_the_first_under_way(
    ledger: Ledger, clock: SetClock
) -> None:
    first, under_way, third = (_enter(ledger, clock) for _ in range(3))
    ledger.settle(first, Outcome(5, status=200), clock.now())
    ledger.settle(third, Outcome(5, failure="Timeout"), clock.now())
    assert _ids(ledger, clock) == [first]

    ledger.settle(under_way, Outcome(9, status=200), clock.now())
    assert _ids(ledger, clock) == [first, under_way, third]
    assert _ids(ledger, clock, after=first) == [under_way, third]
    assert _ids(ledger, clock, after=third) == []


@pytest.mark.parametrize("restarts", [False, True])
def test_a_call_without_an_outcome_holds_up_the_others_for_its_flight_only(
    ledger: Ledger, clock: SetClock, restarts: bool
) -> None:
    lost = _enter(ledger, clock)
    clock.advance(1)
    settled = _settled(ledger, clock)
    assert _ids(ledger, clock) == []

    if restarts:
        clock.restart(after_seconds=1)
        assert _ids(ledger, clock) == []
    clock.advance(MAX_FLIGHT_SECONDS)

    assert _ids(ledger, clock) == [lost, settled]


def test_a_call_that_another_machine_has_under_way_is_read_with_its_outcome(
    ledger: Ledger, clock: SetClock
) -> None:
    """Two machines, or two processes that cannot read the id of the boot, share the ledger."""
    asked = _enter(ledger, clock)
    there, here = clock.now(), dataclasses.replace(clock.now(), boot="another", steady=7.0)

    assert list(ledger.requests(0, here)) == []

    ledger.settle(asked, Outcome(9, status=200), there)
    assert [call["http_status"] for call in ledger.requests(0, here)] == [200]


def test_a_call_without_an_outcome_of_a_clock_that_was_years_ahead_holds_nothing_up(
    ledger: Ledger, clock: SetClock
) -> None:
    lost = _enter(ledger, clock)
    clock.set(clock.wall - 1e8)
    clock.restart(after_seconds=5)

    assert _ids(ledger, clock) == [lost]


def test_ids_of_a_ledger_that_is_begun_again_follow_on_the_old_ones(
    path: Path, clock: SetClock
) -> None:
    with closing(Ledger(path)) as old:
        last = max(_settled(old, clock) for _ in range(100))
    for file in path.parent.glob("ledger.sqlite*"):
        file.unlink()
    clock.advance(0.001)

    with closing(Ledger(path)) as new:
        assert _settled(new, clock) > last


def test_a_call_counts_until_a_window_after_it_ended(ledger: Ledger, clock: SetClock) -> None:
    call = _enter(ledger, clock)
    clock.advance(20)
    ledger.settle(call, Outcome(20_000, status=200), clock.now())

    clock.advance(29.5)
    assert ledger.ages("app", clock.now(), WINDOW) == [29.5]
    clock.advance(0.5)
    assert ledger.ages("app", clock.now(), WINDOW) == []


def test_a_call_without_an_outcome_counts_for_its_flight_and_a_window(
    ledger: Ledger, clock: SetClock
) -> None:
    _enter(ledger, clock)
    clock.advance(MAX_FLIGHT_SECONDS + WINDOW - 0.5)
    assert ledger.ages("app", clock.now(), WINDOW) == [29.5]
    clock.advance(0.5)
    assert ledger.ages("app", clock.now(), WINDOW) == []


def test_tokens_and_other_apps_do_not_count(ledger: Ledger, clock: SetClock) -> None:
    token = dataclasses.replace(search(), endpoint="token")
    ledger.enter("app", "sandbox", token, Purpose(), clock.now())
    ledger.enter("another app", "sandbox", search(), Purpose(), clock.now())

    assert ledger.ages("app", clock.now(), WINDOW) == []


def test_a_family_is_counted_by_itself_too(ledger: Ledger, clock: SetClock) -> None:
    for request in (search(1), artists(), search(2)):
        ledger.enter("app", "sandbox", request, Purpose(), clock.now())

    assert len(ledger.ages("app", clock.now(), DAY_SECONDS, "search")) == 2
    assert len(ledger.ages("app", clock.now(), DAY_SECONDS)) == 3
    assert ledger.families("app", clock.now(), DAY_SECONDS) == {"artists": 1, "search": 2}


@pytest.mark.parametrize("jump", [-1e7, -20.0, 20.0, 1e7])
def test_setting_the_clock_changes_no_count(ledger: Ledger, clock: SetClock, jump: float) -> None:
    _settled(ledger, clock)
    clock.advance(10)

    clock.set(clock.wall + jump)

    assert ledger.ages("app", clock.now(), WINDOW) == [10]
    assert ledger.room_in("app", clock.now(), WINDOW, most=1) == 20


@pytest.mark.parametrize("seconds", [1, 20])
def test_calls_count_across_a_start_of_the_machine(
    ledger: Ledger, clock: SetClock, seconds: int
) -> None:
    """One that was under way may still arrive, as if it had been answered last."""
    _settled(ledger, clock)
    _enter(ledger, clock)

    clock.restart(after_seconds=seconds)

    assert sorted(ledger.ages("app", clock.now(), WINDOW)) == [0, seconds]
    clock.advance(MAX_FLIGHT_SECONDS - seconds + WINDOW)
    assert ledger.ages("app", clock.now(), WINDOW) == []


def test_calls_of_a_time_to_come_say_nothing_of_now(ledger: Ledger, clock: SetClock) -> None:
    """The clock was years ahead, was set right, and the machine was started again."""
    _settled(ledger, clock)
    clock.set(clock.wall - 1e8)
    clock.restart(after_seconds=5)

    assert ledger.ages("app", clock.now(), WINDOW) == []
    assert ledger.room_in("app", clock.now(), DAY_SECONDS, most=1) == 0


def test_the_longest_of_two_blocks_holds(ledger: Ledger, clock: SetClock) -> None:
    for seconds in (50, 100, 20):
        ledger.block("app", "search", seconds, f"wait {seconds}", clock.now())
    ledger.block("app", EVERY_FAMILY, 10, "all", clock.now())

    clock.advance(15)

    [block] = ledger.blocks("app", clock.now())
    assert (block.endpoint, block.seconds, block.reason) == ("search", 85, "wait 100")
    assert ledger.blocks("another app", clock.now()) == []
    clock.advance(85)
    assert ledger.blocks("app", clock.now()) == []


@pytest.mark.parametrize("jump", [-1e7, -50.0, 50.0, 1e7])
def test_a_block_holds_as_long_whatever_the_clock_is_set_to(
    ledger: Ledger, clock: SetClock, jump: float
) -> None:
    ledger.block("app", "search", 100, "wait", clock.now())
    clock.advance(40)

    clock.set(clock.wall + jump)

    assert [block.seconds for block in ledger.blocks("app", clock.now())] == [60]
    clock.advance(60)
    assert ledger.blocks("app", clock.now()) == []


def test_a_block_holds_across_a_start_of_the_machine(path: Path, clock: SetClock) -> None:
    with closing(Ledger(path)) as before:
        before.block("app", "search", 85771, "quota", clock.now())

    clock.restart(after_seconds=60)

    with closing(Ledger(path)) as after:
        assert [block.seconds for block in after.blocks("app", clock.now())] == [85711]


def test_a_block_never_holds_for_longer_than_the_api_asked(ledger: Ledger, clock: SetClock) -> None:
    ledger.block("app", "search", 100, "wait", clock.now())

    clock.set(clock.wall - 1e7)
    clock.restart(after_seconds=10)

    assert [block.seconds for block in ledger.blocks("app", clock.now())] == [100]


def test_a_learned_limit_is_forgotten_after_its_time(ledger: Ledger, clock: SetClock) -> None:
    assert ledger.learned_limit("app", clock.now(), 3600) is None
    ledger.learn_limit("app", 60, clock.now())
    ledger.learn_limit("app", 45, clock.now())

    clock.advance(3599)
    assert ledger.learned_limit("app", clock.now(), 3600) == 45
    assert ledger.learned_limit("another app", clock.now(), 3600) is None
    clock.advance(1)
    assert ledger.learned_limit("app", clock.now(), 3600) is None


def test_a_step_that_fails_leaves_nothing(ledger: Ledger, clock: SetClock) -> None:
    def fail() -> None:
        with ledger.alone():
            _settled(ledger, clock)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()

    assert _ids(ledger, clock) == []
    with ledger.alone():
        kept = _settled(ledger, clock)
    assert _ids(ledger, clock) == [kept]


def test_a_process_that_is_killed_leaves_a_call_without_an_outcome(
    development: Watched, rock: RawPartition
) -> None:
    with subprocess.Popen(
        processes.command(
            crash_workers.collects_rock_when_told,
            development.url,
            rock.lake.root,
            rock.genre_day.date,
        ),
        cwd=processes.REPOSITORY,
        stdin=subprocess.PIPE,
        text=True,
    ) as process:
        development.before_answer = process.kill
        process.communicate("go\n")
    development.before_answer = None
    assert process.returncode == processes.KILLED

    app = Connection.to_sandbox(development.url).app
    with closing(ledger_of(rock.lake)) as ledger:
        now = Clock().now()
        [age] = ledger.ages(app, now, WINDOW)
        assert -MAX_FLIGHT_SECONDS < age < 0
        assert [one["endpoint"] for one in ledger.requests(0, now)] == ["token"]
        later = _later(now, MAX_FLIGHT_SECONDS + WINDOW)
        assert ledger.ages(app, later, WINDOW) == []
        *_, lost = ledger.requests(0, later)
        assert (lost["endpoint"], lost["http_status"], lost["failure"]) == ("search", None, None)


def test_processes_that_begin_a_ledger_at_once_all_find_their_calls_in_it(path: Path) -> None:
    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            processes.command(crash_workers.enters_calls, path, 40),
            cwd=processes.REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    started = [start() for _ in range(4)]
    said = [process.communicate("go\n")[0].split() for process in started]

    assert [process.returncode for process in started] == [0] * 4
    with closing(Ledger(path)) as ledger:
        entered = {int(one) for ids in said for one in ids}
        assert len(entered) == 160
        assert {one["request_id"] for one in ledger.requests(0, Clock().now())} == entered


def test_a_full_disk_is_said_and_the_calls_before_it_are_kept(path: Path) -> None:
    with closing(Ledger(path)):
        pass

    full = processes.run(crash_workers.enters_calls_until_the_disk_is_full, path, 150_000)

    assert (full.returncode, full.stderr) == (0, "")
    entered, said = full.stdout.split(" ", 1)
    assert f"The request ledger {path} cannot be used: " in said
    assert "no transaction" not in said
    with closing(Ledger(path)) as ledger:
        later = _later(Clock().now(), MAX_FLIGHT_SECONDS)
        assert len(list(ledger.requests(0, later))) == int(entered) > 0


@pytest.mark.parametrize("damage", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_ledger_is_said_with_what_to_do(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)

    with pytest.raises(LedgerError, match=r"ledger\.sqlite cannot be used: .*move it away"):
        Ledger(path)
    assert path.read_bytes() == damage


def test_a_place_where_no_ledger_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "ledger.sqlite"):
        with pytest.raises(LedgerError, match=f"{path} cannot be used"):
            Ledger(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A ledger of many pages."""
    path, clock = tmp_path_factory.mktemp("whole") / "ledger.sqlite", SetClock()
    with closing(Ledger(path)) as ledger, ledger.alone():
        for _ in range(300):
            _settled(ledger, clock)
            ledger.block("app", "search", 100, "wait" * 20, clock.now())
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


@given(seed=st.integers(0, 10**9), first=st.integers(0, 30), pages=st.integers(1, 10))
@settings(database=None)
def test_a_damaged_ledger_is_said_and_nothing_else_is_raised(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, seed: int, first: int, pages: int
) -> None:
    path, clock = tmp_path_factory.mktemp("damaged") / "ledger.sqlite", SetClock()
    start, end = first * 4096, (first + pages) * 4096
    rubbish = random.Random(seed).randbytes(end - start)  # noqa: S311
    path.write_bytes(whole[:start] + rubbish[: len(whole) - start] + whole[end:])

    def use() -> None:
        with closing(Ledger(path)) as ledger:
            ledger.room_in("app", clock.now(), DAY_SECONDS, 10, "search")
            ledger.blocks("app", clock.now())
            list(ledger.requests(0, clock.now()))

    # Whichever page it is, one of these reads it; but a free page may hold anything.
    try:
        use()
    except LedgerError as error:
        assert str(path) in str(error)  # noqa: PT017 - not each damage is found


def test_the_calls_of_a_run_are_counted_however_they_ended(ledger: Ledger, clock: SetClock) -> None:
    for run_id in ("run-1", "run-1", "run-2", None):
        call = ledger.enter("app", "sandbox", search(), Purpose(run_id), clock.now())
    ledger.settle(call, Outcome(5, failure="ReadTimeout"), clock.now())
    assert [ledger.calls_of_run(f"run-{n}") for n in (1, 2, 3)] == [2, 1, 0]


def _enter(ledger: Ledger, clock: Clock) -> int:
    return ledger.enter("app", "sandbox", search(), Purpose(), clock.now())


def _settled(ledger: Ledger, clock: Clock) -> int:
    call = _enter(ledger, clock)
    ledger.settle(call, Outcome(5, status=200), clock.now())
    return call


def _ids(ledger: Ledger, clock: Clock, after: int = 0) -> list[int]:
    return [one["request_id"] for one in ledger.requests(after, clock.now())]


def _later(now: Moment, seconds: float) -> Moment:
    return dataclasses.replace(now, wall=now.wall + seconds, steady=now.steady + seconds)
