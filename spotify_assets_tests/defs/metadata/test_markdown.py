"""A preview shows rows as they are, whatever they hold, and stays short."""

import datetime as dt
import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spotify_assets.defs.metadata.markdown import (
    MAX_CELL,
    MAX_ROWS,
    block,
    inline,
    lineage,
    table,
)
from spotify_assets.text.visible import visible
from spotify_assets_tests.hostile import NAMES

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def cells(line: str) -> list[str]:
    """The cells of a line as a reader sees them."""
    written = line.removeprefix("| ").removesuffix(" |").split(" | ")
    return [re.sub(r"\\(.)", r"\1", cell).strip() for cell in written]


def test_a_table_has_a_head_a_line_and_no_more_rows_than_there_are() -> None:
    rows = pl.DataFrame({"date": [dt.date(2026, 11, 20)], "names": [["A", "B"]], "rank": [None]})
    assert table(rows).splitlines() == [
        "| date | names | rank |",
        "| --- | --- | --- |",
        "| 2026-11-20 | A, B |  |",
    ]
    assert len(table(rows.head(0)).splitlines()) == 2


def test_only_the_first_rows_are_shown() -> None:
    shown = table(pl.DataFrame({"n": range(MAX_ROWS + 5)})).splitlines()[2:]
    assert [cells(line) for line in shown] == [[str(n)] for n in range(MAX_ROWS)]


@given(st.lists(st.text(max_size=100), min_size=1, max_size=3))
def test_any_name_stays_in_its_cell_as_it_is_and_is_cut_where_it_is_long(names: list[str]) -> None:
    lines = table(pl.DataFrame({"name": names, "n": range(len(names))})).split("\n")
    assert len(lines) == 2 + len(names)
    for number, (name, line) in enumerate(zip(names, lines[2:], strict=True)):
        shown = name if len(name) <= MAX_CELL else name[: MAX_CELL - 1] + "…"
        assert cells(line) == [visible(re.sub(r"\s", " ", shown)).strip(), str(number)]


def test_nothing_in_a_name_is_a_link_an_image_or_emphasis() -> None:
    name = "[x](https://example.org) *loud* <b> `code` | \\| www.example.org"
    line = table(pl.DataFrame({"name": [name]})).splitlines()[2]
    assert not re.search(r"(?<!\\)[\[\]<*`:]|www\.", line)
    assert line.count("|") == 4


def test_lineage_is_a_line_for_each_column() -> None:
    found = {"rank": [("processed.tracks", "popularity"), ("processed.tracks", "date")], "kind": []}
    assert lineage(found).splitlines() == [
        "- `rank`: `processed.tracks.popularity`, `processed.tracks.date`",
        "- `kind`: no column",
    ]


def test_a_name_is_text_to_a_reader_of_markdown_in_a_table_and_beside_it() -> None:
    for name in NAMES:
        right = " ".join(visible(re.sub(r"\s", " ", name)).split())
        written = f"| genre |\n| --- |\n| {inline(name)} |\n\n- 1 x {inline(name)}"
        read = [one for token in READER.parse(written) for one in token.children or []]
        assert [(one.type, " ".join(one.content.split())) for one in read] == [
            ("text", "genre"),
            ("text", right),
            ("text", f"1 x {right}"),
        ]


def test_nothing_in_a_block_of_code_ends_it() -> None:
    for name in ("```\n<script>\n```", "````", "a ` b", "~~~"):
        [token] = READER.parse(block(name))
        assert (token.type, token.content) == ("fence", f"{name}\n")
