"""The NAFLD tables as FHIR resources, and the three questions about them."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import orjson
import pytest

from deploy.demo.nafld_fhir import nafld_resources, write_ndjson
from models.question import Question
from models.selection import make_timed_matrix
from records.categories import read_rules
from storage import Arrival, Record

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples" / "nafld"
PEOPLE = """id,age,male,weight,height,bmi,case.id,futime,status
1,57,0,60.0,163.0,22.7,1,6261,0
2,67,1,NA,168.0,NA,2,624,1
3,53,1,105.8,186.0,30.5,3,2000,0
"""
MEASUREMENTS = """id,days,test,value
1,-459,hdl,75.0
1,183,hdl,64.0
2,-10,sbp,150
3,0,smoke,1
"""
CONDITIONS = """id,days,event
1,-1287,htn
3,-5,diabetes
1,400,diabetes
"""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for name, text in (
        ("patients", PEOPLE),
        ("measurements", MEASUREMENTS),
        ("conditions", CONDITIONS),
    ):
        with gzip.open(tmp_path / f"nafld_raw_{name}.csv.gz", "wt") as file:
            file.write(text)
    return tmp_path


def people_of(tables: Path) -> list[list[Record]]:
    records: dict[int, list[Record]] = {}
    for number, (person, category, content) in enumerate(nafld_resources(tables)):
        resource = (orjson.dumps(content),)
        arrival = (Arrival(str(number), 1, 1_780_000_000),)
        subject, name = person.to_bytes(32, "big"), f"{number:032x}"
        records.setdefault(person, []).append(
            Record(
                subject, category, "organisation:x", "2001-01-01", {}, name, 1, resource, arrival
            )
        )
    return list(records.values())


def test_each_row_is_a_resource_and_each_person_has_two_visits(tables: Path) -> None:
    counts = write_ndjson(tables, tables / "fhir")
    assert counts == {"Patient": 3, "Encounter": 6, "Observation": 7 + 4, "Condition": 3}
    content = (tables / "fhir" / "Patient.ndjson.gz").read_bytes()
    lines = gzip.decompress(content).splitlines()
    assert Counter("deceasedDateTime" in orjson.loads(line) for line in lines) == {
        True: 1,
        False: 2,
    }


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("diabetes-now", [False, False, True]),
        ("diabetes-5y", [True]),
        ("death-5y", [False, True, False]),
    ],
)
def test_the_questions_label_people_at_their_first_visit(
    tables: Path, name: str, labels: list[bool]
) -> None:
    question = Question.load(EXAMPLES / f"{name}.toml")
    matrix = make_timed_matrix(question, people_of(tables))
    assert matrix.labels.tolist() == labels
    columns = question.columns()
    first = matrix.values[0]
    assert [first[columns[key]] for key in ("age", "sex", "hdl", "hypertension")] == [57, 0, 75, 1]
    assert np.isnan(first[columns["sbp"]])


def test_a_part_of_the_people_has_all_of_its_own_resources_and_no_others(tables: Path) -> None:
    assert write_ndjson(tables, tables / "fhir", 1) == {
        "Patient": 1,
        "Encounter": 2,
        "Observation": 2 + 3,
        "Condition": 2,
    }


def test_the_bundled_tables_are_the_study() -> None:
    people = sum(
        each.content["resourceType"] == "Patient" for each in nafld_resources(EXAMPLES, 100)
    )
    assert people == 100


def test_each_resource_is_filed_where_the_questions_look_for_it() -> None:
    rules = read_rules()
    for _, category, content in nafld_resources(EXAMPLES, 30):
        assert rules.place(content).category == category
