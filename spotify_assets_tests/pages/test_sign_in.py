"""Nobody sees a page without a session: by HTTP, by WebSocket, or by trying passwords."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import requests

pytest.importorskip("streamlit", reason="needs the extra `pages`")

from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from spotify_assets.pages import accounts as module
from spotify_assets.pages.accounts import Accounts, Role
from spotify_assets.pages.sign_in import COOKIE, SignIn
from spotify_assets.sandbox import server
from spotify_assets_tests.pages.site import PASSWORD, Site

CLOSED = [
    "/",
    "/genres",
    "/no-such-page",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/static/index.html",
    "/index.html",
    "/media/x.csv",
    "/_stcore/upload_file/x/y",
    "/component/x/index.html",
    "//health/../",
    "/sign-in/../genres",
    "/%2e%2e/genres",
]


def sign_in(url: str, password: str = PASSWORD, **headers: str) -> requests.Response:
    said = {"name": "ana", "password": password}
    return requests.post(f"{url}/sign-in", said, headers=headers, timeout=30, allow_redirects=False)


@pytest.fixture(scope="module")
def accounts(site: Site) -> Accounts:
    return site.accounts


@pytest.fixture(scope="module")
def url(site: Site) -> str:
    return site.url


@pytest.fixture(scope="module")
def token(url: str) -> str:
    return str(sign_in(url).cookies[COOKIE])


def get(url: str, path: str, **more: Any) -> requests.Response:
    return requests.get(f"{url}{path}", timeout=30, allow_redirects=False, **more)


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_session_there_is_nothing(url: str, path: str) -> None:
    assert get(url, path).status_code == 401
    assert get(url, path, cookies={COOKIE: "x" * 43}).status_code == 401
    shown = get(url, path, headers={"accept": "text/html"})
    assert shown.status_code == 303
    assert shown.headers["location"].startswith("/sign-in?next=")


def test_the_public_report_needs_no_session(url: str) -> None:
    assert get(url, "/public/").text.startswith("There is no report yet.")
    assert get(url, "/public/../genres").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_need_a_session_too(url: str, method: str) -> None:
    for path in ("/", "/_stcore/upload_file/x/y"):
        assert requests.request(method, url + path, timeout=30).status_code == 401


def socket_to(url: str, **headers: str) -> Any:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    return connect(address, additional_headers=said, open_timeout=10)


@pytest.mark.parametrize("cookie", ["", f"{COOKIE}=wrong", "_streamlit_xsrf=x"])
def test_the_websocket_refuses_strangers(url: str, cookie: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        socket_to(url, cookie=cookie)


def test_the_websocket_refuses_other_sites(url: str, token: str) -> None:
    """A browser sends the cookie with a WebSocket that another site opens."""
    for origin in ("https://evil.example", "null", url.replace("http", "https") + ".evil.example"):
        with pytest.raises(InvalidStatus, match="403"):
            socket_to(url, cookie=f"{COOKIE}={token}", origin=origin)


def test_the_websocket_takes_whoever_signed_in(url: str, token: str) -> None:
    with socket_to(url, cookie=f"{COOKIE}={token}", origin=url) as socket:
        with pytest.raises((TimeoutError, ConnectionClosed)):
            socket.recv(timeout=0.2)
        assert socket.state.name == "OPEN"


def test_whoever_signed_in_sees_pages_that_ask_no_other_server(url: str, token: str) -> None:
    shown = get(url, "/", cookies={COOKIE: token})
    assert shown.status_code == 200
    [policy] = [shown.headers["content-security-policy"]]
    assert "default-src 'none'" in policy
    assert "unsafe-eval'" not in policy.replace("wasm-unsafe-eval", "")
    assert "http" not in policy
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_the_cookie_is_for_no_script_and_no_other_site(url: str) -> None:
    [said] = [sign_in(url).headers["set-cookie"]]
    assert "HttpOnly" in said
    assert "samesite=lax" in said.lower()


def test_signing_out_ends_the_session(url: str) -> None:
    cookies = {COOKIE: str(sign_in(url).cookies[COOKIE])}
    said = requests.post(f"{url}/sign-out", cookies=cookies, timeout=30, allow_redirects=False)
    assert said.status_code == 303
    assert get(url, "/", cookies=cookies).status_code == 401


def test_a_session_that_is_over_opens_nothing(
    url: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = dt.datetime.now(dt.UTC) + module.SESSION + dt.timedelta(seconds=1)
    monkeypatch.setattr(module, "_now", lambda: later)
    assert get(url, "/", cookies={COOKIE: token}).status_code == 401
    with pytest.raises(InvalidStatus, match="403"):
        socket_to(url, cookie=f"{COOKIE}={token}", origin=url)


def test_a_form_of_another_site_is_refused(url: str) -> None:
    assert sign_in(url, origin="https://evil.example").status_code == 403
    assert sign_in(url, origin="null").status_code == 403


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("/genres?genre=samba", "/genres?genre=samba"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/x\r\nset-cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_signing_in_one_is_on_a_page_of_ours(
    url: str, token: str, said: str, there: str
) -> None:
    shown = get(url, "/sign-in", params={"next": said}, cookies={COOKIE: token})
    assert shown.headers["location"] == there


def test_a_visitor_with_an_invitation_makes_an_account(url: str, accounts: Accounts) -> None:
    path = f"{url}/invitation/{accounts.invite(Role.reader)}"
    assert "new-password" in requests.get(path, timeout=30).text
    form = {"name": "bia", "password": "short"}  # pragma: allowlist secret
    refused = requests.post(path, form, timeout=30)
    assert (refused.status_code, "12 to 256" in refused.text) == (400, True)
    form["password"] = PASSWORD
    made = requests.post(path, form, timeout=30, allow_redirects=False)
    assert get(url, "/", cookies=dict(made.cookies)).status_code == 200
    assert requests.get(path, timeout=30).status_code == 404


def test_what_a_visitor_types_is_text(url: str, accounts: Accounts) -> None:
    path = f"{url}/invitation/{accounts.invite(Role.reader)}"
    form = {"name": "<script>alert(1)</script>", "password": PASSWORD}
    shown = requests.post(path, form, timeout=30).text
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_the_sign_in_speaks_portuguese_where_the_browser_does(url: str) -> None:
    assert '<html lang="pt-BR">' in get(url, "/sign-in", headers={"accept-language": "pt-BR"}).text
    assert '<html lang="en">' in get(url, "/sign-in", headers={"accept-language": "de"}).text


def test_a_thousand_wrong_passwords_are_throttled(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.sqlite")
    accounts.add("ana", PASSWORD, Role.reader)
    with (
        server.running(Starlette(routes=SignIn(accounts).routes())) as running,
        requests.Session() as session,
    ):
        address = f"{running.url}/sign-in"
        said = [
            session.post(address, {"name": "ana", "password": f"wrong {n}"}, timeout=30).status_code
            for n in range(1_000)
        ]
        last = session.post(address, {"name": "ana", "password": PASSWORD}, timeout=30)
    assert said[:10] == [401] * 10
    assert set(said[10:]) == {429}
    assert last.status_code == 429
