"""A lake on S3: one request at most is lost, and it is said what to do where the store refuses."""

import datetime as dt
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import GenreDay, Lake, layout
from spotify_assets.lake import store as stores
from spotify_assets.lake.log import Change, Day, Log, Origin, State, TableFile
from spotify_assets.lake.raw import RawPartition, read_exchanges
from spotify_assets.lake.store import Remote, StoreFailed, open_store, remote
from spotify_assets.lake.tables import Overtaken, read_file, read_partition, write_days
from spotify_assets.storage.errors import FailureKind
from spotify_assets_tests.lake import processes
from spotify_assets_tests.lake.s3 import S3
from spotify_assets_tests.lake.samples import TERMS, numbered_answer, question

TODAY = dt.date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0.0)


def in_environment(s3: S3) -> dict[str, str]:
    """What the cloud's own tools take, beside the URL."""
    return {
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
        "AWS_REGION": "eu-central-1",
    }


def write(log: Log, number: int) -> State:
    """Count a day up to a number, with a file for it."""
    key = f"star/facts/{number}"

    def change(state: State) -> Change:
        assert TODAY not in state.days or state.days[TODAY].tables["star.facts"].rows == number - 1
        return {TODAY: Day({"star.facts": TableFile(key, str(number), number, 1)})}

    log.store.create(key, b"rows")
    return log.commit("r&b", change)


HOWS = ("SlowDown", "lost", "half", "RequestTimeout", "ConditionalRequestConflict")


def fails_at(request: int, how: str) -> Callable[[str, str], str | None]:
    """The fault of one request; a conflict is of a put alone."""
    left = request

    def fail(method: str, _path: str) -> str | None:
        nonlocal left
        is_meant = how != "ConditionalRequestConflict" or method == "PUT"
        left -= is_meant
        return how if is_meant and left == 0 else None

    return fail


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("at", range(1, 9))
def test_a_fault_at_any_request_loses_and_doubles_no_commit(s3: S3, at: int, how: str) -> None:
    bucket = s3.bucket()
    s3.fail = fails_at(at, how)
    log = Log(s3.store(bucket))
    for number in (1, 2, 3):
        write(log, number)
    assert len(s3.requests) > at
    assert [commit.seq for commit in Log(s3.store(bucket)).since("r&b", 0)] == [1, 2, 3]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("at", range(1, 21, 2))
def test_a_fault_at_any_request_loses_and_doubles_no_response(
    s3: S3, at: int, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = s3.bucket()
    monkeypatch.setattr(layout, "open_store", lambda _url: s3.store(bucket))
    partition = RawPartition(Lake(tmp_path, "s3://bucket"), GenreDay("r&b", TODAY))
    s3.fail = fails_at(at, how)
    with partition.journal(TERMS) as journal:
        for number in (1, 2, 3):
            assert journal.answer(question(number)) is None
            journal.append(question(number), numbered_answer(number))
        sealed = partition.seal(journal)
    assert partition.latest() == sealed
    assert [one.line for one in read_exchanges(sealed.path)] == [1, 2, 3]
    folder = partition.lake.relative(partition.folder)
    assert s3.store(bucket).keys("raw") == [f"{folder}/0001.json", f"{folder}/0001.jsonl.zst"]


@pytest.mark.parametrize(
    ("code", "remedy", "kind"),
    [
        ("SlowDown", "overloaded. Nothing is lost", FailureKind.RETRY),
        ("InternalError", "see that the store can be reached", FailureKind.RETRY),
        ("AccessDenied", "the rights to list the bucket", FailureKind.PERMANENT),
        ("InvalidAccessKeyId", "set them in the environment", FailureKind.PERMANENT),
        ("SignatureDoesNotMatch", "set them in the environment", FailureKind.PERMANENT),
        ("ExpiredToken", "missing, wrong or has expired", FailureKind.PERMANENT),
        ("RequestTimeTooSkewed", "The clock of this machine is wrong", FailureKind.PERMANENT),
        ("AuthorizationHeaderMalformed", "Set AWS_REGION", FailureKind.PERMANENT),
        ("KMS.DisabledException", "the key by which the bucket encrypts", FailureKind.PERMANENT),
        ("NotImplemented", "cannot create a key only once", FailureKind.PERMANENT),
    ],
)
def test_every_error_of_a_store_says_what_to_do(
    s3: S3, code: str, remedy: str, kind: FailureKind
) -> None:
    store = s3.store(s3.bucket())
    s3.fail = lambda _method, _path: code
    for call in (lambda: store.create("a", b"x"), lambda: store.get("a"), lambda: store.keys("a")):
        with pytest.raises(StoreFailed, match=re.escape(remedy)) as failed:
            call()
        assert failed.value.kind is kind
        assert "s3://bucket" in str(failed.value)
        assert "<" not in str(failed.value)


def test_what_fails_until_somebody_changes_something_is_asked_for_once(s3: S3) -> None:
    store = s3.store(s3.bucket())
    s3.fail = lambda _method, _path: "AccessDenied"
    with pytest.raises(StoreFailed):
        store.keys("a")
    assert len(s3.requests) == 1


def test_a_store_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "RETRIES", {"max_retries": 0})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(StoreFailed, match="see that the store can be reached") as failed:
        open_store("s3://bucket/lake").keys("a")
    assert failed.value.kind is FailureKind.RETRY


