import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler

from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET
from spotify_assets_tests.sandbox.conftest import Faulty

REDIRECT = "http://127.0.0.1:8888/callback"
VERIFIER = "a" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
SIX_MONTHS = 182 * 86_400


@dataclass
class App:
    """An app that signs a user in; with a secret, or without one by PKCE."""

    url: str
    uses_pkce: bool = True
    scope: str = "user-read-private user-top-read"
    more: dict[str, str] = field(default_factory=dict)

    def authorize(self, method: str = "GET", **changes: str | None) -> requests.Response:
        params = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": self.scope,
            "state": "a b&c",
        }
        if self.uses_pkce:
            params |= {"code_challenge": CHALLENGE.decode(), "code_challenge_method": "S256"}
        return requests.request(
            method,
            f"{self.url}/authorize",
            params={k: v for k, v in (params | changes).items() if v is not None},
            data=self.more,
            allow_redirects=False,
            timeout=10,
        )

    def code(self) -> str:
        return sent_back(self.authorize(auto="1"))["code"]

    def exchange(self, sent: str, **changes: str | None) -> requests.Response:
        return self.ask(
            {
                "grant_type": "authorization_code",
                "code": sent,
                "redirect_uri": REDIRECT,
                "code_verifier": VERIFIER if self.uses_pkce else None,
            }
            | changes
        )

    def refresh(self, token: str) -> requests.Response:
        return self.ask({"grant_type": "refresh_token", "refresh_token": token})

    def ask(self, form: dict[str, str | None]) -> requests.Response:
        auth = None if self.uses_pkce else (CLIENT_ID, CLIENT_SECRET)
        client = {"client_id": CLIENT_ID} if self.uses_pkce else {}
        return requests.post(f"{self.url}/api/token", data=client | form, auth=auth, timeout=10)

    def sign_in(self) -> Any:
        return self.exchange(self.code()).json()

    def get(self, path: str, access_token: str) -> requests.Response:
        header = {"Authorization": f"Bearer {access_token}"}
        return requests.get(f"{self.url}/v1{path}", headers=header, timeout=10)


def sent_back(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 303, response.text
    address = urlsplit(response.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == REDIRECT
    return dict(parse_qsl(address.query))


def refused(response: requests.Response) -> tuple[str, str]:
    assert response.status_code == 400, response.text
    return response.json()["error"], response.json()["error_description"]


@pytest.fixture
def app(faulty: Faulty) -> App:
    return App(faulty.url)


@pytest.fixture
def app_with_secret(faulty: Faulty) -> App:
    return App(faulty.url, uses_pkce=False)


# ---------------------------------------------------------------- the page


def test_the_page_names_the_app_and_what_it_wants(app: App) -> None:
    page = app.authorize(scope="user-top-read <b>")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for text in ("spotify-assets", "user-top-read", "&lt;b&gt;", "Agree", "Cancel"):
        assert text in page.text
    assert "<b>" not in page.text


def test_a_user_who_agrees_is_sent_back_with_a_code(app: App) -> None:
    app.more = {"answer": "agree"}
    answer = sent_back(app.authorize("POST"))
    assert answer.keys() == {"code", "state"}
    assert answer["state"] == "a b&c"


def test_a_user_who_cancels_is_sent_back_with_an_error(app: App) -> None:
    app.more = {"answer": "cancel"}
    assert sent_back(app.authorize("POST")) == {"error": "access_denied", "state": "a b&c"}


def test_tests_need_no_page(app: App, faulty: Faulty) -> None:
    assert "code" in sent_back(app.authorize(auto="1"))
    faulty.set(sign_in="cancel")
    assert sent_back(app.authorize())["error"] == "access_denied"
    faulty.set(sign_in="agree")
    assert "code" in sent_back(app.authorize(state=None))


def test_a_redirect_uri_keeps_its_query(app: App) -> None:
    response = app.authorize(redirect_uri=f"{REDIRECT}?a=1", auto="1")
    assert response.headers["Location"].startswith(f"{REDIRECT}?a=1&code=")


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8888/callback",
        "https://127.0.0.1:8888/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8888@example.com/",
        "http://127.0.0.1:8888.example.com/",
        "http://127.0.0.1:8888/#x",
        "http://127.0.0.1:8888/\r\nSet-Cookie: a=b",
        "https://example.com/",
        "",
        None,
    ],
)
def test_only_a_loopback_address_is_a_redirect_uri(app: App, uri: str | None) -> None:
    page = app.authorize(redirect_uri=uri, auto="1")
    assert page.status_code == 400
    assert "INVALID_CLIENT: Invalid redirect URI" in page.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": "another"}, "INVALID_CLIENT: Invalid client"),
        ({"client_id": None}, "INVALID_CLIENT: Invalid client"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"code_challenge_method": "plain"}, "code_challenge_method must be S256"),
    ],
)
def test_a_wrong_request_shows_a_page_and_sends_nobody_back(
    app: App, change: dict[str, Any], said: str
) -> None:
    page = app.authorize(**change | {"auto": "1"})
    assert page.status_code == 400
    assert said in page.text


