"""What an error says, whatever the form of the body."""

import pytest

from spotify_assets.lake.raw import Request, Response
from spotify_assets.spotify.errors import NoCredentials, Unavailable, message, refusal
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


def test_a_refusal_names_the_endpoint_and_what_was_asked() -> None:
    asked = Request("search", "search", {"q": 'genre:"r&b"', "limit": 50})

    error = refusal(asked, _response(503, b""))

    assert isinstance(error, Unavailable)
    assert "search {'q': 'genre:\"r&b\"', 'limit': 50}: 503" in str(error)


def test_without_credentials_both_ways_on_are_named() -> None:
    said = str(NoCredentials())

    assert "SPOTIFY_CLIENT_ID" in said
    assert "spotify-assets sandbox" in said


def _response(status: int, body: bytes) -> Response:
    return Response(status, {}, body, ASKED_AT, elapsed_ms=1)
