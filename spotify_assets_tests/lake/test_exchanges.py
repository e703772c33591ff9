"""A line of a raw file: any answer in, the very bytes out."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spotify_assets.lake.exchanges import Request, Response, decode, encode, is_final, parse
from spotify_assets_tests.lake.samples import ASKED_AT, answer, question

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-8-sig"]
bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    json_values.map(lambda value: json.dumps(value).encode()),
    json_values.map(lambda value: json.dumps(value, indent=1).encode()),
    # Python's own reader takes all of these for JSON; they must not pass as it.
    st.builds(
        lambda value, encoding: json.dumps(value).encode(encoding),
        json_values,
        st.sampled_from(ENCODINGS),
    ),
)


@given(bodies)
@example(b"")
@example(b"\n")
@example(b"[]\n")
@example(b'{"a":1}\r\n')
@example(b'{"a":\r1}')
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{\x00}\x00")
@example(b"1\x00")
@example(b'"\xed\xa0\x80"')
@example(b'"\\ud83c"')
@example(b'"\\ud83c\\udfb8"')
@example(b"NaN")
@example(b"[1e999]")
@example(b"1" * 5000)
@example(b'{"search":1,"text":"}","base64":""}')
@example('"\u2028\u2029\x85"'.encode())
@example(b"[" * 100_000)
@settings(database=None)
def test_any_body_is_one_line_and_comes_back_as_the_very_bytes(body: bytes) -> None:
    line = encode(1, question(), answer(body))

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    assert decode(line).response == answer(body)


@given(bodies)
@settings(database=None)
def test_a_line_is_strict_json_in_utf_8(body: bytes) -> None:
    line = encode(1, question(), answer(body)).decode("utf-8")

    record = json.loads(line, parse_constant=pytest.fail)
    assert {"search", "text", "base64"} & record.keys()


@given(
    params=st.dictionaries(
        st.sampled_from(["q", "type", "ids", "market"]), st.text() | st.integers(), max_size=4
    ),
    headers=st.dictionaries(st.sampled_from(["date", "retry-after"]), st.text(), max_size=2),
    status=st.integers(200, 599),
)
@example(params={"q": ',"search":{}'}, headers={"date": '","search":1}'}, status=200)
@settings(database=None)
def test_question_status_headers_and_time_come_back(
    params: dict[str, str | int], headers: dict[str, str], status: int
) -> None:
    asked = Request("search", "search", params)
    came = Response(status, headers, b'{"ok":true}', ASKED_AT, elapsed_ms=7)

    exchange = decode(encode(42, asked, came))

    assert (exchange.line, exchange.request, exchange.response) == (42, asked, came)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"tracks":null}', "search"),
        (b'{\n"tracks":null}', "text"),
        (b"Too many requests", "text"),
        (b"", "text"),
        (b"NaN", "text"),
        (b'"\\ud83c"', "text"),
        (b"\xef\xbb\xbf{}", "text"),
        (b"\x1f\x8b\xff", "base64"),
    ],
)
def test_json_on_one_line_is_kept_readable_and_the_rest_as_text_or_base64(
    body: bytes, key: str
) -> None:
    record = json.loads(encode(1, question(), answer(body)))

    assert {"search", "text", "base64"} & record.keys() == {key}
    assert record["bytes"] == len(body)


@pytest.mark.parametrize("body", [b'{"name":"ab"}', b"plain text", b"\xff\xfe\xfd"])
def test_a_changed_body_is_refused(body: bytes) -> None:
    line = encode(3, question(), answer(body))
    changed = bytearray(line)
    changed[line.rindex(b"}") - 4] ^= 1

    with pytest.raises(ValueError, match=r"line 3|base64|padding"):
        decode(bytes(changed))


def test_the_same_question_is_the_same_whatever_the_order_of_its_parameters() -> None:
    one = Request("search", "search", {"q": "a", "limit": 50})
    same = Request("search", "search", {"limit": 50, "q": "a"})
    others = [
        Request("search", "search", {"q": "a", "limit": 10}),
        Request("artists", "search", {"q": "a", "limit": 50}),
        Request("search", "elsewhere", {"q": "a", "limit": 50}),
    ]

    assert one.identity == same.identity
    assert one.identity not in {other.identity for other in others}


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"NaN", b"[Infinity]", b"\xff", b"1\x00"])
def test_what_is_no_json_reads_as_nothing(body: bytes) -> None:
    assert parse(body) is None


@pytest.mark.parametrize(
    ("response", "final"),
    [
        (answer(b"{}"), True),
        (answer(b"[]"), True),
        (answer(b""), False),
        (answer(b'{"tracks":'), False),
        (answer(b"", 400), True),
        (answer(b"Active premium subscription required", 403), True),
        (answer(b"", 404), True),
        (answer(b"{}", 401), False),
        (answer(b"{}", 429), False),
        (answer(b"{}", 500), False),
        (answer(b"{}", 204), False),
    ],
)
def test_final_is_what_asking_again_would_not_change(response: Response, final: bool) -> None:
    assert is_final(question(), response) is final
