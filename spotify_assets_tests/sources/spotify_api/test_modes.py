"""Which API an app has: read off the answers, remembered, and noticed when it changes."""

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.lake.journal import CollectionParameters, Journal
from spotify_assets.lake.raw import RawPartition
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.sources.spotify_api.modes import Mode, Told, told_by
from spotify_assets_tests.lake.samples import answer
from spotify_assets_tests.sources.spotify_api import faults, pages
from spotify_assets_tests.sources.spotify_api.conftest import TODAY
from spotify_assets_tests.sources.spotify_api.questions import artists, search
from spotify_assets_tests.sources.spotify_api.times import SetClock

Playing = Callable[..., tuple[Client, faults.Script]]
DAY = 24 * 3600
INVALID_LIMIT = answer(faults.INVALID_LIMIT.body, 400)
FORBIDDEN = answer(faults.error(403, "Forbidden").body, 403)
WITH_POPULARITY = b'{"tracks":{"items":[null,{"popularity":null}]}}'
WITHOUT_POPULARITY = b'{"tracks":{"items":[{"id":"t1"}]},"artists":{"items":[]}}'


@pytest.mark.parametrize(
    ("request_", "response", "mode", "is_sure"),
    [
        (search(limit=50), INVALID_LIMIT, "development", True),
        (search(limit=50), answer(b'{"tracks":null}'), "extended", True),
        (search(limit=50), answer(WITHOUT_POPULARITY), "extended", True),
        (artists(), answer(b'{"artists":[null]}'), "extended", True),
        (artists(), FORBIDDEN, "development", False),
        (search(limit=10), answer(WITH_POPULARITY), "extended", False),
        (search(limit=10), answer(WITHOUT_POPULARITY), "development", False),
    ],
)
def test_an_answer_can_give_the_mode_away(
    request_: Request, response: Response, mode: Mode, is_sure: bool
) -> None:
    told = told_by(request_, response)

    assert isinstance(told, Told)
    assert (told.mode, told.is_sure) == (mode, is_sure)


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (search(limit=10), INVALID_LIMIT),
        (search(limit=50), answer(b"", 400)),
        (search(limit=50), answer(faults.error(400, "No search query").body, 400)),
        (search(limit=50), FORBIDDEN),
        (artists(), answer(faults.PREMIUM_LAPSED.body, 403)),
        (artists(), answer(faults.NOT_REGISTERED.body, 403)),
        (search(limit=50), answer(b"", 429)),
        (search(limit=50), answer(b"", 500)),
        (search(limit=10), answer(faults.FINE.body)),
        (search(limit=10), answer(b'{"tracks":{"items":[null,"t1"]}}')),
        *((search(limit=10), answer(body)) for body in (b"[]", b"{}", b'{"tracks":[]}', b"1")),
    ],
)
def test_other_answers_give_nothing_away(request_: Request, response: Response) -> None:
    assert told_by(request_, response) is None


def test_a_client_knows_no_mode_before_it_has_asked(playing: Playing, journal: Journal) -> None:
    client, _ = playing(faults.FINE)
    assert client.mode is None

    client.ask(search(limit=50), journal)
    assert client.mode is not None
    assert (client.mode.mode, client.mode.is_sure) == ("extended", True)


def test_the_mode_is_learned_once_and_then_remembered(playing: Playing, lake: Lake) -> None:
    client, script = playing(pages.endless_in_development)

    for genre in ("rock", "pop", "forró"):
        _collect(client, lake, genre)
    client, further = playing(pages.endless_in_development)
    _collect(client, lake, "metal")

    refused = [one for one in [*script.asked, *further.asked] if one.limit > 10]
    assert len(refused) == 1
    assert refused == script.asked[:1]


def test_the_mode_is_that_of_the_client_id(playing: Playing, lake: Lake, ledger: Ledger) -> None:
    client, script = playing(pages.endless_in_development)
    _collect(client, lake, "rock")

    another = dataclasses.replace(client.connection, client_id="another-app")
    _collect(Client(another, ledger, clock=client.clock), lake, "pop")

    assert [one.limit for one in script.asked].count(50) == 2


