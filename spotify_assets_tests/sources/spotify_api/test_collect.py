"""Collecting a genre-day: which questions, in which order, until it has what was asked."""

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import pytest

from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect, genre_query
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import Forbidden, InvalidLimit
from spotify_assets_tests.sources.spotify_api import faults, pages
from spotify_assets_tests.sources.spotify_api.conftest import TODAY
from spotify_assets_tests.sources.spotify_api.ledgers import ledger_of
from spotify_assets_tests.sources.spotify_api.watched import Watched

Playing = Callable[..., tuple[Client, faults.Script]]
GENRES = ["rock", "hip hop", "r&b", "rock/metal", "d'n'b", "forró"]


@pytest.mark.parametrize("genre", GENRES)
def test_it_has_as_many_as_were_asked_or_all_there_are(
    extended: Watched, lake: Lake, genre: str
) -> None:
    few = CollectionParameters(source="sandbox", market="BR", artists=5, tracks=30)
    all_there_are = CollectionParameters(source="sandbox", market="BR", artists=1000, tracks=1000)

    shown = _ids(_collected(extended, lake, genre, few))
    everything = _ids(_collected(extended, lake, genre, all_there_are, force=True))

    for kind, wanted in (("artists", few.artists), ("tracks", few.tracks)):
        assert len(shown[kind]) >= min(wanted, len(everything[kind])) > 0


def test_pages_are_of_50_and_both_kinds_in_one_question_while_both_are_wanted(
    playing: Playing, lake: Lake
) -> None:
    client, script = playing(pages.endless)

    _collect(client, lake, artists=60, tracks=120)

    assert [(one.params["type"], one.offset, one.limit) for one in _searches(script)] == [
        ("artist,track", 0, 50),
        ("artist,track", 50, 50),
        ("track", 100, 50),
    ]
    assert all(one.params["market"] == "BR" for one in _searches(script))


def test_artists_that_only_tracks_name_are_looked_up_in_batches_of_50(
    playing: Playing, lake: Lake
) -> None:
    shown = [*pages.artists([1, 2]), {"id": pages.credit(3)}]
    answer = {
        "artists": pages.page(shown),
        "tracks": pages.page(pages.tracks(range(40), credited=3)),
    }
    client, script = playing(faults.says_json(answer), pages.batch)

    _collect(client, lake, artists=50, tracks=50)

    asked = [one.params["ids"].split(",") for one in script.asked if one.path == "artists"]
    assert [len(batch) for batch in asked] == [50, 50, 19]
    # Each once, in the order they came, and none that the search has shown already.
    credited = [pages.credit(number, place) for number in range(40) for place in range(3)]
    assert [one for batch in asked for one in batch] == [
        one for one in credited if one != pages.credit(3)
    ]


def test_the_page_size_of_development_mode_is_learned_from_the_first_refusal(
    development: Watched, lake: Lake, terms: CollectionParameters
) -> None:
    sealed = _collected(development, lake, "rock", terms)

    sizes = [(one.limit, one.offset) for one in development.asked]
    assert sizes[:3] == [(50, 0), (10, 0), (10, 10)]
    assert {size for size, _ in sizes[1:]} == {10}
    assert len(_ids(sealed)["tracks"]) >= terms.tracks


def test_development_mode_is_not_asked_for_batches(
    development: Watched, lake: Lake, terms: CollectionParameters
) -> None:
    _collected(development, lake, "rock", terms)

    assert development.batches == []


def test_a_page_size_that_is_refused_in_development_mode_too_ends_it(
    playing: Playing, lake: Lake
) -> None:
    client, script = playing(faults.INVALID_LIMIT)

    with pytest.raises(InvalidLimit):
        _collect(client, lake)

    assert [one.limit for one in script.asked] == [50, 10]


@pytest.mark.parametrize(
    ("mode", "size"), [(pages.endless, 50), (pages.endless_in_development, 10)]
)
def test_no_question_goes_beyond_the_first_1000_whatever_next_says(
    playing: Playing, lake: Lake, mode: faults.Answer, size: int
) -> None:
    client, script = playing(mode)

    sealed = _collect(client, lake, artists=0, tracks=5000)

    offsets = [one.offset for one in _searches(script) if one.limit == size]
    assert offsets == list(range(0, 1000, size))
    assert len(_ids(sealed)["tracks"]) == 1000


def test_items_that_repeat_are_not_counted_and_end_at_the_window(
    playing: Playing, lake: Lake
) -> None:
    client, script = playing(pages.the_same_again)

    sealed = _collect(client, lake, artists=0, tracks=51)

    assert len(_searches(script)) == 1000 // 50
    assert len(_ids(sealed)["tracks"]) == 50


def test_an_unknown_genre_gives_a_sealed_partition_without_items(
    extended: Watched, lake: Lake, terms: CollectionParameters
) -> None:
    sealed = _collected(extended, lake, "no such genre", terms)

    assert sealed.lines == len(extended.asked) == 1
    assert _ids(sealed) == {"artists": set(), "tracks": set()}


@pytest.mark.parametrize(
    "items",
    [
        [None, None],
        [{"id": None}, {"id": 7}, {}, [], "t1"],
        [{"id": "t1"}],
        [{"id": "t1", "artists": None}],
        [{"id": "t1", "artists": [None, {}, {"id": None}, "a1"]}],
    ],
)
def test_items_that_cannot_be_used_are_kept_and_passed_over(
    playing: Playing, lake: Lake, items: list[Any]
) -> None:
    answer = {"artists": pages.page([]), "tracks": pages.page(items)}
    client, script = playing(faults.says_json(answer))

    sealed = _collect(client, lake)

    assert len(script.asked) == 1
    [exchange] = read_exchanges(sealed.path)
    assert exchange.response.json() == answer


