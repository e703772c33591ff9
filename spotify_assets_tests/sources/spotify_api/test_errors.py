"""What an error says, whatever the form of the body."""

import datetime as dt
import re
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.sources.spotify_api.errors import (
    MAX_BLOCK_SECONDS,
    NoCredentials,
    Unavailable,
    message,
    refusal,
    retry_after,
)
from spotify_assets_tests.lake.samples import ASKED_AT


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":{"status":400,"message":"No search query"}}', "No search query"),
        (b'{"error":{"message":"Quota","reason":"QUOTA_EXCEEDED"}}', "Quota, QUOTA_EXCEEDED"),
        (b'{"error":{"status":500}}', "no message"),
        (b'{"error":{"message":null,"reason":""}}', "no message"),
        (b'{"error":"invalid_client","error_description":"Wrong"}', "Wrong"),
        (b'{"error":"invalid_client"}', "invalid_client"),
        (b'{"error":["a"]}', '{"error":["a"]}'),
        (b'["a"]', '["a"]'),
        (b"null", "null"),
        (b"  Too many requests \n", "Too many requests"),
        (b"\xff", "\ufffd"),
        (b"", "an empty body"),
        (b" \n", "an empty body"),
        (b"x" * 1000, "x" * 200),
    ],
)
def test_the_message_is_found_in_every_form_of_body(body: bytes, said: str) -> None:
    assert message(_response(500, body)) == said


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"Check settings on developer.spotify.com/dashboard.",
        b'{"error":{"message":"The user is not registered."}}',
        b'{"error":{"message":"No more.","reason":"QUOTA_EXCEEDED."}}',
        b'{"error":"invalid_client","error_description":"Invalid client secret."}',
    ],
)
def test_where_the_api_ends_with_a_full_stop_there_are_not_two(status: int, body: bytes) -> None:
    asked = Request("search", "search", {"q": "rock"})

    said = str(refusal(asked, _response(status, body)))

    assert not re.search(r"\.[.,)]", said)


def test_a_refusal_names_the_endpoint_and_what_was_asked() -> None:
    asked = Request("search", "search", {"q": 'genre:"r&b"', "limit": 50})

    error = refusal(asked, _response(503, b""))

    assert isinstance(error, Unavailable)
    assert "search {'q': 'genre:\"r&b\"', 'limit': 50}: 503" in str(error)


@pytest.mark.parametrize(
    ("path", "remedy", "other"),
    [
        ("me/player/recently-played", "spotify-assets login", "SPOTIFY_CLIENT_ID"),
        ("search", "SPOTIFY_CLIENT_ID", "spotify-assets login"),
    ],
)
def test_a_refused_token_is_mended_where_it_comes_from(path: str, remedy: str, other: str) -> None:
    said = str(refusal(Request("any", path, {}), _response(401, b"expired")))

    assert remedy in said
    assert other not in said


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("85771", 85771),
        ("9" * 5000, MAX_BLOCK_SECONDS),
        ("Wed, 21 Oct 2015 07:28:12 GMT", 12),
        ("Wed, 21 Oct 2015 07:28:12", 12),
        ("Wed, 21 Oct 2015 06:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_BLOCK_SECONDS),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", 2),
        ("2.0", 2),
        ("0.2", 1),
        ("9" * 20 + ".5", MAX_BLOCK_SECONDS),
        ("1.5s", None),
        ("-2.5", None),
        ("inf", None),
        ("²", None),
        ("Wed, 21 Oct 99999999999 07:28:00 GMT", None),
    ],
)
def test_the_time_to_wait_is_in_seconds_or_until_a_date_by_the_clock_of_the_api(
    value: str, seconds: int | None
) -> None:
    """The machine's own clock may be years off."""
    headers = {"retry-after": value, "date": "Wed, 21 Oct 2015 07:28:00 GMT"}

    assert retry_after(Response(429, headers, b"", ASKED_AT, elapsed_ms=1)) == seconds


def test_where_the_api_gives_no_date_a_wait_is_until_one_by_the_machines_clock() -> None:
    until = format_datetime(ASKED_AT + dt.timedelta(minutes=1), usegmt=True)

    waits = retry_after(Response(429, {"retry-after": until}, b"", ASKED_AT, elapsed_ms=1))

    assert waits == 60


@given(st.text())
@settings(database=None)
def test_any_time_to_wait_is_none_or_within_bounds(value: str) -> None:
    waits = retry_after(Response(429, {"retry-after": value}, b"", ASKED_AT, elapsed_ms=1))

    assert waits is None or 1 <= waits <= MAX_BLOCK_SECONDS


def test_without_credentials_both_ways_on_are_named() -> None:
    said = str(NoCredentials())

    assert "SPOTIFY_CLIENT_ID" in said
    assert "spotify-assets sandbox" in said


def _response(status: int, body: bytes) -> Response:
    return Response(status, {}, body, ASKED_AT, elapsed_ms=1)
