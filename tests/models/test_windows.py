"""Features of timed questions: nothing after the index, and the same as a slow reading."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timed import FEATURES, HEAD, born, diagnosed, measured, person, question, visit

from models.features import Values
from models.inputs import list_input_values, read_row
from models.question import Question
from models.selection import make_timed_matrix, read_events, select
from models.windows import Indexes
from storage import Record

GLUCOSE = "http://loinc.org|2345-7"
DAY = datetime.date(2020, 1, 1)
TAKES = ("first", "last", "mean", "min", "max", "sd", "slope", "count", "days-since", "exists")
UNIT_SCALES = {"mg/dL": 1.0, "mg/dl": 1.0, "g/L": 100.0, "mmol/L": 18.0156}


def second(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp())


def day(offset: int) -> str:
    return (DAY + datetime.timedelta(days=offset)).isoformat()


def values_at(timed: Question, records: Sequence[Record], at: str) -> Values:
    reader = read_events(timed, [records])
    now = Indexes(np.zeros(1, np.int64), np.array([second(at)]))
    values: Values = reader.read(timed.features, now, timed.categories)[0]
    return values


def glucose(**changes: Any) -> float:
    records = person(1, laboratory=[measured(GLUCOSE, "2020-01-01", 5.1, "mmol/L", **changes)])
    return float(values_at(question(), records, "2020-01-02")[1])


def test_a_value_is_converted_by_the_molar_rule_of_its_code() -> None:
    assert glucose() == pytest.approx(91.87956)


def test_a_value_in_a_unit_without_a_rule_is_missing_and_counted() -> None:
    records = person(1, laboratory=[measured(GLUCOSE, "2020-01-01", 5.1, "mmol/L")])
    reader = read_events(question(units=""), [records])
    now = Indexes(np.zeros(1, np.int64), np.array([second("2020-01-02")]))
    values = reader.read(question().features, now, question().categories)
    assert math.isnan(values[0, 1])
    assert reader.unread == {("glucose", "unit"): 1}


@pytest.mark.parametrize(
    ("rule", "expected"), [("limit", 50.0), ("half", 25.0), ("missing", math.nan)]
)
def test_a_bound_is_read_as_the_feature_says(rule: str, expected: float) -> None:
    quantity = {"value": 50, "code": "mg/dL", "comparator": "<"}
    records = person(1, laboratory=[measured(GLUCOSE, "2020-01-01", 0, "", valueQuantity=quantity)])
    features = FEATURES.replace('unit = "mg/dL"', f'unit = "mg/dL"\nbounds = "{rule}"')
    value = values_at(question(features=features), records, "2020-01-02")[1]
    np.testing.assert_equal(float(value), expected)


def test_a_value_that_was_issued_after_the_index_is_not_seen() -> None:
    assert math.isnan(glucose(issued="2020-01-03T08:00:00Z"))


def test_a_condition_of_a_year_alone_is_seen_when_the_year_is_over() -> None:
    records = person(1, condition=[diagnosed("icd10cm|I10", "2020")])
    records_full = person(1, condition=[diagnosed("http://hl7.org/fhir/sid/icd-10-cm|I10", "2020")])
    for chosen in (records, records_full):
        assert values_at(question(), chosen, "2020-12-31")[2] == 0
        assert values_at(question(), chosen, "2021-01-01")[2] == 1


def test_a_suspected_condition_counts_only_where_the_feature_asks_for_it() -> None:
    suspected = {"coding": [{"system": "x", "code": "provisional"}]}
    records = person(
        1, condition=[diagnosed("icd10cm|I10", "2019-01-01", verificationStatus=suspected)]
    )
    assert values_at(question(), records, "2020-01-01")[2] == 0
    asking = FEATURES + 'status = ["provisional"]\n'
    assert values_at(question(features=asking), records, "2020-01-01")[2] == 1


@pytest.mark.parametrize(
    ("born_on", "at", "age"),
    [
        ("1961-04-02", "2020-04-01", 58),
        ("1961-04-02", "2020-04-02", 59),
        ("2000-02-29", "2021-02-28", 20),
        ("2000-02-29", "2021-03-01", 21),
        ("1961", "2020-01-01", 59),
    ],
)
def test_age_is_in_completed_years_at_the_index(born_on: str, at: str, age: int) -> None:
    assert values_at(question(), person(1, demographics=[born(born_on)]), at)[0] == age


def test_an_event_with_a_code_of_the_label_is_hidden_from_every_feature() -> None:
    label = """
