"""What processes share, in a file and in PostgreSQL: the same holds for both."""

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from pydantic import SecretStr

from spotify_assets.operations.runs import Operations, OperationsError
from spotify_assets.sources.spotify_api.budget import Budget, Limits
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.sources.spotify_api.ledger import Ledger, LedgerError, Outcome
from spotify_assets.storage import database, postgresql
from spotify_assets.storage.database import Place, Shared
from spotify_assets.storage.errors import FailureKind, StoreError
from spotify_assets.storage.holds import Held, Hold, this_process
from spotify_assets.storage.postgresql import LockLost, Server
from spotify_assets_tests.lake import processes
from spotify_assets_tests.places import Places, empty_database
from spotify_assets_tests.sources.spotify_api import shared_workers
from spotify_assets_tests.sources.spotify_api.questions import search
from spotify_assets_tests.warehouse.databases.postgresql.server import Server as Cluster

WORD = "of-nobody"
DAY = "rock of 2026-11-20"
SCHEMA = "CREATE TABLE IF NOT EXISTS words (number INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;"


@pytest.fixture
def place(places: Places) -> Place:
    held = places("state")
    database.begin(held, SCHEMA)
    return held


@pytest.fixture
def shared(postgresql: Cluster) -> Shared:
    return empty_database(postgresql)


@pytest.fixture
def ledger(shared: Shared) -> Iterator[Ledger]:
    with closing(Ledger(shared)) as opened:
        yield opened


