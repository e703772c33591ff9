import pytest

from spotify_assets.sandbox.families import FAMILIES, family

ID = "0" * 22


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/search", "search"),
        ("/v1/artists", "artists"),
        ("/v1/artists/", "artists"),
        (f"/v1/artists/{ID}", "artist"),
        (f"/v1/albums/{ID}/", "album"),
        (f"/v1/tracks/{ID}", "track"),
        (f"/v1/artists/{ID}/albums", "artist_albums"),
        (f"/v1/artists/{ID}/top-tracks", "artist_top_tracks"),
        (f"/v1/albums/{ID}/tracks/", "album_tracks"),
        ("/v1/me", "me"),
        ("/v1/me/player/recently-played", "me"),
        ("/v1/browse/new-releases", "browse"),
        ("/v1/audio-features", "audio_features"),
        ("/v1/", ""),
        ("/api/token", "token"),
        ("/authorize", "token"),
    ],
)
def test_a_family_is_the_first_part_and_single_objects_are_another(
    path: str, expected: str
) -> None:
    assert family(path) == expected


def test_the_families_of_the_endpoints_are_known() -> None:
    assert {"search", "artists", "artist", "artist_albums", "album_tracks", "me"} <= FAMILIES
