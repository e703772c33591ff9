"""Polls → plays: what each item says, what repeats, what cannot be read, and what is not known."""

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake.exchanges import Exchange, Request, Response
from spotify_assets.schemas.listening import Plays, Polls, QuarantinedPlays
from spotify_assets.transforms.listening.plays import covered, gaps, process
from spotify_assets_tests.transforms.music import Json, spotify_id, track, without

# Beside the checkout, not in it.
REAL = Path(__file__).resolve().parents[3] / "shared/data/web_api_responses"
REAL_BODY = REAL / "recently_played_tracks.json"
DAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001 - in UTC, as all times of the tables
FILE = "raw/recently_played/date=2026-11-20/polls.jsonl.zst"
MINUTE = dt.timedelta(minutes=1)
Tables = dict[str, pl.DataFrame]


def at(minutes: float) -> dt.datetime:
    """So many minutes after noon, as the tables have it."""
    return NOON + minutes * MINUTE


def play(minutes: float, number: int = 1, **changes: object) -> Json:
    """A play as the API gives it: at so many minutes after noon, of the track of that number."""
    moment = f"{at(minutes).isoformat(timespec='milliseconds')}Z"
    return {"track": track(number), "played_at": moment, "context": None, **changes}


def answer(
    line: int, minutes: float, body: object, *, status: int = 200, **params: int
) -> Exchange:
    """Line ``line``: what came to a poll at so many minutes after noon."""
    as_bytes = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked_at = at(minutes).replace(tzinfo=dt.UTC)
    request = Request("me", "me/player/recently-played", {"limit": 50, **params})
    return Exchange(line, request, Response(status, {}, as_bytes, asked_at, elapsed_ms=12))


def shows(line: int, minutes: float, *items: object, **params: int) -> Exchange:
    return answer(line, minutes, {"items": items, "next": None}, **params)


def read(*exchanges: Exchange) -> Tables:
    return process(DAY, FILE, exchanges)


def plays(*exchanges: Exchange) -> list[dict[str, Any]]:
    return read(*exchanges)["processed.plays"].to_dicts()


def polls(*exchanges: Exchange) -> pl.DataFrame:
    return read(*exchanges)["processed.polls"]


def set_aside(*exchanges: Exchange) -> list[tuple[str, str]]:
    rows = read(*exchanges)["quarantine.plays"]
    return rows.select("source_pointer", "reason").rows()


def test_a_play_says_what_was_played_when_and_from_where() -> None:
    from_a_playlist = {"type": "playlist", "uri": "spotify:playlist:1"}

    [row] = plays(shows(3, 10, play(5, number=7, context=from_a_playlist)))

    assert row == {
        "date": DAY,
        "played_at": at(5),
        "track_id": spotify_id("t", 7),
        "name": "Track 7",
        "artist_id": spotify_id("a", 7),
        "artist_name": "Artist 7",
        "album_id": spotify_id("b", 7),
        "album_name": "Album 7",
        "duration_ms": 180_000,
        "isrc": "BRABC2500001",
        "context_uri": "spotify:playlist:1",
        "reported_at": at(10),
        "source_file": FILE,
        "source_item": 1,
        "source_line": 3,
    }


def test_what_development_mode_leaves_out_is_null_and_no_error() -> None:
    bare = {"id": spotify_id("t", 1), "name": "Track 1"}

    [row] = plays(shows(1, 10, {"track": bare, "played_at": "2026-11-20T12:05:00Z"}))

    assert row["played_at"] == at(5)
    absent = ("artist_id", "artist_name", "album_id", "album_name", "duration_ms", "isrc")
    assert [row[name] for name in absent] == [None] * len(absent)
    assert row["context_uri"] is None


def test_a_key_that_is_new_is_not_heeded() -> None:
    [row] = plays(shows(1, 10, play(5, mood="calm", track=track(1, tempo=[1, 2]))))
    assert row["name"] == "Track 1"


def test_a_play_that_several_polls_show_is_taken_from_the_first() -> None:
    renamed = play(5, track=track(1, name="Renamed since"))

    rows = plays(shows(1, 10, play(5)), shows(2, 30, play(25, 2), renamed))

    assert [(row["name"], row["reported_at"], row["source_line"]) for row in rows] == [
        ("Track 1", at(10), 1),
        ("Track 2", at(30), 2),
    ]


