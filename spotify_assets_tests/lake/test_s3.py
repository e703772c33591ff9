"""A lake on S3: one request at most is lost, and it is said what to do where the store refuses."""

import datetime as dt

import pytest

from spotify_assets.lake import store as stores
from spotify_assets.lake.log import Change, Day, Log, State, TableFile
from spotify_assets.lake.store import Remote, StoreFailed, open_store
from spotify_assets.storage.errors import FailureKind
from spotify_assets_tests.lake.s3 import S3

TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "PAUSE_SECONDS", 0.0)


def write(log: Log, number: int) -> State:
    """Count a day up to a number, with a file for it."""
    key = f"star/facts/{number}"

    def change(state: State) -> Change:
        assert TODAY not in state.days or state.days[TODAY].tables["star.facts"].rows == number - 1
        return {TODAY: Day({"star.facts": TableFile(key, str(number), number, 1)})}

    log.store.create(key, b"rows")
    return log.commit("r&b", change)


@pytest.mark.parametrize("how", ["refused", "lost"])
@pytest.mark.parametrize("at", range(1, 9))
def test_an_answer_of_503_at_any_request_loses_and_doubles_nothing(
    s3: S3, at: int, how: str
) -> None:
    bucket = s3.bucket()
    left = at

    def fail(_method: str, _path: str) -> str | None:
        nonlocal left
        left -= 1
        return how if left == 0 else None

    s3.fail = fail
    log = Log(s3.store(bucket))
    for number in (1, 2, 3):
        write(log, number)
    assert left <= 0
    assert [commit.seq for commit in Log(s3.store(bucket)).since("r&b", 0)] == [1, 2, 3]


def test_a_store_that_always_fails_is_said(s3: S3) -> None:
    bucket = s3.bucket()
    s3.fail = lambda _method, _path: "refused"
    with pytest.raises(StoreFailed, match=r"overloaded\. Nothing is lost") as failed:
        s3.store(bucket).create("a", b"x")
    assert failed.value.kind is FailureKind.RETRY


def test_a_bucket_that_is_not_there_is_said(s3: S3) -> None:
    with pytest.raises(StoreFailed, match="There is no such bucket") as failed:
        s3.store("no-such-bucket").get("a")
    assert failed.value.kind is FailureKind.PERMANENT


def test_a_commit_takes_few_requests(s3: S3) -> None:
    log = Log(s3.store(s3.bucket()))
    write(log, 1)
    s3.requests.clear()
    write(log, 2)
    # Its file, what the log says now, the commit.
    assert [method for method, _ in s3.requests] == ["PUT", "GET", "PUT"]


def test_the_url_and_the_clouds_own_variables_are_enough(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = s3.bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    store = open_store(f"s3://{bucket}/team/lake")
    store.create("a", b"x")
    assert isinstance(store, Remote)
    assert s3.store(bucket, "team/lake").get("a") == b"x"
