"""What people read."""

import datetime as dt
import html

from spotify_assets.operations.alerts import Incident, Message, Notice
from spotify_assets_tests.hostile import NAMES
from spotify_assets_tests.operations.alerts.samples import NOON, ROCK, incident

LATER = NOON + dt.timedelta(hours=2)
QUOTA = Incident(
    "quota/search",
    "quota_block",
    "Spotify answers no search requests",
    "There is nothing to do.",
    "warning",
    NOON,
    link="http://127.0.0.1:3000/assets",
    until=LATER,
)


def test_an_opening_reads_from_what_to_when_to_where() -> None:
    message = Message("id-1", "open", (Notice(QUOTA, 1, NOON),))

    assert message.subject == "[spotify-assets] OPEN Spotify answers no search requests"
    assert message.text == (
        "Warning: Spotify answers no search requests\n"
        "\n"
        "There is nothing to do.\n"
        "\n"
        "Since 2026-11-20 12:00 UTC.\n"
        "It ends by itself at 2026-11-20 14:00 UTC.\n"
        "http://127.0.0.1:3000/assets\n"
    )


def test_an_end_says_how_long_it_lasted_and_asks_for_nothing() -> None:
    message = Message("id-2", "over", (Notice(ROCK, 0, NOON, LATER),))

    assert message.subject == "[spotify-assets] OVER The run of rock failed"
    assert message.text == (
        "Over: The run of rock failed\n"
        "\n"
        "It lasted from 2026-11-20 12:00 UTC to 2026-11-20 14:00 UTC.\n"
    )


def test_a_digest_shows_twenty_incidents_and_the_number_of_the_others() -> None:
    notices = tuple(Notice(incident(f"genre-{n}"), 1, NOON) for n in range(27))
    message = Message("id-3", "open", notices)

    assert message.subject.endswith("The run of genre-0 failed and 26 more")
    assert message.text.count("Error: ") == 20
    assert message.text.endswith("and 7 more\n")
    assert (len(message.payload["incidents"]), message.payload["more"]) == (20, 7)


def test_a_program_gets_the_same_as_the_reader() -> None:
    [told] = Message("id-4", "over", (Notice(QUOTA, 3, NOON, LATER),)).payload["incidents"]

    assert told == {
        "state": "over",
        "key": "quota/search",
        "kind": "quota_block",
        "severity": "warning",
        "title": "Spotify answers no search requests",
        "body": "There is nothing to do.",
        "link": "http://127.0.0.1:3000/assets",
        "since": "2026-11-20T12:00:00+00:00",
        "until": "2026-11-20T14:00:00+00:00",
        "openings": 3,
        "opened_at": "2026-11-20T12:00:00+00:00",
        "closed_at": "2026-11-20T14:00:00+00:00",
    }


def test_slack_reads_no_mention_and_no_link_in_a_name() -> None:
    for name in NAMES:
        message = Message("id", "open", (Notice(incident("rock", title=name), 1, NOON),))
        text = message.payload["text"]
        assert not set(text) & set("<>")
        assert html.unescape(text) == f"{message.subject}\n\n{message.text}"
        assert message.payload["mrkdwn"] is False


def test_a_name_adds_no_line_to_a_subject() -> None:
    for name in NAMES:
        message = Message("id", "open", (Notice(incident("rock", title=name), 1, NOON),))
        assert message.subject.isprintable()
