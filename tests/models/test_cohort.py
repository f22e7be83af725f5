from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from models.cohort import (
    INELIGIBLE,
    NO_CATEGORY,
    NO_LABEL,
    OUT_OF_RANGE,
    build_matrix,
    exclusion_reasons,
    gather_cohort,
    list_common_codes,
    to_matrix,
)
from models.manifest import HELD_OUT_PART, TRAINING_PART
from models.question import Question
from storage import Record

STUDY = "study:diabetes-risk"
AGE = "http://loinc.org|30525-0"


def change(records: list[Record], category: str, **values: object) -> list[Record]:
    return [
        dataclasses.replace(record, observations={**record.observations, **values})
        if record.category == category
        else record
        for record in records
    ]


def _reason(question: Question, records: list[Record]) -> str:
    return exclusion_reasons(question, [records], Counter())[0]


def test_a_complete_person_is_not_excluded(heart: Question, heart_people) -> None:
    assert _reason(heart, heart_people[0]) == ""


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("condition", NO_LABEL), ("demographics", NO_CATEGORY), ("survey", NO_CATEGORY)],
)
def test_a_person_without_a_label_or_a_required_category_is_excluded(
    heart, heart_people, missing, reason
) -> None:
    records = [record for record in heart_people[0] if record.category != missing]
    assert _reason(heart, records) == reason


@pytest.mark.parametrize(("age", "reason"), [(300.0, OUT_OF_RANGE), (18.0, "")])
def test_a_value_out_of_range_excludes_a_person(heart, heart_people, age, reason) -> None:
    records = change(heart_people[0], "demographics", **{AGE: (age, "a")})
    assert _reason(heart, records) == reason


def test_an_ineligible_person_is_excluded(nhanes, nhanes_people) -> None:
    records = change(nhanes_people[0], "demographics", **{AGE: (19.0, "a")})
    assert _reason(nhanes, records) == INELIGIBLE


def test_records_after_the_label_do_not_count(heart, heart_people) -> None:
    records = [
        dataclasses.replace(record, recorded_on="1999-01-01")
        if record.category == "survey"
        else record
        for record in heart_people[0]
    ]
    assert _reason(heart, records) == NO_CATEGORY


def test_a_value_in_another_unit_is_converted(heart, heart_people) -> None:
    in_years = change(heart_people[0], "demographics", **{AGE: (50.0, "a")})
    in_months = change(heart_people[0], "demographics", **{AGE: (600.0, "mo")})
    assert np.array_equal(
        to_matrix(heart, [in_months]).values, to_matrix(heart, [in_years]).values, equal_nan=True
    )


def test_a_value_in_a_foreign_unit_is_missing_and_counted_for_that_person_only(
    build, heart, heart_people
) -> None:
    strange = change(heart_people[0], "demographics", **{AGE: (50.0, "kg")})
    cohort = gather_cohort(build([strange, *heart_people[1:100]]).store, heart, STUDY)
    assert cohort.unread == {(AGE, "unit"): 1}
    assert cohort.excluded == {INELIGIBLE: 1}  # nobody is an adult by an age that is not known


def test_a_cohort_is_what_is_permitted_with_its_evidence(build, heart, heart_people) -> None:
    people = [*heart_people[:100], change(heart_people[100], "demographics", **{AGE: (1.0, "a")})]
    world = build(people)
    world.ledger.withdraw(people[0][0].subject)
    cohort = gather_cohort(world.store, heart, STUDY)
    assert len(cohort.manifest.patients(TRAINING_PART)) == 99
    assert cohort.manifest.patients(HELD_OUT_PART) == []
    assert dict(cohort.excluded) == {OUT_OF_RANGE: 1}
    assert dict(cohort.refused) == {"withdrawn": len(people[0])}
    assert len(cohort.consents()) == 99
    assert world.ledger.consent(people[1][0].subject, "MLTRAINING") in cohort.consents()
    assert {record.record_id for record in cohort.records.values()} == {
        record.record_id for person in people[1:100] for record in person
    }


def test_a_manifest_identifies_nobody(build, heart, heart_people) -> None:
    world = build(heart_people[:60])
    text = gather_cohort(world.store, heart, STUDY).manifest.to_json().decode()
    for records in heart_people[:60]:
        assert records[0].subject.hex() not in text
        assert all(record.record_id not in text for record in records)


def test_a_matrix_has_a_row_for_each_patient_of_a_part(build, heart, heart_people) -> None:
    world = build(heart_people[:100])
    cohort = gather_cohort(world.store, heart, STUDY)
    for part, n in ((TRAINING_PART, 100), (HELD_OUT_PART, 0)):
        rows = build_matrix(heart, cohort.manifest, cohort.records, part)
        assert (rows.values.shape, rows.labels.shape) == ((n, 13), (n,))


def test_a_matrix_cannot_be_made_without_every_record(build, heart, heart_people) -> None:
    world = build(heart_people[:60])
    cohort = gather_cohort(world.store, heart, STUDY)
    fewer = dict(list(cohort.records.items())[1:])
    with pytest.raises(KeyError):
        build_matrix(heart, cohort.manifest, fewer, TRAINING_PART)


def test_a_code_that_few_patients_have_is_not_named(store_of, heart, heart_people) -> None:
    people = heart_people[:40]
    rare = {"http://loinc.org|0000-0": (1.0, "kg")}
    for number in range(10):
        first = people[number][0]
        observed = {**first.observations, **rare}
        people[number] = [dataclasses.replace(first, observations=observed), *people[number][1:]]
    codes = list_common_codes(gather_cohort(store_of(people), heart, STUDY))
    assert "http://loinc.org|0000-0" not in codes
    assert heart.features[0].code in codes
