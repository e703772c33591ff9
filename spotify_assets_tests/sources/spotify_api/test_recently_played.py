"""A poll: what is asked, what is kept of it, and what stops it."""

import datetime as dt
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import requests

from spotify_assets.lake import Lake, LakeError
from spotify_assets.lake.polls import PolledDay, polled_days
from spotify_assets.sandbox import api, listening, server
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.clock import Clock as SandboxClock
from spotify_assets.sandbox.repertoire import Repertoire
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import ATTEMPTS, Client
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import (
    Blocked,
    BudgetSpent,
    CredentialsRefused,
    NotAllowed,
    NotSignedIn,
    Unavailable,
)
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.sources.spotify_api.recently_played import poll
from spotify_assets.sources.spotify_api.sign_in import UserTokens, sign_in
from spotify_assets.sources.spotify_api.tokens import TokenFile, UserToken
from spotify_assets.transforms.listening import plays as transform
from spotify_assets_tests.sources.spotify_api import faults
from spotify_assets_tests.sources.spotify_api.accounts import REVOKED
from spotify_assets_tests.sources.spotify_api.times import START, SetClock
from spotify_assets_tests.sources.spotify_api.token_processes import token
from spotify_assets_tests.sources.spotify_api.watched import Watched

PATH = "me/player/recently-played"
MINUTE_MS = 60_000
FIRST_TOKEN = "the-first-access-token"  # noqa: S105 - of nobody


def page(newest_ms: int, plays: int, every_ms: int = 3 * MINUTE_MS) -> faults.Says:
    """A page of so many plays up to a time (Unix milliseconds)."""
    times = [newest_ms - number * every_ms for number in range(plays)]
    items = [
        {"track": {"id": f"t{at:021d}", "name": "a track"}, "played_at": iso(at)} for at in times
    ]
    cursors = {"after": str(times[0]), "before": str(times[-1])} if times else None
    return faults.says_json({"items": items, "next": None, "cursors": cursors, "limit": 50})


