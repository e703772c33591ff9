"""What counts as JSON, and what an odd value reads as."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.text import json_reader

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values, st.booleans())
@settings(database=None)
def test_json_reads_as_python_reads_it(value: object, ensure_ascii: bool) -> None:
    body = json.dumps(value, ensure_ascii=ensure_ascii).encode()

    assert json_reader.read(body) == json.loads(body)
    assert json_reader.read(b"\xef\xbb\xbf" + body) == json.loads(body)


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\ud83d", "\ufffd"),
        (r"\uDE00 Track", "\ufffd Track"),
        (r"\ud83c\udfb8", "🎸"),
        (r"\ud83d\ud83c\udfb8", "\ufffd🎸"),
        (r"\udfb8\ud83c", "\ufffd\ufffd"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\n\ud83dn", "\n\ufffdn"),
        (r"\u0000", "\x00"),
    ],
)
def test_half_a_surrogate_pair_reads_as_the_replacement_character(escaped: str, text: str) -> None:
    assert json_reader.read(f'{{"{escaped}":["{escaped}"]}}') == {text: [text]}


@pytest.mark.parametrize("number", ["1e400", "-1E+999", "9" * 401, "-" + "9" * 5000])
def test_a_number_that_no_float_holds_reads_as_its_text(number: str) -> None:
    assert json_reader.read(f"[{number}, 1]") == [number, 1]


def test_of_a_key_that_stands_twice_the_last_one_counts() -> None:
    assert json_reader.read('{"a": 1, "a": [2]}') == {"a": [2]}


def test_brackets_in_texts_are_no_depth() -> None:
    name = "[" * 1000 + '\\"' + "{" * 1000
    assert json_reader.read(f'[["{name}"]]') == [["[" * 1000 + '"' + "{" * 1000]]


@pytest.mark.parametrize("deep", [json_reader.MAX_DEPTH + 1, 990, 100_000])
def test_nesting_has_one_limit_whoever_reads(deep: int) -> None:
    within = json_reader.MAX_DEPTH
    assert json_reader.read("[" * within + "]" * within)
    with pytest.raises(ValueError, match="deeper than 200"):
        json_reader.read("[" * deep + "]" * deep)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"\xff",
        b'"\xed\xa0\x80"',
        b"1\x00",
        b"{}{}",
        b'{"a":1,}',
        b'"a\x01b"',
        b'"a\nb"',
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are Python's
        json_reader.read(body)
