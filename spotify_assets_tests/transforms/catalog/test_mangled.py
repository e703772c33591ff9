"""Pages in which anything was replaced by anything: no crash, no silence, and the rest is kept."""

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.transforms.accounts import (
    assert_adds_up,
    assert_every_credit_is_of_a_kept_track,
    assert_keeps_contracts,
    of,
    received,
    reconciliation,
)
from spotify_assets_tests.transforms.answers import Answer, answer, seal, search
from spotify_assets_tests.transforms.music import album, artist, found, spotify_id, track

PAGES: dict[str, Any] = {
    "search": found(tracks=[track(1), track(2)], artists=[artist(3)], albums=[album(4)]),
    "saved_tracks": {"items": [{"track": track(1)}, {"track": track(2)}]},
    "artists": {"artists": [artist(1), artist(2)]},
    "album": {**album(1), "tracks": {"items": [track(2), track(3)]}},
    "artist": artist(1),
}
GONE = object()
VALUES = [None, GONE, 0, -1, 5.7, 10**30, True, "", "x", [], [None], ["x"], {}, {"id": 5}]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value of a body, the body itself first."""
    yield path
    if isinstance(value, dict | list):
        for step, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, step))


PLACES = [(endpoint, path) for endpoint, page in PAGES.items() for path in places(page) if path]


def mangled(endpoint: str, path: tuple[str | int, ...], value: object) -> Answer:
    body = copy.deepcopy(PAGES[endpoint])
    *way, last = path
    holder = body
    for step in way:
        holder = holder[step]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    if endpoint == "search":
        return search(body, kinds="artist,track,album")
    return answer(endpoint, body)


@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(VALUES)), min_size=30, max_size=30)
)
def test_every_object_of_a_mangled_page_is_accounted_for(corrupted: list[Any]) -> None:
    answers = {
        f"{number}: {value if value is not GONE else 'gone'} at {endpoint}{list(path)}": mangled(
            endpoint, path, value
        )
        for number, ((endpoint, path), value) in enumerate(corrupted)
    }
    beside = answer("tracks", {"tracks": [track(9)]})
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder)
        tables = process(
            [seal(lake / genre[:2], one, beside, genre=genre) for genre, one in answers.items()]
        )
    assert_keeps_contracts(tables)
    assert_every_credit_is_of_a_kept_track(tables)
    for genre, one in answers.items():
        assert_adds_up(tables, genre)
        counts = reconciliation(tables, genre)
        assert {**counts, **received([one, beside])} == counts, genre
        assert spotify_id("t", 9) in of(tables, genre)["processed.tracks"]["track_id"]
