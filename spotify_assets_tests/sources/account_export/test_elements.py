"""The tolerant reader: a list is walked element by element, and what is broken stays alone."""

import json
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sources.account_export.elements import MAX_ELEMENT, Element, elements

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text(), JSON_VALUES, max_size=5)


def walked(data: bytes, size: int = 1 << 16, keys: Sequence[str] = ()) -> list[Element]:
    return list(elements((data[at : at + size] for at in range(0, len(data), size)), keys))


def texts(data: bytes) -> list[str | None]:
    return [element.text for element in walked(data, keys=["a", "b"])]


@given(st.lists(OBJECTS, max_size=6), st.sampled_from([None, 2]), st.integers(1, 9), st.booleans())
def test_every_object_of_a_sound_list_is_found_wherever_the_reads_end(
    objects: list[dict[str, object]], indent: int | None, size: int, is_ascii: bool
) -> None:
    data = json.dumps(objects, indent=indent, ensure_ascii=is_ascii).encode("utf-8")
    found = [json.loads(element.text or "") for element in walked(data, size)]
    assert found == objects


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"[]", []),
        (b" \n[ ] \n", []),
        (b'\xef\xbb\xbf[{"a":1}]', ['{"a":1}']),
        (b'{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']),
        (b'[[{"a":1}],[{"b":2}]]', ['{"a":1}', '{"b":2}']),
        (b'[{"a":1} {"b":2}]', ['{"a":1}', '{"b":2}']),
        (b'[{"a":"},{\\"b\\":1"}]', ['{"a":"},{\\"b\\":1"}']),
        (b'[1,{"a":1}]', [None, '{"a":1}']),
        (b'[{"a":1},null,{"b":2}]', ['{"a":1}', None, '{"b":2}']),
        (b'[{"a":tru},{"b":2}]', [None, '{"b":2}']),
        (b'[{"a":"x,"b":1},{"b":2}]', [None, '{"b":2}']),
        (b'[{"a":1,{"b":2},{"c":3}]', [None, '{"b":2}', '{"c":3}']),
        (b'[{"a":{"x":1},"y"},{"b":2}]', [None, '{"b":2}']),
        (b'[{"a":"\xff"},{"b":2}]', ['{"a":"\ufffd"}', '{"b":2}']),
        (b'{"data":[{"a":1},{"b":2}]}', ['{"a":1}', '{"b":2}']),
        (b'{"v":1,"w":"[{","data":[{"a":1}],"n":5}\n', ['{"a":1}']),
        (b'{"x":{"items":[{"a":1}]}}', ['{"a":1}']),
        (b'{"2023":[{"a":1}],"2024":[{"b":2}]}', ['{"a":1}', '{"b":2}']),
        (b'{"data":[]}', []),
        (b'{"data":[{"a":1},{"b":', ['{"a":1}', None]),
        (b'{"a":[1,2],"b":1}{"b":2}', ['{"a":[1,2],"b":1}', '{"b":2}']),
        (b'[{"a":"\n"},{"b":2}]', [None, '{"b":2}']),
        (b'[{"a":1,"a":2},{"b":2}]', [None, '{"b":2}']),
        (b'[{"a":1},{"b":', ['{"a":1}', None]),
        (b'[{"a":1}]rest', ['{"a":1}', None]),
        (b"nothing of the kind", [None]),
    ],
)
def test_what_is_broken_is_one_element_and_the_next_is_found(
    data: bytes, expected: list[str | None]
) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b'[{"a":', "is cut off: the file ends"),
        (b'[{"a":"cut', "is cut off: the file ends"),
        (b'[{"a":"\xe3\x81', "is cut off: the file ends"),
        (b'[{"a" 1}]', "is no valid JSON: expecting ':' delimiter"),
        (b'[{"a":1,"a":2}]', "has a key twice"),
        (b"[7]", "is no object"),
        (b'[{"a":' + b"[" * 100_000, "is nested too deeply"),
        (b'[{"a":"' + b"x" * 3_000_000 + b'"}]', "is longer than 1 MiB"),
    ],
)
def test_a_problem_says_what_it_is_and_quotes_nothing(data: bytes, problem: str) -> None:
    assert walked(data)[0] == Element(None, problem)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (r'"x \ud83d"', "x \ufffd"),
        (r'"\udc00x"', "\ufffdx"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\uD83D\uDE00"', "\U0001f600"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\ud83d"', "\\\ufffd"),
        (r'"\u00e9"', "\u00e9"),
    ],
)
def test_half_a_surrogate_pair_is_one_character_that_cannot_be_read(said: str, meant: str) -> None:
    (text,) = texts(f'[{{"a":{said}}}]'.encode())
    assert json.loads(text or "") == {"a": meant}


def test_the_keys_of_a_row_may_have_other_capitals() -> None:
    assert texts(b'[{"A":"x","c":1},{"A":1,"a":2}]') == ['{"a": "x", "c": "1"}', '{"A":1,"a":2}']


def test_after_an_element_that_is_too_long_the_next_is_found() -> None:
    data = b'[{"n":1},{"long":"%s"},{"n":3}]' % (b"x" * 3 * MAX_ELEMENT)
    assert texts(data) == ['{"n":1}', None, '{"n":3}']


def test_memory_does_not_grow_with_the_file() -> None:
    def rows() -> Iterator[bytes]:
        yield b"["
        for _ in range(600):
            yield b'{"a":"%s"},' % (b"x" * 50_000)

    tracemalloc.start()
    try:
        assert sum(1 for _ in elements(rows())) == 600
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
