import json
import time
from collections import Counter
from email.utils import parsedate_to_datetime
from typing import Any, get_args

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sandbox import faults
from spotify_assets.sandbox.api import create_app
from spotify_assets.sandbox.behaviour import FAULTS, Behaviour, BodyForm, RetryAfterForm, TooMany
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.faults import Luck
from spotify_assets.sandbox.server import running
from spotify_assets_tests.sandbox.conftest import Faulty, token

ALWAYS = 1.0


def drawn(behaviour: Behaviour, requests: int) -> list[str | None]:
    return [
        faults.drawn(behaviour, Luck(behaviour.seed, number)) for number in range(1, requests + 1)
    ]


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ("500", 500, "Server error."),
        ("502", 502, "Error while loading resource"),
        ("503", 503, "Service temporarily unavailable"),
        ("expired_token", 401, "The access token expired"),
        ("user_not_registered", 403, "the user may not be registered"),
        ("too_many", 429, "API rate limit exceeded"),
        ("quota_exceeded", 429, "API rate limit exceeded"),
    ],
)
def test_an_error_is_said_in_the_words_of_the_api(
    faulty: Faulty, fault: str, status: int, message: str
) -> None:
    faulty.set(shares={fault: ALWAYS})
    response = faulty.search()
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (status, status)
    assert message in error["message"]


def test_an_expired_token_is_challenged(faulty: Faulty) -> None:
    faulty.set(shares={"expired_token": ALWAYS})
    assert 'error="invalid_token"' in faulty.search().headers["WWW-Authenticate"]


def test_a_lapsed_premium_is_plain_text(faulty: Faulty) -> None:
    faulty.set(shares={"premium_lapsed": ALWAYS})
    response = faulty.search()
    assert response.status_code == 403
    assert response.headers["content-type"].startswith("text/plain")
    assert "Active premium subscription required for the owner of the app" in response.text


@pytest.mark.parametrize(("fault", "status"), [("empty_400", 400), ("empty_body", 200)])
def test_a_body_can_be_empty(faulty: Faulty, fault: str, status: int) -> None:
    faulty.set(shares={fault: ALWAYS})
    response = faulty.search()
    assert (response.status_code, response.content) == (status, b"")