[label]
codes = ["icd10cm|E11*"]
category = "condition"
within = ["-100y", "0d"]
absent = "negative"
words = "diabetes"
definition = "D"
"""
    snomed = FEATURES.replace("icd10cm|I10*", "snomed|44054006")
    both = diagnosed("http://snomed.info/sct|44054006", "2019-01-01")
    both["code"]["coding"].append({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"})
    alone = diagnosed("http://snomed.info/sct|44054006", "2019-01-01")
    for resource, seen in ((both, 0), (alone, 1)):
        records = person(1, condition=[resource])
        assert values_at(question(label, snomed), records, "2020-01-01")[2] == seen


def test_events_of_records_that_a_prediction_does_not_open_are_not_read() -> None:
    records = person(1, imaging=[measured(GLUCOSE, "2020-01-01", 90, "mg/dL")])
    assert math.isnan(values_at(question(), records, "2020-01-02")[1])


def people_until(last: int, later: float | None = None) -> list[list[Record]]:
    """Return people whose index is day 0, with events until `last`; `later` replaces values."""
    people = []
    for number in range(30):
        days = list(range(-700 + number, last + 1, 97))
        values = [90 + n % 7 if n <= 0 or later is None else later for n in days]
        people.append(
            person(
                number,
                procedure=[visit(day(0))],
                demographics=[born(f"19{50 + number}-06-01")],
                laboratory=[
                    measured(GLUCOSE, day(n), value, "mg/dL")
                    for n, value in zip(days, values, strict=True)
                ],
                condition=[diagnosed("icd10cm|I10", day(n)) for n in days if n % 5 == 0],
            )
        )
    return people


@pytest.mark.parametrize("later", [None, 1e6])
def test_events_after_the_index_change_no_bit_of_the_matrix(later: float | None) -> None:
    without = make_timed_matrix(question(), people_until(0)).values
    with_later = make_timed_matrix(question(), people_until(900, later)).values
    assert with_later.tobytes() == without.tobytes()
    assert np.isfinite(without).all()


def test_a_patient_alone_has_the_row_of_the_batch() -> None:
    head = HEAD.replace('codes = ["visit|AMB"]\ncategory = "procedure"', 'take = "date"').replace(
        "[index]", '[index]\ndate = "2020-01-01"'
    )
    timed = question(head=head)
    people = people_until(900)
    batch = make_timed_matrix(timed, people).values
    assert len(batch) == len(people)
    alone = [read_row(timed, records, second("2020-01-01")) for records in people]
    assert np.array(alone).tobytes() == batch.tobytes()


def test_inputs_are_listed_with_what_the_sender_wrote_and_the_rule_that_converted_it() -> None:
    records = person(
        1,
        laboratory=[measured(GLUCOSE, "2020-01-01", 5.1, "mmol/L")],
        demographics=[born("1961-04-02")],
    )
    age, value, hypertension = list_input_values(question(), records, second("2020-02-01"))
    assert (age.value, age.source) == ("58 years", "")
    assert (value.value, value.source, value.rule) == ("91.8796 mg/dL", "5.1 mmol/L", "molar")
    assert value.recorded_on == "2020-01-01"
    assert (hypertension.value, hypertension.problem) == ("no", "")


def test_an_input_that_cannot_be_read_is_listed_with_its_problem() -> None:
    records = person(1, laboratory=[measured(GLUCOSE, "2020-01-01", 5.1, "furlong")])
    age, value, _ = list_input_values(question(), records, second("2020-02-01"))
    assert (age.problem, age.value) == ("missing", "")
    assert (value.problem, value.value) == ("unit", "5.1 furlong")


def test_the_source_of_an_input_is_the_value_that_was_read() -> None:
    older = measured(GLUCOSE, "2020-01-01", 5.1, "mmol/L")
    newer = measured(GLUCOSE, "2020-01-15", 5.1, "furlong")
    records = person(1, laboratory=[older, newer])
    _, value, _ = list_input_values(question(), records, second("2020-02-01"))
    assert (value.value, value.source, value.recorded_on) == (
        "91.8796 mg/dL",
        "5.1 mmol/L",
        "2020-01-01",
    )


# A slow reading of the same rules, one patient and one event at a time.

measurements = st.lists(
    st.tuples(
        st.integers(-1000, 30),  # day
        st.integers(0, 40),  # days until it was issued
        st.sampled_from([50.0, 60.5, 71.25, 90.0, 400.0]),
        st.sampled_from([*UNIT_SCALES, "kg"]),
        st.sampled_from(["final", "preliminary"]),
    ),
    max_size=12,
)
windows = st.sampled_from([(-1000, 0), (-365, 0), (-365, -30), (-30, 0)])


def slow(events: Sequence[tuple[int, float]], take: str) -> float:
    """Return what a take makes of (day, value), oldest first."""
    if take in ("exists", "count"):
        return float(len(events)) if take == "count" else float(bool(events))
    if not events:
        return math.nan
    numbers = [number for _, number in events]
    mean = sum(numbers) / len(numbers)
    if take == "sd":
        squares = sum((number - mean) ** 2 for number in numbers)
        return math.sqrt(squares / (len(numbers) - 1)) if len(numbers) > 1 else math.nan
    if take == "slope":
        middle = sum(offset for offset, _ in events) / len(events)
        spread = sum((offset - middle) ** 2 for offset, _ in events)
        change = sum((offset - middle) * (number - mean) for offset, number in events)
        return change / spread * 365.25 if spread else math.nan
    simple = {
        "first": numbers[0],
        "last": numbers[-1],
        "mean": mean,
        "min": min(numbers),
        "max": max(numbers),
        "days-since": float(-events[-1][0]),
    }
    return simple[take]


@settings(max_examples=60, deadline=None)
@given(people=st.lists(measurements, min_size=1, max_size=5), window=windows)
def test_every_take_equals_a_slow_reading(people: list[Any], window: tuple[int, int]) -> None:
    low, high = window
    features = "".join(
        f"""
