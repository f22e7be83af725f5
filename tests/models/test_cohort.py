from __future__ import annotations

import dataclasses

import pytest

from models.cohort import (
    INELIGIBLE,
    NO_CATEGORY,
    NO_LABEL,
    OUT_OF_RANGE,
    build_matrix,
    exclusion_reason,
    gather_cohort,
)
from models.errors import UnitMismatch
from models.manifest import HELD_OUT_PART, TRAINING_PART
from models.question import Question
from storage import Record

STUDY = "study:diabetes-risk"
AGE = "http://loinc.org|30525-0"


def changed(records: list[Record], category: str, **values: object) -> list[Record]:
    return [
        dataclasses.replace(one, observations={**one.observations, **values})
        if one.category == category
        else one
        for one in records
    ]


def test_a_whole_person_is_usable(heart: Question, heart_people) -> None:
    assert exclusion_reason(heart, heart_people[0]) == ""


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [("condition", NO_LABEL), ("demographics", NO_CATEGORY), ("survey", NO_CATEGORY)],
)
def test_a_person_without_what_is_needed_is_not(heart, heart_people, left_out, reason) -> None:
    held = [one for one in heart_people[0] if one.category != left_out]
    assert exclusion_reason(heart, held) == reason


@pytest.mark.parametrize(("age", "reason"), [(300.0, OUT_OF_RANGE), (18.0, "")])
def test_a_value_out_of_range_leaves_a_person_out(heart, heart_people, age, reason) -> None:
    held = changed(heart_people[0], "demographics", **{AGE: (age, "a")})
    assert exclusion_reason(heart, held) == reason


def test_an_ineligible_person_is_left_out(nhanes, nhanes_people) -> None:
    held = changed(nhanes_people[0], "demographics", **{AGE: (19.0, "a")})
    assert exclusion_reason(nhanes, held) == INELIGIBLE


def test_what_came_after_the_label_does_not_count_as_there(heart, heart_people) -> None:
    held = [
        dataclasses.replace(one, recorded_on="1999-01-01") if one.category == "survey" else one
        for one in heart_people[0]
    ]
    assert exclusion_reason(heart, held) == NO_CATEGORY


def test_another_unit_stops_the_run(heart, heart_people) -> None:
    with pytest.raises(UnitMismatch):
        exclusion_reason(heart, changed(heart_people[0], "demographics", **{AGE: (600.0, "mo")}))


def test_a_cohort_is_what_is_permitted_with_its_evidence(build, heart, heart_people) -> None:
    people = [*heart_people[:100], changed(heart_people[100], "demographics", **{AGE: (1.0, "a")})]
    world = build(people)
    world.ledger.withdraw(people[0][0].subject)
    cohort = gather_cohort(world.store, heart, STUDY)
    parts = [cohort.manifest.patients(part) for part in (TRAINING_PART, HELD_OUT_PART)]
    assert len(parts[0]) + len(parts[1]) == 99
    assert dict(cohort.excluded) == {OUT_OF_RANGE: 1}
    assert dict(cohort.refused) == {"withdrawn": len(people[0])}
    assert len(cohort.consents()) == 99
    assert world.ledger.consent(people[1][0].subject, "MLTRAINING") in cohort.consents()
    assert {one.record_id for one in cohort.records.values()} == {
        one.record_id for person in people[1:100] for one in person
    }


def test_a_manifest_names_nobody(build, heart, heart_people) -> None:
    world = build(heart_people[:60])
    text = gather_cohort(world.store, heart, STUDY).manifest.to_json().decode()
    for records in heart_people[:60]:
        assert records[0].subject.hex() not in text
        assert all(one.record_id not in text for one in records)


def test_a_matrix_has_a_row_for_each_patient_of_a_part(build, heart, heart_people) -> None:
    world = build(heart_people[:100])
    cohort = gather_cohort(world.store, heart, STUDY)
    for part in (TRAINING_PART, HELD_OUT_PART):
        rows = build_matrix(heart, cohort.manifest, cohort.records, part)
        n = len(cohort.manifest.patients(part))
        assert (rows.values.shape, rows.labels.shape) == ((n, 13), (n,))


def test_a_matrix_cannot_be_made_without_every_record(build, heart, heart_people) -> None:
    world = build(heart_people[:60])
    cohort = gather_cohort(world.store, heart, STUDY)
    fewer = dict(list(cohort.records.items())[1:])
    with pytest.raises(KeyError):
        for part in (TRAINING_PART, HELD_OUT_PART):
            build_matrix(heart, cohort.manifest, fewer, part)
