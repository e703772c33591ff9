"""A block: what came is kept, nothing is sent before its end, and then exactly the rest is."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition, Sealed
from spotify_assets.sandbox import api, server
from spotify_assets.sandbox.behaviour import Behaviour, Scripted, TooMany
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.errors import Blocked, BudgetSpent, SpotifyError
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api import crash_workers, faults, pages
from spotify_assets_tests.sources.spotify_api.conftest import TODAY
from spotify_assets_tests.sources.spotify_api.times import SetClock
from spotify_assets_tests.sources.spotify_api.watched import Watched

Playing = Callable[..., tuple[Client, faults.Script]]
FULL = 20
"""Pages of 50 that a genre has at most."""
SECONDS = 85771


@pytest.fixture
def elsewhere(ledger: Ledger) -> Iterator[Ledger]:
    """The ledger, as another process has it open."""
    with closing(Ledger(ledger.place)) as opened:
        yield opened


class SearchIsBlocked:
    """Answers so many searches, and then asks to wait; batches are answered for ever."""

    def __init__(self, searches: int, refusal: faults.Says) -> None:
        self._left, self._refusal = searches, refusal

    def __call__(self, asked: faults.Asked) -> faults.Says:
        if asked.path == "search":
            self._left -= 1
            if self._left < 0:
                return self._refusal
        return pages.endless(asked)


def test_a_block_says_until_when_at_once(playing: Playing, lake: Lake, clock: SetClock) -> None:
    client, script = playing(faults.too_many(str(SECONDS)))

    with pytest.raises(Blocked) as blocked:
        _collect(client, lake)

    assert blocked.value.until == clock.time + dt.timedelta(seconds=SECONDS)
    assert (len(script.asked), clock.waits) == (1, [])


@pytest.mark.parametrize(
    "refusal",
    [
        faults.too_many(str(SECONDS)),
        faults.Says(
            429,
            faults.error(429, "API rate limit exceeded", reason="QUOTA_EXCEEDED").body,
            {"retry-after": str(SECONDS)},
        ),
    ],
)
def test_a_blocked_family_sends_nothing_and_then_exactly_the_rest(
    playing: Playing, lake: Lake, clock: SetClock, elsewhere: Ledger, refusal: faults.Says
) -> None:
    """In one run and the next, in another process, for another genre; not even for a token."""
    client, script = playing(SearchIsBlocked(7, refusal))
    with pytest.raises(Blocked) as blocked:
        _collect(client, lake)
    until = blocked.value.until
    asked = len(script.asked)
    another = Client(client.connection, elsewhere, limits=Limits(None), clock=clock)
    script.token_requests = 0

    for seconds in (0, 3600, SECONDS - 3600 - 31):
        clock.advance(seconds)
        for run in (client, another):
            for genre in ("rock", "pop"):
                with pytest.raises(Blocked) as blocked:
                    _collect(run, lake, genre)
                assert blocked.value.until == until
    assert (len(script.asked), script.token_requests) == (asked, 0)

    clock.advance(31)
    client, script = playing(pages.endless)
    _collect(client, lake)

    searches = [one.offset for one in script.asked if one.path == "search"]
    assert searches == list(range(7 * 50, FULL * 50, 50))
    assert clock.waits == []


def test_a_wait_that_is_nearly_over_is_waited_for(
    playing: Playing, lake: Lake, clock: SetClock
) -> None:
    client, _ = playing(faults.too_many(str(SECONDS)))
    with pytest.raises(Blocked):
        _collect(client, lake)
    clock.advance(SECONDS - 12)

    client, _ = playing(pages.endless)
    _collect(client, lake)

    assert clock.waits == [12]


def test_where_the_search_is_blocked_the_artists_of_what_came_are_looked_up(
    playing: Playing, lake: Lake, clock: SetClock
) -> None:
    client, script = playing(SearchIsBlocked(3, faults.too_many(str(SECONDS))))

    with pytest.raises(Blocked, match="not to be asked for search"):
        _collect(client, lake)

    assert [one.path for one in script.asked] == ["search"] * 4 + ["artists"] * 3
    clock.advance(SECONDS)
    client, script = playing(pages.endless)
    _collect(client, lake)
    assert [one.path for one in script.asked] == ["search"] * 17 + ["artists"] * 17


def test_where_the_artists_are_blocked_the_whole_search_is_kept(
    playing: Playing, lake: Lake, clock: SetClock
) -> None:
    def no_artists(asked: faults.Asked) -> faults.Says:
        return faults.too_many(str(SECONDS)) if asked.path == "artists" else pages.endless(asked)

    client, script = playing(no_artists)
    with pytest.raises(Blocked, match="not to be asked for artists"):
        _collect(client, lake)
    assert len(script.asked) == FULL + 1

    clock.advance(SECONDS)
    client, script = playing(pages.endless)
    sealed = _collect(client, lake)

    assert [one.path for one in script.asked] == ["artists"] * FULL
    assert sealed.lines == FULL + 1 + FULL


@pytest.mark.parametrize("jump", [-1e7, -3600.0, 3600.0, 1e7])
def test_setting_the_clock_lets_nothing_through_and_holds_nothing_back(
    playing: Playing, lake: Lake, clock: SetClock, jump: float
) -> None:
    client, script = playing(faults.too_many(str(SECONDS)), pages.endless)
    with pytest.raises(Blocked):
        _collect(client, lake)

    clock.set(clock.wall + jump)
    clock.advance(SECONDS - 60)
    with pytest.raises(Blocked):
        _collect(client, lake)
    assert len(script.asked) == 1
    clock.advance(60)
    _collect(client, lake)

    assert clock.waits == []


def test_a_block_outlasts_a_start_of_the_machine(
    playing: Playing, lake: Lake, clock: SetClock, elsewhere: Ledger
) -> None:
    client, script = playing(faults.too_many(str(SECONDS)), pages.endless)
    with pytest.raises(Blocked):
        _collect(client, lake)

    clock.restart(after_seconds=600)
    client = Client(client.connection, elsewhere, limits=Limits(None), clock=clock)
    with pytest.raises(Blocked):
        _collect(client, lake)
    assert len(script.asked) == 1
    clock.advance(SECONDS - 600)
    _collect(client, lake)

    assert clock.waits == []


def test_another_app_is_not_blocked(playing: Playing, lake: Lake, ledger: Ledger) -> None:
    client, _ = playing(faults.too_many(str(SECONDS)))
    with pytest.raises(Blocked):
        _collect(client, lake)

    one, script = playing(pages.endless)
    connection = type(one.connection)(
        "spotify", "another-app", "secret", one.connection.api_url, one.connection.token_url
    )
    _collect(Client(connection, ledger, limits=Limits(None), clock=one.clock), lake)

    assert len(script.asked) == FULL + FULL


def test_a_spent_budget_goes_on_as_it_gets_room(
    playing: Playing, lake: Lake, clock: SetClock, ledger: Ledger
) -> None:
    """So that Spotify itself never has to ask: each family has its own."""
    client, script = playing(pages.endless)
    limits = Limits(None, per_day={"search": 8, "artists": 100})
    held = Client(client.connection, ledger, limits=limits, clock=clock)
    days = 0

    while True:
        try:
            _collect(held, lake)
            break
        except BudgetSpent as spent:
            days += 1
            clock.advance((spent.until - clock.time).total_seconds())

    assert days == 2
    assert [one.offset for one in script.asked if one.path == "search"] == list(range(0, 1000, 50))
    assert len([one for one in script.asked if one.path == "artists"]) == FULL


def test_what_was_received_before_any_error_is_kept(playing: Playing, lake: Lake) -> None:
    client, _ = playing(*[pages.endless] * 5, faults.PREMIUM_LAPSED)
    with pytest.raises(SpotifyError):
        _collect(client, lake)

    client, script = playing(pages.endless)
    _collect(client, lake)

    assert len(script.asked) == FULL + FULL - 5


def test_a_process_that_starts_after_another_was_blocked_sends_nothing(
    catalog: Catalog, lake: Lake
) -> None:
    too_long = Scripted(fault="too_many", family="search", too_many=TooMany(wait_s=SECONDS))
    behaviour = Behaviour(script=(too_long,))
    watched = Watched(api.create_app(catalog, today=TODAY, behaviour=behaviour))
    with server.running(watched) as running:
        first, second = (
            processes.run(crash_workers.collects_rock, running.url, lake.root, TODAY)
            for _ in range(2)
        )

    assert len(watched.asked) == 1
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    (family, until), (family_then, until_then) = (
        process.stdout.split() for process in (first, second)
    )
    assert family == family_then == "search"
    left = dt.datetime.fromisoformat(until) - dt.datetime.now(dt.UTC)
    assert left.total_seconds() == pytest.approx(SECONDS, abs=60)
    differ = dt.datetime.fromisoformat(until_then) - dt.datetime.fromisoformat(until)
    assert abs(differ.total_seconds()) < 1


def _collect(client: Client, lake: Lake, genre: str = "rock") -> Sealed:
    terms = CollectionParameters(source="spotify", market="BR", artists=0, tracks=1000)
    return collect(client, RawPartition(lake, GenreDay(genre, TODAY)), terms, today=TODAY)
