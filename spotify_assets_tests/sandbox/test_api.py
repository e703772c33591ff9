import base64
import time

import pytest
import requests

from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET, DATE_HEADER
from spotify_assets.sandbox.api import create_app
from spotify_assets.sandbox.catalog import Catalog, generate
from spotify_assets.sandbox.server import running
from spotify_assets.sandbox.tokens import new_token
from spotify_assets_tests.sandbox.conftest import TODAY, Client, client_of

NOBODY = "0" * 22


def test_the_same_seed_gives_the_same_bytes() -> None:
    bodies = []
    for _ in range(2):
        for api in client_of(generate(seed=3, tracks=2000)):
            response = api.get("/search", q="genre:rock", type="track,artist", limit=50)
            bodies.append(response.content.replace(api.url.encode(), b""))
    assert bodies[0] == bodies[1]


def test_json_is_compact_utf_8(api: Client) -> None:
    response = api.get("/search", q='genre:"forró"', type="track", limit=50)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert "\\u" not in response.text
    assert '"limit":50,"next":' in response.text


def test_each_request_chooses_its_day(api: Client) -> None:
    today = api.get("/search", q="genre:rock", type="track").content
    assert api.get("/search", q="genre:rock", type="track", day=f"{TODAY}").content == today
    assert api.get("/search", q="genre:rock", type="track", day="2026-11-19").content != today


def test_without_a_day_the_answer_is_for_now(catalog: Catalog) -> None:
    with running(create_app(catalog)) as server:
        header = {"Authorization": f"Bearer {new_token(time.time() + 60)}"}
        url = f"{server.url}/v1/browse/new-releases?limit=1"
        newest = requests.get(url, headers=header, timeout=10).json()["albums"]["items"][0]
        # At midnight the day can change between two requests: one of the two must fit.
        days = [time.strftime("%Y-%m-%d", time.gmtime()) for _ in range(2)]
        assert any(
            requests.get(url, headers=header | {DATE_HEADER: day}, timeout=10).json()["albums"][
                "items"
            ][0]
            == newest
            for day in days
        )


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "20261120", "2026-1-1"])
def test_a_day_that_is_none_is_refused(api: Client, day: str) -> None:
    assert api.refusal("/markets", day=day) == (400, f"Invalid {DATE_HEADER}: expected YYYY-MM-DD")


@pytest.mark.parametrize("path", ["/artists/{}", "/albums/{}", "/tracks/{}", "/albums/{}/tracks"])
def test_ids_are_checked(api: Client, path: str) -> None:
    assert api.refusal(path.format("no-id")) == (400, "Invalid base62 id")
    assert api.refusal(path.format(NOBODY)) == (404, "Resource not found")


@pytest.mark.parametrize(("kind", "most"), [("artists", 50), ("albums", 20), ("tracks", 50)])
def test_a_batch_has_null_for_an_unknown_id(
    api: Client, catalog: Catalog, kind: str, most: int
) -> None:
    ids = list(getattr(catalog, kind).ids[: most - 1])
    ids.insert(1, NOBODY)
    items = api.json(f"/{kind}", ids=",".join(ids))[kind]
    assert [item and item["id"] for item in items] == [ids[0], None, *ids[2:]]
    assert items[0] == api.json(f"/{kind}/{ids[0]}")
    assert api.refusal(f"/{kind}", ids=",".join([*ids, NOBODY])) == (400, "Too many ids requested")
    assert api.refusal(f"/{kind}", ids="a,b") == (400, "Invalid base62 id")
    assert api.refusal(f"/{kind}") == (400, "Invalid base62 id")


def test_paths_may_end_in_a_slash(api: Client, catalog: Catalog) -> None:
    album = catalog.albums.ids[0]
    assert api.get(f"/albums/{album}/tracks/", limit=1).status_code == 200
    assert api.get("/tracks/", ids=catalog.tracks.ids[0]).status_code == 200
    assert api.refusal("/me/") == (401, "Valid user authentication required")


