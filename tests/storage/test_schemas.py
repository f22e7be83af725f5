import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from storage.record import MAX_OBSERVATIONS, Record
from storage.schemas import RecordSchema

GOOD: dict[str, Any] = {
    "subject": "ab" * 32,
    "category": "laboratory",
    "custodian": "custodian:a",
    "recorded_on": "2018-01-31",
    "observations": [{"code": "loinc|718-7", "value": 13.5, "unit": "g/dL"}],
}


values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.booleans(),
    st.text(st.characters(categories=["L", "N", "P"]), max_size=30),
)
codes = st.from_regex(r"[a-z]{1,5}\|[0-9-]{1,8}", fullmatch=True)
records = st.builds(
    Record,
    st.binary(min_size=32, max_size=32),
    st.just("laboratory"),
    st.just("custodian:a"),
    st.dates().map(lambda date: date.isoformat()),
    st.dictionaries(codes, st.tuples(values, st.sampled_from(["", "g/dL"])), max_size=6),
)


def observed(**changed: Any) -> dict[str, Any]:
    return GOOD | {"observations": [GOOD["observations"][0] | changed]}


def test_a_record_loads_from_json() -> None:
    record = RecordSchema().load(GOOD)
    assert record == Record(
        b"\xab" * 32, "laboratory", "custodian:a", "2018-01-31", {"loinc|718-7": (13.5, "g/dL")}
    )
    assert RecordSchema().dump(record) == GOOD | {"record_id": "", "version": 1}


@given(records)
def test_a_dumped_record_loads_unchanged(record: Record) -> None:
    out = json.loads(json.dumps(RecordSchema().dump(record)))
    del out["record_id"], out["version"]
    assert RecordSchema().load(out) == record


def test_a_unit_is_optional() -> None:
    body = GOOD | {"observations": [{"code": "a|b", "value": "x"}]}
    assert RecordSchema().load(body).observations == {"a|b": ("x", "")}


@pytest.mark.parametrize("value", [True, False, 1, 1.0, "1", "true", "", 0, -0.5])
def test_a_value_is_not_converted(value: Any) -> None:
    loaded, _ = RecordSchema().load(observed(value=value)).observations["loinc|718-7"]
    assert (loaded, type(loaded)) == (value, type(value))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (GOOD | {"subject": "AB" * 32}, "subject"),
        (GOOD | {"subject": "ab" * 31}, "subject"),
        (GOOD | {"subject": " ".join(["ab"] * 32)}, "subject"),
        (GOOD | {"subject": 7}, "subject"),
        (GOOD | {"subject": None}, "subject"),
        (GOOD | {"category": "*"}, "category"),
        (GOOD | {"category": 1}, "category"),
        (GOOD | {"custodian": "a\0"}, "custodian"),
        (GOOD | {"recorded_on": "yesterday"}, "recorded_on"),
        (GOOD | {"recorded_on": 20180131}, "recorded_on"),
        (GOOD | {"observations": {}}, "observations"),
        (GOOD | {"observations": GOOD["observations"] * 2}, "observations"),
        (GOOD | {"observations": GOOD["observations"] * (MAX_OBSERVATIONS + 1)}, "observations"),
        (GOOD | {"observations": [7]}, "observations"),
        (GOOD | {"record_id": "ab" * 16}, "record_id"),
        (GOOD | {"version": 2}, "version"),
        (GOOD | {"name": "Mustermann"}, "name"),
        (observed(value=None), "observations"),
        (observed(value=[1]), "observations"),
        (observed(value=float("nan")), "observations"),
        (observed(value=2**53), "observations"),
        (observed(value="x" * 5000), "observations"),
        (observed(unit=1), "observations"),
        (observed(unit=None), "observations"),
        (observed(code="no bar"), "observations"),
        (observed(code=1), "observations"),
        (observed(note="x"), "observations"),
        *(({k: v for k, v in GOOD.items() if k != name}, name) for name in GOOD),
    ],
)
def test_an_error_is_reported_at_its_field(body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RecordSchema().load(body)
    assert list(refused.value.normalized_messages()) == [field]


@pytest.mark.parametrize(
    "body",
    [
        {"observations": [{}] * 3_000_000},
        {"observations": [{}] * 5_000},
        {"observations": [], **{str(number): 1 for number in range(500_000)}},
        {"observations": [{str(number): 1 for number in range(500_000)}]},
    ],
    ids=["too many items", "many wrong items", "many fields", "an item of many fields"],
)
def test_a_body_of_many_faults_is_refused_at_once_and_names_few_of_them(
    body: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError) as refused:
        RecordSchema().load(body)
    assert len(json.dumps(refused.value.messages)) < 5_000