def test_an_app_that_loses_its_rights_goes_on_with_small_pages(
    playing: Playing, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spotify_assets")
    client, script = playing(*[pages.endless] * 3, pages.endless_in_development)

    _collect(client, lake, "rock", tracks=200)

    assert [(one.limit, one.offset) for one in script.asked] == [
        (50, 0),
        (50, 50),
        (50, 100),
        (50, 150),
        *((10, offset) for offset in range(150, 200, 10)),
    ]
    assert client.mode is not None
    assert client.mode.mode == "development"
    assert "The app has the API of development mode: search refuses pages of 50." in caplog.text


def test_an_app_that_gains_rights_asks_for_large_pages_again(
    playing: Playing, lake: Lake, clock: SetClock
) -> None:
    """A day later at the soonest: one sign that contradicts another may be wrong."""
    client, _ = playing(pages.endless_in_development)
    _collect(client, lake, "rock")

    client, script = playing(_with_popularity)
    clock.advance(DAY - 1)
    _collect(client, lake, "pop")
    assert {one.limit for one in script.asked} == {10}

    clock.advance(1)
    _collect(client, lake, "metal")
    _collect(client, lake, "forró")
    assert {one.limit for one in script.asked if "forró" in one.params.get("q", "")} == {50}


def test_signs_that_contradict_each_other_cost_one_refused_request_a_day(
    playing: Playing, lake: Lake, clock: SetClock
) -> None:
    client, script = playing(_in_development_with_popularity)

    for hour in range(48):
        _collect(client, lake, f"genre {hour}", tracks=10)
        clock.advance(3600)

    assert len([one for one in script.asked if one.limit > 10]) == 2


def test_a_mode_of_a_time_to_come_can_be_corrected(
    playing: Playing, lake: Lake, clock: SetClock
) -> None:
    """The clock was years ahead when it was learned."""
    clock.set(clock.wall + 1e8)
    client, _ = playing(pages.endless_in_development)
    _collect(client, lake, "rock")
    clock.set(clock.wall - 1e8)

    client, _ = playing(_with_popularity)
    _collect(client, lake, "pop")

    assert client.mode is not None
    assert client.mode.mode == "extended"


def test_the_ledger_keeps_when_and_by_what_the_mode_was_learned(
    ledger: Ledger, clock: SetClock
) -> None:
    assert ledger.mode("app") is None
    ledger.learn_mode("app", "extended", "large pages", clock.now(), is_sure=True)
    clock.advance(3600)
    ledger.learn_mode("app", "development", "a refusal", clock.now(), is_sure=False)

    known = ledger.mode("app")
    assert known is not None
    assert (known.mode, known.learned_from, known.is_sure) == ("development", "a refusal", False)
    assert known.since == dt.datetime(2025, 11, 20, 13, tzinfo=dt.UTC)
    assert ledger.mode("another app") is None


def _with_popularity(asked: faults.Asked) -> faults.Says:
    if asked.path == "artists":
        return pages.batch(asked)
    numbers = range(asked.offset, asked.offset + asked.limit)
    tracks: list[dict[str, Any]] = [{**one, "popularity": 7} for one in pages.tracks(numbers)]
    return faults.says_json({"tracks": pages.page(tracks, further=pages.ELSEWHERE, total=900)})


def _in_development_with_popularity(asked: faults.Asked) -> faults.Says:
    return faults.INVALID_LIMIT if asked.limit > 10 else _with_popularity(asked)


def _collect(client: Client, lake: Lake, genre: str, tracks: int = 30) -> None:
    terms = CollectionParameters(source="spotify", market="BR", artists=0, tracks=tracks)
    collect(client, RawPartition(lake, GenreDay(genre, TODAY)), terms, today=TODAY)