def iso(milliseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return f"{moment.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


NEWEST_MS = 1_763_639_000_000
OLDEST_MS = NEWEST_MS - 49 * 3 * MINUTE_MS
FULL = page(NEWEST_MS, 50)
NOTHING = page(0, 0)


class Polling:
    """A user who signed in, a lake, and an API that says what it is told to."""

    def __init__(
        self, url: str, stage: faults.Stage, ledger: Ledger, clock: SetClock, lake: Lake
    ) -> None:
        self.lake, self.ledger, self.clock = lake, ledger, clock
        self.store = TokenFile(lake.root.parent / "app.token.json")
        self.put(token(clock.time))
        self._stage, self._url = stage, url

    def put(self, kept: UserToken) -> None:
        with self.store.locked():
            self.store.write(kept)

    def says(self, *answers: faults.Answer, accounts: tuple[faults.Says, ...] = ()) -> None:
        self.script = self._stage.script = faults.Script(*answers, accounts=accounts)

    def poll(self, limits: Limits | None = None) -> Any:
        connection = faults.connection(self._url)
        tokens = UserTokens(connection, self.store, now=lambda: self.clock.time)
        client = Client(
            connection, self.ledger, limits=limits or Limits(None), clock=self.clock, tokens=tokens
        )
        return poll(client, self.lake)

    @property
    def asked(self) -> list[dict[str, str]]:
        assert {one.path for one in self.script.asked} <= {PATH}
        return [dict(one.params) for one in self.script.asked]

    @property
    def entered(self) -> list[dict[str, Any]]:
        """All calls that are in the ledger."""
        return list(self.ledger.requests(0, self.clock.now()))

    @property
    def kept(self) -> list[Any]:
        """Status and body of all that is in the lake."""
        days = [PolledDay(self.lake, date) for date in polled_days(self.lake)]
        responses = [one.response for day in days for one in day.read()]
        return [(one.status, one.body) for one in responses]


@pytest.fixture
def polling(
    stage: tuple[faults.Stage, str], ledger: Ledger, clock: SetClock, lake: Lake
) -> Polling:
    on_stage, url = stage
    return Polling(url, on_stage, ledger, clock, lake)


def test_a_poll_asks_once_for_all_that_can_be_reached_and_keeps_it(polling: Polling) -> None:
    polling.says(FULL)

    told = polling.poll()

    assert polling.asked == [{"limit": "50"}]
    assert polling.kept == [(200, FULL.body)]
    assert (told.date, told.plays) == (polling.clock.time.date(), 50)
    assert told.newest_at == dt.datetime.fromtimestamp(NEWEST_MS / 1000, dt.UTC)


def test_a_poll_is_sent_with_the_users_token_and_is_in_the_ledger(polling: Polling) -> None:
    polling.says(FULL)
    polling.poll()

    assert [one.token for one in polling.script.asked] == [FIRST_TOKEN]
    [entered] = polling.entered
    assert (entered["endpoint"], entered["path"], entered["rows"]) == ("me", PATH, 50)


@pytest.mark.parametrize(
    "second",
    [
        page(NEWEST_MS + 60 * MINUTE_MS, 50),  # reaches back beyond the newest play known
        page(NEWEST_MS + 49 * 3 * MINUTE_MS, 50),  # just reaches it
        page(NEWEST_MS + 9000 * MINUTE_MS, 49),  # is not full
        NOTHING,
    ],
)
def test_a_poll_that_misses_nothing_asks_no_more(polling: Polling, second: faults.Says) -> None:
    polling.says(FULL, second)
    polling.poll()
    polling.poll()

    assert polling.asked == [{"limit": "50"}] * 2


def test_a_full_page_that_does_not_reach_the_newest_play_known_asks_for_what_was_before(
    polling: Polling,
) -> None:
    oldest = NEWEST_MS + 1
    later = page(oldest + 49 * 3 * MINUTE_MS, 50)
    polling.says(FULL, NOTHING, later, page(oldest - MINUTE_MS, 2))
    polling.poll()
    polling.poll()  # shows nothing: the newest play known stays
    polling.clock.advance(24 * 3600)

    told = polling.poll()

    assert polling.asked[2:] == [{"limit": "50"}, {"limit": "50", "before": str(oldest)}]
    assert told.plays == 52
    assert len(polling.kept) == 4


def test_what_was_before_a_page_is_not_the_newest_play_known(polling: Polling) -> None:
    later = page(NEWEST_MS + 9000 * MINUTE_MS, 50)
    polling.says(FULL, later, page(NEWEST_MS + 10, 1), later)
    for _ in range(3):
        polling.poll()

    assert len(polling.asked) == 4


@pytest.mark.parametrize("body", [[], {}, {"items": None}, {"items": {}}, "text"])
def test_an_answer_without_a_list_of_plays_is_kept_asked_again_and_then_said(
    polling: Polling, body: object
) -> None:
    polling.says(*[faults.says_json(body)] * ATTEMPTS)

    with pytest.raises(Unavailable, match="it holds no list of plays"):
        polling.poll()

    assert polling.kept == [(200, json.dumps(body).encode())] * ATTEMPTS


def test_cursors_of_another_form_show_no_time(polling: Polling) -> None:
    polling.says(faults.says_json({"items": [], "cursors": {"after": 1}}))

    told = polling.poll()

    assert (told.plays, told.newest_at) == (0, None)


def test_a_page_is_full_at_the_limit_that_it_says(polling: Polling) -> None:
    def shorter(newest: int) -> faults.Says:
        body = json.loads(page(newest, 20).body)
        return faults.says_json({**body, "limit": 20})

    later = NEWEST_MS + 9000 * MINUTE_MS
    polling.says(shorter(NEWEST_MS), shorter(later), page(NEWEST_MS + 10, 1))
    for _ in range(2):
        polling.poll()

    assert len(polling.asked) == 3


def test_polls_go_to_the_day_that_they_are_made_on(polling: Polling) -> None:
    polling.says(NOTHING)
    polling.poll()
    polling.clock.advance(24 * 3600)
    polling.poll()

    assert polled_days(polling.lake) == [dt.date(2025, 11, 20), dt.date(2025, 11, 21)]


def test_where_nobody_is_signed_in_nothing_is_sent(polling: Polling) -> None:
    polling.says(FULL)
    polling.store.path.unlink()

    with pytest.raises(NotSignedIn, match="spotify-assets login"):
        polling.poll()
    assert (polling.asked, polling.kept) == ([], [])


def test_a_sign_in_that_has_ended_is_said_and_nothing_is_sent(polling: Polling) -> None:
    polling.says(FULL, accounts=(REVOKED,))
    polling.put(token(polling.clock.time, hours=-1))

    with pytest.raises(NotSignedIn, match=r"has ended.*spotify-assets login"):
        polling.poll()
    assert (polling.asked, polling.kept) == ([], [])


def test_a_token_that_the_api_refuses_is_refreshed_once_and_at_once(polling: Polling) -> None:
    polling.says(faults.EXPIRED, FULL)

    assert polling.poll().plays == 50

    assert [one.token for one in polling.script.asked] == [FIRST_TOKEN, polling.script.tokens[0]]
    assert polling.clock.waits == []


def test_a_user_whose_tokens_are_all_refused_is_given_up(polling: Polling) -> None:
    polling.says(faults.EXPIRED)

    with pytest.raises(CredentialsRefused, match="spotify-assets login") as raised:
        polling.poll()
    assert "SPOTIFY_CLIENT_ID" not in str(raised.value)
    assert (len(polling.asked), polling.script.token_requests) == (2, 1)


def test_what_may_pass_is_asked_again_and_every_response_is_kept(polling: Polling) -> None:
    polling.says(faults.too_many("7"), faults.Says(503), faults.Says(200, b"<html>"), FULL)

    assert polling.poll().plays == 50

    assert [status for status, _ in polling.kept] == [429, 503, 200, 200]
    assert polling.clock.waits[0] == 7


def test_an_accounts_host_that_fails_for_a_moment_is_asked_again(polling: Polling) -> None:
    polling.says(FULL, accounts=(faults.Says(503),))
    polling.put(token(polling.clock.time, hours=-1))

    assert polling.poll().plays == 50
    assert polling.script.token_requests == 2


def test_a_refresh_is_in_the_ledger_without_a_token(polling: Polling) -> None:
    polling.says(faults.EXPIRED, FULL)
    polling.poll()

    assert [(one["endpoint"], one["http_status"]) for one in polling.entered] == [
        ("me", 401),
        ("token", 200),
        ("me", 200),
    ]
    refresh = polling.entered[1]
    assert refresh["path"] == "api/token"
    assert json.loads(refresh["params"]) == {"grant_type": "refresh_token"}


def test_an_accounts_host_that_asks_to_wait_is_left_alone_as_long_as_it_says(
    polling: Polling,
) -> None:
    polling.says(FULL, accounts=(faults.too_many("7"),))
    polling.put(token(polling.clock.time, hours=-1))

    assert polling.poll().plays == 50

    assert sum(polling.clock.waits) == pytest.approx(7)
    refreshes = [one for one in polling.entered if one["endpoint"] == "token"]
    assert [(one["http_status"], one["retry_after_s"]) for one in refreshes] == [
        (429, 7),
        (200, None),
    ]


def test_an_accounts_host_that_asks_for_hours_ends_the_poll_and_the_next_asks_nobody(
    polling: Polling,
) -> None:
    polling.says(FULL, accounts=(faults.too_many("7200"),))
    polling.put(token(polling.clock.time, hours=-1))

    for _ in range(2):
        with pytest.raises(Blocked, match="not to be asked for token before 2025-11-20 14:0"):
            polling.poll()
    assert (polling.script.token_requests, polling.asked) == (1, [])


def test_an_api_that_does_not_answer_ends_the_poll(polling: Polling) -> None:
    polling.says(faults.Says(503))

    with pytest.raises(Unavailable):
        polling.poll()
    assert {status for status, _ in polling.kept} == {503}


def test_a_used_up_quota_ends_the_poll_and_the_next_sends_nothing(polling: Polling) -> None:
    used_up = faults.error(429, "Quota exceeded", reason="QUOTA_EXCEEDED")
    polling.says(faults.Says(429, used_up.body, {"retry-after": "48925"}))

    for _ in range(2):
        with pytest.raises(Blocked, match="not to be asked for me before 2025-11-21"):
            polling.poll()
    assert len(polling.asked) == 1


def test_polls_are_counted_in_the_budget_of_their_family(polling: Polling) -> None:
    polling.says(NOTHING)
    limits = Limits(None, per_day={"me": 2})
    polling.poll(limits)
    polling.poll(limits)

    with pytest.raises(BudgetSpent, match="the budget of 2 calls"):
        polling.poll(limits)
    assert len(polling.asked) == 2


def test_a_user_who_did_not_agree_is_told_to_sign_in_again(polling: Polling) -> None:
    polling.says(faults.error(403, "Insufficient client scope"))

    with pytest.raises(NotAllowed, match="spotify-assets login"):
        polling.poll()


def test_generated_and_real_plays_never_mix(polling: Polling) -> None:
    polling.says(FULL)
    polling.lake.claim("sandbox")

    with pytest.raises(LakeError, match="holds data of the sandbox"):
        polling.poll()
    assert polling.asked == []


def test_no_token_is_written_to_the_lake_or_the_ledger(polling: Polling, tmp_path: Path) -> None:
    polling.says(faults.EXPIRED, faults.too_many("1"), FULL)
    polling.poll()

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    written = b"".join(file.read_bytes() for file in files if file != polling.store.path)
    for secret in (FIRST_TOKEN, *polling.script.tokens):
        assert secret.encode() not in written


class Listening:
    """A sandbox with a listener, from noon of a day on; polled by a user who signed in there."""

    def __init__(self, watched: Watched, clock: SandboxClock, catalog: Catalog) -> None:
        self.watched, self._clock, self._catalog = watched, clock, catalog

    def begin(self, ledger: Ledger, lake: Lake) -> None:
        self._clock.reset()
        self.watched.asked.clear()
        connection = Connection.to_sandbox(self.watched.url)
        store = TokenFile(lake.root.parent / "sandbox.token.json")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        sign_in(connection, store, port=port, show=_agree)
        tokens = UserTokens(connection, store)
        self._client = Client(connection, ledger, limits=Limits(None), tokens=tokens)
        self._lake = lake

    def poll_after(self, hours: float) -> None:
        self._clock.advance(hours * 3600)
        poll(self._client, self._lake)

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """What is made of all polls."""
        days = [PolledDay(self._lake, date) for date in polled_days(self._lake)]
        tables = [transform.process(day.date, day.source_file, day.read()) for day in days]
        return {name: pl.concat(one[name] for one in tables) for name in tables[0]}

    def reported(self, start: dt.datetime, end: dt.datetime) -> set[dt.datetime]:
        """Times of all plays within a span that the API has reported, or could have, by now."""
        now = dt.datetime.fromtimestamp(self._clock.now(), dt.UTC).replace(tzinfo=None)
        days = np.arange(start.toordinal() - 1, end.toordinal() + 1)
        truth = listening.plays(listening.Listener(), Repertoire.of(self._catalog), days)
        known = truth.filter(
            (pl.col("api_seen_at") <= now) & pl.col("api_played_at").is_between(start, end)
        )
        return set(known["api_played_at"])


def _agree(url: str) -> None:
    assert requests.get(f"{url}&auto=1", timeout=5).status_code == 200


@pytest.fixture(scope="module")
def sandbox(catalog: Catalog) -> Iterator[Listening]:
    clock = SandboxClock(lambda: START)
    watched = Watched(api.create_app(catalog, clock=clock))
    with server.running(watched) as running:
        watched.url = running.url
        yield Listening(watched, clock, catalog)


@pytest.fixture
def listener(sandbox: Listening, ledger: Ledger, lake: Lake) -> Listening:
    sandbox.begin(ledger, lake)
    return sandbox


def test_polls_that_overlap_leave_no_gap_and_miss_no_play(listener: Listening) -> None:
    # Through the evening. The token ends after an hour, so it is refreshed each time.
    for hours in (8, 1.5, 1.5, 1.5, 1.5):
        listener.poll_after(hours)

    tables = listener.tables
    assert tables["quarantine.plays"].is_empty()
    assert tables["processed.polls"]["is_full"].to_list() == [True] * 5
    assert transform.gaps(tables["processed.polls"]).is_empty()
    played = tables["processed.plays"]["played_at"].to_list()
    assert len(played) > 60
    assert set(played) == listener.reported(min(played), max(played))


def test_a_long_time_without_polls_is_a_gap_and_all_plays_outside_it_are_there(
    listener: Listening,
) -> None:
    for hours in (0, 7 * 24, 1):
        listener.poll_after(hours)

    tables = listener.tables
    [(start, end, _)] = transform.gaps(tables["processed.polls"]).rows()
    played = tables["processed.plays"]["played_at"].to_list()
    missed = listener.reported(min(played), max(played)) - set(played)
    assert len(missed) > 100
    assert all(start < at < end for at in missed)
    assert {start, end} <= set(played)


def test_a_gap_is_asked_for_once_more(listener: Listening) -> None:
    for hours in (0, 7 * 24):
        listener.poll_after(hours)

    asked = [sorted(one.params) for one in listener.watched.asked]
    assert [params for params in asked if "before" in params] == [["before", "limit"]]
