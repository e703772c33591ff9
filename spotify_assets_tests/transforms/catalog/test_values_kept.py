"""Good values arrive as they were sent, whatever is in them, and by either way of reading."""

import datetime as dt
import json
from collections.abc import Callable

import pytest

from spotify_assets_tests.transforms.accounts import Read
from spotify_assets_tests.transforms.answers import Answer, search
from spotify_assets_tests.transforms.music import album, artist, found, track, without

NAMES = (
    " leading and trailing  ",
    'She said "hey"',
    "back\\slash \\u0000 \\n",
    "line\nend\r\n\ttab",
    "Forró 🎵👩‍🎤",
    "夜に駆ける",
    "e\u0301 is not é",
    "nul \x00 inside",
    "\x7f\x80\u2028\u2029\ufeff\ufffd",
    "'; DROP TABLE tracks; --",
    '{"name": 5}',
    "null",
    "NA",
    "",
    "ʇxǝʇ\u202e reversed",
)


def compact(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def escaped(body: object) -> bytes:
    """All that is not ASCII as UTF-16 escapes, in pairs where it takes two."""
    return json.dumps(body).encode()


def on_lines(body: object) -> bytes:
    return json.dumps(body, indent=2, ensure_ascii=False).encode()


@pytest.mark.parametrize("written", [compact, escaped, on_lines])
def test_names_are_kept_as_they_are(read: Read, written: Callable[[object], bytes]) -> None:
    names = list(enumerate(NAMES))
    body = found(
        tracks=[track(n, name=name, album=None) for n, name in names],
        artists=[artist(n, name=name) for n, name in names],
        albums=[album(n, name=name) for n, name in names],
    )
    tables = read(search(written(body), kinds="artist,track,album"))

    for table in ("tracks", "albums", "artists"):
        assert tables[f"processed.{table}"]["name"].to_list() == list(NAMES)
    assert tables["quarantine.rows"].is_empty()


def test_a_name_of_a_megabyte_is_kept(read: Read) -> None:
    longest = "ã" * 500_000
    tables = read(search(found(tracks=[track(1, name=longest), track(2)])))

    assert tables["processed.tracks"]["name"].to_list() == [longest, "Track 2"]


def test_a_page_longer_than_a_line_of_duckdb_may_be_by_default_is_read(read: Read) -> None:
    longest = "x" * (17 << 20)
    tables = read(search(found(tracks=[track(1, name=longest), track(2)])))

    assert [len(name) for name in tables["processed.tracks"]["name"]] == [17 << 20, 7]


def test_the_longest_duration_of_64_bits_is_kept(read: Read) -> None:
    tables = read(search(found(tracks=[track(1, duration_ms=2**63 - 1)])))

    assert tables["processed.tracks"]["duration_ms"].to_list() == [2**63 - 1]


def test_what_development_mode_leaves_out_is_null(read: Read) -> None:
    bare = without(track(1), "popularity", "external_ids", "is_playable", "album", "artists")
    person = without(artist(1), "popularity", "followers", "genres")
    tables = read(search(found(tracks=[bare], artists=[person]), kinds="artist,track"))

    (row,) = tables["processed.tracks"].iter_rows(named=True)
    for name in ("popularity", "isrc", "is_playable", "album_id"):
        assert row[name] is None
    (row,) = tables["processed.artists"].iter_rows(named=True)
    assert (row["popularity"], row["followers"], row["spotify_genres"]) == (None, None, None)
    assert row["is_full"]


def test_what_is_null_is_as_what_is_left_out(read: Read) -> None:
    nothing = {"popularity": None, "external_ids": None, "is_playable": None, "album": None}
    person = artist(1, popularity=None, followers=None, genres=None)
    tables = read(
        search(found(tracks=[track(1, **nothing, artists=None)], artists=[person])),
    )

    assert tables["processed.tracks"].select(
        "popularity", "isrc", "is_playable", "album_id"
    ).rows() == [(None, None, None, None)]
    assert tables["quarantine.rows"].is_empty()


def test_a_release_date_means_its_first_day(read: Read) -> None:
    dates = [
        ("2020-02-29", "day", dt.date(2020, 2, 29)),
        ("1999-12", "month", dt.date(1999, 12, 1)),
        ("1967", "year", dt.date(1967, 1, 1)),
        ("0001", "year", dt.date(1, 1, 1)),
        ("9999-12-31", "day", dt.date(9999, 12, 31)),
    ]
    albums = [
        album(number, release_date=written, release_date_precision=precision)
        for number, (written, precision, _) in enumerate(dates)
    ]
    tables = read(search(found(albums=albums), kinds="album"))

    columns = ("release_date", "release_date_precision", "released_from")
    assert tables["processed.albums"].select(columns).rows() == dates


def test_keys_that_nobody_reads_do_no_harm(read: Read) -> None:
    more = {"Name": "another", "genre": ["x"], "file": 5, "text": "y", "a'b\"c": {"id": 1}}
    body = {**found(tracks=[track(1, **more)]), **more, "seq": 9, "status": 500}
    tables = read(search(body))

    assert tables["processed.tracks"]["name"].to_list() == ["Track 1"]
    assert tables["quarantine.rows"].is_empty()


def test_rows_name_the_line_that_they_came_from(read: Read) -> None:
    refused = Answer(b"", params={"type": "track", "limit": 50, "offset": 0}, status=500)
    tables = read(refused, search(found(tracks=[track(1)])), search(found(tracks=[track(2)])))

    assert tables["processed.tracks"]["source_line"].to_list() == [2, 3]
    (file,) = set(tables["processed.tracks"]["source_file"])
    assert file == "raw/catalog/genre=forr%C3%B3/date=2026-11-20/0001.jsonl.zst"
