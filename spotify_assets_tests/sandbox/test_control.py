import json
from typing import Any

import pytest
import requests

from spotify_assets.sandbox.api import create_app
from spotify_assets.sandbox.behaviour import Behaviour, pairs
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.server import running
from spotify_assets_tests.sandbox.conftest import TODAY, Faulty


def refusal(url: str, body: str, *, method: str = "PATCH", path: str = "state") -> str:
    response = requests.request(method, f"{url}/sandbox/{path}", data=body, timeout=10)
    assert response.status_code == 400, response.text
    message: str = response.json()["error"]["message"]
    return message


def test_the_mode_can_change_while_it_runs(faulty: Faulty) -> None:
    assert faulty.get("/markets").status_code == 200
    assert faulty.set(mode="development")["mode"] == "development"
    assert faulty.refusal("/markets") == (403, "Forbidden")


def test_a_change_keeps_what_it_does_not_name(faulty: Faulty) -> None:
    faulty.set(rate_limit=5, quotas={"search": 9}, shares={"503": 0.5})
    state = faulty.set(rate_limit=None, quotas={"me": 1})
    assert state["rate_limit"] is None
    assert state["quotas"] == {"me": 1}
    assert state["shares"] == {"503": 0.5}


def test_what_the_state_shows_can_be_set_again(faulty: Faulty) -> None:
    shown = faulty.set(script=[{"fault": "503", "family": "search"}], too_many={"body": "text"})
    settings = {name: shown[name] for name in Behaviour.model_fields}
    assert faulty.set(**settings) == shown


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"speed": 1}, "There is no 'speed'; there are mode, rate_limit, window_s"),
        ({"counted": {}}, "There is no 'counted'"),
        ({"shares": {"fire": 0.5}}, "shares.fire: Input should be 'reset', '500'"),
        ({"shares": {"503": 1.5}}, "shares.503: Input should be less than or equal to 1"),
        ({"quotas": {"serch": 5}}, "quotas.serch: there is no family 'serch'; there are"),
        ({"quotas": {"token": 5}}, "quotas.token: there is no family 'token'"),
        ({"rate_limit": 0}, "rate_limit: Input should be greater than or equal to 1"),
        ({"window_s": 0}, "window_s: Input should be greater than 0"),
        ({"mode": "paid"}, "mode: Input should be 'extended' or 'development'"),
        ({"script": [{"fault": "503", "tims": 3}]}, "There is no 'tims' in script.0"),
        ({"too_many": {"body": "xml"}}, "too_many.body: Input should be 'json'"),
        ([], "has to be a JSON object"),
    ],
)
def test_what_cannot_be_set_is_refused_in_clear_words_and_changes_nothing(
    faulty: Faulty, settings: Any, said: str
) -> None:
    before = faulty.state()
    assert said in refusal(faulty.url, json.dumps(settings))
    if isinstance(settings, dict):
        assert said in refusal(faulty.url, json.dumps({"seed": 99} | settings))
    assert faulty.state() == before


@pytest.mark.parametrize("body", ["", "{", "\xff"])
def test_what_is_no_json_is_refused(faulty: Faulty, body: str) -> None:
    assert refusal(faulty.url, body) == "The body has to be JSON."


@pytest.mark.parametrize(
    "body", ['{"advance_s": -1}', '{"advance_s": NaN}', '{"advance_s": 1e300}', "{}", "[]", "7"]
)
def test_the_clock_only_goes_on(faulty: Faulty, body: str) -> None:
    refusal(faulty.url, body, method="POST", path="clock")
    assert faulty.state()["clock"]["advanced_s"] == 0


def test_moving_the_clock_ends_a_token_and_the_day(faulty: Faulty) -> None:
    assert faulty.state()["clock"]["today"] == "2025-11-20"
    faulty.advance(3599)
    newest = faulty.search().content
    assert newest
    faulty.advance(1)
    assert faulty.refusal("/markets") == (401, "The access token expired")
    assert faulty.advance(11 * 3600)["clock"] == {
        "now": "2025-11-21T00:00:00.000+00:00",
        "advanced_s": 43_200,
        "today": "2025-11-21",
    }


def test_a_fixed_day_moves_on_by_whole_days(catalog: Catalog) -> None:
    with running(create_app(catalog, today=TODAY)) as server:
        days = [
            requests.post(
                f"{server.url}/sandbox/clock", json={"advance_s": seconds}, timeout=10
            ).json()["clock"]["today"]
            for seconds in (0, 86_399, 1, 86_400)
        ]
    assert days == ["2026-11-20", "2026-11-20", "2026-11-21", "2026-11-22"]


def test_a_reset_makes_it_as_at_the_start(catalog: Catalog) -> None:
    behaviour = Behaviour(mode="development", quotas={"search": 3})
    with running(create_app(catalog, behaviour=behaviour)) as server:
        url = f"{server.url}/sandbox"
        requests.get(f"{server.url}/v1/search", timeout=10)
        changes = {"mode": "extended", "quotas": {}, "script": [{"fault": "503"}]}
        requests.patch(f"{url}/state", json=changes, timeout=10)
        requests.post(f"{url}/clock", json={"advance_s": 500}, timeout=10)
        state = requests.post(f"{url}/reset", timeout=10).json()
    assert Behaviour.model_validate({k: state[k] for k in Behaviour.model_fields}) == behaviour
    assert state["clock"]["advanced_s"] == 0
    assert state["counted"] == {"requests": 0, "in_window": 0, "in_day": {}}


def test_control_needs_no_token_and_is_not_logged(faulty: Faulty) -> None:
    faulty.set(shares={"503": 1}, rate_limit=1)
    for _ in range(3):
        assert requests.get(f"{faulty.url}/sandbox/state", timeout=10).status_code == 200
    assert len(faulty.log) == 0


def test_pairs_are_read_or_refused() -> None:
    assert pairs(["search=500", "503=0.1"]) == {"search": "500", "503": "0.1"}
    for word in ("search", "search=", "=5"):
        with pytest.raises(ValueError, match="write name=value"):
            pairs([word])