def test_a_long_album_goes_on_on_a_second_page(api: Client, catalog: Catalog) -> None:
    row = int(catalog.album_tracks.lengths.argmax())
    album = api.json(f"/albums/{catalog.albums.ids[row]}", market="BR")
    assert album["total_tracks"] == album["tracks"]["total"] > 50
    rest = api.session.get(album["tracks"]["next"], timeout=10).json()
    items = album["tracks"]["items"] + rest["items"]
    assert len({item["id"] for item in items}) == album["total_tracks"]
    assert {item["disc_number"] for item in items} == {1, 2, 3} | (
        {4} if len(items) > 60 else set()
    )
    assert rest["next"] is None


def test_albums_of_an_artist_come_by_group_and_newest_first(api: Client, catalog: Catalog) -> None:
    row = int(catalog.artist_tracks.lengths.argmax())
    path = f"/artists/{catalog.artists.ids[row]}/albums"
    albums = api.json(path, limit=50)
    groups = [album["album_group"] for album in albums["items"]]
    order = ["album", "single", "compilation", "appears_on"]
    assert groups == sorted(groups, key=order.index)
    singles = api.json(path, limit=50, include_groups="single", market="BR")["items"]
    assert [single["id"] for single in singles] == [
        album["id"] for album in albums["items"] if album["album_group"] == "single"
    ]
    dates = [single["release_date"] for single in singles]
    assert dates == sorted(dates, reverse=True)
    guest = api.json(path, limit=50, include_groups="appears_on")["items"]
    assert guest
    assert all(album["artists"][0]["id"] != catalog.artists.ids[row] for album in guest)
    assert api.refusal(path, include_groups="demo") == (400, "Invalid include_groups")


def test_top_tracks_are_the_ten_most_popular(api: Client, catalog: Catalog) -> None:
    row = int(catalog.artist_tracks.lengths.argmax())
    tracks = api.json(f"/artists/{catalog.artists.ids[row]}/top-tracks", market="BR")["tracks"]
    popularity = [track["popularity"] for track in tracks]
    assert len(tracks) == 10
    assert popularity == sorted(popularity, reverse=True)


def test_markets_and_new_releases(api: Client) -> None:
    assert "BR" in api.json("/markets")["markets"]
    albums = api.json("/browse/new-releases", limit=5)["albums"]
    dates = [album["release_date"] for album in albums["items"]]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] <= TODAY.isoformat()
    assert albums["total"] == 100


def test_about_one_track_in_a_hundred_cannot_be_played_in_a_market(
    api: Client, catalog: Catalog
) -> None:
    ids = catalog.tracks.ids
    playable = [
        track["is_playable"]
        for start in range(0, 2000, 50)
        for track in api.json("/tracks", ids=",".join(ids[start : start + 50]), market="BR")[
            "tracks"
        ]
    ]
    assert 0.005 < 1 - sum(playable) / len(playable) < 0.02


FORBIDDEN_TO_ALL = [
    "/audio-features",
    f"/audio-features/{NOBODY}",
    f"/audio-analysis/{NOBODY}",
    f"/artists/{NOBODY}/related-artists",
]
FORBIDDEN_IN_DEVELOPMENT = [
    "/artists",
    "/albums",
    "/tracks",
    f"/artists/{NOBODY}/top-tracks",
    "/browse/new-releases",
    "/browse/categories",
    "/markets",
    "/users/someone/playlists",
    f"/playlists/{NOBODY}/tracks",
]


def test_categories_are_the_genres_page_by_page(api: Client) -> None:
    first = api.get("/browse/categories/?limit=3").json()["categories"]
    second = api.get("/browse/categories?limit=3&offset=3").json()["categories"]
    assert [len(first["items"]), len(second["items"])] == [3, 3]
    assert first["items"][0].keys() == {"href", "icons", "id", "name"}
    assert first["next"].endswith("/v1/browse/categories?offset=3&limit=3")
    assert not {one["id"] for one in first["items"]} & {one["id"] for one in second["items"]}


@pytest.mark.parametrize("path", FORBIDDEN_TO_ALL)
def test_what_only_old_apps_may_is_forbidden_in_both_modes(
    api: Client, development_api: Client, path: str
) -> None:
    for client in (api, development_api):
        assert client.refusal(path) == (403, "Forbidden")


@pytest.mark.parametrize("path", FORBIDDEN_IN_DEVELOPMENT)
def test_development_mode_lacks_endpoints(api: Client, development_api: Client, path: str) -> None:
    assert development_api.refusal(path) == (403, "Forbidden")
    assert api.get(path).status_code != 403


