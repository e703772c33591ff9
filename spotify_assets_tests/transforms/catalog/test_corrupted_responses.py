"""A response that cannot be used is set aside whole, and the other responses are read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.transforms.accounts import (
    Tables,
    assert_adds_up,
    assert_keeps_contracts,
    of,
    reconciliation,
)
from spotify_assets_tests.transforms.answers import Answer, answer, as_bytes, seal, search
from spotify_assets_tests.transforms.music import artist, found, spotify_id, track

PAGE = as_bytes(found(tracks=[track(1), track(2)]))
ARTISTS = as_bytes(found(artists=[artist(1, name="Forró")]))
WANTED = "expected a list of tracks at /tracks/items"
NO_TRACKS = f"{WANTED}, found none"
OTHER = f"{WANTED} from offset 0, limit 50, found one from"
UNREADABLE = "it was cut or is another format"


@dataclass(frozen=True)
class Unusable:
    """A response, and for each list that it should hold the pointer and the reason."""

    rule: str
    answer: Answer
    aside: tuple[tuple[str, str], ...]
    is_readable: bool = True


def _unreadable(rule: str, body: bytes, endpoint: str = "search") -> Unusable:
    said = f"the body is not JSON ({len(body)} bytes); {UNREADABLE}"
    one = search(body) if endpoint == "search" else answer(endpoint, body)
    return Unusable(rule, one, (("", said),), is_readable=False)


def _without_tracks(rule: str, body: object, more: str = "") -> Unusable:
    return Unusable(rule, search(body), (("/tracks/items", NO_TRACKS + more),))


def found_at(offset: int, limit: float = 50) -> dict[str, Any]:
    """A page that says which positions it is of."""
    body = found(tracks=[track(2)])
    return {"tracks": {**body["tracks"], "offset": offset, "limit": limit}}


UNUSABLE = (
    Unusable("empty", search(b""), (("", "the body is empty"),), is_readable=False),
    _unreadable("cut", PAGE[:-1]),
    _unreadable("cut in a name", PAGE[: PAGE.index(b"Track 2") + 3]),
    _unreadable("cut in a letter", ARTISTS[: ARTISTS.index("ó".encode()) + 1]),
    _unreadable("HTML", b"<html><body>Bad Gateway</body></html>"),
    _unreadable("with a line end in a name", PAGE.replace(b"Track 1", b"Track\n1")),
    _unreadable("no UTF-8", PAGE.replace(b"Track 1", b"Track \xe9")),
    _unreadable("two values", PAGE + PAGE),
    # These are JSON to DuckDB, and to nobody else.
    _unreadable("trailing comma", PAGE[:-1] + b",}"),
    _unreadable("not a number", PAGE[:-1] + b',"total":NaN}'),
    _unreadable("infinity on lines", PAGE[:-1] + b',\n"total":-Infinity}'),
    # This is JSON, but deeper than a reader has to take.
    _unreadable("deep", PAGE[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    _unreadable("cut artist", b'{"id":', endpoint="artist"),
    _unreadable("cut album", b'{"id":', endpoint="album"),
    _unreadable("cut track", b'{"id":', endpoint="track"),
    _unreadable("cut and unknown", b'{"id":', endpoint="audiobooks"),
    Unusable("no artist", answer("artist", b""), (("", "the body is empty"),), is_readable=False),
    _without_tracks("null", b"null"),
    _without_tracks("a list", [], "; expected an object, got []"),
    _without_tracks("a number", 5, "; expected an object, got 5"),
    _without_tracks("a text", "x", '; expected an object, got "x"'),
    _without_tracks("an error that says 200", {"error": {"status": 500, "message": "Oops"}}),
    _without_tracks("another kind only", found(artists=[])),
    _without_tracks("tracks null", {"tracks": None}),
    _without_tracks("tracks a list", {"tracks": []}, "; tracks: expected an object, got []"),
    _without_tracks("items absent", {"tracks": {"total": 0}}),
    _without_tracks("items null", found(tracks=None)),
    _without_tracks("items a number", found(tracks=5), "; items: expected a list, got 5"),
    _without_tracks("items an object", found(tracks={}), "; items: expected a list, got {}"),
    Unusable(
        "of another offset",
        search(found_at(50)),
        (
            (
                "/tracks/items",
                f"{WANTED} from offset 0, limit 50, found one from offset 50, limit 50",
            ),
        ),
    ),
    Unusable(
        "of another limit",
        search(found_at(0, limit=20.0)),
        (
            (
                "/tracks/items",
                f"{WANTED} from offset 0, limit 50, found one from offset 0, limit 20.0",
            ),
        ),
    ),
    Unusable(
        "both absent",
        search({}, kinds="artist,track"),
        (
            ("/artists/items", "expected a list of artists at /artists/items, found none"),
            ("/tracks/items", NO_TRACKS),
        ),
    ),
    Unusable(
        "items of a list of tracks absent",
        answer("saved_tracks", {}),
        (("/items", "expected a list of tracks at /items, found none"),),
    ),
)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Each response is a genre of its own, between a page of track 1 and a page of track 3."""
    lake = tmp_path_factory.mktemp("lake")
    return process([seal(lake, *_beside_good(one.answer), genre=one.rule) for one in UNUSABLE])