# ---------------------------------------------------------------- codes


@pytest.mark.parametrize("uses_pkce", [True, False])
def test_a_code_is_exchanged_for_tokens(faulty: Faulty, uses_pkce: bool) -> None:
    app = App(faulty.url, uses_pkce)
    tokens = app.sign_in()
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == app.scope
    assert app.get("/me", tokens["access_token"]).status_code == 200
    assert app.get("/markets", tokens["access_token"]).status_code == 200


def test_a_code_is_good_once(app: App) -> None:
    code = app.code()
    assert app.exchange(code).status_code == 200
    assert refused(app.exchange(code)) == ("invalid_grant", "Invalid authorization code")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code_verifier": "wrong"}, "code_verifier was incorrect"),
        ({"code_verifier": None}, "code_verifier was incorrect"),
        ({"redirect_uri": "http://127.0.0.1:9999/"}, "Invalid redirect URI"),
        ({"code": "nonsense"}, "Invalid authorization code"),
        ({"code": None}, "Invalid authorization code"),
    ],
)
def test_a_code_needs_the_verifier_and_the_address_it_was_made_for(
    app: App, change: dict[str, str | None], said: str
) -> None:
    code = app.code()
    assert refused(app.exchange(code, **change)) == ("invalid_grant", said)
    assert app.exchange(code).status_code == 200


def test_a_code_expires(app: App, faulty: Faulty) -> None:
    code = app.code()
    faulty.advance(600)
    assert refused(app.exchange(code)) == ("invalid_grant", "Authorization code expired")


def test_without_pkce_the_secret_is_needed(app_with_secret: App) -> None:
    code = app_with_secret.code()
    public = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "client_id": CLIENT_ID,
    }
    for form in (public, public | {"client_secret": "wrong"}):  # pragma: allowlist secret
        answer = requests.post(f"{app_with_secret.url}/api/token", data=form, timeout=10)
        assert refused(answer) == ("invalid_client", "Invalid client secret")
    assert app_with_secret.exchange(code).status_code == 200


def test_a_client_that_nobody_knows_gets_nothing(app: App) -> None:
    answer = app.exchange(app.code(), client_id="another")
    assert refused(answer) == ("invalid_client", "Invalid client")


# ---------------------------------------------------------------- refresh tokens


def test_with_pkce_each_refresh_token_is_good_once(app: App) -> None:
    first = app.sign_in()
    second = app.refresh(first["refresh_token"]).json()
    assert second["scope"] == app.scope
    assert app.get("/me", second["access_token"]).status_code == 200
    again = app.refresh(first["refresh_token"])
    assert refused(again) == ("invalid_grant", "Refresh token revoked")
    assert app.refresh(second["refresh_token"]).status_code == 200


def test_with_a_secret_the_refresh_token_stays(app_with_secret: App) -> None:
    first = app_with_secret.sign_in()
    for _ in range(2):
        assert "refresh_token" not in app_with_secret.refresh(first["refresh_token"]).json()


@pytest.mark.parametrize("uses_pkce", [True, False])
def test_a_refresh_token_dies_six_months_after_the_sign_in_however_often_it_was_used(
    faulty: Faulty, uses_pkce: bool
) -> None:
    app = App(faulty.url, uses_pkce)
    token = app.sign_in()["refresh_token"]
    for _ in range(2):
        faulty.advance(SIX_MONTHS / 2 - 1)
        token = app.refresh(token).json().get("refresh_token", token)
    faulty.advance(2)
    assert refused(app.refresh(token)) == ("invalid_grant", "Refresh token revoked")


def test_what_is_no_refresh_token_is_refused(app: App) -> None:
    for text in ("nonsense", app.code(), app.sign_in()["access_token"]):
        assert refused(app.refresh(text)) == ("invalid_grant", "Invalid refresh token")


