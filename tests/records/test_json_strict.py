from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import JsonInvalid, json_strict
from records.json_strict import (
    MAX_DEPTH,
    _loads,
    dumps_exact,
    exact_integer,
    exact_number,
    loads,
    loads_exact,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**63), 2**64 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
REFUSED = {
    "nothing": b"",
    "not json": b"{",
    "two values": b"1 2",
    "nan": b'{"signed": NaN}',
    "infinity": b'{"signed": [Infinity]}',
    "too large a number": b'{"days": 1e999}',
    "an integer of 10,000 digits": b'{"days": ' + b"9" * 10_000 + b"}",
    "a duplicate key": b'{"signed": [], "signed": []}',
    "a duplicate key in escapes": b'{"a": 1, "\\u0061": 2}',
    "a duplicate key further down": b'[{"a": {"b": 1, "b": 1}}]',
    "too deep": b"[" * 100_000,
    "too deep and closed": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "deep objects": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "an unpaired surrogate": b'{"recipient": "\\ud800"}',
    "an unpaired surrogate as a key": b'{"\\udc00": 1}',
    "not utf-8": b'{"recipient": "\xff"}',
    "a surrogate in utf-8": b'"\xed\xa0\x80"',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a control character": b'"\x01"',
    "an unterminated string": b'["a',
    "an unterminated escape": b'["a\\',
    "a leading zero": b"01",
    "a comment": b"[1] // one",
}
TOKENS = [
    b'"',
    b"\\",
    b'"\\',
    b'\\"',
    b'"\\\\"',
    b'"a",',
    b'"a":',
    b"[",
    b"]",
    b"[]",
    b"[],",
    b"{",
    b'{"a":',
    b"9",
    b"-",
    b"1,",
    b"e",
    b"\\u",
    b'"\\ud800',
    b",",
    b" ",
    b"true",
    b"\xff",
]
SMALL, LARGE = 2**16, 2**20


@pytest.mark.parametrize("parse", [loads, loads_exact])
@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_json_without_one_meaning_is_refused(parse: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(JsonInvalid):
        parse(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"a": 1,\n "b": x}', "line 2, column 7"),
        (b'{"a": "M\xfcller"}', "not UTF-8 from byte 8 on"),
        (b"[1e400]", "a number is greater"),
        (b"[NaN]", "NaN and Infinity"),
    ],
)
def test_the_message_says_where_the_fault_is_or_what_it_is(body: bytes, message: str) -> None:
    with pytest.raises(JsonInvalid, match=message):
        loads(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 40),
        (b'["\\"[", {"a": "}"}]', ['"[', {"a": "}"}]),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"1.50", 1.5),
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", 2.0**64),
        (b"-9223372036854775809", -(2.0**63)),
        (b"1e308", 1e308),
    ],
    ids=["deepest", "brackets in a string", "escaped quote", "surrogate pair"]
    + ["fraction", "largest integer", "larger integer", "smaller integer", "largest power"],
)
def test_json_with_one_meaning_is_read(body: bytes, value: object) -> None:
    result = loads(body)
    assert value is None or (result == value and type(result) is type(value))


@given(VALUES)
def test_what_the_standard_library_writes_is_read_unchanged(value: object) -> None:
    try:
        text = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert loads(text) == value


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\0 1eE-.n', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        loads(body)
    except JsonInvalid:
        return
    json.loads(body)


@pytest.mark.parametrize("start", [b"", b'["'], ids=["bare", "in a string"])
@pytest.mark.parametrize("token", TOKENS, ids=repr)
def test_the_work_grows_no_faster_than_the_length(token: bytes, start: bytes) -> None:
    def cpu_s(size: int) -> float:
        body, times = start + token * (size // len(token)), []
        for _ in range(3):
            began = time.thread_time()
            with suppress(JsonInvalid):
                loads(body)
            times.append(time.thread_time() - began)
        return max(min(times), 0.001)  # below this the clock says little

    # Sixteen times the length; work that grows with the square would take 256 times as long, in
    # each attempt. Other programs slow down single attempts, so one of ten has to show it.
    assert any(cpu_s(LARGE) < 64 * cpu_s(SMALL) for _ in range(10))


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1.00,"b":1E2,"c":-0,"d":12345678901234567890123456789,"e":0.1000,"f":[1e-7]}',
        b'{"a":9007199254740993,"b":"\xc3\xa9","c":null,"d":true}',
    ],
)
def test_exact_numbers_are_written_as_they_were_read(text: bytes) -> None:
    assert dumps_exact(loads_exact(text)) == text


def test_keys_are_sorted_in_the_exact_form() -> None:
    assert dumps_exact(loads_exact(b'{ "b" : 1.0, "a" : {"d":1,"c":2} }')) == (
        b'{"a":{"c":2,"d":1},"b":1.0}'
    )


@pytest.mark.parametrize(
    "text",
    [b'{"a":NaN}', b'{"a":1e999}', b'{"a":1,"a":2}', b'{"a":' + b"9" * 300 + b".0}", b'"\\ud800"'],
)
def test_what_has_no_exact_meaning_is_refused(text: bytes) -> None:
    with pytest.raises(JsonInvalid):
        loads_exact(text)


NUMBERS = st.sampled_from(["1", "-0", "1.5", "1.50", "1e5", "0.1", "12345678901234567890", "9e-9"])
TEXTS = st.text(alphabet='ab\\"/~{[: é\n', max_size=6).map(json.dumps) | st.just('"\\/\\u0061"')
KEYS = st.sampled_from(['"a"', '"a "', '"b"', '"~~"', '"\\""'])
MEMBERS = st.lists(st.tuples(KEYS, NUMBERS | TEXTS))


@pytest.mark.parametrize("innermost", [1, [], {}])
@pytest.mark.parametrize("many", [0, 2**18])
@pytest.mark.parametrize("option", [0, orjson.OPT_INDENT_2])
def test_exact_json_may_be_as_deep_as_the_limit_and_no_deeper(
    innermost: object, many: int, option: int
) -> None:
    def nested(levels: int) -> object:
        value = innermost
        for _ in range(levels - (innermost != 1)):
            value = [value]
        return value

    for limit in (10, 64):
        deepest = orjson.dumps([nested(limit - 1), [0] * many], option=option)
        assert loads_exact(deepest, limit) == orjson.loads(deepest)
        with pytest.raises(JsonInvalid, match=f"nested deeper than {limit} levels"):
            loads_exact(orjson.dumps([nested(limit), [0] * many], option=option), limit)


@given(MEMBERS, st.sampled_from(["", " ", "\n  "]))
def test_the_fast_way_reads_and_refuses_as_the_careful_one_does(
    members: list[tuple[str, str]], blank: str
) -> None:
    text = ("{" + ",".join(f"{blank}{k}:{blank}{v}" for k, v in members) + "}").encode()
    try:
        careful = dumps_exact(_loads(text, exact_integer, exact_number))
    except JsonInvalid:
        with pytest.raises(JsonInvalid):
            loads_exact(text)
        return
    assert dumps_exact(loads_exact(text)) == careful


@pytest.mark.parametrize("body", [b"[" + b"{}," * 600 + b"1]", b'["",' + b'"",' * 600 + b"1]"])
def test_a_text_of_too_many_values_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(json_strict, "MAX_VALUES", 500)
    for parse in (loads, loads_exact):
        with pytest.raises(JsonInvalid, match="more than 500 values; send it in parts"):
            parse(body)
        assert parse(b"[" + b"1," * 400 + b"1]") == [1] * 401