def test_json_can_end_in_the_middle_of_an_answer_that_looks_whole(faulty: Faulty) -> None:
    good = faulty.search().content
    faulty.set(shares={"cut_json": ALWAYS})
    response = faulty.search()
    assert response.status_code == 200
    assert good.startswith(response.content)
    assert len(response.content) == int(response.headers["content-length"]) == len(good) // 2
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_a_cut_body_breaks_off_before_its_promised_length(
    faulty: Faulty, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = faulty.search()
    faulty.set(shares={"cut_body": ALWAYS})
    with faulty.session.get(whole.url, stream=True, timeout=10) as response:
        assert response.headers["content-length"] == whole.headers["content-length"]
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            assert response.content
    faulty.set(shares={})
    assert faulty.search().content == whole.content
    assert capfd.readouterr().err == ""


def test_a_connection_can_be_reset(faulty: Faulty, capfd: pytest.CaptureFixture[str]) -> None:
    faulty.set(shares={"reset": ALWAYS})
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        faulty.search()
    faulty.set(shares={})
    assert faulty.search().status_code == 200
    assert capfd.readouterr().err == ""


def test_a_slow_answer_comes_whole(faulty: Faulty) -> None:
    good = faulty.search().content
    faulty.set(shares={"slow": ALWAYS}, slow_s=0.1)
    begun = time.monotonic()
    assert faulty.search().content == good
    assert time.monotonic() - begun >= 0.1


def test_an_endless_next_leads_on_past_the_end(faulty: Faulty, catalog: Catalog) -> None:
    faulty.set(shares={"endless_next": ALWAYS})
    album = catalog.albums.ids[0]
    page = faulty.json(f"/albums/{album}/tracks", limit=50)
    sizes = []
    for _ in range(3):
        sizes.append(len(page["items"]))
        page = faulty.session.get(page["next"], timeout=10).json()
    assert sizes == [page["total"], 0, 0]
    assert page["offset"] == 150


def test_a_total_can_be_wrong_and_the_items_right(faulty: Faulty) -> None:
    good = faulty.json("/browse/new-releases", limit=5)["albums"]
    faulty.set(shares={"wrong_total": ALWAYS})
    wrong = [faulty.json("/browse/new-releases", limit=5)["albums"] for _ in range(5)]
    assert all(page["total"] != good["total"] for page in wrong)
    assert all(page["total"] >= 0 for page in wrong)
    assert len({page["total"] for page in wrong}) > 1
    assert all(page["items"] == good["items"] for page in wrong)


@pytest.mark.parametrize("fault", ["endless_next", "wrong_total"])
def test_what_has_no_page_stays_as_it_is(faulty: Faulty, fault: str) -> None:
    faulty.set(script=[{"fault": fault}, {"fault": fault, "family": "token"}])
    assert faulty.refusal("/nonsense") == (404, "Service not found")
    page = requests.get(f"{faulty.url}/authorize", timeout=10)
    assert (page.status_code, faulty.state()["script"]) == (400, [])


# ---------------------------------------------------------------- forms of 429


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", b'"reason":"QUOTA_EXCEEDED"'),
        ("json_without_reason", b'"message":"API rate limit exceeded"}}'),
        ("text", b"Too many requests"),
        ("empty", b""),
    ],
)
def test_the_body_of_a_429_has_every_form(faulty: Faulty, form: str, body: bytes) -> None:
    faulty.set(quotas={"search": 0}, too_many={"body": form})
    response = faulty.search()
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "86400"
    assert (body in response.content) if body else (response.content == b"")
    assert (b"QUOTA_EXCEEDED" in response.content) == (form == "json")


def test_a_retry_after_can_be_absent_a_date_or_rubbish(faulty: Faulty) -> None:
    faulty.set(quotas={"search": 0}, too_many={"retry_after": "absent"})
    assert "Retry-After" not in faulty.search().headers
    faulty.set(too_many={"retry_after": "date"})
    date = parsedate_to_datetime(faulty.search().headers["Retry-After"]).timestamp()
    assert 86_390 < date - time.time() <= 86_401
    faulty.set(too_many={"retry_after": "rubbish"})
    assert not any(faulty.search().headers["Retry-After"].isdecimal() for _ in range(10))


def test_drawn_forms_are_all_there_are(faulty: Faulty) -> None:
    faulty.set(quotas={"search": 0}, too_many={"body": "drawn", "retry_after": "drawn"})
    answers = [faulty.search() for _ in range(60)]
    bodies = {answer.content for answer in answers}
    waits = {answer.headers.get("Retry-After", "absent") for answer in answers}
    assert len(bodies) == len(get_args(BodyForm)) - 1
    assert {"86400", "absent"} < waits
    assert any(wait.endswith("GMT") for wait in waits)
    assert waits & {"soon", "-1", "one minute"}


@given(st.integers(), st.integers(1, 10**6), st.sampled_from(get_args(RetryAfterForm)))
def test_a_429_as_a_fault_asks_for_the_wait_that_was_set(
    seed: int, ordinal: int, form: RetryAfterForm
) -> None:
    too_many = TooMany(body="text", retry_after=form, wait_s=7)
    answer = faults.instead("too_many", too_many, Luck(seed, ordinal), 0.0)
    assert answer is not None
    wait = dict(answer.headers).get(b"retry-after")
    expected: dict[str, set[bytes | None]] = {
        "seconds": {b"7"},
        "absent": {None},
        "date": {b"Thu, 01 Jan 1970 00:00:07 GMT"},
    }
    if form in expected:
        assert wait in expected[form]


# ---------------------------------------------------------------- draws


