import datetime as dt
from itertools import pairwise

import numpy as np
import pytest

from spotify_assets.sandbox import drift
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets_tests.sandbox.conftest import TODAY, Client

TOMORROW = TODAY + dt.timedelta(days=1)


def top(api: Client, genre: str, day: dt.date) -> list[str]:
    items = api.found("track", f'genre:"{genre}"', limit=50, day=day.isoformat())["items"]
    return list(dict.fromkeys(item["id"] for item in items if item))


@pytest.mark.parametrize("genre", ["rock", "axé", "k-pop"])
def test_a_ranking_moves_from_day_to_day_but_most_of_it_stays(api: Client, genre: str) -> None:
    days = [TODAY + dt.timedelta(days=days) for days in range(8)]
    tops = [top(api, genre, day) for day in days]
    for before, after in pairwise(tops):
        assert before != after
        assert len(set(before) & set(after)) >= 35
    assert any(set(before) != set(after) for before, after in pairwise(tops))


def test_the_order_of_a_search_is_nearly_that_of_popularity(api: Client) -> None:
    items = api.found("track", "genre:rock", limit=50)["items"]
    items += api.found("track", "genre:rock", limit=50, offset=50)["items"]
    popularity = [item["popularity"] for item in items if item]
    assert popularity != sorted(popularity, reverse=True)
    assert np.corrcoef(range(len(popularity)), popularity)[0, 1] < -0.6


def test_popularity_stays_between_0_and_100(catalog: Catalog) -> None:
    rows = np.arange(len(catalog.tracks))
    for day in (dt.date(1999, 12, 31), TODAY, dt.date(2099, 1, 1)):
        popularity = drift.popularity(catalog.tracks, rows, day)
        assert 0 <= popularity.min() <= popularity.max() <= 100


def test_popularity_moves_by_little_in_a_day(catalog: Catalog) -> None:
    rows = np.arange(len(catalog.tracks))
    moves = np.abs(
        drift.levels(catalog.tracks, rows, TODAY) - drift.levels(catalog.tracks, rows, TOMORROW)
    )
    assert 0.2 < moves.mean() < 1.5
    assert moves.max() < 5


def test_followers_mostly_grow(catalog: Catalog) -> None:
    rows = np.arange(len(catalog.artists))
    now = drift.followers(catalog.artists, rows, TODAY)
    later = drift.followers(catalog.artists, rows, TODAY + dt.timedelta(days=90))
    assert (later >= now).mean() > 0.8
    assert (later < now).any()


def test_one_in_a_thousand_is_renamed_on_a_day_and_keeps_it_for_a_month(
    catalog: Catalog,
) -> None:
    rows = np.arange(len(catalog.tracks) // 2)
    names = np.array(catalog.tracks.names[: len(rows)])
    days = [TODAY + dt.timedelta(days=days) for days in range(80)]
    renamed = np.array([names != drift.track_names(catalog.tracks, rows, day) for day in days])
    begun = (renamed[1:] & ~renamed[:-1]).sum(axis=1) / len(rows)
    assert 0.0008 < begun.mean() < 0.0012
    seen_whole = renamed.any(axis=0) & ~renamed[0] & ~renamed[-1]
    lengths = renamed[:, seen_whole].sum(axis=0)
    assert (lengths.min(), lengths.max()) == (25, 35)


def test_a_renamed_artist_has_lost_an_accent_or_got_a_suffix(catalog: Catalog) -> None:
    rows = np.arange(len(catalog.artists))
    names = drift.artist_names(catalog.artists, rows, TODAY)
    changes = [
        pair for pair in zip(catalog.artists.names, names, strict=True) if len(set(pair)) > 1
    ]
    assert any(new.startswith(old) for old, new in changes)
    assert any(len(new) == len(old) for old, new in changes)


def test_a_renamed_track_is_found_by_its_new_name(api: Client, catalog: Catalog) -> None:
    rows = np.arange(len(catalog.tracks))
    names = drift.track_names(catalog.tracks, rows, TODAY)
    row = next(row for row, name in enumerate(names) if name.endswith(" - Remastered"))
    word = names[row].replace('"', '\\"')
    ids = [item["id"] for item in api.found("track", f'track:"{word}"', limit=50)["items"] if item]
    assert catalog.tracks.ids[row] in ids
    assert api.json(f"/tracks/{catalog.tracks.ids[row]}")["name"] == names[row]