def test_where_nothing_is_wanted_nothing_is_asked(playing: Playing, lake: Lake) -> None:
    client, script = playing(faults.FINE)

    sealed = _collect(client, lake, artists=0, tracks=0)

    assert (sealed.lines, script.asked) == (0, [])


def test_batches_that_are_forbidden_are_said_and_the_rest_is_sealed(
    playing: Playing, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    def no_batches(asked: faults.Asked) -> faults.Says:
        return faults.error(403, "Forbidden") if asked.path == "artists" else pages.endless(asked)

    client, script = playing(no_batches)

    sealed = _collect(client, lake, artists=0, tracks=200)

    assert [one.path for one in script.asked] == ["search"] * 4 + ["artists"]
    assert len(_ids(sealed)["tracks"]) == 200
    assert "popularity and followers stay unknown" in caplog.text


def test_a_search_that_is_forbidden_ends_it_and_is_asked_again_by_the_next_run(
    playing: Playing, lake: Lake
) -> None:
    """Premium that lapsed can be paid within the day, and the day must not be lost."""
    client, _ = playing(faults.PREMIUM_LAPSED)
    with pytest.raises(Forbidden, match="Active premium subscription required"):
        _collect(client, lake)
    assert RawPartition(lake, GenreDay("rock", TODAY)).is_under_way()

    client, script = playing(faults.FINE)
    assert _collect(client, lake).lines == 2
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("genre", "query"),
    [
        ("rock", 'genre:"rock"'),
        ("hip hop", 'genre:"hip hop"'),
        ("r&b", 'genre:"r&b"'),
        ('so "called"', r'genre:"so \"called\""'),
        ("back\\slash", r'genre:"back\\slash"'),
    ],
)
def test_the_genre_is_quoted_so_that_every_sign_is_part_of_its_name(
    playing: Playing, lake: Lake, genre: str, query: str
) -> None:
    client, script = playing(faults.FINE)

    _collect(client, lake, genre=genre)

    assert script.asked[0].params["q"] == query == genre_query(genre)


def test_progress_is_told_after_each_page_and_never_above_what_is_wanted(
    playing: Playing, lake: Lake
) -> None:
    told: list[tuple[str, int, int]] = []
    client, _ = playing(pages.endless)

    _collect(client, lake, artists=20, tracks=80, progress=lambda *what: told.append(what))

    assert told == [
        ("artists", 20, 20),
        ("tracks", 50, 80),
        ("tracks", 80, 80),
        ("credits", 50, 100),
        ("credits", 100, 100),
    ]


def test_a_collection_is_sealed_with_its_terms_and_as_of_its_source(
    extended: Watched, lake: Lake, terms: CollectionParameters
) -> None:
    sealed = _collected(extended, lake, "rock", terms)

    assert sealed.terms == terms
    assert sealed == RawPartition(lake, GenreDay("rock", TODAY)).latest()
    with pytest.raises(LakeError):
        lake.claim("spotify")


def test_generated_and_real_music_do_not_mix(playing: Playing, lake: Lake) -> None:
    lake.claim("sandbox")
    client, script = playing(faults.FINE)

    with pytest.raises(LakeError, match="holds data of the sandbox"):
        _collect(client, lake)

    assert (script.asked, script.token_requests) == ([], 0)


def test_the_sandbox_answers_for_any_day(
    extended: Watched, lake: Lake, terms: CollectionParameters
) -> None:
    day = TODAY - dt.timedelta(days=200)
    client = Client(Connection.to_sandbox(extended.url), ledger_of(lake), day=day)

    sealed = collect(client, RawPartition(lake, GenreDay("rock", day)), terms, today=TODAY)

    assert {one.day for one in extended.asked} == {day.isoformat()}
    assert len(_ids(sealed)["tracks"]) >= terms.tracks


def test_what_is_learned_is_logged(
    development: Watched, lake: Lake, terms: CollectionParameters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spotify_assets")

    _collected(development, lake, "rock", terms)

    assert "Pages of 50 are refused: development mode." in caplog.text


def _collected(
    sandbox: Watched, lake: Lake, genre: str, terms: CollectionParameters, *, force: bool = False
) -> Sealed:
    client = Client(
        Connection.to_sandbox(sandbox.url), ledger_of(lake), limits=Limits(None), day=TODAY
    )
    partition = RawPartition(lake, GenreDay(genre, TODAY))
    return collect(client, partition, terms, today=TODAY, force=force)


def _collect(
    client: Client,
    lake: Lake,
    *,
    genre: str = "rock",
    artists: int = 50,
    tracks: int = 100,
    progress: Callable[[str, int, int], None] | None = None,
) -> Sealed:
    """From a scripted API, which is to the client the real one."""
    terms = CollectionParameters(source="spotify", market="BR", artists=artists, tracks=tracks)
    partition = RawPartition(lake, GenreDay(genre, TODAY))
    return collect(client, partition, terms, today=TODAY, progress=progress)


def _searches(script: faults.Script) -> list[faults.Asked]:
    return [one for one in script.asked if one.path == "search"]


def _ids(sealed: Sealed) -> dict[str, set[str]]:
    """The distinct ids that the search of a collection has shown."""
    shown: dict[str, set[str]] = {"artists": set(), "tracks": set()}
    for exchange in read_exchanges(sealed.path):
        if exchange.request.endpoint == "search" and exchange.response.status == 200:
            for kind, page in exchange.response.json().items():
                items = page.get("items") if isinstance(page, dict) else None
                shown[kind] |= {item["id"] for item in items or [] if item and item.get("id")}
    return shown
