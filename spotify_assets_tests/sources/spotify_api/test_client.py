"""One question at a time: what is sent, kept, waited for and given up."""

import dataclasses
import datetime as dt
import socket
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.lake.exchanges import Request, decode
from spotify_assets.lake.journal import Journal
from spotify_assets.sources.spotify_api.client import ATTEMPTS, Client
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import (
    Blocked,
    CredentialsRefused,
    InvalidLimit,
    NotAllowed,
    NotInThisMode,
    NotRegistered,
    PremiumLapsed,
    Refused,
    SpotifyError,
    Unavailable,
)
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets_tests.sources.spotify_api import faults
from spotify_assets_tests.sources.spotify_api.times import SetClock
from spotify_assets_tests.sources.spotify_api.watched import Watched

Playing = Callable[..., tuple[Client, faults.Script]]

SEARCH = Request(
    "search",
    "search",
    {"q": 'genre:"r&b"', "type": "artist,track", "limit": 50, "offset": 0, "market": "BR"},
)
ARTISTS = Request("artists", "artists", {"ids": "0aB,1cD"})
TWO_ARTISTS = faults.says_json({"artists": [{"id": "0aB"}, None]})
HEADERS_OF_ANSWERS = {"content-type", "date", "retry-after", "www-authenticate"}


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port that nobody listens on, and nobody else can take."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_question_is_sent_with_its_parameters_and_a_token(
    playing: Playing, journal: Journal
) -> None:
    client, script = playing(faults.FINE)

    answer = client.ask(SEARCH, journal)

    assert answer["tracks"]["items"] == []
    [asked] = script.asked
    assert (asked.path, asked.token) == ("search", script.tokens[0])
    assert asked.params == {name: str(value) for name, value in SEARCH.params.items()}


def test_a_batch_of_artists_is_one_question(playing: Playing, journal: Journal) -> None:
    client, script = playing(faults.says_json({"artists": [None, None]}))

    assert client.ask(ARTISTS, journal) == {"artists": [None, None]}
    assert [(one.path, one.params) for one in script.asked] == [("artists", {"ids": "0aB,1cD"})]


def test_an_answer_in_the_journal_is_not_asked_again(playing: Playing, journal: Journal) -> None:
    client, script = playing(faults.FINE)

    first, second = client.ask(SEARCH, journal), client.ask(SEARCH, journal)

    assert first == second
    assert len(script.asked) == 1


def test_one_token_does_for_many_questions(playing: Playing, journal: Journal) -> None:
    client, script = playing(faults.FINE, TWO_ARTISTS)
    client.ask(SEARCH, journal)
    client.ask(ARTISTS, journal)

    assert script.token_requests == 1


def test_every_response_is_kept_as_it_came_before_it_is_judged(
    playing: Playing, journal: Journal
) -> None:
    unusual = faults.Says(
        200, b'{ "b":1,\r\n"tracks":\t{"items": [null]}, "artists": {"items": []} }'
    )
    client, _ = playing(faults.too_many("2"), faults.Says(500, b"<html>"), unusual)

    client.ask(SEARCH, journal)

    kept = [decode(line) for line in journal.path.read_bytes().splitlines(keepends=True)]
    assert [(one.response.status, one.response.body) for one in kept] == [
        (429, faults.too_many("2").body),
        (500, b"<html>"),
        (200, unusual.body),
    ]
    assert all(one.request == SEARCH for one in kept)
    assert kept[0].response.headers["retry-after"] == "2"
    for one in kept:
        assert set(one.response.headers) <= HEADERS_OF_ANSWERS
        assert abs(dt.datetime.now(dt.UTC) - one.response.requested_at) < dt.timedelta(minutes=1)


def test_a_rate_limit_is_waited_for_as_long_as_it_says(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.too_many("7"), faults.too_many("30"), faults.FINE)

    client.ask(SEARCH, journal)

    assert pauses == [7, 30]
    assert len(script.asked) == 3


@pytest.mark.parametrize(
    "unsaid",
    [
        faults.TOO_MANY_IN_PLAIN_TEXT,
        faults.error(429, "API rate limit exceeded"),
        faults.too_many("soon"),
        faults.too_many("²"),
        faults.too_many("-5"),
        faults.too_many("Wed, 21 Oct 2026 07:28:00 +99999999999999999999"),
    ],
)
def test_a_rate_limit_that_says_no_number_is_waited_for_one_window(
    playing: Playing, journal: Journal, pauses: list[float], unsaid: faults.Says
) -> None:
    client, _ = playing(unsaid, faults.FINE)

    client.ask(SEARCH, journal)

    assert pauses == [30]


