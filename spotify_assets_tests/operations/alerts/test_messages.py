"""What people read."""

import dataclasses
import datetime as dt
import html
import re

from markdown_it import MarkdownIt

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


def test_no_chat_reads_a_mention_a_link_or_an_image_in_a_name_or_a_text() -> None:
    for name in NAMES:
        told = dataclasses.replace(incident("rock", title=name), body=f"It failed: {name}")
        message = Message("id", "open", (Notice(told, 1, NOON),))
        text = message.payload["text"]
        assert not set(text) & set("<>")
        assert message.payload["mrkdwn"] is False
        shown = html.unescape(text)
        assert not re.search(r"@\w", shown)
        assert not {"link_open", "image", "html_inline", "html_block"} & set(_markdown(text))
        assert shown.replace("\u200b", "") == f"{message.subject}\n\n{message.text}"


def test_a_chat_still_gets_the_link_of_ours_as_it_is() -> None:
    message = Message("id", "open", (Notice(QUOTA, 1, NOON),))
    assert "\nhttp://127.0.0.1:3000/assets\n" in message.payload["text"]


def _markdown(text: str) -> list[str]:
    """What a reader of Markdown takes a text for."""
    blocks = MarkdownIt("commonmark").parse(text)
    return [token.type for block in blocks for token in (block, *(block.children or ()))]


def test_a_name_adds_no_line_to_a_subject() -> None:
    for name in NAMES:
        message = Message("id", "open", (Notice(incident("rock", title=name), 1, NOON),))
        assert message.subject.isprintable()