def _beside_good(one: Answer) -> tuple[Answer, Answer, Answer]:
    return (
        search(found(tracks=[track(1)])),
        one,
        search(found(tracks=[track(3)]), page=1),
    )


@pytest.mark.parametrize("one", UNUSABLE, ids=lambda one: one.rule)
def test_it_is_set_aside_with_the_reason(read: Tables, one: Unusable) -> None:
    said = of(read, one.rule)["quarantine.rows"]
    assert said.select("table_name", "source_line", "source_pointer", "reason").rows() == [
        ("responses", 2, pointer, reason) for pointer, reason in one.aside
    ]


@pytest.mark.parametrize("one", UNUSABLE, ids=lambda one: one.rule)
def test_the_responses_beside_it_are_read(read: Tables, one: Unusable) -> None:
    rows = of(read, one.rule)
    assert rows["processed.tracks"]["track_id"].to_list() == [
        spotify_id("t", 1),
        spotify_id("t", 3),
    ]
    assert rows["processed.search_results"]["position"].to_list() == [1, 51]


@pytest.mark.parametrize("one", UNUSABLE, ids=lambda one: one.rule)
def test_it_is_counted(read: Tables, one: Unusable) -> None:
    (day,) = of(read, one.rule)["processed.extracts"].iter_rows(named=True)
    assert day["responses"] == 3
    assert day["refused_responses"] == 0
    assert day["unreadable_responses"] == (0 if one.is_readable else 1)
    assert_adds_up(read, one.rule)
    # What cannot be read brings no objects: only those of its neighbours came.
    assert reconciliation(read, one.rule)["tracks"] == 2


def test_all_of_it_keeps_the_contracts(read: Tables) -> None:
    assert_keeps_contracts(read)


def test_its_characters_are_kept_with_it(read: Tables) -> None:
    kept = read["quarantine.rows"].filter(genre="HTML")["record"].to_list()
    assert kept == ["<html><body>Bad Gateway</body></html>"]
    (kept_bytes,) = read["quarantine.rows"].filter(genre="no UTF-8")["record"]
    assert kept_bytes.startswith("base64:")


def test_a_single_object_that_is_none_is_one_object_set_aside(tmp_path: Path) -> None:
    bodies = [b"null", b"5", b"[]", b"{}"]
    endpoints = ("artist", "album", "track")
    tables = process(
        [
            seal(tmp_path, *[answer(endpoint, body) for body in bodies], genre=endpoint)
            for endpoint in endpoints
        ]
    )
    for endpoint in endpoints:
        aside = of(tables, endpoint)["quarantine.rows"].filter(table_name=f"{endpoint}s")
        assert aside.select("source_line", "source_pointer").rows() == [
            (line, "") for line in (1, 2, 3, 4)
        ]
        assert reconciliation(tables, endpoint)[f"{endpoint}s"] == len(bodies)
        assert_adds_up(tables, endpoint)


def test_an_endpoint_that_nobody_reads_is_kept_in_raw_and_counted(tmp_path: Path) -> None:
    tables = process([seal(tmp_path, answer("audiobooks", found(tracks=[track(1)])))])

    assert tables["processed.extracts"]["responses"].to_list() == [1]
    assert sum(reconciliation(tables, "forró").values()) == 0
    assert tables["quarantine.rows"].is_empty()


def test_a_refusal_is_counted_whatever_its_body_is(tmp_path: Path) -> None:
    bodies = [b"", b"<html>", b"{}", b'{"error":{"status":502}}', as_bytes(track(1))]
    refusals = [answer("track", body, status=502) for body in bodies]
    tables = process([seal(tmp_path, *refusals)])

    (day,) = tables["processed.extracts"].iter_rows(named=True)
    assert (day["responses"], day["refused_responses"]) == (5, 5)
    assert day["unreadable_responses"] == 0
    assert sum(reconciliation(tables, "forró").values()) == 0
    assert tables["quarantine.rows"].is_empty()


def test_a_genre_day_without_a_response_has_an_account_of_nothing(tmp_path: Path) -> None:
    tables = process([seal(tmp_path)])

    (day,) = tables["processed.extracts"].iter_rows(named=True)
    assert (day["responses"], day["artists_asked"], day["tracks_asked"]) == (0, 0, 0)
    assert (day["artists_wanted"], day["tracks_wanted"]) == (50, 100)
    assert reconciliation(tables, "forró") == dict.fromkeys(
        ("artists", "albums", "tracks", "track_artists", "search_results"), 0
    )
    assert_keeps_contracts(tables)