[[features]]
name = "{take}"
codes = ["loinc|2345-7"]
category = "laboratory"
take = "{take}"
within = ["{low}d", "{high}d"]
{'unit = "mg/dL"' if take not in ("count", "days-since", "exists") else ""}
"""
        for take in TAKES
    )
    timed = question(features=features)
    records = [
        person(
            number,
            procedure=[visit(day(0))],
            laboratory=[
                measured(
                    GLUCOSE, day(n), x, unit, issued=f"{day(n + late)}T00:00:00Z", status=status
                )
                for n, late, x, unit, status in events
            ],
        )
        for number, events in enumerate(people)
    ]
    matrix = make_timed_matrix(timed, records).values
    for row, events in zip(matrix, people, strict=True):
        seen = [
            (n, x, unit)
            for n, late, x, unit, status in sorted(events, key=lambda event: event[0])
            if low <= n <= high and n + late <= 0 and status == "final"
        ]
        numbers = [(n, x * UNIT_SCALES[unit]) for n, x, unit in seen if unit in UNIT_SCALES]
        days = [(n, x) for n, x, _ in seen]
        expected = [
            slow(days if take in ("count", "days-since", "exists") else numbers, take)
            for take in TAKES
        ]
        np.testing.assert_allclose(row, np.array(expected, np.float32), rtol=1e-4, atol=1e-3)


def test_each_index_has_a_row_and_says_whose_it_is() -> None:
    head = HEAD.replace(
        'category = "procedure"', 'category = "procedure"\ntake = "each"\napart = "300d"'
    )
    days = [day(offset) for offset in (0, 100, 350, 720)]
    timed = question(head=head)
    records = [person(n, procedure=[visit(text) for text in days]) for n in range(2)]
    matrix = make_timed_matrix(timed, records)
    assert matrix.people is not None
    assert matrix.people.tolist() == [0, 0, 0, 1, 1, 1]


def test_no_index_and_no_rows_for_people_without_the_index_event() -> None:
    timed = question()
    selection = select(timed, read_events(timed, [person(1, demographics=[born("1961")])]), 1)
    assert (len(selection.indexes), selection.excluded) == (0, {0: "no-index"})
