"""Bodies that the real Web API sent (February 2026): nothing of them is lost, nothing set aside."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.transforms.accounts import (
    Tables,
    assert_adds_up,
    assert_every_credit_is_of_a_kept_track,
    assert_keeps_contracts,
    objects,
    of,
    received,
    reconciliation,
)
from spotify_assets_tests.transforms.answers import Answer, answer, seal

# Beside the checkout, not in it.
REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
BODIES = REAL_DATA / "web_api_responses"

RECORDED: dict[str, tuple[str, int]] = {
    "search": ("search", 200),
    "artist": ("artist", 200),
    "artist_albums": ("artist_albums", 200),
    "get_album": ("album", 200),
    "album_tracks": ("album_tracks", 200),
    "playlist_items": ("playlist_items", 200),
    "recently_played_tracks": ("recently_played", 200),
    "saved_tracks": ("saved_tracks", 200),
    "top_artists": ("top_artists", 200),
    "top_tracks": ("top_tracks", 200),
    "current_user": ("me", 200),
    "rate_limit": ("search", 429),
    "playlist_not_found": ("playlist_items", 404),
}
"""For each recorded body its endpoint and status."""
SEARCH: dict[str, str | int] = {"type": "track", "limit": 5, "offset": 0}

pytestmark = pytest.mark.skipif(
    not BODIES.is_dir(), reason=f"the recorded bodies are not there: {BODIES}"
)


def recorded(name: str) -> Answer:
    endpoint, status = RECORDED[name]
    body = (BODIES / f"{name}.json").read_bytes()
    return Answer(body, endpoint, SEARCH if endpoint == "search" else {}, status)


def minified(name: str) -> Answer:
    one = recorded(name)
    text = json.dumps(json.loads(one.body), ensure_ascii=False, separators=(",", ":"))
    return Answer(text.encode(), one.endpoint, one.params, one.status)


@pytest.fixture(scope="module")
def as_recorded(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Each body is a genre of its own."""
    lake = tmp_path_factory.mktemp("recorded")
    return process([seal(lake, recorded(name), genre=name) for name in RECORDED])