def break_connections(shared: Shared) -> None:
    """As when the server is restarted, or the network is cut."""
    import psycopg  # noqa: PLC0415 - as everywhere

    with psycopg.connect(shared.url.get_secret_value(), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_what_one_holds_no_other_can_hold_until_it_is_given_back(place: Place) -> None:
    us = this_process()
    with closing(database.connect(place)) as one, closing(database.connect(place)) as other:
        with one.hold(DAY):
            with (
                pytest.raises(Held, match=f"{DAY} is being worked on by process {us}"),
                other.hold(DAY),
            ):
                pass
            with other.hold("another"):
                assert one.holds() == [Hold("another", us), Hold(DAY, us)]
        with other.hold(DAY):
            assert one.holds() == [Hold(DAY, us)]
        assert one.holds() == []


def test_any_name_can_be_held_also_where_the_work_fails(place: Place) -> None:
    name = f"{'ã' * 300}/../\nx"
    with closing(database.connect(place)) as one, closing(database.connect(place)) as other:
        with suppress(ZeroDivisionError), one.hold(name):
            [held] = other.holds()
            assert held == Hold(name, this_process())
            raise ZeroDivisionError
        with other.hold(name):
            pass


def test_a_killed_process_holds_nothing(place: Place) -> None:
    with (
        processes.holding(shared_workers.holds, said(place), DAY) as holder,
        closing(database.connect(place)) as other,
    ):
        machine = this_process().rpartition("/")[0]
        assert other.holds() == [Hold(DAY, f"{machine}/{holder.pid}")]
        holder.kill()
        holder.wait()
        until = time.monotonic() + 10
        while other.holds() and time.monotonic() < until:
            time.sleep(0.01)
        with other.hold(DAY):
            pass


def test_a_step_is_whole_or_not_there(place: Place) -> None:
    with closing(database.connect(place)) as one, closing(database.connect(place)) as other:
        with suppress(ZeroDivisionError), one.alone():
            one.execute("INSERT INTO words VALUES (1, 'half')")
            raise ZeroDivisionError
        assert other.execute("SELECT * FROM words").fetchall() == []
        with one.alone():
            one.execute(
                "INSERT INTO words VALUES (:number, :word)", {"number": 2, "word": "100 %?"}
            )
        [row] = other.execute("SELECT number, word FROM words WHERE number = ?", (2,)).fetchall()
    assert dict(row) == {"number": 2, "word": "100 %?"}
    assert (row["word"], row[0]) == ("100 %?", 2)
    assert tuple(row) == (2, "100 %?")


def said(place: Place) -> str:
    """As the workers are told."""
    return place.url.get_secret_value() if isinstance(place, Shared) else str(place)


def budget(ledger: Ledger) -> Budget:
    """Two calls a day."""
    return Budget(ledger, "app", "sandbox", Limits(None, per_day={"search": 2}))


def calls(ledger: Ledger) -> list[Any]:
    return list(ledger.requests(0, ledger.clock.now()))


def test_a_connection_that_broke_is_opened_again_and_no_call_is_forgotten(
    ledger: Ledger, shared: Shared
) -> None:
    first = budget(ledger).admit(search())
    break_connections(shared)
    budget(ledger).settle(first, Outcome(1, status=200))
    break_connections(shared)
    budget(ledger).admit(search(1))
    break_connections(shared)
    with pytest.raises(Blocked, match="2"):
        budget(ledger).check("search")
    assert [one["http_status"] for one in calls(ledger)] == [200]


def test_a_call_whose_step_breaks_is_not_sent_and_can_be_tried_again(
    ledger: Ledger, shared: Shared
) -> None:
    def enter_two() -> None:
        with ledger.alone():
            now = ledger.clock.now()
            ledger.enter("app", "sandbox", search(), budget(ledger).purpose, now)
            break_connections(shared)
            ledger.enter("app", "sandbox", search(1), budget(ledger).purpose, now)

    with pytest.raises(LedgerError) as broken:
        enter_two()
    assert broken.value.kind is FailureKind.RETRY
    assert "what was not counted was not sent" in str(broken.value)
    assert ledger.families("app", ledger.clock.now(), 60) == {}
    budget(ledger).admit(search())
    assert ledger.families("app", ledger.clock.now(), 60) == {"search": 1}


def test_a_server_that_is_gone_is_said_with_what_to_do(
    ledger: Ledger, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = budget(ledger).admit(search())
    monkeypatch.setattr(postgresql, "AGAIN_SECONDS", 0.0)
    ledger._db._url = SecretStr("postgresql://127.0.0.1:9/nothing")  # type: ignore[attr-defined]
    break_connections(shared)
    # What was answered is of use all the same; it counts as under way.
    budget(ledger).settle(call, Outcome(1, status=200))
    with pytest.raises(LedgerError, match="It cannot be reached") as gone:
        budget(ledger).admit(search(1))
    assert gone.value.kind is FailureKind.RETRY


def test_a_server_that_was_never_there_is_said_in_one_sentence() -> None:
    nobody = Shared(SecretStr("postgresql://127.0.0.1:9/nothing"))
    with pytest.raises(
        OperationsError, match=r"^The runs in PostgreSQL at 127\.0\.0\.1:9/nothing c"
    ):
        Operations(nobody)


def test_who_lost_its_connection_goes_on_with_what_nobody_took(
    ledger: Ledger, shared: Shared
) -> None:
    with ledger.hold(DAY):
        break_connections(shared)
        budget(ledger).admit(search())
        with closing(Ledger(shared)) as other, pytest.raises(Held), other.hold(DAY):
            pass


@pytest.mark.parametrize("still_held", [True, False])
def test_who_lost_what_it_held_to_another_asks_no_more(
    ledger: Ledger, shared: Shared, *, still_held: bool
) -> None:
    with closing(Ledger(shared)) as other, ledger.hold(DAY):
        break_connections(shared)
        taken = other.hold(DAY)
        taken.__enter__()
        if not still_held:
            taken.__exit__(None, None, None)
        for _ in range(2):
            with pytest.raises(LockLost, match="another process has gone on with rock of"):
                budget(ledger).admit(search())
        assert other.ages("app", other.clock.now(), 60) == []
        if still_held:
            taken.__exit__(None, None, None)


def test_windows_are_counted_by_the_clock_of_the_server(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ledger.clock.now()
    monkeypatch.setattr(time, "time", lambda: 17.0)
    assert 0 <= ledger.clock.now().seconds_since(before) < 60


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"mysql://u:{WORD}@h/d", "write postgresql://USER:PASSWORD@HOST"),
        (f"postgresql://u:{WORD} x@h/d?x=y", "SPOTIFY_STATE_URL cannot be read"),
        (f"postgresql://u:{WORD}@127.0.0.1:9/d", "It cannot be reached"),
    ],
)
def test_a_url_that_is_of_no_use_is_said_without_its_password(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as refused:
        Ledger(Shared(SecretStr(url)))
    assert WORD not in str(refused.value)


def test_processes_and_what_they_hold_are_listed(shared: Shared, ledger: Ledger) -> None:
    with closing(Server(shared.url)) as other, other.hold(DAY):
        assert other.workers() == [this_process()]
        assert other.holds() == [Hold(DAY, this_process())]


@pytest.mark.slow
@pytest.mark.parametrize(("window", "limit", "questions"), [(3.0, 8, 16), (30.0, 20, 20)])
def test_machines_whose_clocks_are_a_minute_apart_keep_one_limit_to_the_call(
    shared: Shared, tmp_path: Any, window: float, limit: int, questions: int
) -> None:
    shared_workers.keep_one_limit(shared, tmp_path, window, limit, questions)


def test_a_server_is_not_taken_for_a_path() -> None:
    server = Shared(SecretStr("postgresql://127.0.0.1:9/d"))
    with pytest.raises(TypeError):
        processes.command(shared_workers.holds, server, DAY)
    with pytest.raises(TypeError):
        open(server)  # type: ignore[call-overload]  # noqa: PTH123, SIM115
