"""What the client takes for a whole page, the transform reads object by object."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotify_assets.lake.exchanges import Request, flaw, parse
from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.transforms.accounts import Read, assert_adds_up
from spotify_assets_tests.transforms.answers import answer, seal, search
from spotify_assets_tests.transforms.music import album, artist, found, spotify_id, track

QUESTION = Request("search", "search", {"type": "track", "limit": 50, "offset": 0})
PAGE = json.dumps(found(tracks=[track(1), track(2), track(3)]))
ODD = [
    r'"\ud83d"',
    r'"a \udfb8 b"',
    r'"\u0000"',
    r'"\\ud83d"',
    "NaN",
    "-Infinity",
    "1e400",
    "-1e400",
    "9" * 25,
    "9" * 5000,
    "1" + "0" * 400 + ".5",
    "[" * 150 + "]" * 150,
    "[" * 900 + "]" * 900,
    '{"id": 1, "id": 2}',
    '"x", "name": "twice"',
    '"x", "id": "another"',
    '"x", "artists": null',
    '"\x01"',
    '"\n"',
    "5.0",
    "true",
    "null",
    "{}",
    "[]",
]
PLACES = [
    '"Track 2"',
    f'"{spotify_id("t", 2)}"',
    '"Artist 2"',
    '"Album 2"',
    "180000",
    '"album"',
    '"2020-05-17"',
]
AROUND = [b"", b"\xef\xbb\xbf", b"\n ", b"x", b"{}"]


def bodies() -> st.SearchStrategy[bytes]:
    """Pages of three tracks, of which the second has odd values."""
    changes = st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), max_size=3)

    def made(changes: list[tuple[str, str]], before: bytes, after: bytes, raw: bytes) -> bytes:
        first, second, third = PAGE.partition('"id": "t' + "0" * 20 + "2")
        text = second + third
        for place, odd in changes:
            text = text.replace(place, odd, 1)
        return before + (first + text).encode().replace(b"Track 3", raw) + after

    return st.builds(
        made,
        changes,
        st.sampled_from(AROUND),
        st.sampled_from(AROUND),
        st.sampled_from([b"Track 3", b"Forr\xe9", b"\xed\xa0\x80", "é\u2028".encode()]),
    )


@settings(max_examples=2, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(bodies(), min_size=40, max_size=40))
def test_each_object_of_an_accepted_page_is_kept_or_set_aside_by_itself(
    tmp_path_factory: pytest.TempPathFactory, pages: list[bytes]
) -> None:
    lake = tmp_path_factory.mktemp("lake")
    tables = process(
        [
            seal(lake / str(number), search(page), genre=str(number))
            for number, page in enumerate(pages)
        ]
    )
    for number, page in enumerate(pages):
        genre = str(number)
        rows = {name: table.filter(genre=genre) for name, table in tables.items()}
        whole = rows["quarantine.rows"].filter(table_name="responses").height
        accepted = not flaw(QUESTION, parse(page))
        assert bool(whole) != accepted, page
        assert rows["processed.extracts"]["is_complete"].to_list() == [accepted], page
        if accepted:
            # The other two are whole, whatever the second one is.
            assert {spotify_id("t", 1), spotify_id("t", 3)} <= set(
                rows["processed.tracks"]["track_id"]
            ), page
            (tracks,) = rows["processed.reconciliation"].filter(table_name="tracks")["received"]
            assert tracks == 3, page
        assert_adds_up(tables, genre)


def test_half_a_surrogate_pair_costs_one_character(read: Read) -> None:
    body = json.dumps(
        found(
            tracks=[track(1, name="Faixa \ud83d"), track(2)],
            artists=[artist(1, name="\udfb8")],
            albums=[album(4, name="\ud83cx")],
        )
    )
    tables = read(search(body.encode(), kinds="artist,track,album"))

    assert tables["processed.tracks"]["name"].to_list() == ["Faixa \ufffd", "Track 2"]
    assert "\ufffd" in tables["processed.artists"]["name"].to_list()
    assert "\ufffdx" in tables["processed.albums"]["name"].to_list()
    assert tables["quarantine.rows"].is_empty()


def test_of_a_key_that_stands_twice_the_last_one_is_read(read: Read) -> None:
    twice = PAGE.replace('"name": "Track 2"', '"name": null, "name": "Second"')
    tables = read(search(f'{{"tracks": null, {twice[1:]}'.encode()))

    assert tables["processed.tracks"]["name"].to_list() == ["Track 1", "Second", "Track 3"]


@pytest.mark.parametrize("written", ["85.0", "8.5e1", "850E-1", "85"])
def test_a_whole_number_is_one_however_it_is_written(read: Read, written: str) -> None:
    one = track(1, popularity=7, duration_ms=7, disc_number=7, track_number=7)
    one["album"] = album(1, total_tracks=7)
    person = artist(1, popularity=7, followers={"total": 7})
    body = json.dumps(found(tracks=[one], artists=[person])).replace(": 7", f": {written}")
    tables = read(search(body.encode(), kinds="artist,track"))

    numbers = ("popularity", "duration_ms", "disc_number", "track_number")
    assert tables["processed.tracks"].select(numbers).rows() == [(85,) * 4]
    assert tables["processed.artists"].select("popularity", "followers").rows()[0] == (85, 85)
    assert tables["processed.albums"]["total_tracks"].to_list() == [85]
    assert tables["quarantine.rows"].is_empty()


@pytest.mark.parametrize("written", ["85.5", "1e300", "9007199254740993.0", "1e400", '"85"'])
def test_what_is_no_exact_whole_number_is_set_aside(read: Read, written: str) -> None:
    body = PAGE.replace('"duration_ms": 180000', f'"duration_ms": {written}', 1)
    tables = read(search(body.encode()))

    assert tables["processed.tracks"]["track_id"].to_list() == [
        spotify_id("t", 2),
        spotify_id("t", 3),
    ]
    [reason] = tables["quarantine.rows"]["reason"]
    assert reason.startswith("duration_ms: expected a whole number, got ")


@pytest.mark.parametrize(
    ("written", "kind"), [("ALBUM", "album"), ("Single", "single"), ("EP", "ep")]
)
def test_words_of_a_fixed_list_are_read_whatever_their_case(
    read: Read, written: str, kind: str
) -> None:
    one = album(1, album_type=written, release_date_precision="DAY")
    tables = read(search(found(albums=[one]), kinds="album"))

    columns = ("album_type", "release_date_precision", "release_date")
    assert tables["processed.albums"].select(columns).rows() == [(kind, "day", "2020-05-17")]
    assert tables["quarantine.rows"].is_empty()


@pytest.mark.parametrize("name", ["item", "track"])
def test_the_track_of_a_playlist_is_read_under_its_old_and_its_new_name(
    tmp_path: Path, name: str
) -> None:
    other = {"item": "track", "track": "item"}[name]
    items = [{name: track(1)}, {name: track(2), other: None}]
    tables = process([seal(tmp_path, answer("playlist_items", {"items": items}))])

    assert tables["processed.tracks"]["name"].to_list() == ["Track 1", "Track 2"]


FULL = [track(number) for number in range(50)]


@pytest.mark.parametrize(
    ("rule", "pages", "complete"),
    [
        ("nothing more is promised", [{"items": [track(1)], "next": None, "total": 1}], True),
        ("next is promised", [{"items": [track(1)], "next": "http://x"}], False),
        ("total promises more", [{"items": [track(1)], "next": None, "total": 51}], False),
        ("a full page promises more", [{"items": FULL}], False),
        ("all that was wanted is there", [{"items": FULL}, {"items": FULL[::-1]}], False),
        (
            "an empty page promises more",
            [{"items": FULL}, {"items": [], "next": "http://x"}],
            False,
        ),
        (
            "three empty pages are the end",
            [{"items": FULL}, *[{"items": [], "next": "http://x"}] * 3],
            True,
        ),
        ("a page is missing", [{"items": FULL}, {"items": None}], False),
        ("a page came when asked again", [{"items": None}, {"items": [track(1)]}], True),
    ],
)
def test_a_day_is_complete_if_all_came_that_was_promised(
    read: Read, rule: str, pages: list[dict[str, Any]], complete: bool
) -> None:
    numbers = [0] * len(pages) if rule == "a page came when asked again" else range(len(pages))
    answers = [search({"tracks": one}, page=n) for n, one in zip(numbers, pages, strict=True)]
    tables = read(*answers)

    assert tables["processed.extracts"]["is_complete"].to_list() == [complete]


def test_a_day_is_complete_once_all_that_was_wanted_was_shown(read: Read) -> None:
    many = [track(number) for number in range(100)]
    tables = read(
        search({"tracks": {"items": many[:50], "next": "http://x"}}),
        search({"tracks": {"items": many[50:], "next": "http://x"}}, page=1),
    )

    assert tables["processed.extracts"]["is_complete"].to_list() == [True]
    assert tables["processed.tracks"].select(pl.len()).item() == 100
