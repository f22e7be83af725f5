"""Patients are split by custodian, period or category where the question says so."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from models.cohort import build_matrix, gather_cohort
from models.manifest import TRAINING_PART
from models.plan import Plan
from models.question import Question
from models.splits import list_sites, split_patients
from records.errors import DeclarationInvalid

STUDY = "study:diabetes-risk"
SEX = "http://loinc.org|46098-0"


@pytest.mark.parametrize(
    ("split_by", "parts"),
    [("", {}), ("custodian", {"organisation:riverside": 100}), (SEX, {"female": 22, "male": 78})],
)
def test_each_patient_has_the_part_that_the_question_names(
    build, heart, heart_people, split_by, parts
) -> None:
    cohort = gather_cohort(build(heart_people[:100]).store, heart, STUDY)
    matrix = build_matrix(heart, cohort.manifest, cohort.records, TRAINING_PART)
    question = dataclasses.replace(heart, plan=Plan(split_by=split_by))
    counts = Counter(split_patients(question, cohort, matrix))
    assert sum(counts.values()) == sum(parts.values())
    assert set(counts) == set(parts)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[evaluation]\nsplit_by = "x|unknown"\n', r"x\|unknown is not custodian.* predicts"),
        ('[training]\nlearner = "deep"\n', "learner"),
        ('[training]\nother = "x"\n', "other"),
    ],
)
def test_a_plan_with_an_unknown_key_or_value_is_refused(heart, table: str, message: str) -> None:
    text = heart.text.replace("[parameters]", f"{table}\n[parameters]")
    with pytest.raises(DeclarationInvalid, match=message):
        Question.parse(text, "q.toml")


def test_the_sites_of_a_patient_have_the_names_of_the_parts(build, heart, heart_people) -> None:
    cohort = gather_cohort(build(heart_people[:20]).store, heart, STUDY)
    matrix = build_matrix(heart, cohort.manifest, cohort.records, TRAINING_PART)
    records, row = heart_people[0], matrix.values[0]
    sites = {}
    for split_by in ("", "date", "custodian", SEX):
        question = dataclasses.replace(heart, plan=Plan(split_by=split_by))
        sites[split_by] = list_sites(question, records, row)
        assert sites[split_by] <= set(split_patients(question, cohort, matrix))
    assert (sites[""], sites["date"]) == (set(), set())
    assert sites["custodian"] == {"organisation:riverside"}
    assert len(sites[SEX]) == 1
    row = row.copy()
    row[heart.columns()[SEX]] = float("nan")
    by_sex = dataclasses.replace(heart, plan=Plan(split_by=SEX))
    assert list_sites(by_sex, records, row) == {""}


def test_the_name_of_a_period_tells_no_day_and_no_year_of_few_patients(
    build, heart, heart_people
) -> None:
    people = [
        [dataclasses.replace(each, recorded_on=f"{2001 + number // 30}-03-17") for each in person]
        for number, person in enumerate(heart_people[:100])
    ]
    people[0] = [dataclasses.replace(each, recorded_on="1987-03-17") for each in people[0]]
    cohort = gather_cohort(build(people).store, heart, STUDY)
    matrix = build_matrix(heart, cohort.manifest, cohort.records, TRAINING_PART)
    question = dataclasses.replace(heart, plan=Plan(split_by="date"))
    parts = set(split_patients(question, cohort, matrix))
    assert parts == {
        "period 1 of 4",
        "period 2 of 4 (2001)",
        "period 3 of 4 (2002)",
        "period 4 of 4 (2003)",
    }