@pytest.mark.parametrize("path", ["/recommendations", "/recommendations/available-genre-seeds"])
def test_recommendations_are_gone(api: Client, development_api: Client, path: str) -> None:
    for client in (api, development_api):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/me", "/me/tracks", "/me/top/artists", "/me/player/recently-played"]
)
def test_the_token_of_an_app_does_not_reach_a_user(
    api: Client, development_api: Client, path: str
) -> None:
    for client in (api, development_api):
        assert client.refusal(path) == (401, "Valid user authentication required")


def test_development_mode_has_small_pages(development_api: Client, catalog: Catalog) -> None:
    assert len(development_api.found("track", "genre:rock")["items"]) == 5
    assert len(development_api.found("track", "genre:rock", limit=10)["items"]) == 10
    search = {"q": "genre:rock", "type": "track", "limit": "11"}
    assert development_api.refusal("/search", **search) == (400, "Invalid limit")
    albums = f"/artists/{catalog.artists.ids[0]}/albums"
    assert development_api.json(albums)["limit"] == 5
    assert development_api.refusal(albums, limit=11) == (400, "Invalid limit")
    tracks = f"/albums/{catalog.albums.ids[0]}/tracks"
    assert development_api.json(tracks, limit=50)["limit"] == 50


def test_what_there_is_not_is_named_in_json(api: Client) -> None:
    assert api.refusal("/nonsense") == (404, "Service not found")
    assert api.refusal("/") == (404, "Service not found")
    response = api.session.delete(f"{api.url}/v1/markets", timeout=10)
    assert response.status_code == 405
    assert response.json() == {"error": {"status": 405, "message": "Method not allowed"}}


def ask_for_token(
    api: Client, form: dict[str, str], auth: tuple[str, str] | None = None
) -> requests.Response:
    return requests.post(f"{api.url}/api/token", data=form, auth=auth, timeout=10)


GRANT = {"grant_type": "client_credentials"}


def test_a_token_is_given_for_credentials_in_the_header_or_the_form(api: Client) -> None:
    form = GRANT | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    for response in (
        ask_for_token(api, GRANT, (CLIENT_ID, CLIENT_SECRET)),
        ask_for_token(api, form),
    ):
        body = response.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        header = {"Authorization": f"Bearer {body['access_token']}"}
        assert requests.get(f"{api.url}/v1/markets", headers=header, timeout=10).ok


@pytest.mark.parametrize("auth", [(CLIENT_ID, "wrong"), ("wrong", CLIENT_SECRET), ("", ""), None])
def test_wrong_credentials_get_no_token(api: Client, auth: tuple[str, str] | None) -> None:
    response = ask_for_token(api, GRANT, auth)
    assert response.status_code == 400
    assert response.json() == {
        "error": "invalid_client",
        "error_description": "Invalid client secret",
    }


@pytest.mark.parametrize("grant", [{}, {"grant_type": "password", "username": "x"}])
def test_other_grants_are_not_supported(api: Client, grant: dict[str, str]) -> None:
    response = ask_for_token(api, grant, (CLIENT_ID, CLIENT_SECRET))
    assert response.status_code == 400
    assert response.json()["error"] == "unsupported_grant_type"


def forged() -> str:
    token = base64.urlsafe_b64decode(new_token(0) + "==")
    later = int(time.time() + 3600).to_bytes(8, "big")
    return base64.urlsafe_b64encode(later + token[8:]).decode()


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "No token provided"),
        ("Bearer ", "No token provided"),
        ("Basic c2FuZGJveDpzYW5kYm94", "No token provided"),
        ("Bearer nonsense", "Invalid access token"),
        ("Bearer a", "Invalid access token"),
        (f"Bearer {forged()}", "Invalid access token"),
        (f"Bearer {new_token(time.time() - 1)}", "The access token expired"),
    ],
    ids=["none", "empty", "basic", "nonsense", "short", "forged", "expired"],
)
def test_a_bad_token_is_refused(api: Client, authorization: str | None, message: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = requests.get(f"{api.url}/v1/markets", headers=headers, timeout=10)
    assert response.status_code == 401
    assert response.json() == {"error": {"status": 401, "message": message}}
    assert message in response.headers["WWW-Authenticate"]