def test_a_track_that_is_played_twice_is_two_plays() -> None:
    assert len(plays(shows(1, 10, play(8), play(5)))) == 2


def test_the_same_answers_give_the_same_rows_in_the_order_of_time() -> None:
    rows = plays(shows(1, 60, play(50, 2), play(20, 1)), shows(2, 61, play(30, 9)))
    assert [row["played_at"] for row in rows] == [at(20), at(30), at(50)]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "the item is null"),
        ("a text", "item is no object"),
        (play(5, track=None), "there is no track"),
        (play(5, track=[1]), "item/track is no object"),
        (without(play(5), "played_at"), "played_at is missing"),
        (play(5, played_at="soon"), "item/played_at is no time"),
        (play(5, played_at=1763640000), "item/played_at is no text"),
        (play(5, played_at="2026-11-20T12:05:00"), "item/played_at is a time without a zone"),
        (play(5, played_at="0001-01-01T00:00:00+23:59"), "item/played_at is no time"),
        (play(5, track=without(track(1), "id")), "track_id is missing"),
        (play(5, track=track(1, id=None, is_local=True)), "it is a local file, which has no id"),
        (play(5, track=track(1, id="short")), "item/track/id is no Spotify id"),
        (play(5, track=track(1, name=None)), "name is missing"),
        (play(5, track=track(1, duration_ms=-1)), "item/track/duration_ms is no number of things"),
        (play(5, track=track(1, duration_ms=1.5)), "item/track/duration_ms is no number of things"),
        (play(5, track=track(1, duration_ms=True)), "item/track/duration_ms is no number of thing"),
        (play(5, track=track(1, duration_ms=10**30)), "item/track/duration_ms is no number of th"),
        (play(5, track=track(1, artists={})), "item/track/artists is no list"),
        (play(5, track=track(1, artists=[3])), "item/track/artists/0 is no object"),
        (play(5, context=7), "item/context is no object"),
    ],
)
def test_an_item_that_cannot_be_read_is_set_aside_with_the_reason(
    item: object, reason: str
) -> None:
    """And the others of its page are plays."""
    page = shows(3, 10, play(9), item, play(1))

    [(pointer, said)] = set_aside(page)

    assert pointer == "3/items/1"
    assert said.startswith(reason)
    assert len(plays(page)) == 2


def test_all_that_is_wrong_with_an_item_is_said_and_nothing_of_what_it_holds() -> None:
    secret = play(5, track=track(1, id="of-whom-it-is", duration_ms="of-whom-it-is"))

    [(_, said)] = set_aside(shows(1, 10, secret))

    assert said == "item/track/id is no Spotify id; item/track/duration_ms is no number of things"


