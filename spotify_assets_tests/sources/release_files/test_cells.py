"""The bytes of a file to its cells, however a row is quoted."""

import csv
import io

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sources.release_files import cells
from spotify_assets.sources.release_files.cells import Sheet, sheet_of

HEADER = ["title", "author", "listeners", "streams"]
HEAD = "title,author,listeners,streams"
CELL = st.text(st.sampled_from("ab1 ,;-é"), max_size=4)
QUOTABLE = st.one_of(st.text(st.sampled_from('a1 ,"'), max_size=5), st.text('a"\n', max_size=5))


def said(sheet: Sheet) -> tuple[list[int], list[tuple[str, ...]], list[tuple[object, ...]]]:
    broken = [row for frame in sheet.broken for row in frame.rows()]
    return sheet.lines.to_list(), sheet.cells.rows(), broken


@given(st.lists(st.lists(CELL, max_size=4).map(",".join), max_size=8))
def test_without_a_quote_both_readers_say_the_same(rows: list[str]) -> None:
    text = "\n".join([HEAD, *rows])
    plain = cells._plain(text, len(HEAD), ",", HEADER)
    quoted = cells._quoted(text, len(HEAD), ",", HEADER, set())
    assert said(plain) == said(quoted)


@given(st.lists(st.tuples(QUOTABLE, QUOTABLE), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_is_read_as_it_was(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([HEADER, *((*row, 1, 2) for row in rows)])
    sheet, _ = sheet_of(text.getvalue(), ())
    assert sheet.cells.rows() == [(*row, "1", "2") for row in rows]
    assert sheet.broken == []


def test_a_quote_that_is_never_closed_takes_its_own_line_and_no_other() -> None:
    text = 'date,streams\n2026-01-01,1\n"2026-01-02,2\n2026-01-03,3\n"2026-01-04",4\n"2026-01-05'
    sheet, _ = sheet_of(text, ())
    assert sheet.lines.to_list() == [2, 4, 5]
    broken = pl.concat(sheet.broken)
    assert broken["source_line"].to_list() == [3, 6]
    assert broken["value"].to_list() == ['"2026-01-02,2', '"2026-01-05']
    assert broken["reason"].str.contains("A quote is opened").all()


def test_of_songs_too_a_quote_that_is_not_closed_takes_its_own_line() -> None:
    text = f'{HEAD}\n"One,Me,1,2\n"Two",Me,1,2\nThree,Me,1,2\n'
    sheet, _ = sheet_of(text, ())
    assert sheet.cells["0"].to_list() == ["Two", "Three"]
    assert [frame["source_line"].to_list() for frame in sheet.broken] == [[2]]


def test_a_row_of_several_lines_has_the_number_of_its_first() -> None:
    sheet, _ = sheet_of('title,author,listeners,streams\n\n"One\nTwo",Me,1,2\nThree,Me,1,2\n', ())
    assert sheet.lines.to_list() == [3, 5]
    assert sheet.cells["0"].to_list() == ["One\nTwo", "Three"]
