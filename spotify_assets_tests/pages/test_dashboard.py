"""The pages: every word in both languages, and a text of somebody is never markup."""

import ast
import datetime as dt
import re
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="needs the extra `pages`")

from spotify_assets.pages import dashboard
from spotify_assets.pages.dashboard import listening
from spotify_assets.pages.dashboard.visit import plain
from spotify_assets.pages.dashboard.words import PORTUGUESE, Say

FOLDER = Path(dashboard.__file__).parent


def said() -> set[str]:
    """What the pages say, in English."""
    found = set()
    for module in FOLDER.glob("*.py"):
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
