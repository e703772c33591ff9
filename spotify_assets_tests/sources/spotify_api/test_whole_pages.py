"""A day is collected only when every page that was promised came, whatever the API answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Request, Response
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.sources.spotify_api.client import ATTEMPTS, Client
from spotify_assets.sources.spotify_api.collect import collect, genre_query, is_whole
from spotify_assets.sources.spotify_api.errors import Unavailable
from spotify_assets_tests.lake.samples import ASKED_AT
from spotify_assets_tests.sources.spotify_api import faults, pages
from spotify_assets_tests.sources.spotify_api.conftest import TODAY

Playing = Callable[..., tuple[Client, faults.Script]]
Change = Callable[[dict[str, Any]], Any]
TOTAL = 120
TERMS = CollectionParameters(source="spotify", market="BR", artists=100, tracks=100)


def sound(asked: faults.Asked) -> dict[str, Any]:
    """A page of 120 artists and 120 tracks, as the API has it."""
    numbers = range(asked.offset, min(asked.offset + asked.limit, TOTAL))
    further = pages.ELSEWHERE if asked.offset + asked.limit < TOTAL else None
    shown = {"artist": pages.artists(numbers), "track": [{"id": f"t{n}"} for n in numbers]}
    return {
        f"{kind}s": {
            **pages.page(shown[kind], further=further, total=TOTAL),
            "offset": asked.offset,
            "limit": asked.limit,
        }
        for kind in asked.params["type"].split(",")
    }


def api(change: Change | None = None, *, at: int = 50) -> faults.Answer:
    """A Web API that changes its page at an offset."""

    def say(asked: faults.Asked) -> faults.Says:
        if asked.path == "artists":
            return pages.batch(asked)
        body: Any = sound(asked)
        if change is not None and asked.offset == at:
            body = change(body)
        return body if isinstance(body, faults.Says) else faults.says_json(body)

    return say


def with_tracks(tracks: Any) -> Change:
    return lambda body: {**body, "tracks": tracks}


def on_tracks(**changes: Any) -> Change:
    return lambda body: {**body, "tracks": {**body["tracks"], **changes}}


UNUSABLE: dict[str, Change] = {
    "tracks null": with_tracks(None),
    "tracks a list": with_tracks([]),
    "tracks a text": with_tracks("none"),
    "tracks empty": with_tracks({}),
    "items null": on_tracks(items=None),
    "items an object": on_tracks(items={}),
    "items a text": on_tracks(items="t1"),
    "items a number": on_tracks(items=50),
    "tracks absent": lambda body: {"artists": body["artists"]},
    "artists absent": lambda body: {"tracks": body["tracks"]},
    "nothing": lambda _: {},
    "a list": lambda body: [body],
    "a text": lambda _: "tracks",
    "null": lambda _: None,
    "an error": lambda _: {"error": {"status": 500, "message": "Oops"}},
    "another offset": on_tracks(offset=0),
    "another limit": on_tracks(limit=20),
    "a web page": lambda _: faults.Says(
        200, b"<html>Sign in</html>", {"content-type": "text/html"}
    ),
    "empty": lambda _: faults.Says(200, b""),
    "cut": lambda body: faults.Says(200, json.dumps(body).encode()[:-2]),
    "two": lambda body: faults.Says(200, json.dumps(body).encode() * 2),
}


@pytest.mark.parametrize("change", UNUSABLE.values(), ids=UNUSABLE)
def test_a_page_that_is_none_keeps_the_day_open_and_is_all_that_the_next_run_asks(
    playing: Playing, lake: Lake, change: Change
) -> None:
    client, script = playing(api(change))
    with pytest.raises(Unavailable):
        _collect(client, lake)
    assert [one.offset for one in script.asked] == [0, *[50] * ATTEMPTS]
    partition = RawPartition(lake, GenreDay("rock", TODAY))
    assert partition.is_under_way()
    assert partition.latest() is None

    client, script = playing(api())
    sealed = _collect(client, lake)

    assert [one.offset for one in script.asked] == [50]
    assert _shown(sealed) == ({f"a{n}" for n in range(100)}, {f"t{n}" for n in range(100)})
    assert is_whole(sealed)


@pytest.mark.parametrize("change", UNUSABLE.values(), ids=UNUSABLE)
def test_a_page_that_is_none_once_is_asked_again_at_once(
    playing: Playing, lake: Lake, change: Change
) -> None:
    client, script = playing(api(), api(change), api())

    sealed = _collect(client, lake)

    assert [one.offset for one in script.asked] == [0, 50, 50]
    assert [len(ids) for ids in _shown(sealed)] == [100, 100]
    assert is_whole(sealed)


def test_what_is_wrong_with_a_page_is_said(playing: Playing, lake: Lake) -> None:
    client, _ = playing(api(on_tracks(items=None)))
    with pytest.raises(Unavailable, match=r"'offset': 50.*: 200 it holds no list of tracks"):
        _collect(client, lake)

    client, _ = playing(api(on_tracks(offset=0)))
    with pytest.raises(Unavailable, match="its page of tracks has the offset 0, not 50"):
        _collect(client, lake)


@pytest.mark.parametrize(
    ("promises", "asked"),
    [
        ({"next": pages.ELSEWHERE, "total": 20}, [0, 50, 100]),
        ({"next": None, "total": TOTAL}, [0, 50, 100]),
        ({"next": None, "total": 20}, [0]),
        ({"next": None, "total": None}, [0]),
        ({"next": None, "total": "many"}, [0]),
    ],
)
@pytest.mark.parametrize("items", [[], [{"id": "t0"}], [None, None]])
def test_a_short_page_is_the_last_only_if_neither_next_nor_total_promises_more(
    playing: Playing, lake: Lake, promises: dict[str, Any], asked: list[int], items: list[Any]
) -> None:
    client, script = playing(api(on_tracks(items=items, **promises), at=0))

    sealed = _collect(client, lake, artists=0)

    assert [one.offset for one in script.asked] == asked
    assert is_whole(sealed)


@pytest.mark.parametrize(("further", "total"), [(pages.ELSEWHERE, 0), (None, 900)])
def test_three_empty_pages_in_a_row_are_the_end_whatever_is_promised(
    playing: Playing, lake: Lake, further: str | None, total: int
) -> None:
    empty = pages.page([], further=further, total=total)
    client, script = playing(faults.says_json({"artists": empty, "tracks": empty}))

    sealed = _collect(client, lake)

    assert [one.offset for one in script.asked] == [0, 50, 100]
    assert is_whole(sealed)


def test_a_full_page_is_followed_by_another_whatever_is_promised(
    playing: Playing, lake: Lake
) -> None:
    client, script = playing(api(on_tracks(next=None, total=50), at=0))

    _collect(client, lake, artists=0)

    assert [one.offset for one in script.asked] == [0, 50]


@pytest.mark.parametrize(
    "answer",
    [
        {"artists": []},
        {"artists": [None]},
        {"artists": None},
        {"items": [None, None]},
        {},
        [],
    ],
)
def test_a_batch_without_one_object_for_each_id_keeps_the_day_open(
    playing: Playing, lake: Lake, answer: Any
) -> None:
    found = {"artists": pages.page([]), "tracks": pages.page(pages.tracks([1, 2]))}
    client, script = playing(faults.says_json(found), faults.says_json(answer))
    with pytest.raises(Unavailable):
        _collect(client, lake)
    assert len(script.asked) == 1 + ATTEMPTS

    # Null is the answer for an artist that is no more.
    client, script = playing(faults.says_json({"artists": [None, {"id": pages.credit(2)}]}))
    assert is_whole(_collect(client, lake))
    assert [one.path for one in script.asked] == ["artists"]


@pytest.mark.parametrize(
    "change",
    [
        UNUSABLE["items null"],
        UNUSABLE["nothing"],
        UNUSABLE["a web page"],
        UNUSABLE["another offset"],
    ],
)
def test_a_day_that_was_sealed_without_a_page_is_asked_for_it_and_the_earlier_file_stays(
    playing: Playing, lake: Lake, change: Change
) -> None:
    earlier = _sealed_as_it_came(lake, api(change), [0, 50])
    assert not is_whole(earlier)

    client, script = playing(api())
    sealed = _collect(client, lake)

    assert [one.offset for one in script.asked] == [50]
    assert [len(ids) for ids in _shown(sealed)] == [100, 100]
    assert is_whole(sealed)
    assert (earlier.path.exists(), sealed.path.name) == (True, "0002.jsonl.zst")


def test_a_day_that_was_sealed_before_its_promised_pages_were_asked_is_not_whole(
    playing: Playing, lake: Lake
) -> None:
    earlier = _sealed_as_it_came(lake, api(on_tracks(items=[]), at=0), [0])
    assert not is_whole(earlier)

    client, script = playing(api())
    assert is_whole(_collect(client, lake))
    assert [one.offset for one in script.asked] == [50, 100]


def test_a_whole_day_is_not_asked_for_again(playing: Playing, lake: Lake) -> None:
    client, _ = playing(api())
    first = _collect(client, lake)

    client, script = playing(api())
    assert _collect(client, lake) == first
    assert script.asked == []


def _collect(client: Client, lake: Lake, *, artists: int = TERMS.artists) -> Sealed:
    terms = CollectionParameters(TERMS.source, TERMS.market, artists, TERMS.tracks)
    return collect(client, RawPartition(lake, GenreDay("rock", TODAY)), terms, today=TODAY)


def _sealed_as_it_came(lake: Lake, answer: Any, offsets: list[int]) -> Sealed:
    """A collection as earlier versions sealed it, which took any JSON for an answer."""
    lake.claim("spotify")
    partition = RawPartition(lake, GenreDay("rock", TODAY))
    with partition.journal(TERMS) as journal:
        for offset in offsets:
            params: dict[str, str | int] = {
                "q": genre_query("rock"),
                "type": "artist,track",
                "limit": 50,
                "offset": offset,
                "market": "BR",
            }
            asked = faults.Asked("search", {k: str(v) for k, v in params.items()}, "")
            says = answer(asked)
            journal.append(
                Request("search", "search", params), Response(200, {}, says.body, ASKED_AT, 12)
            )
        return partition.seal(journal)


def _shown(sealed: Sealed) -> tuple[set[str], set[str]]:
    """The ids of artists and tracks that the pages for their offsets hold."""
    shown: dict[str, set[str]] = {"artists": set(), "tracks": set()}
    for exchange in read_exchanges(sealed.path):
        body = exchange.response.json()
        for kind, ids in shown.items():
            page = body.get(kind) if isinstance(body, dict) else None
            items = page.get("items") if isinstance(page, dict) else None
            if isinstance(items, list):
                ids.update(item["id"] for item in items if item)
    return shown["artists"], shown["tracks"]
