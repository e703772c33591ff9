"""The HTTP API of comments: what is answered is on the disk, and nobody else gets anything."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from spotify_assets.lake import Lake
from spotify_assets.lake.comments import batch_files, find_batch, read_batch
from spotify_assets.pages import comments_api
from spotify_assets.pages.application import create_app
from spotify_assets.pages.comments_api import CommentsApi
from spotify_assets.sandbox import server
from spotify_assets_tests.commented import label_and_publish

TOKEN = "a token of the tests"  # noqa: S105 - made up
TODAY = dt.datetime.now(dt.UTC).date()
BODIES: dict[str, tuple[bytes, str, int]] = {
    "no JSON": (b"{", "application/json", 400),
    "no list": (b'{"a": 1}', "application/json", 400),
    "nothing": (b"", "application/json", 400),
    "deep": (b"[" * 100_000, "application/json", 400),
    "a page": (b"<html>", "text/html", 415),
    "too many": (json.dumps([{"text": "x"}] * 10_001).encode(), "application/json", 413),
    "not UTF-8": (b'[{"text": "\xff"}]', "application/json", 400),
}


class Client:
    """Asks the API with the token."""

    def __init__(self, url: str, lake: Lake, database: Path) -> None:
        self.url, self.lake, self.database = url, lake, database
        self.session = requests.Session()
        self.session.headers["authorization"] = f"Bearer {TOKEN}"

    def post(self, body: bytes, kind: str = "application/json") -> requests.Response:
        headers = {"content-type": kind}
        return self.session.post(f"{self.url}/api/comments", body, headers=headers, timeout=30)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(f"{self.url}/api/comments{path}", params=params, timeout=30)

    def publish(self) -> None:
        label_and_publish(self.lake, self.database)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("data")
    lake, database = Lake(folder / "lake"), folder / "spotify.duckdb"
    with server.running(create_app(CommentsApi(lake, database, TOKEN, "key"))) as running:
        yield Client(running.url, lake, database)


def said(*texts: str) -> bytes:
    return json.dumps([{"text": text} for text in texts]).encode()


def test_before_there_is_a_warehouse_a_batch_is_taken_and_the_list_says_when_to_ask(
    client: Client,
) -> None:
    answer = client.post(said("first"))
    batch_id = answer.json()["batch_id"]
    assert (answer.status_code, answer.json()["received"]) == (202, 1)
    path = find_batch(client.lake, batch_id)
    assert path is not None
    assert [line["text"] for line in read_batch(path).lines] == ["first"]
    assert client.get(f"/batches/{batch_id}").json()["state"] == "received"
    later = client.get("")
    assert (later.status_code, later.headers["retry-after"]) == (503, "60")


def test_a_batch_is_followed_from_the_disk_to_its_labels(client: Client) -> None:
    texts = ("great", "really?", "", "great")
    where = client.post(said(*texts)).json()["url"].removeprefix("/api/comments")
    assert client.get(where).json()["state"] == "received"
    client.publish()
    state = client.get(where).json()
    assert state["state"] == "labelled"
    counted = ("received", "kept", "duplicate", "quarantined", "labelled", "unsure", "waiting")
    assert [state[name] for name in counted] == [4, 2, 1, 1, 1, 1, 0]


def test_labels_are_paged_without_a_gap_and_filtered(client: Client) -> None:
    client.post(said(*(f"song {number}" for number in range(7))))
    client.publish()
    found: list[str] = []
    after: str | None = None
    while True:
        page = client.get("", limit=3, **({"after": after} if after else {})).json()
        found += [one["comment_id"] for one in page["comments"]]
        after = page["next"]
        if after is None:
            break
    whole = client.get("", limit=1000).json()["comments"]
    assert found == [one["comment_id"] for one in whole]
    assert len(set(found)) == len(found) >= 7
    unsure = client.get("", category="unsure").json()["comments"]
    assert [one["text"] for one in unsure] == ["really?"]
    assert client.get("", topic="lyrics", since=str(TODAY), until=str(TODAY)).json()["comments"]
    assert client.get("", category="' OR true --").json()["comments"] == []


@pytest.mark.parametrize("why", BODIES)
def test_a_body_that_holds_no_batch_is_refused_and_leaves_nothing(client: Client, why: str) -> None:
    body, kind, status = BODIES[why]
    before = batch_files(client.lake, TODAY)
    answer = client.post(body, kind)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert batch_files(client.lake, TODAY) == before


def test_a_body_that_is_too_long_is_not_read_to_its_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments_api, "MAX_BYTES", 1000)
    assert client.post(said("x" * 2000)).status_code == 413
    parts = iter([b"[", *[b" " * 600] * 3])
    assert client.post(parts).status_code == 413  # type: ignore[arg-type]


def test_rows_of_ndjson_that_are_none_are_set_aside_alone(client: Client) -> None:
    body = b'{"text": "fine", "author": "Ana"}\nnonsense\n{"text": "\xff"}\n'
    answer = client.post(body, "application/x-ndjson")
    assert answer.status_code == 202
    path = find_batch(client.lake, answer.json()["batch_id"])
    assert path is not None
    lines = read_batch(path).lines
    assert ["reason" in line for line in lines] == [False, True, True]
    assert "Ana" not in json.dumps(list(lines))


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("GET", ""), ("GET", "/batches/" + "0" * 24)],
)
def test_nobody_gets_anything_without_the_token(
    client: Client, authorization: str | None, method: str, path: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    url = f"{client.url}/api/comments{path}"
    answer = requests.request(method, url, headers=headers, data=said("x"), timeout=30)
    assert (answer.status_code, list(answer.json())) == (401, ["error"])


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "x"},
        {"limit": "²"},
        {"after": "nonsense"},
        {"after": "é"},
        {"since": "yesterday"},
        {"since": "2026-13-01"},
        {"category": "a\x00b"},
        {"text": "x"},
    ],
)
def test_a_question_that_is_none_is_told_what_is_wrong(
    client: Client, asked: dict[str, str]
) -> None:
    answer = client.get("", **asked)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_a_batch_that_is_not_there_is_not_found_whatever_its_name(client: Client) -> None:
    for name in ("0" * 24, "..%2f..%2fetc", "*", "x"):
        assert client.get(f"/batches/{name}").status_code == 404


def test_a_full_disk_is_told_and_what_was_not_kept_is_not_accepted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spotify_assets.lake.comments.os.fsync", full)
    before = batch_files(client.lake, TODAY)
    answer = client.post(said("lost"))
    assert (answer.status_code, "No space left" in answer.json()["error"]) == (503, True)
    assert batch_files(client.lake, TODAY) == before


def test_no_answer_can_be_taken_for_a_page(client: Client) -> None:
    for answer in (client.get(""), client.get("/batches/x"), client.post(b"{")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/json"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
