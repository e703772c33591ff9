from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sandbox.limits import Rolling
from spotify_assets_tests.sandbox.conftest import START, Faulty

DAY = 86_400
QUARTERS = st.integers(0, 400).map(lambda quarters: quarters / 4)


def test_a_request_past_the_rate_limit_is_refused_until_there_is_room(faulty: Faulty) -> None:
    faulty.set(rate_limit=3, window_s=30)
    assert faulty.statuses(2) == [200, 200]
    faulty.advance(10.5)
    assert faulty.statuses(2) == [200, 429]
    refused = faulty.get("/markets")
    assert refused.headers["Retry-After"] == "20"
    assert refused.json() == {"error": {"status": 429, "message": "API rate limit exceeded"}}
    faulty.advance(19)
    assert faulty.statuses(1) == [429]
    faulty.advance(1)
    assert faulty.statuses(3) == [200, 200, 429]


def test_a_refused_request_does_not_count(faulty: Faulty) -> None:
    faulty.set(rate_limit=1, quotas={"search": 2})
    assert faulty.statuses(5) == [200, 429, 429, 429, 429]
    assert faulty.state()["counted"]["in_window"] == 1
    faulty.advance(30)
    assert faulty.statuses(1) == [200]
    assert faulty.state()["counted"]["in_day"] == {"search": 2}


def test_a_quota_stops_one_family_and_no_other(faulty: Faulty) -> None:
    faulty.set(quotas={"search": 1})
    refused = (faulty.search(), faulty.search())[1]
    assert refused.status_code == 429
    assert refused.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert refused.headers["Retry-After"] == str(DAY)
    assert faulty.get("/markets").status_code == 200


def test_a_quota_has_room_when_its_oldest_request_leaves_the_day(faulty: Faulty) -> None:
    faulty.set(quotas={"search": 2})
    faulty.search()
    faulty.advance(3600)
    faulty.search()
    refused = faulty.search()
    assert refused.headers["Retry-After"] == str(DAY - 3600)
    faulty.advance(DAY - 3600 - 1)
    # A token lasts an hour: the next answer is about the limit all the same.
    assert faulty.search().status_code == 429
    faulty.advance(1)
    assert faulty.search().status_code == 401


def test_a_quota_can_ask_for_a_fixed_time(faulty: Faulty) -> None:
    faulty.set(quotas={"search": 0}, quota_retry_after_s=85_771)
    assert faulty.search().headers["Retry-After"] == "85771"


def test_signing_in_and_control_are_not_counted(faulty: Faulty) -> None:
    faulty.set(rate_limit=1)
    for _ in range(3):
        assert (
            "access_token"
            in faulty.session.post(
                f"{faulty.url}/api/token",
                data={"grant_type": "client_credentials"},
                auth=("sandbox", "sandbox"),
                timeout=10,
            ).json()
        )
        faulty.state()
    assert faulty.statuses(2) == [200, 429]


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
