import dataclasses
import unicodedata

import numpy as np
import pytest

from spotify_assets.sandbox.catalog import Catalog, generate
from spotify_assets.sandbox.columns import AlbumKind, Precision


def test_the_same_seed_gives_the_same_catalog() -> None:
    one, other = generate(seed=7, tracks=2000), generate(seed=7, tracks=2000)
    for name in ("artists", "albums", "tracks"):
        for field in dataclasses.fields(getattr(one, name)):
            left = getattr(getattr(one, name), field.name)
            right = getattr(getattr(other, name), field.name)
            if hasattr(left, "values"):
                left, right = left.values, right.values
            assert np.array_equal(left, right), (name, field.name)


def test_another_seed_gives_another_catalog() -> None:
    assert not set(generate(seed=1, tracks=500).tracks.ids) & set(generate(2, 500).tracks.ids)


def test_nobody_can_write_to_a_catalog(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="read-only"):
        catalog.tracks.popularity[0] = 100


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_every_genre_has_at_least_200_of_20_000_tracks(seed: int) -> None:
    catalog = generate(seed, tracks=20_000)
    assert len(catalog.genres) == 32
    assert catalog.genre_tracks.lengths.min() >= 200


@pytest.mark.parametrize("tracks", [1, 2, 99, 300])
def test_a_catalog_can_be_tiny(tracks: int) -> None:
    catalog = generate(tracks=tracks)
    assert len(catalog.tracks) == tracks
    assert catalog.album_tracks.lengths.sum() == tracks


def test_a_catalog_without_tracks_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one track"):
        generate(tracks=0)


def test_ids_are_22_base_62_characters_and_unique(catalog: Catalog) -> None:
    for table in (catalog.artists, catalog.albums, catalog.tracks):
        assert len(set(table.ids)) == len(table)
        assert all(len(name) == 22 and name.isascii() and name.isalnum() for name in table.ids)


def test_popularity_has_a_few_stars_and_a_long_tail(catalog: Catalog) -> None:
    popularity = catalog.tracks.popularity
    assert np.median(popularity) < 20
    assert 0 < (popularity > 60).sum() < len(popularity) / 100


def test_an_album_holds_what_it_says(catalog: Catalog) -> None:
    tracks = catalog.tracks
    for album in range(0, len(catalog.albums), 37):
        rows = catalog.album_tracks[album]
        places = list(zip(tracks.disc[rows].tolist(), tracks.number[rows].tolist(), strict=True))
        assert len(set(places)) == len(rows) > 0
        assert places == sorted(places)
        assert places[0] == (1, 1)
    kinds = np.bincount(catalog.albums.kind) / len(catalog.albums)
    assert kinds[AlbumKind.SINGLE] > kinds[AlbumKind.ALBUM] > kinds[AlbumKind.COMPILATION] > 0


def test_release_dates_have_three_precisions_and_some_are_unknown(catalog: Catalog) -> None:
    shares = np.bincount(catalog.albums.precision) / len(catalog.albums)
    assert 0.92 < shares[Precision.DAY] < 0.96
    assert shares[Precision.MONTH] > 0
    unknown = catalog.albums.year == 0
    assert 0 < unknown.mean() < 0.01
    assert (catalog.albums.precision[unknown] == Precision.YEAR).all()


def test_tracks_have_one_to_four_different_artists(catalog: Catalog) -> None:
    sizes = catalog.tracks.artists.lengths
    assert 0.58 < (sizes == 1).mean() < 0.62
    assert 0.28 < (sizes == 2).mean() < 0.32
    assert sizes.max() == 4
    for row in np.flatnonzero(sizes == 4).tolist():
        assert len(set(catalog.tracks.artists[row].tolist())) == 4


def test_a_track_plays_the_genres_of_its_first_artist(catalog: Catalog) -> None:
    for row in range(0, len(catalog.tracks), 101):
        first = catalog.tracks.artists[row][0]
        assert (catalog.tracks.genres[row] == catalog.artists.genres[first]).all()


def test_names_hold_what_is_trouble_elsewhere(catalog: Catalog) -> None:
    names = [*catalog.tracks.names, *catalog.artists.names]
    text = "".join(names)
    for sign in ("ç", "ñ", "夜", "사", "🔥", '"', "'", ",", "/", "(feat. "):
        assert sign in text, sign
    assert any(name != name.strip() for name in names)
    assert max(map(len, names)) > 200
    assert all(unicodedata.is_normalized("NFC", name) for name in names)