@given(st.integers(), st.floats(0.05, 0.95), st.sampled_from(FAULTS), st.integers(1, 10))
def test_a_draw_depends_on_the_seed_and_the_ordinal_alone(
    seed: int, share: float, fault: str, burst: int
) -> None:
    behaviour = Behaviour.model_validate({"seed": seed, "shares": {fault: share}, "burst": burst})
    assert drawn(behaviour, 30) == drawn(behaviour, 40)[:30]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("burst", [1, 5])
def test_a_fault_has_the_share_that_was_set(fault: str, burst: int) -> None:
    behaviour = Behaviour.model_validate({"shares": {fault: 0.1}, "burst": burst})
    counts = Counter(drawn(behaviour, 5000))
    assert 0.08 < counts[fault] / 5000 < 0.12
    assert counts.keys() == {fault, None}


@pytest.mark.parametrize(("share", "expected"), [(0.0, {None}), (1.0, {"503"})])
def test_shares_of_none_and_all_are_exact(share: float, expected: set[str | None]) -> None:
    behaviour = Behaviour(shares={"503": share}, burst=3)
    assert set(drawn(behaviour, 200)) == expected


def test_server_errors_come_in_bursts() -> None:
    faults = drawn(Behaviour(shares={"503": 0.02}, burst=4), 5000)
    runs = "".join("x" if fault else "." for fault in faults).split(".")
    lengths = {len(run) for run in runs[1:-1]} - {0}
    assert min(lengths) == 4


def test_the_same_requests_meet_the_same_faults(faulty: Faulty) -> None:
    settings: dict[str, Any] = {"seed": 5, "shares": {"503": 0.2, "empty_400": 0.3}}

    def statuses() -> list[int]:
        faulty.reset()
        faulty.set(**settings)
        return faulty.statuses(30)

    first = statuses()
    assert {200, 400, 503} == set(first)
    assert statuses() == first
    settings["seed"] = 6
    assert statuses() != first


def test_faults_can_be_given_at_the_start(catalog: Catalog) -> None:
    app = create_app(catalog, behaviour=Behaviour(shares={"502": 1}))
    with running(app) as server:
        header = {"Authorization": f"Bearer {token(server.url)}"}
        answer = requests.get(f"{server.url}/v1/markets", headers=header, timeout=10)
    assert answer.status_code == 502


# ---------------------------------------------------------------- script


def test_a_script_is_played_once_and_then_all_is_well(faulty: Faulty) -> None:
    faulty.set(script=[{"fault": "503", "times": 2}, {"fault": None}, {"fault": "empty_400"}])
    assert faulty.statuses(5) == [503, 503, 200, 400, 200]
    assert faulty.state()["script"] == []


def test_a_script_goes_before_the_shares(faulty: Faulty) -> None:
    faulty.set(shares={"500": ALWAYS}, script=[{"fault": None, "times": 2}, {"fault": "502"}])
    assert faulty.statuses(4) == [200, 200, 502, 500]


def test_a_script_for_a_family_waits_for_it(faulty: Faulty) -> None:
    faulty.set(script=[{"fault": "503", "times": 3, "family": "search"}])
    assert faulty.get("/markets").status_code == 200
    assert faulty.statuses(1) == [503]
    assert faulty.state()["script"][0]["times"] == 2


def test_a_token_can_only_be_refused_by_name(faulty: Faulty) -> None:
    faulty.set(shares={"503": ALWAYS}, script=[{"fault": "500"}])
    assert token(faulty.url)
    faulty.set(script=[{"fault": "500", "family": "token"}])
    answer = requests.post(f"{faulty.url}/api/token", timeout=10)
    assert answer.status_code == 500


def test_a_script_has_its_own_form_of_429(faulty: Faulty) -> None:
    form = {"body": "text", "wait_s": 3}
    faulty.set(script=[{"fault": "too_many", "too_many": form}, {"fault": "quota_exceeded"}])
    first, second = faulty.search(), faulty.search()
    assert (first.text, first.headers["Retry-After"]) == ("Too many requests", "3")
    assert second.headers["Retry-After"] == "85771"
    assert second.json()["error"]["reason"] == "QUOTA_EXCEEDED"
