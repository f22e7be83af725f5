import json
import math
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import CATEGORY_CODES
from storage.errors import RecordInvalid
from storage.record import (
    MAX_OBSERVATIONS,
    MAX_RECORD_BYTES,
    Record,
    canonical,
    parse,
    require_record,
)

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "envelope" / "content").glob("*.json"))
RECORD = Record(
    b"s" * 32, "laboratory", "custodian:a", "2018-01-31", {"loinc|718-7": (13.5, "g/dL")}
)

printable = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=30
)
ascii_words = st.text(st.characters(min_codepoint=33, max_codepoint=122), min_size=1, max_size=20)
values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.booleans(),
    printable,
)
records = st.builds(
    Record,
    st.binary(min_size=32, max_size=32),
    st.sampled_from(CATEGORY_CODES),
    ascii_words,
    st.dates().map(lambda date: date.isoformat()),
    st.dictionaries(
        st.tuples(ascii_words, ascii_words).map("|".join), st.tuples(values, printable), max_size=12
    ),
)


def with_value(value: object, unit: object = "", code: object = "a|b") -> Record:
    return replace(RECORD, observations={code: (value, unit)})  # type: ignore[dict-item]


@given(records)
def test_a_record_is_parsed_as_it_was_written(record: Record) -> None:
    recorded_on, observations = parse(canonical(record))
    assert recorded_on == record.recorded_on
    expected = {
        code: tuple(
            unicodedata.normalize("NFC", part) if isinstance(part, str) else part for part in pair
        )
        for code, pair in record.observations.items()
    }
    assert observations == expected
    kinds = {code: type(value) for code, (value, _) in observations.items()}
    assert kinds == {code: type(value) for code, (value, _) in record.observations.items()}


@given(records)
def test_the_order_of_observations_does_not_change_the_bytes(record: Record) -> None:
    turned = dict(reversed(list(record.observations.items())))
    packed = canonical(record)
    assert canonical(replace(record, observations=turned)) == packed
    day, observations = parse(packed)
    assert canonical(replace(record, recorded_on=day, observations=observations)) == packed


@given(records)
def test_the_canonical_form_is_plain_json(record: Record) -> None:
    fields = json.loads(canonical(record))
    assert list(fields) == ["observations", "recorded_on", "schema"]
    assert fields["schema"] == 1
    assert list(fields["observations"]) == sorted(record.observations)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_content_is_parsed_exactly_when_its_vector_says_so(path: Path) -> None:
    case = json.loads(path.read_text())
    content = bytes.fromhex(case["content"])
    if case["expect"] == "refused":
        with pytest.raises(RecordInvalid, match="must be in canonical form"):
            parse(content)
    else:
        day, observations = parse(content)
        again = replace(RECORD, recorded_on=day, observations=observations)
        assert canonical(again) == content


@given(st.binary(max_size=80))
def test_random_content_is_refused(anything: bytes) -> None:
    with pytest.raises(RecordInvalid):
        parse(anything)


@given(records, st.data())
def test_a_byte_inserted_anywhere_is_detected(record: Record, data: st.DataObject) -> None:
    packed = canonical(record)
    index = data.draw(st.integers(0, len(packed)))
    with pytest.raises(RecordInvalid):
        parse(packed[:index] + b" \n"[index % 2 :][:1] * 2 + b'"' + packed[index:])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subject": b"short"}, "subject: must be 32 bytes"),
        ({"category": "*"}, "category: "),
        ({"category": "gossip"}, "category: "),
        ({"custodian": ""}, "custodian: "),
        ({"custodian": "x" * 129}, "custodian: "),
        ({"custodian": "a\nb"}, "custodian: "),
        ({"recorded_on": "2018-02-30"}, "recorded_on: "),
        ({"recorded_on": "20180131"}, "recorded_on: "),
        ({"recorded_on": "2018-01-31T00:00"}, "recorded_on: "),
        ({"record_id": "F" * 32}, "record_id: "),
        ({"record_id": "f" * 31}, "record_id: "),
        ({"record_id": "f" * 32 + "\n"}, "record_id: "),
        ({"version": 0}, "version: "),
        ({"version": 2**32}, "version: "),
    ],
)
def test_an_invalid_field_is_named(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(RecordInvalid, match=f"^{field}"):
        require_record(replace(RECORD, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "record",
    [
        with_value(math.nan),
        with_value(math.inf),
        with_value(-math.inf),
        with_value(2**53),
        with_value(-(2**53)),
        with_value(None),
        with_value([1]),
        with_value(b"bytes"),
        with_value("secret" * 1000),
        with_value("secret\x00"),
        with_value("secret\u2028"),
        with_value("secret\ud800"),
        # Short as it is written, too long once composed: U+0958 becomes two characters.
        with_value("\u0958" * 4000),
        with_value(1, "g/dL secret\t"),
        with_value(1, "x" * 129),
        with_value(1, None),
        with_value(1, ["list"]),
        with_value(1, "", "no bar"),
        with_value(1, "", "a|b\n"),
        with_value(1, "", "a|"),
        with_value(1, "", "|b"),
        with_value(1, "", "a|b|c" * 50),
        with_value(1, "", "ä|b"),
        with_value(1, "", 7),
    ],
    ids=lambda record: repr(next(iter(record.observations.items())))[:40],
)
def test_an_invalid_observation_is_refused_without_its_value(record: Record) -> None:
    with pytest.raises(RecordInvalid) as refused:
        canonical(record)
    assert "secret" not in str(refused.value)


def test_a_record_with_too_many_observations_is_refused() -> None:
    most = {f"a|{n}": (n, "") for n in range(MAX_OBSERVATIONS)}
    assert len(parse(canonical(replace(RECORD, observations=most)))[1]) == MAX_OBSERVATIONS
    with pytest.raises(RecordInvalid, match="at most 4096"):
        require_record(replace(RECORD, observations=most | {"a|more": (1, "")}))


def test_a_record_of_more_than_a_mebibyte_is_refused() -> None:
    large = {f"a|{n}": ("x" * 4000, "") for n in range(MAX_RECORD_BYTES // 4000 + 1)}
    with pytest.raises(RecordInvalid, match=r"^record: .* must be at most"):
        canonical(replace(RECORD, observations=large))


def test_the_repr_of_a_record_hides_its_values() -> None:
    assert "13.5" not in repr(RECORD)
