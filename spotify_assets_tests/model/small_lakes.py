"""Small lakes by chance, for rules that depend on the days before and after."""

from typing import Any

from hypothesis import strategies as st

from spotify_assets_tests.model.answers import LIMIT, Answer, Collected, pages, search
from spotify_assets_tests.transforms.music import album, artist, credit, track

GENRES, DAYS, THINGS = ("forró", "mpb"), range(1, 7), range(1, 8)
few = st.integers(0, 5)
popularities = st.sampled_from([None, None, 10, 20, 20, 30])


@st.composite
def tracks(draw: st.DrawFn, number: int) -> Any:
    """A track that may be named, credited or ranked otherwise than on other days, or be broken."""
    if not draw(st.integers(0, 7)):
        return track(number, name=None)
    return track(
        number,
        name=draw(st.sampled_from(["A", "B"])),
        popularity=draw(popularities),
        explicit=draw(st.sampled_from([None, True])),
        album=draw(st.sampled_from([None, album(1), album(2)])),
        artists=[credit(one) for one in draw(st.lists(few, max_size=2))],
    )


@st.composite
def artists(draw: st.DrawFn, number: int) -> Any:
    """An artist likewise."""
    name = draw(st.sampled_from(["A", "B", None]))
    return artist(number, name=name, popularity=draw(popularities))


@st.composite
def answers(draw: st.DrawFn) -> list[Answer]:
    """Of a day: nothing, or pages in order, of which one may be missing or of one kind only."""
    shown = st.lists(st.sampled_from(THINGS), max_size=7)
    found = [
        *pages(
            [draw(tracks(number)) for number in draw(shown)],
            [draw(artists(number)) for number in draw(shown)],
            deep=draw(few),
        )
    ]
    match draw(st.integers(0, 7)):
        case 0:
            return found[1:]
        case 1:
            return [search(0, artists=[draw(artists(1))]), *found[1:]]
        case 2:
            return [*found, search(len(found) * LIMIT, status=429)]
        case _:
            return found


@st.composite
def small_lakes(draw: st.DrawFn) -> list[Collected]:
    """In the order in which they are collected."""
    days = [(genre, day) for genre in GENRES for day in DAYS]
    chosen = draw(st.lists(st.sampled_from(days), unique=True, min_size=2, max_size=9))
    return [
        Collected(
            genre,
            day,
            draw(answers()),
            market=draw(st.sampled_from(["BR", "BR", "BR", "PT"])),
            artists=draw(st.sampled_from([0, 3, 3, 3, 5])),
            tracks=draw(st.sampled_from([2, 3, 3, 3, 5])),
        )
        for genre, day in chosen
    ]