def test_an_item_that_every_poll_shows_is_set_aside_once_and_nulls_each_time() -> None:
    local = play(5, track=track(1, id=None, is_local=True))

    said = set_aside(shows(1, 10, local, None), shows(2, 30, None, local))

    assert [pointer for pointer, _ in said] == ["1/items/0", "1/items/1", "2/items/0"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", {}, {"items": None}, {"items": {}}])
def test_an_answer_without_a_list_of_plays_is_set_aside_and_is_no_poll(body: object) -> None:
    assert set_aside(answer(4, 10, body)) == [("4/", "the response holds no list of plays")]
    assert polls(answer(4, 10, body)).is_empty()


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_a_refused_request_is_no_poll_and_nothing_to_set_aside(status: int) -> None:
    refused = answer(1, 10, {"error": {"status": status}}, status=status)
    assert all(rows.is_empty() for rows in read(refused).values())


def test_a_poll_says_how_far_back_it_could_see() -> None:
    [row] = polls(shows(2, 60, play(50, 2), play(20, 1))).to_dicts()

    assert row == {
        "date": DAY,
        "polled_at": at(60),
        "items": 2,
        "is_full": False,
        "oldest_at": at(20),
        "newest_at": at(50),
        "source_file": FILE,
        "source_line": 2,
    }


def test_a_poll_is_full_where_it_shows_as_many_as_were_asked_for() -> None:
    both = shows(1, 10, play(5), None, limit=2), shows(2, 20, play(5), limit=2)
    assert polls(*both)["is_full"].to_list() == [True, False]


def test_a_poll_that_shows_nothing_is_a_poll() -> None:
    [row] = polls(shows(1, 10)).to_dicts()
    assert (row["items"], row["oldest_at"], row["newest_at"]) == (0, None, None)


def test_a_local_file_tells_a_poll_its_time_still() -> None:
    local = play(5, track=track(1, id=None, is_local=True))
    assert polls(shows(1, 10, play(8), local))["oldest_at"].to_list() == [at(5)]


def test_a_page_of_what_was_before_is_of_the_poll_that_it_continues() -> None:
    before = milliseconds(at(5))
    pages = shows(1, 10, play(8), play(5), limit=2), shows(2, 10.1, play(1), before=before)

    [row] = polls(*pages).to_dicts()

    assert (row["polled_at"], row["items"], row["is_full"]) == (at(10), 3, True)
    assert (row["oldest_at"], row["newest_at"], row["source_line"]) == (at(1), at(8), 1)
    assert len(plays(*pages)) == 3


def test_a_page_of_what_was_before_whose_poll_is_lost_is_no_poll_but_has_plays() -> None:
    alone = shows(1, 10, play(1), before=milliseconds(at(5)))
    assert polls(alone).is_empty()
    assert len(plays(alone)) == 1


def test_a_day_without_polls_has_tables_without_rows() -> None:
    for contract in (Plays, Polls, QuarantinedPlays):
        assert read()[contract.table()].schema == contract.polars_schema()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
corrupted_tracks = st.builds(
    lambda name, value: track(1, **{name: value}),
    st.sampled_from(["id", "name", "artists", "album", "duration_ms", "external_ids"]),
    values,
)
items = st.one_of(
    st.builds(play, st.integers(0, 9), st.integers(1, 3)),
    st.builds(
        lambda name, value: play(5, **{name: value}),
        st.sampled_from(["played_at", "context", "track"]),
        values,
    ),
    st.builds(lambda one: play(5, track=one), corrupted_tracks),
    values,
)


@settings(max_examples=25)
@given(st.lists(items, max_size=8))
def test_every_item_is_a_play_a_repeat_or_set_aside_whatever_it_holds(page: list[object]) -> None:
    tables = read(shows(1, 10, *page))

    kept, quarantined = tables["processed.plays"], tables["quarantine.plays"]
    assert tables["processed.polls"]["items"].to_list() == [len(page)]
    distinct = {json.dumps(one, sort_keys=True) for one in page}
    assert kept.height + quarantined.height <= len(page)
    assert (kept.height + quarantined.height > 0) == (len(distinct) > 0)
    again = read(shows(1, 10, *page, *page))
    assert again["processed.plays"].equals(kept)


@pytest.mark.skipif(not REAL_BODY.exists(), reason=f"the recorded body is not there: {REAL_BODY}")
def test_of_a_body_that_the_real_api_sent_every_play_is_kept_with_its_values() -> None:
    body = json.loads(REAL_BODY.read_bytes())
    asked_at = dt.datetime(2026, 2, 25, 20, 30, tzinfo=dt.UTC)
    request = Request("me", "me/player/recently-played", {"limit": body["limit"]})
    response = Response(200, {}, REAL_BODY.read_bytes(), asked_at, elapsed_ms=80)

    tables = process(asked_at.date(), FILE, [Exchange(1, request, response)])

    assert tables["quarantine.plays"].is_empty()
    kept = tables["processed.plays"].to_dicts()
    rows = {(row["played_at"], row["track_id"]): row for row in kept}
    assert len(rows) == len(body["items"])
    for item in body["items"]:
        played_at = dt.datetime.fromisoformat(item["played_at"]).replace(tzinfo=None)
        row, of = rows[played_at, item["track"]["id"]], item["track"]
        assert (row["name"], row["duration_ms"]) == (of["name"], of["duration_ms"])
        assert (row["artist_id"], row["album_id"]) == (of["artists"][0]["id"], of["album"]["id"])
        assert row["isrc"] == of.get("external_ids", {}).get("isrc")
        assert row["context_uri"] == (item["context"] or {}).get("uri")
    [poll] = tables["processed.polls"].to_dicts()
    cursors = milliseconds(poll["oldest_at"]), milliseconds(poll["newest_at"])
    assert cursors == (int(body["cursors"]["before"]), int(body["cursors"]["after"]))
    assert poll["is_full"]


def milliseconds(moment: dt.datetime) -> int:
    return round(moment.replace(tzinfo=dt.UTC).timestamp() * 1000)


def polled(*rows: tuple[float, float | None, float | None, bool]) -> pl.DataFrame:
    """Polls: when, their oldest and newest play (minutes after noon), and whether they are full."""
    return pl.DataFrame(
        [
            {
                "date": at(minutes).date(),
                "polled_at": at(minutes),
                "items": 50 if is_full else 0,
                "is_full": is_full,
                "oldest_at": None if oldest is None else at(oldest),
                "newest_at": None if newest is None else at(newest),
                "source_file": FILE,
                "source_line": 1,
            }
            for minutes, oldest, newest, is_full in rows
        ],
        schema=Polls.polars_schema(),
    )


FULL, SHORT = True, False


def test_a_full_poll_that_does_not_reach_the_newest_play_known_leaves_a_gap() -> None:
    found = gaps(polled((60, 10, 55, FULL), (400, 200, 390, FULL)))
    assert found.rows() == [(at(55), at(200), at(400))]


@pytest.mark.parametrize(
    "later",
    [
        (90, 55, 80, FULL),  # the newest known is its oldest
        (90, 30, 80, FULL),
        (90, 70, 80, SHORT),  # all that there is
        (90, None, None, SHORT),
    ],
)
def test_a_poll_that_reaches_what_is_known_or_shows_all_leaves_none(
    later: tuple[float, float | None, float | None, bool],
) -> None:
    assert gaps(polled((60, 10, 55, FULL), later)).is_empty()


def test_the_first_poll_of_all_leaves_no_gap() -> None:
    assert gaps(polled((60, 10, 55, FULL))).is_empty()
    assert gaps(polled()).is_empty()


def test_an_empty_or_an_outdated_answer_in_between_forgets_nothing() -> None:
    """The API's answers are cached here and there, and can be older than the ones before."""
    between = (70, None, None, SHORT), (80, 5, 40, FULL)
    assert gaps(polled((60, 10, 55, FULL), *between, (90, 50, 85, FULL))).is_empty()
    assert gaps(polled((60, 10, 55, FULL), *between, (90, 60, 85, FULL))).rows() == [
        (at(55), at(60), at(90))
    ]


def test_where_nothing_was_played_before_a_gap_begins_with_the_first_poll() -> None:
    assert gaps(polled((0, None, None, SHORT), (400, 200, 390, FULL))).rows() == [
        (at(0), at(200), at(400))
    ]


def test_polls_may_come_in_any_order() -> None:
    rows = (60, 10, 55, FULL), (400, 200, 390, FULL), (420, 210, 410, FULL)
    assert gaps(polled(*reversed(rows))).equals(gaps(polled(*rows)))
    assert covered(polled(*reversed(rows))).equals(covered(polled(*rows)))


def test_polls_vouch_for_the_time_from_their_first_play_to_the_last_poll() -> None:
    known = covered(polled((60, 10, 55, FULL), (90, 30, 80, FULL), (120, None, None, SHORT)))
    assert known.rows() == [(at(10), at(120))]


def test_polls_do_not_vouch_for_a_gap() -> None:
    known = covered(polled((60, 10, 55, FULL), (400, 200, 390, FULL)))
    assert known.rows() == [(at(10), at(55)), (at(200), at(400))]


def test_nobody_vouches_where_nobody_asked() -> None:
    assert covered(polled()).is_empty()
    assert covered(polled()).columns == ["from_at", "to_at"]


spans = st.lists(st.integers(0, 40), min_size=2, max_size=2).map(sorted)


@given(st.lists(st.tuples(st.integers(1, 30), spans, st.booleans()), max_size=12))
def test_gaps_and_what_is_covered_share_the_time_between_them(
    steps: list[tuple[int, list[int], bool]],
) -> None:
    """Whatever the polls show: each a while after the last, of plays so long before it."""
    now, rows = 0, []
    for step, (newest, oldest), is_full in steps:
        now += step
        rows.append((now, now - oldest, now - newest, is_full))
    windows, known = gaps(polled(*rows)), covered(polled(*rows))

    both = sorted([*windows.select("from_at", "to_at").rows(), *known.rows()])
    assert all(start < end for start, end in both)
    assert all(end == start for (_, end), (start, _) in pairwise(both))
    if rows:
        whole = [(both[0][0], both[-1][1])] if both else []
        assert whole in ([], [(at(rows[0][1]), at(now))])
