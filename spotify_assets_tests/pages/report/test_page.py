"""The page: no script, nothing of another server, and all that came from outside is text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spotify_assets.pages.report.contents import read
from spotify_assets.pages.report.page import DATA, FILES, POLICY, page
from spotify_assets.pages.report.parts import PARTS
from spotify_assets.pages.report.sections import Chart, sections
from spotify_assets.pages.report.svg import draw, nice_step
from spotify_assets.pages.words import Say
from spotify_assets.text.visible import in_line
from spotify_assets_tests.hostile import CONTROL, MARKDOWN, MARKUP
from spotify_assets_tests.pages.report.conftest import SECRETS, TITLES

TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "h1",
    "h2", "h3", "p", "a", "dl", "dt", "dd", "div", "figure", "figcaption", "details", "summary",
    "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "svg", "rect", "line", "text",
}  # fmt: skip
HARMLESS = {
    "aria-hidden", "aria-label", "charset", "class", "content", "height", "href", "hreflang",
    "http-equiv", "lang", "name", "role", "rx", "scope", "tabindex", "text-anchor", "width", "x",
    "x1", "x2", "y", "y1", "y2",
}  # fmt: skip


class Seen(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.links: set[str | None] = set()
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.links |= {value for name, value in attrs if name == "href"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module", params=["en", "pt"])
def shown(request: pytest.FixtureRequest, filled: Path) -> str:
    return page(read(filled, PARTS), Say(request.param))


def test_there_is_no_script_and_nothing_is_asked_of_another_server(shown: str) -> None:
    seen = Seen(shown)
    assert seen.tags <= TAGS
    assert seen.names <= HARMLESS
    assert seen.links <= {*FILES.values(), DATA}
    assert "http:" not in shown
    assert "https:" not in shown
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")
    assert f'content="{POLICY.replace(chr(39), "&#x27;")}"' in shown


def test_a_name_is_text_whatever_stands_in_it(shown: str) -> None:
    texts = Seen(shown).texts
    for name in [*TITLES.values(), "<img src=x onerror=alert(1)>", "Os Vidros & Co"]:
        assert name in texts


def test_nobody_is_on_the_page(shown: str) -> None:
    assert not [one for one in SECRETS if one in shown]


@pytest.mark.parametrize("name", [*MARKUP, *MARKDOWN, *CONTROL, "two\nlines", '"><rect onload=x>'])
def test_a_label_of_a_chart_is_text(name: str) -> None:
    label = in_line(name)
    for kind in ("bars", "columns"):
        chart = Chart("t", "u", kind, [label], {name: [1.0]}, ["1"], ["a"], [["1"]])
        seen = Seen(draw(chart))
        assert seen.tags <= TAGS
        assert seen.names <= HARMLESS
        assert any(label in text for text in seen.texts)


@pytest.mark.parametrize("language", ["en", "pt"])
def test_every_chart_has_a_title_a_unit_and_a_table(filled: Path, language: str) -> None:
    made = sections(read(filled, PARTS), Say(language))
    charts = [chart for section in made for chart in section.charts]
    assert len(charts) == 6
    for chart in charts:
        assert chart.title
        assert chart.unit
        assert len(chart.rows) == len(chart.labels) == len(chart.shown)
        assert {len(row) for row in chart.rows} == {len(chart.columns)}
        assert {len(values) for values in chart.series.values()} == {len(chart.labels)}
        assert not chart.partial or len(chart.partial) == len(chart.labels)


def test_beside_a_figure_stands_how_much_is_known(filled: Path) -> None:
    said = {
        figure.title: figure.beside
        for section in sections(read(filled, PARTS), Say("en"))
        for figure in section.figures
    }
    assert said["Streams in 7 days"] == ["20 of 21 days of releases known"]
    # Of a window that is not known as a whole it is not said by how much it changed.
    assert said["Hours in 28 days"] == ["27 of 28 days known"]
    assert said["Comments"] == ["+0 % against the 28 days before"]
    assert said["With a topic"] == ["of 28 comments"]


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "No plays yet."), ("pt", "Ainda não há reproduções.")]
)
def test_where_there_is_nothing_a_sentence_stands(
    empty: Path, language: str, sentence: str
) -> None:
    texts = Seen(page(read(empty, PARTS), Say(language))).texts
    assert sentence in texts
    assert not re.search("Traceback|None|nan", " ".join(texts))


@pytest.mark.parametrize(
    ("at_least", "step"),
    [(0, 1), (0.2, 1), (1.1, 2), (2.5, 5), (7, 10), (10, 10), (12_000, 20_000)],
)
def test_an_axis_has_round_numbers(at_least: float, step: float) -> None:
    assert nice_step(at_least) == step