def test_an_access_token_lasts_an_hour(app: App, faulty: Faulty) -> None:
    token = app.sign_in()["access_token"]
    faulty.advance(3600)
    assert app.get("/me", token).json()["error"]["message"] == "The access token expired"


# ---------------------------------------------------------------- what a user token reaches


@pytest.mark.parametrize(
    ("mode", "scope", "keys"),
    [
        ("extended", "", {"followers"}),
        ("extended", "user-read-email", {"followers", "email"}),
        (
            "extended",
            "user-read-private",
            {"followers", "country", "product", "explicit_content"},
        ),
        ("development", "user-read-private user-read-email", set()),
    ],
)
def test_the_profile_shows_what_the_mode_and_the_scopes_allow(
    app: App, faulty: Faulty, mode: str, scope: str, keys: set[str]
) -> None:
    faulty.set(mode=mode)
    app.scope = scope
    profile = app.get("/me", app.sign_in()["access_token"]).json()
    always = {"account_id", "display_name", "external_urls", "href", "id", "images", "type", "uri"}
    assert profile.keys() == always | keys
    assert profile["href"].startswith(f"{app.url}/v1/users/")


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        ("/me/top/artists", "user-top-read", 200),
        ("/me/top/tracks", "user-top-read", 200),
        ("/me/top/genres", "user-top-read", 404),
        ("/me/tracks", "user-library-read", 200),
        ("/me/playlists", "playlist-read-private", 200),
        ("/me/player/recently-played", "user-read-recently-played", 200),
    ],
)
def test_an_endpoint_needs_its_scope(app: App, path: str, scope: str, status: int) -> None:
    app.scope = "user-read-email"
    answer = app.get(path, app.sign_in()["access_token"])
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        403,
        "Insufficient client scope",
    )
    app.scope = scope
    assert app.get(path, app.sign_in()["access_token"]).status_code == status


def test_a_library_is_what_was_played_page_by_page(app: App) -> None:
    app.scope = "user-library-read user-top-read user-read-recently-played"
    token = app.sign_in()["access_token"]
    plays = app.get("/me/player/recently-played?limit=50", token).json()["items"]
    played = list(dict.fromkeys(one["track"]["id"] for one in plays))

    saved = app.get("/me/tracks/?limit=50", token).json()
    assert [one["track"]["id"] for one in saved["items"]] == played
    assert (saved["total"], saved["next"], saved["previous"]) == (len(played), None, None)
    second = app.get("/me/tracks?limit=2&offset=2", token).json()
    assert second["items"] == saved["items"][2:4]
    assert second["next"] == f"{app.url}/v1/me/tracks?offset=4&limit=2"

    top = app.get("/me/top/tracks/?limit=50&time_range=short_term", token).json()
    assert {one["id"] for one in top["items"]} == set(played)
    times = [sum(one["track"]["id"] == track["id"] for one in plays) for track in top["items"]]
    assert times == sorted(times, reverse=True)
    artists = app.get("/me/top/artists", token).json()["items"]
    assert {one["id"] for one in artists} <= {one["track"]["artists"][0]["id"] for one in plays}
    assert app.get("/me/top/artists?time_range=ever", token).status_code == 400


@pytest.mark.parametrize("path", ["/me", "/me/tracks"])
def test_codes_and_refresh_tokens_are_no_access_tokens(app: App, path: str) -> None:
    for text in (app.code(), app.sign_in()["refresh_token"]):
        answer = app.get(path, text)
        assert answer.json()["error"] == {"status": 401, "message": "Invalid access token"}


def test_spotipy_signs_in_and_refreshes(app: App, faulty: Faulty) -> None:
    auth = spotipy.SpotifyPKCE(
        client_id=CLIENT_ID,
        redirect_uri=REDIRECT,
        scope="user-read-email",
        open_browser=False,
        cache_handler=MemoryCacheHandler(),
    )
    auth.OAUTH_AUTHORIZE_URL = f"{app.url}/authorize"
    auth.OAUTH_TOKEN_URL = f"{app.url}/api/token"
    address = f"{auth.get_authorize_url(state='x')}&auto=1"
    code = sent_back(requests.get(address, allow_redirects=False, timeout=10))["code"]
    auth.get_access_token(code, check_cache=False)
    first = auth.cache_handler.get_cached_token()
    second = auth.refresh_access_token(first["refresh_token"])
    api = spotipy.Spotify(auth=second["access_token"])
    api.prefix = f"{app.url}/v1/"
    assert api.me()["id"] == "sandbox-listener"
    assert second["refresh_token"] != first["refresh_token"]