@pytest.fixture(scope="module")
def as_minified(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    lake = tmp_path_factory.mktemp("minified")
    return process([seal(lake, minified(name), genre=name) for name in RECORDED])


def test_all_recorded_bodies_are_in_the_test() -> None:
    assert {path.stem for path in BODIES.glob("*.json")} == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_a_body_gives_the_same_rows_as_recorded_and_minified(
    as_recorded: Tables, as_minified: Tables, name: str
) -> None:
    for table, rows in of(as_recorded, name).items():
        assert_frame_equal(rows, of(as_minified, name)[table])


@pytest.mark.parametrize("name", RECORDED)
def test_every_object_of_a_body_is_accounted_for(as_recorded: Tables, name: str) -> None:
    counts = reconciliation(as_recorded, name)
    assert {**counts, **received([recorded(name)])} == counts
    assert_adds_up(as_recorded, name)


@pytest.mark.parametrize("name", RECORDED)
def test_nothing_of_a_real_body_is_set_aside(as_recorded: Tables, name: str) -> None:
    assert as_recorded["quarantine.rows"].filter(genre=name).is_empty()


@pytest.mark.parametrize("name", RECORDED)
def test_each_distinct_object_is_one_row_with_the_values_that_came(
    as_recorded: Tables, name: str
) -> None:
    rows = of(as_recorded, name)
    tracks: dict[str, Any] = {}
    albums: dict[str, Any] = {}
    credited: dict[str, Any] = {}
    for kind, thing in objects(recorded(name)):
        if kind == "track":
            tracks.setdefault(thing["id"], thing)
        elif kind == "album":
            albums.setdefault(thing["id"], thing)
        else:
            credited.setdefault(thing["id"], thing)

    assert _rows(rows["processed.tracks"]) == {
        one["id"]: {
            "track_id": one["id"],
            "name": one["name"],
            "album_id": one["album"]["id"] if "album" in one else None,
            "popularity": one.get("popularity"),
            "duration_ms": one["duration_ms"],
            "is_explicit": one["explicit"],
            "disc_number": one["disc_number"],
            "track_number": one["track_number"],
            "isrc": one.get("external_ids", {}).get("isrc"),
            "is_playable": one.get("is_playable"),
        }
        for one in tracks.values()
    }
    assert _rows(rows["processed.albums"].drop("released_from")) == {
        one["id"]: {
            "album_id": one["id"],
            "name": one["name"],
            "album_type": one["album_type"],
            "release_date": one["release_date"],
            "release_date_precision": one["release_date_precision"],
            "total_tracks": one["total_tracks"],
            "artist_ids": [by["id"] for by in one["artists"]],
        }
        for one in albums.values()
    }
    assert _rows(rows["processed.artists"]) == {
        one["id"]: {
            "artist_id": one["id"],
            "name": one["name"],
            "popularity": one.get("popularity"),
            "followers": one.get("followers", {}).get("total"),
            "spotify_genres": one.get("genres"),
            "is_full": "followers" in one,
        }
        for one in credited.values()
    }
    assert rows["processed.track_artists"].select("track_id", "position", "artist_id").rows() == [
        (one["id"], place, by["id"])
        for one in tracks.values()
        for place, by in enumerate(one["artists"], start=1)
    ]


def test_release_dates_mean_their_first_day(as_recorded: Tables) -> None:
    for written, accuracy, meant in (
        as_recorded["processed.albums"]
        .select("release_date", "release_date_precision", "released_from")
        .iter_rows()
    ):
        assert str(meant).startswith(written)
        assert accuracy == {4: "year", 7: "month", 10: "day"}[len(written)]


def test_the_search_says_which_track_stood_where(as_recorded: Tables) -> None:
    items = json.loads((BODIES / "search.json").read_bytes())["tracks"]["items"]
    assert as_recorded["processed.search_results"].select("kind", "position", "id").rows() == [
        ("track", place, one["id"]) for place, one in enumerate(items, start=1)
    ]


def test_refusals_and_bodies_without_music_are_counted_as_responses_only(
    as_recorded: Tables,
) -> None:
    for name in ("rate_limit", "playlist_not_found", "current_user"):
        (day,) = as_recorded["processed.extracts"].filter(genre=name).iter_rows(named=True)
        assert day["responses"] == 1
        assert day["refused_responses"] == (0 if name == "current_user" else 1)
        assert day["unreadable_responses"] == 0
        assert set(reconciliation(as_recorded, name).values()) == {0}


def test_all_bodies_in_one_genre_day_add_up(tmp_path: Path) -> None:
    answers = [recorded(name) for name in RECORDED]
    tables = process([seal(tmp_path, *answers)])

    assert_keeps_contracts(tables)
    assert_adds_up(tables, "forró")
    assert_every_credit_is_of_a_kept_track(tables)
    counts = reconciliation(tables, "forró")
    assert {**counts, **received(answers)} == counts
    (day,) = tables["processed.extracts"].iter_rows(named=True)
    assert (day["responses"], day["refused_responses"]) == (len(RECORDED), 2)


def test_a_body_that_was_cut_anywhere_is_set_aside_whole(tmp_path: Path) -> None:
    whole = recorded("search")
    ends = [1, 100, len(whole.body) // 2, len(whole.body) - 3]
    cut = [Answer(whole.body[:end], "search", SEARCH) for end in ends]
    tables = process([seal(tmp_path, *cut, answer("artist", recorded("artist").body))])

    assert [line for line, _ in _set_aside(tables)] == [1, 2, 3, 4]
    assert [str(len(one.body)) in reason for one, (_, reason) in _pairs(cut, tables)] == [True] * 4
    assert tables["processed.artists"].height == 1
    assert tables["quarantine.rows"]["record"].to_list() == [one.body.decode() for one in cut]


def _rows(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows by their id, without where they came from."""
    about = frame.drop("genre", "date", "source_file", "source_line")
    return {next(iter(row.values())): row for row in about.iter_rows(named=True)}


def _set_aside(tables: Tables) -> list[tuple[int, str]]:
    return tables["quarantine.rows"].select("source_line", "reason").rows()


def _pairs(answers: list[Answer], tables: Tables) -> Iterator[tuple[Answer, tuple[int, str]]]:
    return zip(answers, _set_aside(tables), strict=True)
