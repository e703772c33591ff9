import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from spotify_assets.lake.exchanges import Request
from spotify_assets.operations.status import status
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import Budget
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.sources.spotify_api.ledger import Ledger, Outcome
from spotify_assets_tests.sources.spotify_api.times import SetClock

SEARCH = Request("search", "search", {"q": "genre:rock"})


@pytest.fixture
def settings(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "genres.txt").write_text("rock\nsamba\n")
    monkeypatch.setenv("SPOTIFY_GENRES_FILE", str(tmp_path / "genres.txt"))
    monkeypatch.setenv("SPOTIFY_DAILY_BUDGET", "search=5")
    return Settings()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def budget(settings: Settings, clock: SetClock) -> Iterator[Budget]:
    connection = settings.connection
    with closing(Ledger(settings.ledger)) as ledger:
        yield Budget(ledger, connection.app, connection.source, settings.limits, clock)


def test_before_anything_was_asked_all_genres_are_due_and_the_mode_is_not_known(
    settings: Settings, clock: SetClock
) -> None:
    now = status(settings, clock)

    assert (now.mode, now.blocks, now.in_window) == (None, [], 0)
    assert [due.genre_day.genre for due, _ in now.queue] == ["rock", "samba"]
    assert {one.endpoint: (one.used, one.per_day) for one in now.families}["search"] == (0, 5)


def test_the_queue_says_when_the_budget_allows_each_genre(
    settings: Settings, clock: SetClock, budget: Budget
) -> None:
    for _ in range(3):
        call = budget.admit(SEARCH)
        budget.settle(call, Outcome(10, status=200))
    clock.advance(3600)

    now = status(settings, clock)

    assert {one.endpoint: one.used for one in now.families}["search"] == 3
    # Two searches each: the first genre has them now, the second when the oldest calls leave.
    assert [round(planned.done_in_seconds / 3600) for _, planned in now.queue] == [0, 23]


def test_a_block_is_shown_with_what_is_left_of_it(
    settings: Settings, clock: SetClock, budget: Budget
) -> None:
    with pytest.raises(Blocked):
        budget.refused("search", 85_771, "QUOTA_EXCEEDED", is_quota=True)
    clock.advance(771)

    now = status(settings, clock)

    assert [(b.endpoint, round(b.seconds), b.reason) for b in now.blocks] == [
        ("search", 85_000, "QUOTA_EXCEEDED")
    ]
    assert now.queue[0][1].done_in_seconds == pytest.approx(85_000)
    assert now.at == dt.datetime.fromtimestamp(clock.wall, dt.UTC)