def test_a_rate_limit_that_names_a_date_is_waited_for_until_then(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    until = formatdate(time.time() + 12, usegmt=True)
    client, _ = playing(faults.too_many(until), faults.FINE)

    client.ask(SEARCH, journal)

    assert sum(pauses) == pytest.approx(12, abs=2)


def test_a_wait_is_said(
    playing: Playing, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = playing(faults.too_many("7"), faults.FINE)

    client.ask(SEARCH, journal)

    assert "The API asks to wait" in caplog.text
    assert "waiting 7 s." in caplog.text


@pytest.mark.parametrize("hours", ["31", "48925", "85771", "86400"])
def test_a_long_rate_limit_ends_the_run_instead_of_sleeping_through_it(
    playing: Playing, journal: Journal, clock: SetClock, hours: str
) -> None:
    client, script = playing(faults.too_many(hours))

    with pytest.raises(Blocked, match="not to be asked for search before 2025-11-2") as blocked:
        client.ask(SEARCH, journal)

    assert blocked.value.until == clock.time + dt.timedelta(seconds=int(hours))
    assert (clock.waits, len(script.asked), journal.lines) == ([], 1, 1)


@pytest.mark.parametrize(("named", "seconds"), [({"retry-after": "2"}, 2), ({}, 24 * 3600)])
def test_a_used_up_quota_ends_the_run_however_short_its_wait(
    playing: Playing, journal: Journal, clock: SetClock, named: dict[str, str], seconds: int
) -> None:
    used_up = faults.error(429, "Quota exceeded", reason="QUOTA_EXCEEDED")
    client, script = playing(faults.Says(429, used_up.body, named), faults.FINE)

    with pytest.raises(Blocked, match="QUOTA_EXCEEDED") as blocked:
        client.ask(SEARCH, journal)

    assert blocked.value.until == clock.time + dt.timedelta(seconds=seconds)
    assert (clock.waits, len(script.asked)) == ([], 1)


def test_a_rate_limit_without_end_is_given_up_after_all_attempts(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.too_many("1"))

    with pytest.raises(Blocked, match=r"before .*5 times in a row.*next run") as blocked:
        client.ask(SEARCH, journal)
    assert blocked.value.endpoint == "search"

    assert pauses == [1] * (ATTEMPTS - 1)
    assert len(script.asked) == ATTEMPTS


@pytest.mark.parametrize(
    "failing",
    [
        faults.Says(500, b'{"error":{"status":500,"message":"Server error"}}'),
        faults.Says(502, b"<html>Bad gateway</html>"),
        faults.Says(503, b""),
        faults.Says(500, b'["error"]'),
        faults.Says(500, b'{"error":["a","list"]}'),
        faults.Says(500, b"null"),
        faults.Says(200, b""),
        faults.Says(200, b"<html>Please sign in</html>"),
        faults.Says(200, b'{"tracks":{"items":['),
        faults.Says(200, b"{}"),
        faults.Says(204, b""),
    ],
)
def test_a_failure_that_may_pass_is_asked_again(
    playing: Playing, journal: Journal, pauses: list[float], failing: faults.Says
) -> None:
    client, script = playing(failing, faults.FINE)

    assert client.ask(SEARCH, journal)["artists"]["items"] == []

    assert len(pauses) == 1
    assert len(script.asked) == journal.lines == 2


def test_a_cut_body_is_asked_again_and_is_no_response(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.CUT, faults.FINE)

    client.ask(SEARCH, journal)

    assert (len(script.asked), len(pauses), journal.lines) == (2, 1, 1)


def test_pauses_double_and_are_never_the_same_for_all(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.Says(503))

    with pytest.raises(Unavailable, match="503 an empty body"):
        client.ask(SEARCH, journal)

    assert len(script.asked) == journal.lines == ATTEMPTS
    assert all(
        longest / 2 <= pause <= longest
        for pause, longest in zip(pauses, (0.5, 1, 2, 4), strict=True)
    )


def test_retries_are_bounded_in_time_too(
    playing: Playing, journal: Journal, clock: SetClock
) -> None:
    def slowly(_asked: faults.Asked) -> faults.Says:
        clock.advance(100)
        return faults.Says(503)

    client, script = playing(slowly)

    with pytest.raises(Unavailable):
        client.ask(SEARCH, journal)

    assert len(script.asked) == 2


def test_every_failure_that_is_asked_again_is_said(
    playing: Playing, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = playing(faults.Says(503), faults.FINE)

    client.ask(SEARCH, journal)

    assert "503 an empty body. Attempt 2 of 5 in 0." in caplog.text


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (faults.PREMIUM_LAPSED, PremiumLapsed, "Active premium .* renew it"),
        (faults.error(403, "Forbidden"), NotInThisMode, "does not give search .*Forbidden"),
        (faults.NOT_REGISTERED, NotRegistered, "may not be registered.*User Management"),
        (faults.error(403, "Insufficient client scope"), NotAllowed, "spotify-assets login"),
        (faults.Says(403, b""), NotInThisMode, "an empty body"),
        (faults.Says(400, b""), Refused, "an empty body"),
        (faults.INVALID_LIMIT, InvalidLimit, "page size"),
        (faults.error(400, "invalid LIMIT."), InvalidLimit, "page size"),
        (faults.error(400, "Invalid base62 id"), Refused, "Invalid base62 id"),
        (faults.says_json({"error": ["a list"]}, 400), Refused, "a list"),
        (faults.says_json(["a list"], 404), Refused, "a list"),
        (faults.error(404, "Resource not found"), Refused, "Resource not found"),
    ],
)
def test_a_refusal_is_not_asked_again(
    playing: Playing,
    journal: Journal,
    pauses: list[float],
    refusal: faults.Says,
    kind: type[SpotifyError],
    said: str,
) -> None:
    client, script = playing(refusal, faults.FINE)

    with pytest.raises(kind, match=said):
        client.ask(SEARCH, journal)

    assert (len(script.asked), pauses, journal.lines) == (1, [], 1)


def test_an_expired_token_is_renewed_once_and_at_once(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.EXPIRED, faults.FINE)

    client.ask(SEARCH, journal)

    assert [one.token for one in script.asked] == script.tokens
    assert len(set(script.tokens)) == 2
    assert pauses == []


def test_a_token_that_is_refused_for_ever_is_given_up_after_a_new_one(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.EXPIRED)

    with pytest.raises(CredentialsRefused, match=r"access token expired.*SPOTIFY_CLIENT_ID"):
        client.ask(SEARCH, journal)

    assert (len(script.asked), script.token_requests, pauses) == (2, 2, [])


def test_wrong_credentials_are_said_and_not_tried_again(
    extended: Watched, journal: Journal, ledger: Ledger, clock: SetClock, pauses: list[float]
) -> None:
    right = Connection.to_sandbox(extended.url)
    wrong = Connection("sandbox", "sandbox", "not-the-secret", right.api_url, right.token_url)

    with pytest.raises(CredentialsRefused, match=r"invalid_client.*SPOTIFY_CLIENT_SECRET") as said:
        Client(wrong, ledger, clock=clock).ask(SEARCH, journal)

    assert "not-the-secret" not in str(said.value)
    assert (extended.asked, pauses, journal.lines) == ([], [], 0)


@pytest.mark.parametrize(
    "failing",
    [
        faults.Says(503, b"<html>"),
        faults.error(500, "Server error"),
        faults.Says(502, b"[]"),
        faults.Says(200, b""),
        faults.Says(200, b"[]"),
        faults.Says(200, b"{}"),
        faults.CUT,
    ],
)
def test_an_accounts_host_that_fails_for_a_moment_is_asked_again(
    playing: Playing, journal: Journal, pauses: list[float], failing: faults.Says
) -> None:
    client, script = playing(faults.FINE, accounts=(failing,))

    client.ask(SEARCH, journal)

    assert script.token_requests == 2
    assert (len(pauses), journal.lines) == (1, 1)


def test_an_accounts_host_that_is_asked_too_often_is_left_alone_for_a_window(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.FINE, accounts=(faults.TOO_MANY_IN_PLAIN_TEXT,))

    client.ask(SEARCH, journal)

    assert script.token_requests == 2
    assert sum(pauses) == pytest.approx(30)


def test_an_accounts_host_that_asks_for_hours_ends_the_run(
    playing: Playing, journal: Journal, pauses: list[float]
) -> None:
    client, script = playing(faults.FINE, accounts=(faults.too_many("85771"),))

    with pytest.raises(Blocked, match="not to be asked for token before"):
        client.ask(SEARCH, journal)

    assert (script.token_requests, script.asked) == (1, [])
    assert sum(pauses) < 1


def test_an_accounts_host_that_fails_for_ever_is_no_matter_of_credentials(
    playing: Playing, journal: Journal
) -> None:
    client, script = playing(faults.FINE, accounts=(faults.Says(503),) * ATTEMPTS)

    with pytest.raises(Unavailable, match="token"):
        client.ask(SEARCH, journal)

    assert script.asked == []


@pytest.mark.parametrize("body", [b"[]", b"{}", b'"no"'])
def test_the_answer_to_one_question_is_never_taken_for_that_to_another(
    playing: Playing, journal: Journal, body: bytes
) -> None:
    """The accounts host trips spotipy while the last answer of the API is still at hand."""
    client, _ = playing(
        faults.FINE, faults.EXPIRED, TWO_ARTISTS, accounts=(_token("first"), faults.Says(500, body))
    )
    client.ask(SEARCH, journal)

    assert client.ask(ARTISTS, journal) == {"artists": [{"id": "0aB"}, None]}
    assert journal.lines == 3


def test_an_id_that_cannot_be_sent_is_refused_and_nothing_is_noted(
    playing: Playing, journal: Journal
) -> None:
    client, script = playing(faults.FINE)
    client.ask(SEARCH, journal)

    with pytest.raises(Refused, match=r"2 ids.*cannot be sent"):
        client.ask(Request("artists", "artists", {"ids": "0aB,not an id"}), journal)

    assert len(script.asked) == journal.lines == 1


def test_no_connection_is_tried_again_and_then_said_with_the_address(
    journal: Journal, ledger: Ledger, clock: SetClock, pauses: list[float], nobody: str
) -> None:
    client = Client(Connection.to_sandbox(nobody), ledger, clock=clock)

    with pytest.raises(Unavailable, match=rf"No token from {nobody}/api/token: .*Is it running"):
        client.ask(SEARCH, journal)

    assert (len(pauses), journal.lines) == (ATTEMPTS - 1, 0)


def test_a_token_is_of_no_use_where_only_the_accounts_host_answers(
    extended: Watched,
    journal: Journal,
    ledger: Ledger,
    clock: SetClock,
    pauses: list[float],
    nobody: str,
) -> None:
    there = Connection.to_sandbox(extended.url)
    half = dataclasses.replace(there, api_url=f"{nobody}/v1/")

    with pytest.raises(Unavailable, match=rf"No answer from {nobody}/v1/ to search: .*Is it run"):
        Client(half, ledger, clock=clock).ask(SEARCH, journal)

    assert (len(pauses), journal.lines) == (ATTEMPTS - 1, 0)


def test_what_the_client_cannot_ask_is_a_mistake_of_the_caller(
    playing: Playing, journal: Journal
) -> None:
    client, script = playing(faults.FINE)

    with pytest.raises(ValueError, match="no endpoint 'playlists'"):
        client.ask(Request("playlists", "playlists", {}), journal)
    assert script.asked == []


def test_the_day_is_told_to_the_sandbox_only(
    playing: Playing, extended: Watched, journal: Journal, ledger: Ledger
) -> None:
    day = dt.date(2024, 2, 29)
    Client(Connection.to_sandbox(extended.url + "/"), ledger, day=day).ask(SEARCH, journal)
    assert extended.asked[0].day == "2024-02-29"

    client, script = playing(TWO_ARTISTS)
    Client(client.connection, ledger, day=day).ask(ARTISTS, journal)
    assert script.asked[0].day is None


def test_no_file_of_tokens_is_read_or_left(
    playing: Playing, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".cache").write_text('{"access_token":"of-another-app","expires_at":9999999999}')
    client, script = playing(faults.FINE)

    client.ask(SEARCH, journal)

    assert script.asked[0].token == script.tokens[0]
    assert {path.name for path in tmp_path.iterdir()} == {
        ".cache",
        journal.path.name,
        "0001.terms.json",
        *(path.name for path in tmp_path.glob("ledger.sqlite*")),
    }
    assert "of-another-app" in (tmp_path / ".cache").read_text()


def _token(name: str) -> Any:
    return faults.says_json({"access_token": name, "token_type": "Bearer", "expires_in": 3600})
