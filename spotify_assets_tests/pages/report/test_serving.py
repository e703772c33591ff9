"""``/public``: the report for everybody, with what caches need, and nothing else of the folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from spotify_assets.lake import Lake
from spotify_assets.pages.application import create_app
from spotify_assets.pages.comments_api import CommentsApi
from spotify_assets.pages.report.parts import PARTS, ReportPlace
from spotify_assets.pages.report.placing import write
from spotify_assets.pages.report.serving import routes
from spotify_assets.sandbox import server


@pytest.fixture(scope="module")
def place(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> ReportPlace:
    place = ReportPlace(tmp_path_factory.mktemp("data") / "public")
    write(place, filled, PARTS)
    (place.folder / "secret.txt").write_text("secret", encoding="utf-8")
    (place.folder.parent / "api.token").write_text("secret", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def url(place: ReportPlace, filled: Path) -> Iterator[str]:
    comments = CommentsApi(Lake(filled.parent / "lake"), filled, "t", "k")
    with server.running(create_app(comments, routes(place.folder))) as running:
        yield running.url


def get(url: str, path: str, **headers: str) -> requests.Response:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url + path, headers=said, timeout=30, allow_redirects=False)


def test_nobody_has_to_sign_in(url: str, place: ReportPlace) -> None:
    assert get(url, "/public").headers["location"] == "/public/"
    for name in ("index.html", "pt.html", "report.json"):
        found = get(url, f"/public/{name}")
        assert found.status_code == 200
        assert found.content == (place.folder / name).read_bytes()
    assert get(url, "/public/report.json").headers["content-type"] == "application/json"


def test_the_first_page_is_in_the_language_of_the_reader(url: str) -> None:
    assert "<h1>Report</h1>" in get(url, "/public/").text
    found = get(url, "/public/", accept_language="pt-BR,pt;q=0.9")
    assert "<h1>Relatório</h1>" in found.text
    assert found.headers["vary"] == "accept-language"


def test_a_reader_may_keep_it_and_asks_whether_it_changed(url: str, place: ReportPlace) -> None:
    first = get(url, "/public/pt.html")
    assert first.headers["cache-control"] == "public, max-age=60"
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"if_none_match": tag},
        {"if_none_match": f'"x", W/{tag}'},
        {"if_none_match": "*"},
        {"if_modified_since": changed},
    ):
        again = get(url, "/public/pt.html", **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    for headers in (
        {"if_none_match": '"x"', "if_modified_since": changed},
        {"if_modified_since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"if_modified_since": "yesterday"},
    ):
        assert get(url, "/public/pt.html", **headers).status_code == 200
    (place.folder / "pt.html").write_text("other", encoding="utf-8")
    assert get(url, "/public/pt.html", if_none_match=tag).text == "other"


def test_nothing_runs_in_it(url: str) -> None:
    """Nor in one that an earlier version made, with another style."""
    policy = get(url, "/public/").headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "path",
    ["secret.txt", "../api.token", "%2e%2e/api.token", "..%2fapi.token", "x/index.html", ".", ""],
)
def test_nothing_else_of_the_folder_is_there(url: str, path: str) -> None:
    found = get(url, f"/public/{path}")
    assert "secret" not in found.text
    assert found.status_code == (200 if path in ("", ".") else 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_can_only_be_read(url: str, method: str) -> None:
    assert requests.request(method, f"{url}/public/", timeout=30).status_code == 405


def test_before_the_first_there_is_a_sentence(filled: Path, tmp_path: Path) -> None:
    comments = CommentsApi(Lake(tmp_path / "lake"), filled, "t", "k")
    with server.running(create_app(comments, routes(tmp_path / "public"))) as running:
        found = get(running.url, "/public/")
    assert (found.status_code, found.headers["cache-control"]) == (404, "no-cache")
    assert found.text == "There is no report yet. It is made with the next publication.\n"
