from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sandbox.limits import Rolling
from spotify_assets_tests.sandbox.conftest import START, Spoiled

DAY = 86_400
QUARTERS = st.integers(0, 400).map(lambda quarters: quarters / 4)


def test_a_request_past_the_rate_limit_is_refused_until_there_is_room(spoiled: Spoiled) -> None:
    spoiled.set(rate_limit=3, window_s=30)
    assert spoiled.statuses(2) == [200, 200]
    spoiled.advance(10.5)
    assert spoiled.statuses(2) == [200, 429]
    refused = spoiled.get("/markets")
    assert refused.headers["Retry-After"] == "20"
    assert refused.json() == {"error": {"status": 429, "message": "API rate limit exceeded"}}
    spoiled.advance(19)
    assert spoiled.statuses(1) == [429]
    spoiled.advance(1)
    assert spoiled.statuses(3) == [200, 200, 429]


def test_a_refused_request_does_not_count(spoiled: Spoiled) -> None:
    spoiled.set(rate_limit=1, quotas={"search": 2})
    assert spoiled.statuses(5) == [200, 429, 429, 429, 429]
    assert spoiled.state()["counted"]["in_window"] == 1
    spoiled.advance(30)
    assert spoiled.statuses(1) == [200]
    assert spoiled.state()["counted"]["in_day"] == {"search": 2}


def test_a_quota_stops_one_family_and_no_other(spoiled: Spoiled) -> None:
    spoiled.set(quotas={"search": 1})
    refused = (spoiled.search(), spoiled.search())[1]
    assert refused.status_code == 429
    assert refused.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert refused.headers["Retry-After"] == str(DAY)
    assert spoiled.get("/markets").status_code == 200


def test_a_quota_has_room_when_its_oldest_request_leaves_the_day(spoiled: Spoiled) -> None:
    spoiled.set(quotas={"search": 2})
    spoiled.search()
    spoiled.advance(3600)
    spoiled.search()
    refused = spoiled.search()
    assert refused.headers["Retry-After"] == str(DAY - 3600)
    spoiled.advance(DAY - 3600 - 1)
    # A token lasts an hour: the next answer is about the limit all the same.
    assert spoiled.search().status_code == 429
    spoiled.advance(1)
    assert spoiled.search().status_code == 401


def test_a_quota_can_ask_for_a_fixed_time(spoiled: Spoiled) -> None:
    spoiled.set(quotas={"search": 0}, quota_retry_after_s=85_771)
    assert spoiled.search().headers["Retry-After"] == "85771"


def test_signing_in_and_control_are_not_counted(spoiled: Spoiled) -> None:
    spoiled.set(rate_limit=1)
    for _ in range(3):
        assert (
            "access_token"
            in spoiled.session.post(
                f"{spoiled.url}/api/token",
                data={"grant_type": "client_credentials"},
                auth=("sandbox", "sandbox"),
                timeout=10,
            ).json()
        )
        spoiled.state()
    assert spoiled.statuses(2) == [200, 429]


@given(st.lists(QUARTERS, min_size=1, max_size=60), st.integers(1, 8), st.integers(1, 40))
def test_there_is_room_after_the_wait_and_not_a_second_before(
    gaps: list[float], limit: int, period_s: int
) -> None:
    rolling, now = Rolling(), START
    counted: list[float] = []
    for gap in gaps:
        now += gap / 10
        wait = rolling.wait(now, period_s, limit)
        lately = [time for time in counted if time > now - period_s]
        assert (wait is None) == (len(lately) < limit)
        if wait is None:
            rolling.add(now, period_s)
            counted.append(now)
        else:
            leaves = lately[-limit] + period_s
            assert now + wait - 1 < leaves <= now + wait or wait == 1
