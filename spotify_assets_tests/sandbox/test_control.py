import json
from typing import Any

import pytest
import requests

from spotify_assets.sandbox.api import create_app
from spotify_assets.sandbox.behaviour import Behaviour, pairs
from spotify_assets.sandbox.catalogue import Catalogue
from spotify_assets.sandbox.server import running
from spotify_assets_tests.sandbox.conftest import TODAY, Spoiled


def refusal(url: str, body: str, *, method: str = "PATCH", path: str = "state") -> str:
    response = requests.request(method, f"{url}/sandbox/{path}", data=body, timeout=10)
    assert response.status_code == 400, response.text
    message: str = response.json()["error"]["message"]
    return message


def test_the_mode_can_change_while_it_runs(spoiled: Spoiled) -> None:
    assert spoiled.get("/markets").status_code == 200
    assert spoiled.set(mode="development")["mode"] == "development"
    assert spoiled.refusal("/markets") == (403, "Forbidden")


def test_a_change_keeps_what_it_does_not_name(spoiled: Spoiled) -> None:
    spoiled.set(rate_limit=5, quotas={"search": 9}, shares={"503": 0.5})
    state = spoiled.set(rate_limit=None, quotas={"me": 1})
    assert state["rate_limit"] is None
    assert state["quotas"] == {"me": 1}
    assert state["shares"] == {"503": 0.5}


def test_what_the_state_shows_can_be_set_again(spoiled: Spoiled) -> None:
    shown = spoiled.set(script=[{"fault": "503", "family": "search"}], too_many={"body": "text"})
    settings = {name: shown[name] for name in Behaviour.model_fields}
    assert spoiled.set(**settings) == shown


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
    spoiled: Spoiled, settings: Any, said: str
) -> None:
    before = spoiled.state()
    assert said in refusal(spoiled.url, json.dumps(settings))
    if isinstance(settings, dict):
        assert said in refusal(spoiled.url, json.dumps({"seed": 99} | settings))
    assert spoiled.state() == before


@pytest.mark.parametrize("body", ["", "{", "\xff"])
def test_what_is_no_json_is_refused(spoiled: Spoiled, body: str) -> None:
    assert refusal(spoiled.url, body) == "The body has to be JSON."


@pytest.mark.parametrize(
    "body", ['{"advance_s": -1}', '{"advance_s": NaN}', '{"advance_s": 1e300}', "{}", "[]", "7"]
)
def test_the_clock_only_goes_on(spoiled: Spoiled, body: str) -> None:
    refusal(spoiled.url, body, method="POST", path="clock")
    assert spoiled.state()["clock"]["advanced_s"] == 0


def test_moving_the_clock_ends_a_token_and_the_day(spoiled: Spoiled) -> None:
    assert spoiled.state()["clock"]["today"] == "2025-11-20"
    spoiled.advance(3599)
    newest = spoiled.search().content
    assert newest
    spoiled.advance(1)
    assert spoiled.refusal("/markets") == (401, "The access token expired")
    assert spoiled.advance(11 * 3600)["clock"] == {
        "now": "2025-11-21T00:00:00.000+00:00",
        "advanced_s": 43_200,
        "today": "2025-11-21",
    }


def test_a_fixed_day_moves_on_by_whole_days(catalogue: Catalogue) -> None:
    with running(create_app(catalogue, today=TODAY)) as server:
        days = [
            requests.post(
                f"{server.url}/sandbox/clock", json={"advance_s": seconds}, timeout=10
            ).json()["clock"]["today"]
            for seconds in (0, 86_399, 1, 86_400)
        ]
    assert days == ["2026-11-20", "2026-11-20", "2026-11-21", "2026-11-22"]


def test_a_reset_makes_it_as_at_the_start(catalogue: Catalogue) -> None:
    behaviour = Behaviour(mode="development", quotas={"search": 3})
    with running(create_app(catalogue, behaviour=behaviour)) as server:
        url = f"{server.url}/sandbox"
        requests.get(f"{server.url}/v1/search", timeout=10)
        changes = {"mode": "extended", "quotas": {}, "script": [{"fault": "503"}]}
        requests.patch(f"{url}/state", json=changes, timeout=10)
        requests.post(f"{url}/clock", json={"advance_s": 500}, timeout=10)
        state = requests.post(f"{url}/reset", timeout=10).json()
    assert Behaviour.model_validate({k: state[k] for k in Behaviour.model_fields}) == behaviour
    assert state["clock"]["advanced_s"] == 0
    assert state["counted"] == {"requests": 0, "in_window": 0, "in_day": {}}


def test_control_needs_no_token_and_is_not_logged(spoiled: Spoiled) -> None:
    spoiled.set(shares={"503": 1}, rate_limit=1)
    for _ in range(3):
        assert requests.get(f"{spoiled.url}/sandbox/state", timeout=10).status_code == 200
    assert len(spoiled.log) == 0


def test_pairs_are_read_or_refused() -> None:
    assert pairs(["search=500", "503=0.1"]) == {"search": "500", "503": "0.1"}
    for word in ("search", "search=", "=5"):
        with pytest.raises(ValueError, match="write name=value"):
            pairs([word])
