import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.lake import GenreDay
from spotify_assets.operations.due import Due
from spotify_assets.operations.rotation import MAX_ATTEMPTS, NextBatch, next_batch
from spotify_assets.operations.status import Status
from spotify_assets.sources.spotify_api.ledger import Block
from spotify_assets.sources.spotify_api.queue import Planned

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SOON = dt.timedelta(minutes=20)
HOURS = 3600.0


def standing(queue: dict[str, float], blocks: list[Block] | None = None) -> Status:
    """Genres that are due, in this order, each with the seconds until it can be done."""
    listed = [
        (Due(GenreDay(genre, NOON.date()), None, False), Planned(genre, {"search": 2}, seconds))
        for genre, seconds in queue.items()
    ]
    return Status(NOON, None, 0, None, [], blocks or [], listed)


def turn(
    queue: dict[str, float],
    attempts: dict[str, int] | None = None,
    running: list[str] | None = None,
    most: int = 2,
    blocks: list[Block] | None = None,
) -> NextBatch:
    return next_batch(
        standing(queue, blocks), attempts or {}, running or [], most=most, within=SOON
    )


def test_the_first_of_the_queue_have_their_turn() -> None:
    assert turn({"rock": 1, "samba": 2, "pop": 3}) == NextBatch(["rock", "samba"])


def test_a_genre_that_is_being_collected_takes_a_place_and_has_no_second_turn() -> None:
    assert turn({"rock": 1, "samba": 2, "pop": 3}, running=["rock"]) == NextBatch(["samba"])


def test_where_all_places_are_taken_it_says_by_whom() -> None:
    assert turn({"pop": 1}, running=["rock", "samba"]) == NextBatch(
        reason="2 genres are being collected: rock, samba."
    )


def test_what_the_limits_do_not_allow_yet_keeps_no_later_genre_waiting() -> None:
    assert turn({"rock": 5 * HOURS, "samba": 60}) == NextBatch(["samba"])


def test_where_nothing_is_allowed_it_says_what_comes_when_and_why() -> None:
    block = Block("search", 5 * HOURS, "QUOTA_EXCEEDED")
    assert turn({"rock": 6 * HOURS, "samba": 5 * HOURS}, blocks=[block]) == NextBatch(
        reason="The API's limits allow samba, the next one, at 2026-11-20 17:00 UTC "
        "(search: QUOTA_EXCEEDED)."
    )


def test_where_nothing_is_due_it_says_so() -> None:
    assert turn({}) == NextBatch(reason="Nothing is due on 2026-11-20.")


def test_a_genre_that_failed_comes_after_all_others() -> None:
    assert turn({"rock": 1, "samba": 2, "pop": 3}, {"rock": 1}) == NextBatch(["samba", "pop"])


def test_a_genre_that_failed_too_often_today_is_left_to_a_person_by_name() -> None:
    assert turn({"rock": 1}, {"rock": MAX_ATTEMPTS}) == NextBatch(
        reason="Nothing is due on 2026-11-20; failed 3 times today, left to you: rock."
    )


@given(
    bad=st.sets(st.sampled_from("abcdef")),
    most=st.integers(min_value=1, max_value=3),
)
def test_genres_that_always_fail_starve_no_other_and_are_tried_three_times(
    bad: set[str], most: int
) -> None:
    waiting, attempts, turns = dict.fromkeys("abcdef", 1.0), Counter[str](), 0
    done_after: dict[str, int] = {}
    while chosen := turn(waiting, attempts, most=most).genres:
        turns += 1
        attempts.update(chosen)
        for genre in set(chosen) - bad:
            del waiting[genre]
            done_after[genre] = turns
    assert set(waiting) == bad
    assert all(attempts[genre] == MAX_ATTEMPTS for genre in bad)
    # As if nothing had failed: everybody's first turn comes before anybody's second.
    assert max(done_after.values(), default=0) <= -(-6 // most)


@given(
    queue=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([0.0, 1200.0, 1201.0])),
    attempts=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 4)),
    running=st.sets(st.sampled_from("abcdefgh"), max_size=4),
    most=st.integers(1, 4),
)
def test_a_turn_keeps_every_limit_or_says_why_there_is_none(
    queue: dict[str, float], attempts: dict[str, int], running: set[str], most: int
) -> None:
    found = turn(queue, attempts, sorted(running), most)
    may = [
        genre
        for genre, seconds in queue.items()
        if genre not in running and attempts.get(genre, 0) < MAX_ATTEMPTS and seconds <= 1200
    ]
    assert set(found.genres) <= set(may)
    assert len(found.genres) == min(len(may), max(most - len(running), 0))
    assert bool(found.genres) != bool(found.reason)
    passed_over = set(may) - set(found.genres)
    assert all(
        attempts.get(genre, 0) <= attempts.get(other, 0)
        for genre in found.genres
        for other in passed_over
    )