FACTS = "star.facts"


def rows_of(day: GenreDay, number: int) -> dict[dt.date, dict[str, pl.DataFrame]]:
    frame = pl.DataFrame({"genre": [day.genre], "date": [day.date], "number": [number]})
    return {day.date: {FACTS: frame}}


def count_in_bucket(cache: str, url: str, times: int) -> None:
    """Count a genre-day that all share; what another has changed meanwhile is read again."""
    lake, day = Lake(Path(cache), url), GenreDay("r&b", TODAY)
    sys.stdin.readline()
    while times:
        read = lake.log.state(day.genre).days[TODAY].tables[FACTS]
        number = read_file(lake, read, TODAY)["number"].item()
        with suppress(Overtaken):
            made_from = {TODAY: {FACTS: read.hash}}
            write_days(lake, day.genre, rows_of(day, number + 1), Origin(), made_from=made_from)
            times -= 1


def add_in_bucket(cache: str, url: str, genre: str, first: str, times: int) -> None:
    """Write days of a genre, one after the other."""
    lake = Lake(Path(cache), url)
    sys.stdin.readline()
    for number in range(times):
        day = GenreDay(genre, dt.date.fromisoformat(first) + dt.timedelta(days=number))
        write_days(lake, genre, rows_of(day, number), Origin())


@pytest.fixture
def bucket(s3: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new one, which processes find by the environment."""
    for name, value in in_environment(s3).items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3.bucket()}/lake"


def lost_races(s3: S3, commits: int) -> int:
    """How often a process found that another was first."""
    puts = [path for method, path in s3.requests if method == "PUT" and "/commits/" in path]
    return len(puts) - commits


@pytest.mark.slow
def test_four_processes_that_change_one_genre_day_lose_and_double_nothing(
    s3: S3, bucket: str, tmp_path: Path
) -> None:
    lake, day = Lake(tmp_path, bucket), GenreDay("r&b", TODAY)
    write_days(lake, day.genre, rows_of(day, 0), Origin())
    calls = [(tmp_path / str(worker), bucket, 200) for worker in range(4)]
    assert processes.at_once(count_in_bucket, *calls) == [0] * 4
    assert lake.log.state("r&b").seq == 801
    assert read_partition(lake, FACTS, day)["number"].to_list() == [800]
    print(f"{lost_races(s3, 801)} lost races")


@pytest.mark.slow
@pytest.mark.parametrize("genres", [["r&b"] * 4, ["rock", "pop", "forró", "r&b"]])
def test_four_processes_that_write_other_genre_days_lose_and_double_nothing(
    s3: S3, bucket: str, tmp_path: Path, genres: list[str]
) -> None:
    lake, firsts = Lake(tmp_path, bucket), [dt.date(year, 1, 1) for year in range(2021, 2025)]
    calls = [
        (tmp_path / str(first), bucket, genre, first, 200)
        for genre, first in zip(genres, firsts, strict=True)
    ]
    assert processes.at_once(add_in_bucket, *calls) == [0] * 4
    assert sum(lake.log.state(genre).seq for genre in set(genres)) == 800
    for genre, first in zip(genres, firsts, strict=True):
        for number in range(200):
            day = GenreDay(genre, first + dt.timedelta(days=number))
            assert read_partition(lake, FACTS, day)["number"].to_list() == [number]
    print(f"{lost_races(s3, 800)} lost races")


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
    for name, value in in_environment(s3).items():
        monkeypatch.setenv(name, value)
    store = open_store(f"s3://{bucket}/team/lake")
    store.create("a", b"x")
    assert isinstance(store, Remote)
    assert s3.store(bucket, "team/lake").get("a") == b"x"
