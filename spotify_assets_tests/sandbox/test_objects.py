import json
from typing import Any

import pytest

from spotify_assets.sandbox.catalog import Catalog
from spotify_assets_tests.sandbox.conftest import REAL_DATA, Client

# The real bodies have both, because they were asked for by a user.
WITH_OR_WITHOUT_MARKET = {"available_markets", "is_playable"}


def recorded(name: str) -> Any:
    path = REAL_DATA / "web_api_responses" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return json.loads(path.read_text(encoding="utf-8"))


def assert_same_keys(ours: Any, real: Any, where: str) -> None:
    """The same keys in the same order, all the way down; the first item stands for a list."""
    if isinstance(real, dict):
        assert isinstance(ours, dict), where
        shared = [key for key in real if key in ours]
        assert [key for key in ours if key in real] == shared, where
        assert set(ours) ^ set(real) <= WITH_OR_WITHOUT_MARKET, where
        for key in shared:
            assert_same_keys(ours[key], real[key], f"{where}.{key}")
    elif isinstance(real, list) and real and ours:
        assert_same_keys(ours[0], real[0], f"{where}[0]")
    elif real is not None and ours is not None:
        assert type(ours) is type(real), where


@pytest.mark.parametrize("market", [{}, {"market": "BR"}])
def test_objects_have_the_keys_of_the_real_ones(
    api: Client, catalog: Catalog, market: dict[str, str]
) -> None:
    artist, album = catalog.artists.ids[3], catalog.albums.ids[3]
    search = {"q": "genre:rock", "type": "track", "limit": "5"}
    pairs = {
        "search": api.json("/search", **search, **market),
        "artist": api.json(f"/artists/{artist}", **market),
        "get_album": api.json(f"/albums/{album}", **market),
        "album_tracks": api.json(f"/albums/{album}/tracks", **market),
        "artist_albums": api.json(f"/artists/{artist}/albums", **market),
    }
    for name, ours in pairs.items():
        assert_same_keys(ours, recorded(name), name)
    track = api.json(f"/tracks/{catalog.tracks.ids[0]}", **market)
    assert_same_keys(track, recorded("search")["tracks"]["items"][0], "track")


def test_a_market_decides_between_two_keys(api: Client) -> None:
    for kind in ("track", "album"):
        free = [item for item in api.found(kind, "love", limit=10)["items"] if item]
        bound = [item for item in api.found(kind, "love", limit=10, market="BR")["items"] if item]
        for item in [*free, *(item["album"] for item in free if kind == "track")]:
            assert "is_playable" not in item
            assert 12 <= len(item["available_markets"]) <= 40
        for item in [*bound, *(item["album"] for item in bound if kind == "track")]:
            assert "available_markets" not in item
            assert isinstance(item["is_playable"], bool)


ABSENT_IN_DEVELOPMENT = {
    "track": {"popularity", "available_markets", "linked_from"},
    "album": {"popularity", "label", "available_markets", "album_group"},
    "artist": {"popularity", "followers"},
}


@pytest.mark.parametrize("kind", ["track", "album", "artist"])
def test_development_mode_leaves_keys_out(
    api: Client, development_api: Client, catalog: Catalog, kind: str
) -> None:
    path = f"/{kind}s/{getattr(catalog, f'{kind}s').ids[5]}"
    whole, part = api.json(path), development_api.json(path)
    assert set(whole) - set(part) == ABSENT_IN_DEVELOPMENT[kind] & set(whole)
    assert set(part) <= set(whole)
    if kind != "artist":
        assert part["external_ids"] == whole["external_ids"]


def test_development_mode_leaves_keys_out_of_nested_objects_too(
    development_api: Client, catalog: Catalog
) -> None:
    bodies = [
        development_api.json("/search", q="genre:rock", type="track,artist", market="BR"),
        development_api.json(f"/albums/{catalog.albums.ids[5]}"),
        development_api.json(f"/artists/{catalog.artists.ids[5]}/albums"),
    ]
    for body in bodies:
        for key in ("popularity", "available_markets", "followers", "label", "album_group"):
            assert f'"{key}":' not in json.dumps(body)


def test_links_name_the_server_that_was_asked(api: Client, catalog: Catalog) -> None:
    album = catalog.albums.ids[0]
    here = api.url.replace("127.0.0.1", "localhost")
    response = api.session.get(
        f"{api.url}/v1/albums/{album}", headers={"Host": here.removeprefix("http://")}, timeout=10
    )
    body = response.json()
    assert body["href"] == f"{here}/v1/albums/{album}"
    assert body["tracks"]["href"] == f"{here}/v1/albums/{album}/tracks?offset=0&limit=50"
    assert body["artists"][0]["href"].startswith(f"{here}/v1/artists/")


def test_release_dates_are_as_long_as_their_precision(api: Client, catalog: Catalog) -> None:
    dates = {}
    for start in range(0, 1000, 20):
        ids = ",".join(catalog.albums.ids[start : start + 20])
        for album in api.json("/albums", ids=ids)["albums"]:
            dates[album["release_date"]] = album["release_date_precision"]
    lengths = {"day": 10, "month": 7, "year": 4}
    assert set(dates.values()) == set(lengths)
    assert all(len(date) == lengths[precision] for date, precision in dates.items())
    assert dates["0000"] == "year"


def test_external_ids_are_missing_for_some(api: Client, catalog: Catalog) -> None:
    ids = [
        track["external_ids"]
        for start in range(0, 1000, 50)
        for track in api.json("/tracks", ids=",".join(catalog.tracks.ids[start : start + 50]))[
            "tracks"
        ]
    ]
    assert 0 < ids.count({}) < 60
    assert all(len(one["isrc"]) == 12 for one in ids if one)


def test_some_artists_show_no_genres_though_search_finds_them(api: Client) -> None:
    items = [item for item in api.found("artist", "genre:rock", limit=50)["items"] if item]
    shown = [item["genres"] for item in items]
    assert [] in shown
    assert all("rock" in genres for genres in shown if genres)
