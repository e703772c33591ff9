"""The pages: every word in both languages, and a text of somebody is never markup."""

import ast
import datetime as dt
import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="needs the extra `pages`")

import duckdb
import polars as pl

from spotify_assets import pages
from spotify_assets.lake import Lake
from spotify_assets.pages.dashboard import comments, listening
from spotify_assets.pages.dashboard.visit import plain
from spotify_assets.pages.reading import NotReadable, Reason, questions, rows
from spotify_assets.pages.words import PORTUGUESE, Say
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.hostile import FORMULAS

FOLDER = Path(pages.__file__).parent


def said() -> set[str]:
    """What the pages say, in English."""
    found = set()
    for module in FOLDER.rglob("*.py"):
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"say", "self.say", "self"}:
                found |= {str(one.value) for one in call.args[:1] if isinstance(one, ast.Constant)}
    return found


def test_every_word_is_there_in_portuguese_and_no_other() -> None:
    assert said() == set(PORTUGUESE)


@pytest.mark.parametrize("words", PORTUGUESE)
def test_what_is_put_into_words_is_the_same_in_both_languages(words: str) -> None:
    fields = [sorted(re.findall(r"\{\w+\}", text)) for text in (words, PORTUGUESE[words])]
    assert fields[0] == fields[1]


def test_numbers_are_written_as_the_language_does() -> None:
    assert Say("en").number(1234567.5, 1) == "1,234,567.5"
    assert Say("pt").number(1234567.5, 1) == "1.234.567,5"
    assert Say("pt").number(None) == "–"


@pytest.mark.parametrize("text", ["**bold**", "[x](http://y)", "<b>x</b>", ":red[x]", "$x$", "# x"])
def test_markdown_of_a_name_is_text(text: str) -> None:
    assert re.sub(r"\\(.)", r"\1", plain(text)) == text
    assert not re.search(r"(?<!\\)[*\[\]<>:$#_`]", plain(text))


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("28d", "2026-10-30", "2026-11-26"),
        ("all", "2024-03-05", "2026-11-26"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("2026", "2026-01-01", "2026-11-26"),
    ],
)
def test_a_period_ends_where_knowledge_does(period: str, since: str, until: str) -> None:
    first, last = dt.date(2024, 3, 5), dt.date(2026, 11, 26)
    window = listening.window(period, first, last)
    assert [str(day) for day in window] == [since, until]


PAGES = ("listening", "genres", "releases", "comments", "operations")
TOLD = {
    "since": dt.date(2026, 1, 1), "until": dt.date(2026, 11, 26), "day": dt.date(2026, 11, 26),
    "now": dt.datetime(2026, 11, 26), "what": "track", "kind": "track", "year": 2026,  # noqa: DTZ001
    "most": 10, "failed": False,
}  # fmt: skip
"""What is bound; all else is a text, or all of it."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that was published of an empty lake."""
    folder = tmp_path_factory.mktemp("empty")
    publish(Lake(folder / "lake"), folder / "spotify.duckdb", {})
    return folder / "spotify.duckdb"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", [None, "'); DROP TABLE x; --"])
def test_every_question_can_be_asked_of_an_empty_warehouse(
    empty: Path, page: str, text: str | None
) -> None:
    for question, sql in questions(f"dashboard/{page}").items():
        told = {name: TOLD.get(name, text) for name in re.findall(r"\$(\w+)", sql)}
        assert isinstance(rows(empty, sql, **told), pl.DataFrame), question


def test_a_warehouse_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotReadable) as refused:
        rows(tmp_path / "spotify.duckdb", "SELECT 1")
    assert refused.value.reason is Reason.missing


def test_a_warehouse_of_an_earlier_version_is_said_to_be_older(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "spotify.duckdb").close()
    with pytest.raises(NotReadable) as refused:
        rows(tmp_path / "spotify.duckdb", "FROM comments.comments")
    assert refused.value.reason is Reason.older


@pytest.mark.parametrize("held", [b"", b"no database" * 1_000])
def test_what_is_no_warehouse_cannot_be_opened(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "spotify.duckdb").write_bytes(held)
    with pytest.raises(NotReadable) as refused:
        rows(tmp_path / "spotify.duckdb", "FROM comments.comments")
    assert refused.value.reason in (Reason.unreadable, Reason.older)


def test_a_published_file_is_seen_at_once(tmp_path: Path) -> None:
    """What is kept of answers is of one state of the file."""
    for number in (1, 2):
        with duckdb.connect(tmp_path / "new.duckdb") as connection:
            connection.execute(f"CREATE OR REPLACE TABLE x AS SELECT {number} AS n")
        (tmp_path / "new.duckdb").rename(tmp_path / "spotify.duckdb")
        assert rows(tmp_path / "spotify.duckdb", "FROM x").item() == number


@pytest.mark.slow
def test_readers_see_no_error_while_a_hundred_files_are_published(
    empty: Path, tmp_path: Path
) -> None:
    database = tmp_path / "spotify.duckdb"
    shutil.copy(empty, database)
    asked = [
        sql for page in PAGES for sql in questions(f"dashboard/{page}").values() if "$" not in sql
    ]
    is_over = threading.Event()

    def read() -> int:
        answers = 0
        while not is_over.is_set():
            answers += sum(rows(database, sql).height >= 0 for sql in asked)
        return answers

    with ThreadPoolExecutor(8) as readers:
        reading = [readers.submit(read) for _ in range(8)]
        for _ in range(100):
            shutil.copy(empty, tmp_path / "new")
            (tmp_path / "new").rename(database)
            time.sleep(0.02)
        is_over.set()
    assert all(one.result() for one in reading)


def test_an_exported_cell_is_no_formula() -> None:
    frame = pl.DataFrame({"text": [*FORMULAS, "safe", None], "number": -1})
    written = pl.read_csv(comments.as_csv(frame), infer_schema=False)
    assert written["text"][: len(FORMULAS)].to_list() == [f"'{text}" for text in FORMULAS]
    assert written["text"][-2] == "safe"
    assert written["number"].unique().to_list() == ["-1"]


def test_json_and_parquet_hold_texts_as_they_are() -> None:
    frame = pl.DataFrame({"text": ["=1+1", "<b>"], "date": [dt.date(2026, 11, 26)] * 2})
    assert pl.read_json(comments.as_json(frame))["text"].to_list() == ["=1+1", "<b>"]
    assert pl.read_parquet(comments.as_parquet(frame)).equals(frame)


def test_a_movement_is_written_with_its_direction() -> None:
    status = ["up", "down", "same", "new", "re-entry", "not_comparable"]
    movement = [3, -1, 0, None, None, None]
    shown = listening.moved(pl.DataFrame({"status": status, "movement": movement}))
    assert shown.to_list() == ["▲ 3", "▼ 1", "=", "✱", "↩", ""]
