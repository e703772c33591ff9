import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from spotify_assets.sandbox import CLIENT_ID, DATE_HEADER
from spotify_assets.sandbox.api import create_app
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.log import Entry, Log
from spotify_assets.sandbox.server import running
from spotify_assets_tests.sandbox.conftest import START, Faulty, token


def lines(faulty: Faulty, since: int | None = None) -> list[dict[str, Any]]:
    params = {} if since is None else {"since": since}
    response = requests.get(f"{faulty.url}/sandbox/log", params=params, timeout=10)
    assert response.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in response.text.splitlines()]


def test_a_request_is_logged_with_its_answer(faulty: Faulty) -> None:
    faulty.advance(60)
    begun = time.time()
    answer = faulty.get("/search", q="genre:rock", type="track,artist", limit=5, day="2026-01-02")
    (line,) = lines(faulty)
    assert line.pop("received_at") >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begun))
    assert line == {
        "ordinal": 1,
        "clock_at": "2025-11-20T12:01:00.000+00:00",
        "method": "GET",
        "path": "/v1/search",
        "family": "search",
        "params": {"q": "genre:rock", "type": "track,artist", "limit": "5"},
        "day": "2026-01-02",
        "status": 200,
        "bytes_sent": len(answer.content),
        "rows": 10,
        "fault": None,
        "whole": True,
    }


def test_the_log_can_be_read_without_http(faulty: Faulty) -> None:
    faulty.search()
    (entry,) = faulty.log.since()
    assert (entry.family, entry.status, entry.clock_at) == ("search", 200, START)


def test_since_gives_what_came_after(faulty: Faulty) -> None:
    faulty.statuses(5)
    assert [line["ordinal"] for line in lines(faulty, since=3)] == [4, 5]
    assert lines(faulty, since=5) == lines(faulty, since=10**9) == []


@pytest.mark.parametrize("since", ["-1", "x", "1.5", "²"])
def test_a_since_that_is_no_ordinal_is_refused(faulty: Faulty, since: str) -> None:
    response = requests.get(f"{faulty.url}/sandbox/log?since={since}", timeout=10)
    assert response.status_code == 400


def test_rows_are_counted_on_pages_and_in_batches_only(faulty: Faulty, catalog: Catalog) -> None:
    artist, album = catalog.artists.ids[0], catalog.albums.ids[0]
    tracks = faulty.json(f"/albums/{album}/tracks")["items"]
    faulty.json("/artists", ids=f"{artist},{'0' * 22}")
    faulty.json(f"/albums/{album}")
    faulty.json(f"/tracks/{catalog.tracks.ids[0]}")
    faulty.refusal("/artists", ids="x")
    assert [entry.rows for entry in faulty.log.since()] == [len(tracks), 2, None, None, None]


@pytest.mark.parametrize(
    ("fault", "status", "rows", "whole"),
    [
        ("503", 503, None, True),
        ("cut_json", 200, None, True),
        ("cut_body", 200, None, False),
        ("empty_body", 200, None, True),
        ("endless_next", 200, 5, True),
        ("slow", 200, 5, True),
        ("reset", None, None, False),
    ],
)
def test_a_fault_is_logged(
    faulty: Faulty, fault: str, status: int | None, rows: int | None, whole: bool
) -> None:
    faulty.set(script=[{"fault": fault}], slow_s=0.01)
    received = 0
    try:
        with faulty.session.get(
            f"{faulty.url}/v1/search?q=genre:rock&type=track&limit=5", stream=True, timeout=10
        ) as response:
            for piece in response.iter_content(1):
                received += len(piece)
    except requests.RequestException:
        assert fault in ("cut_body", "reset")
    (entry,) = faulty.log.since()
    assert (entry.fault, entry.status, entry.rows, entry.whole) == (fault, status, rows, whole)
    assert entry.bytes_sent == received


def test_a_refusal_is_logged_with_its_limit(faulty: Faulty) -> None:
    faulty.set(rate_limit=1)
    faulty.statuses(2)
    faulty.set(rate_limit=None, quotas={"search": 1})
    faulty.statuses(1)
    assert [entry.fault for entry in faulty.log.since()] == [None, "rate_limit", "quota"]


def test_a_client_that_went_away_did_not_get_the_whole_answer(faulty: Faulty) -> None:
    faulty.set(shares={"slow": 1}, slow_s=0.1)
    with pytest.raises(requests.Timeout):
        faulty.session.get(f"{faulty.url}/v1/markets", timeout=0.02)
    for _ in range(400):
        answered = [entry for entry in faulty.log.since() if entry.status is not None]
        if answered:
            break
        time.sleep(0.005)
    assert [(entry.status, entry.whole) for entry in answered] == [(200, False)]


def test_no_secret_is_logged(faulty: Faulty) -> None:
    secrets = ["a-secret-of-an-app", "a-code-verifier", "a-refresh-token", "a-state", "a-code"]
    requests.post(
        f"{faulty.url}/api/token",
        data={
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "client_secret": secrets[0],
            "code_verifier": secrets[1],
            "refresh_token": secrets[2],
        },
        timeout=10,
    )
    requests.get(
        f"{faulty.url}/authorize",
        params={"client_id": CLIENT_ID, "state": secrets[3], "code": secrets[4]},
        timeout=10,
    )
    given = token(faulty.url)
    entries = faulty.log.since()
    assert [(entry.family, entry.path) for entry in entries] == [
        ("token", "/api/token"),
        ("token", "/authorize"),
        ("token", "/api/token"),
    ]
    assert entries[0].params == {"grant_type": "refresh_token"}
    assert entries[1].params == {"client_id": CLIENT_ID}
    text = "".join(entry.line() for entry in entries)
    assert not [secret for secret in [*secrets, given] if secret in text]


def test_the_file_has_a_line_for_each_request_as_it_ends(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "served.jsonl"
    app = create_app(catalog, log_file=file)
    with running(app) as server:
        header = {"Authorization": f"Bearer {token(server.url)}"}
        for day in ("2026-01-01", "2026-01-02"):
            requests.get(
                f"{server.url}/v1/markets", headers=header | {DATE_HEADER: day}, timeout=10
            )
            assert file.read_text().count("\n") == len(app.state.log)
    expected = [entry.line() for entry in app.state.log.since()]
    assert file.read_text().splitlines(keepends=True) == expected


def test_a_file_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Log(tmp_path / "nowhere" / "served.jsonl")


def test_requests_at_once_have_ordinals_of_their_own(faulty: Faulty) -> None:
    header = dict(faulty.session.headers)

    def ask() -> None:
        for _ in range(10):
            requests.get(f"{faulty.url}/v1/markets", headers=header, timeout=10)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.ordinal for entry in faulty.log.since()] == list(range(1, 41))
    assert all(entry.whole for entry in faulty.log.since())


def test_the_end_of_a_long_log_is_found_at_once() -> None:
    log = Log()
    for ordinal in range(1, 100_001):
        log.add(Entry(ordinal, START, START, "GET", "/v1/markets", "markets", {}, None))
    begun = time.perf_counter()
    for _ in range(1000):
        assert [entry.ordinal for entry in log.since(99_998)] == [99_999, 100_000]
    assert time.perf_counter() - begun < 0.2
