"""Every call is in the ledger with what came back, whoever judges the answer."""

from typing import Any

import pytest
import requests

from spotify_assets.lake.exchanges import Request
from spotify_assets.sources.spotify_api.budget import Budget, Limits
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.sources.spotify_api.session import EnteredSession
from spotify_assets_tests.sources.spotify_api import faults
from spotify_assets_tests.sources.spotify_api.times import SetClock

SEARCH = Request("search", "search", {"q": "rock"})


class Refused(Exception):
    """What a hook says of an answer."""


@pytest.fixture
def session(ledger: Ledger, clock: SetClock) -> EnteredSession:
    return EnteredSession(Budget(ledger, "an app", "spotify", Limits(None), clock), SEARCH)


@pytest.fixture
def url(stage: tuple[faults.Stage, str]) -> str:
    on_stage, url = stage
    on_stage.script = faults.Script(faults.FINE)
    return f"{url}/v1/search"


def entered(ledger: Ledger, clock: SetClock) -> list[tuple[Any, ...]]:
    names = ("endpoint", "http_status", "failure")
    return [tuple(one[name] for name in names) for one in ledger.requests(0, clock.now())]


def ask(session: EnteredSession, url: str) -> requests.Response:
    return session.get(url, headers={"authorization": "Bearer nobody"}, timeout=5)


def test_an_answer_is_kept_as_it_came_and_entered(
    session: EnteredSession, url: str, ledger: Ledger, clock: SetClock
) -> None:
    ask(session, url)

    assert session.last is not None
    assert (session.last.status, session.last.body) == (200, faults.FINE.body)
    assert entered(ledger, clock) == [("search", 200, None)]


def test_an_answer_that_a_later_hook_refuses_is_kept_and_entered_all_the_same(
    session: EnteredSession, url: str, ledger: Ledger, clock: SetClock
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise Refused

    session.hooks["response"].append(refuse)

    with pytest.raises(Refused):
        ask(session, url)
    assert session.last is not None
    assert entered(ledger, clock) == [("search", 200, None)]


def test_a_call_without_a_whole_answer_is_entered_with_what_failed(
    stage: tuple[faults.Stage, str],
    session: EnteredSession,
    url: str,
    ledger: Ledger,
    clock: SetClock,
) -> None:
    stage[0].script = faults.Script(faults.FINE, faults.CUT)
    ask(session, url)

    with pytest.raises(requests.RequestException):
        ask(session, url)
    assert session.last is None
    assert [one[2] for one in entered(ledger, clock)] == [None, "ChunkedEncodingError"]
