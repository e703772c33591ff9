"""Plots are small, say what they show, and hold nothing that a page would run."""

import base64
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.defs.metadata.plot import BARS_HEIGHT, MAX_LABEL, bars, image
from spotify_assets.text.visible import visible
from spotify_assets_tests.hostile import NAMES

SVG = "{http://www.w3.org/2000/svg}"
values = st.lists(st.none() | st.floats(0, 1e12), max_size=31)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own


def drawn(svg: str) -> list[float]:
    """The heights of the bars, from the left."""
    path = parsed(svg).find(f"{SVG}path")
    assert path is not None
    return [float(height) for height in re.findall(r"v-([0-9.]+)h", path.attrib["d"])]


def test_the_tallest_bar_is_the_largest_value_and_the_others_are_in_proportion() -> None:
    assert drawn(bars([10, 40, 20], "", "")) == [BARS_HEIGHT / 4, BARS_HEIGHT, BARS_HEIGHT / 2]


def test_a_day_that_is_missing_is_a_gap_and_a_day_of_nothing_is_not() -> None:
    assert len(drawn(bars([None, 0, 5], "", ""))) == 2
    assert drawn(bars([0, 0], "", "")) == [1, 1]
    assert drawn(bars([], "", "")) == []


@given(values, st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=240))
def test_a_month_of_any_values_of_any_genre_is_a_picture_of_at_most_4_kb(
    month: list[float | None], genre: str
) -> None:
    picture = image(bars(month, genre, genre), genre)
    assert len(picture.encode()) <= 4096
    found = re.fullmatch(r"!\[[^\[\]]*\]\(data:image/svg\+xml;base64,([^()]*)\)", picture)
    assert found
    svg = parsed(base64.b64decode(found[1]).decode())
    assert {element.tag for element in svg.iter()} == {
        SVG + "svg",
        *(SVG + n for n in ("g", "path", "text")),
    }
    above, below = svg.iter(f"{SVG}text")
    assert above.text == below.text
    assert not genre or visible(genre).startswith((above.text or "").removesuffix("…"))


def test_a_name_is_text_in_a_picture() -> None:
    for name in NAMES:
        above, _ = parsed(bars([1], name, "")).iter(f"{SVG}text")
        assert above.text == visible(name)[:MAX_LABEL]
