import gzip
from pathlib import Path

import polars as pl
import pytest
import requests

from spotify_assets.sandbox.catalog import Catalog, read
from spotify_assets.sandbox.columns import AlbumKind, Precision
from spotify_assets_tests.sandbox.conftest import REAL_DATA, client_of

SONGS = REAL_DATA / "spotify_songs" / "spotify_songs.csv.gz"
ONE, TWO, THREE = ("1" * 22, "2" * 22, "a" * 22)


def table(path: Path, rows: str) -> Path:
    path.write_text(rows, encoding="utf-8")
    return path


@pytest.fixture
def few(tmp_path: Path) -> Catalog:
    return read(
        table(
            tmp_path / "few.csv",
            "track_id,track_name,track_artist,track_album_id,track_album_release_date,"
            "playlist_genre,track_popularity\n"
            f"{ONE},NA,Ana,{THREE},2019-02,pop,70\n"
            f"{TWO},Dois,Beto,{THREE},2019-02,r&b,\n"
            f"{ONE},changed,changed,{THREE},1999,R&B,1\n",
        )
    )


def test_a_track_in_two_rows_is_one_track_of_both_genres(few: Catalog) -> None:
    assert few.genres == ("pop", "r&b")
    assert few.tracks.ids == [ONE, TWO]
    assert few.tracks.genres[0].tolist() == [0, 1]
    assert few.tracks.popularity[0] == 70


def test_the_text_na_is_a_name(few: Catalog) -> None:
    assert few.tracks.names == ["NA", "Dois"]


def test_an_artist_has_the_genres_of_all_its_tracks(few: Catalog) -> None:
    assert few.artists.names == ["Ana", "Beto"]
    assert few.artists.genres[0].tolist() == [0, 1]
    assert few.artists.genres[1].tolist() == [1]


def test_an_album_of_several_artists_is_a_compilation(few: Catalog) -> None:
    assert few.albums.kind.tolist() == [AlbumKind.COMPILATION]
    assert few.albums.precision.tolist() == [Precision.MONTH]
    assert few.tracks.number.tolist() == [1, 2]


def test_three_columns_and_a_genre_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "small.parquet"
    pl.DataFrame(
        {"track_id": [ONE, TWO], "track_name": ["Um", None], "track_artist": "Ana", "genre": "axé"}
    ).write_parquet(path)
    one, other = read(path), read(path)
    assert one.albums.ids == other.albums.ids
    assert one.tracks.names == ["Um", ""]
    assert one.albums.names == ["Um", ""]
    assert (one.albums.released == other.albums.released).all()
    assert (one.tracks.duration_ms == other.tracks.duration_ms).all()
    assert (one.tracks.duration_ms >= 120_000).all()


@pytest.mark.parametrize("date", ["2019-02-31", "NA", "today", "2019-02-01T10", ""])
def test_what_is_no_release_date_is_an_unknown_one(tmp_path: Path, date: str) -> None:
    rows = f"track_id,track_name,track_artist,genre,track_album_release_date\n{ONE},a,b,c,{date}\n"
    catalog = read(table(tmp_path / "dates.csv", rows))
    assert catalog.albums.year.tolist() == [0]
    assert catalog.albums.precision.tolist() == [Precision.YEAR]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("track_id,track_name\n", "lacks track_artist, playlist_genre or track_genre or genre"),
        ("track_id,track_name,track_artist,genre\n", "holds no tracks"),
        ("track_id,track_name,track_artist,genre\nx,a,b,c\n", "the track_id 'x' is no id"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_of_tracks_is_named(tmp_path: Path, rows: str, says: str) -> None:
    path = table(tmp_path / "wrong.csv", rows)
    with pytest.raises(ValueError, match=says) as refusal:
        read(path)
    assert "wrong.csv" in str(refusal.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.csv.gz").write_bytes(gzip.compress(b"track_id,track_name\n" * 99)[:30])
    for name in ("broken.csv.gz", "absent.csv", "absent.parquet"):
        with pytest.raises(ValueError, match=name):
            read(tmp_path / name)


@pytest.mark.skipif(not SONGS.exists(), reason=f"{SONGS} is not there")
def test_a_real_table_of_songs_is_served_by_genre() -> None:
    catalog = read(SONGS)
    assert len(catalog.tracks) == 28_356
    assert set(catalog.genres) == {"pop", "rap", "rock", "latin", "r&b", "edm"}
    assert catalog.tracks.names.count("NA") == 4
    for api in client_of(catalog):
        for genre in catalog.genres:
            page = api.found("track", f'genre:"{genre}"', limit=50)
            assert len(page["items"]) == 50
            assert page["total"] > 4000
        shown = sum(
            len(api.found("track", 'genre:"r&b"', limit=50, offset=offset)["items"])
            for offset in range(0, 1000, 50)
        )
        assert shown == 1000
        kept = requests.get(
            f"{api.url}/v1/tracks/69gRFGOWY9OMpFJgFol1u0", headers=api.session.headers, timeout=10
        )
        assert kept.json()["name"] == "NA"


def test_a_table_without_release_dates_gets_them_drawn(tmp_path: Path) -> None:
    rows = "track_id,track_name,track_artist,genre\n" + "".join(
        f"{number:022d},Track {number},Artist {number},pop\n" for number in range(200)
    )
    albums = read(table(tmp_path / "dateless.csv", rows)).albums

    years = albums.year
    assert (years.min() >= 1960, years.max() <= 2026, len(set(years.tolist())) > 20) == (True,) * 3
    assert set(albums.precision.tolist()) == {p.value for p in Precision}
    again = read(table(tmp_path / "dateless.csv", rows)).albums
    assert again.released.tolist() == albums.released.tolist()
