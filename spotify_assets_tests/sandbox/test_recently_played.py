"""What was played last, over real HTTP; all that it says is in the truth."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
import requests

from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.listening import Listener, history
from spotify_assets.sandbox.repertoire import Repertoire
from spotify_assets.sandbox.tokens import new_token
from spotify_assets_tests.sandbox.conftest import START, Faulty

PATH = "/me/player/recently-played"
NOW = dt.datetime.fromtimestamp(START, dt.UTC).replace(tzinfo=None)
HOUR = 3600
FOREVER = START + 10_000 * 86_400


@pytest.fixture
def user(faulty: Faulty) -> Iterator[Faulty]:
    """A client whose user agreed to show what was played."""
    token = new_token(FOREVER, "user", scope="user-read-recently-played")
    faulty.session.headers["Authorization"] = f"Bearer {token}"
    yield faulty
    faulty.reset()


@pytest.fixture(scope="module")
def repertoire(catalog: Catalog) -> Repertoire:
    return Repertoire.of(catalog)


def truth(
    repertoire: Repertoire, now: dt.datetime = NOW, listener: Listener | None = None
) -> pl.DataFrame:
    """What the API can know, newest first: all that it has seen by then."""
    span = (now - dt.timedelta(days=40), now + dt.timedelta(days=1))
    played = pl.concat(history(listener or Listener(), repertoire, *span))
    seen = played.filter(pl.col("api_seen_at") <= now)
    return seen.sort("api_played_at", descending=True)


def told(page: Any) -> list[tuple[str, str]]:
    return [(item["played_at"], item["track"]["id"]) for item in page["items"]]


def expected(frame: pl.DataFrame) -> list[tuple[str, str]]:
    times = frame["api_played_at"].dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    return list(zip(times, frame["track_id"], strict=True))


def test_it_shows_the_newest_plays_that_it_knows_of(user: Faulty, repertoire: Repertoire) -> None:
    page = user.json(PATH, limit=50)
    assert told(page) == expected(truth(repertoire).head(50))
    assert page["limit"] == 50
    assert user.json(PATH)["items"] == page["items"][:20]


def test_a_track_looks_as_everywhere(user: Faulty) -> None:
    item = user.json(PATH, limit=1)["items"][0]
    assert list(item) == ["track", "played_at", "context"]
    assert item["track"] == user.json(f"/tracks/{item['track']['id']}")
    assert "popularity" in item["track"]
    user.set(mode="development")
    assert "popularity" not in user.json(PATH, limit=1)["items"][0]["track"]


def test_a_context_is_there_or_null(user: Faulty) -> None:
    contexts = [item["context"] for item in user.json(PATH, limit=50)["items"]]
    kinds = {context and context["type"] for context in contexts}
    assert kinds == {"album", "artist", "playlist", None}
    for context in filter(None, contexts):
        kind, name = context["uri"].removeprefix("spotify:").split(":")
        assert context["type"] == kind
        assert context["href"] == f"{user.url}/v1/{kind}s/{name}"


def test_the_same_time_gives_the_same_answer(user: Faulty) -> None:
    first = user.get(PATH, limit=50).content
    user.advance(24 * HOUR)
    assert user.get(PATH, limit=50).content != first
    requests.post(f"{user.url}/sandbox/reset", timeout=10)
    assert user.get(PATH, limit=50).content == first


def test_as_the_clock_goes_on_plays_come_late_and_none_is_made_up(
    user: Faulty, repertoire: Repertoire
) -> None:
    came_late, newest = 0, ""
    for hour in range(1, 30):
        user.advance(HOUR)
        page = told(user.json(PATH, limit=50))
        now = NOW + dt.timedelta(hours=hour)
        assert page == expected(truth(repertoire, now).head(50))
        came_late += sum(time < newest for time, _ in page)
        newest = page[0][0]
    assert came_late


def test_only_fifty_plays_are_reachable_and_the_page_after_them_is_empty(user: Faulty) -> None:
    pages = [user.json(PATH, limit=20)]
    while pages[-1]["next"]:
        assert pages[-1]["next"].startswith(f"{user.url}/v1{PATH}?")
        pages.append(user.session.get(pages[-1]["next"], timeout=10).json())
    assert [len(page["items"]) for page in pages] == [20, 20, 10, 0]
    assert pages[-1]["next"] is pages[-1]["cursors"] is None
    whole = user.json(PATH, limit=50)
    assert [item for page in pages for item in page["items"]] == whole["items"]
    oldest = int(whole["cursors"]["before"])
    assert user.json(PATH, before=oldest)["items"] == []
    assert len(user.json(PATH, after=0, limit=50)["items"]) == 50


def test_cursors_are_milliseconds_and_exclusive(user: Faulty) -> None:
    page = user.json(PATH, limit=50)
    times = [unix_ms(time) for time, _ in told(page)]
    assert page["cursors"] == {"after": str(times[0]), "before": str(times[-1])}
    middle = times[24]
    assert user.json(PATH, before=middle, limit=50)["items"] == page["items"][25:]
    assert user.json(PATH, after=middle, limit=50)["items"] == page["items"][:24]
    assert user.json(PATH, after=middle - 1, limit=50)["items"] == page["items"][:25]


def test_pages_after_a_cursor_go_on_to_the_newest(user: Faulty) -> None:
    whole = user.json(PATH, limit=50)
    times = [unix_ms(time) for time, _ in told(whole)]
    first = user.json(PATH, after=times[24], limit=20)
    second = user.session.get(first["next"], timeout=10).json()
    assert first["items"] == whole["items"][4:24]
    assert second["items"] == whole["items"][:4]


def unix_ms(time: str) -> int:
    return round(dt.datetime.fromisoformat(time).timestamp() * 1000)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"limit": 51}, "Invalid limit"),
        ({"limit": 0}, "Invalid limit"),
        ({"after": 1, "before": 2}, "Only one of after and before can be given"),
        ({"after": "yesterday"}, "Invalid after"),
        ({"before": -1}, "Invalid before"),
        ({"before": "9" * 5000}, "Invalid before"),
    ],
)
def test_what_cannot_be_asked_is_refused(user: Faulty, params: Any, said: str) -> None:
    assert user.refusal(PATH, **params) == (400, said)


def test_who_listens_and_what_is_reported_can_be_set(user: Faulty, repertoire: Repertoire) -> None:
    before = told(user.json(PATH))
    other = Listener(seed=7, start_share=1)
    user.set(listener={"seed": 7, "start_share": 1})
    assert told(user.json(PATH)) != before
    known = truth(repertoire, listener=other)
    assert told(user.json(PATH)) == expected(known.head(20))
    off = (known["api_played_at"] - known["started_at"]).dt.total_milliseconds().abs()
    assert off.max() <= 3000  # type: ignore[operator]
    user.set(listener={"lost_share": 1})
    assert user.json(PATH)["items"] == []


def test_a_listener_that_cannot_be_is_refused(user: Faulty) -> None:
    answer = requests.patch(
        f"{user.url}/sandbox/state", json={"listener": {"lost_share": 2}}, timeout=10
    )
    assert answer.status_code == 400
    assert "listener.lost_share" in answer.json()["error"]["message"]


def test_it_needs_a_user_who_agreed(faulty: Faulty) -> None:
    assert faulty.refusal(PATH) == (401, "Valid user authentication required")
    token = new_token(FOREVER, "user", scope="user-top-read")
    faulty.session.headers["Authorization"] = f"Bearer {token}"
    assert faulty.refusal(PATH) == (403, "Insufficient client scope")
