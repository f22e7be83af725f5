"""A part of a JSON text without one meaning costs that part, and never the rest."""

from __future__ import annotations

import io

import orjson
import pytest

from records import JsonInvalid
from records.fhir_entries import DAMAGED
from records.fhir_file import MAX_DEPTH, read_entries
from records.json_flaws import MAX_PARSED_DEPTH, Flaw, find_flaw, loads_with_flaws
from records.outcomes import EntryCode

FLAWED = [
    (b"1e400", EntryCode.NUMBER),
    (b"-1E+400", EntryCode.NUMBER),
    (b"9" * 400, EntryCode.NUMBER),
    (b"1." + b"3" * 300, EntryCode.NUMBER),
    (b"NaN", EntryCode.NOT_FINITE),
    (b"-Infinity", EntryCode.NOT_FINITE),
    (b'{"unit":"g","unit":"mg"}', EntryCode.DUPLICATE_ELEMENT),
    (b'"\\ud800"', EntryCode.NOT_UNICODE),
    (b'{"\\udfff":1}', EntryCode.NOT_UNICODE),
    (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, EntryCode.TOO_DEEP),
]
WHOLE = b'{"resourceType":"Observation","id":"o2","valueDecimal":1.00}'


def entry(value: bytes) -> bytes:
    return b'{"resourceType":"Observation","id":"o1","valueDecimal":' + value + b"}"


@pytest.mark.parametrize(("value", "code"), FLAWED)
def test_an_entry_without_one_meaning_is_refused_and_the_others_are_read(
    value: bytes, code: EntryCode
) -> None:
    bundle = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":%b},{"resource":%b}]}'
    for body in (bundle % (entry(value), WHOLE), entry(value) + b"\n" + WHOLE):
        bad, good = read_entries(io.BytesIO(body))
        assert (bad.number, bad.kind, bad.resource, bad.code) == (1, "Observation", None, code)
        assert (good.number, good.code) == (2, EntryCode.NOTHING)
        assert orjson.dumps(good.resource["valueDecimal"] if good.resource else None) == b"1.00"


def test_what_is_no_json_is_refused_as_a_whole_with_its_place() -> None:
    for value in (b"007", b"+5", b"5.", b"0x10", b"5,4", b"\xff"):
        with pytest.raises(JsonInvalid):
            list(read_entries(io.BytesIO(entry(value))))


def test_an_entry_with_an_element_twice_is_refused_alone() -> None:
    twice = b'{"resource":%b,"resource":%b}' % (WHOLE, WHOLE)
    body = b'{"resourceType":"Bundle","type":"batch","entry":[%b,{"resource":%b}]}' % (twice, WHOLE)
    codes = [each.code for each in read_entries(io.BytesIO(body))]
    assert codes == [EntryCode.DUPLICATE_ELEMENT, EntryCode.NOTHING]


@pytest.mark.parametrize(
    ("beside", "code"),
    [
        (b'"request":{"method":"DELETE","method":"PUT","url":"a"}', EntryCode.DUPLICATE_ELEMENT),
        (b'"request":{"method":NaN,"url":"Observation/o1"}', EntryCode.NOT_FINITE),
        (b'"request":{"method":"DELETE","url":"Observation/\\ud800"}', EntryCode.NOT_UNICODE),
        (b'"fullUrl":"https://a.example/\\ud800/Observation/o1"', EntryCode.NOT_UNICODE),
        (b'"fullUrl":1e400', EntryCode.NUMBER),
        (b'"search":{"mode":"match","mode":"outcome"}', EntryCode.DUPLICATE_ELEMENT),
    ],
)
def test_an_entry_is_refused_if_what_is_beside_its_resource_has_no_single_meaning(
    beside: bytes, code: EntryCode
) -> None:
    entries = b'{%b,"resource":%b},{"resource":%b}' % (beside, WHOLE, WHOLE)
    body = b'{"resourceType":"Bundle","type":"batch","entry":[%b]}' % entries
    bad, good = read_entries(io.BytesIO(body))
    assert (bad.number, bad.resource, bad.url, bad.method, bad.code) == (1, None, "", "", code)
    assert (good.number, good.code) == (2, EntryCode.NOTHING)


@pytest.mark.parametrize(
    "part", [b'{"name":"a","resource":%b,"resource":%b}' % (WHOLE, WHOLE), b'{"part":NaN}']
)
def test_a_parameter_without_one_meaning_is_refused_and_not_passed_over(part: bytes) -> None:
    body = b'{"resourceType":"Parameters","parameter":[%b,{"resource":%b}]}' % (part, WHOLE)
    bad, good = read_entries(io.BytesIO(body))
    assert (bad.resource, bad.code in DAMAGED) == (None, True)
    assert good.code is EntryCode.NOTHING


def test_a_bundle_with_a_type_that_is_no_type_says_so() -> None:
    body = b'{"resourceType":"Bundle","type":NaN,"entry":[{"resource":%b}]}' % WHOLE
    codes = [each.code for each in read_entries(io.BytesIO(body))]
    assert codes == [EntryCode.NO_BUNDLE_TYPE, EntryCode.NOTHING]


def test_a_bundle_with_its_entries_twice_is_refused() -> None:
    body = b'{"resourceType":"Bundle","type":"batch","entry":[],"entry":[]}'
    with pytest.raises(JsonInvalid, match="duplicate"):
        list(read_entries(io.BytesIO(body)))


def test_a_line_in_another_encoding_is_named_as_such() -> None:
    line = '{"resourceType":"Patient","id":"p","name":[{"family":"Müller"}]}'.encode("cp1252")
    codes = [each.code for each in read_entries(io.BytesIO(line + b"\n" + WHOLE))]
    assert codes == [EntryCode.NOT_UNICODE, EntryCode.NOTHING]


def test_flaws_are_found_in_any_place_and_nothing_deeper_is_parsed() -> None:
    assert find_flaw(loads_with_flaws(b'{"a":[1,{"b":[1e400]}]}'), 8) is Flaw.NUMBER
    assert find_flaw(loads_with_flaws(b'{"a":[1,{"b":[1e300]}]}'), 8) is None
    with pytest.raises(JsonInvalid, match="deeper"):
        loads_with_flaws(b"[" * (MAX_PARSED_DEPTH + 1))
