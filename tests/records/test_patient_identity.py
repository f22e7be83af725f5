"""A patient's name and date of birth, as a Patient resource has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from records.patient_identity import PatientIdentity, find_identity
from storage import Arrival, Record


def filed(at_s: int, **resource: Any) -> Record:
    text = (json.dumps({"resourceType": "Patient"} | resource).encode(),)
    arrivals = (Arrival("p", 1, at_s),)
    day = "2024-01-01"
    return Record(bytes(32), "demographics", "o", day, {}, resources=text, arrivals=arrivals)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([{"given": ["Anna", "B"], "family": "Bee"}], "Anna B Bee"),
        ([{"text": " Anna  Bee "}], "Anna Bee"),
        ([{"use": "usual", "text": "Ann"}, {"use": "official", "family": "Bee"}], "Bee"),
        ([{"use": "old", "family": "Ay"}, {"use": "maiden", "family": "Be"}], ""),
        ([{"family": "Ay", "period": {"end": "2020"}}, {"family": "Be"}], "Be"),
        ("Anna Bee", ""),
        ([], ""),
    ],
)
def test_the_name_in_use_is_read(names: Any, text: str) -> None:
    assert find_identity([filed(1, name=names)]) == PatientIdentity(text, "")


@pytest.mark.parametrize("day", ["1970", "1970-02", "1970-02-28"])
def test_a_date_of_birth_is_read_as_far_as_it_is_known(day: str) -> None:
    assert find_identity([filed(1, birthDate=day)]) == PatientIdentity("", day)


@pytest.mark.parametrize("day", ["1970-02-30", "28.2.1970", 1970, None])
def test_what_is_no_fhir_date_is_not_shown(day: Any) -> None:
    assert find_identity([filed(1, birthDate=day)]) == PatientIdentity("", "")


def test_the_newest_patient_resource_counts_and_others_name_nobody() -> None:
    old, new = filed(1, name=[{"text": "Old"}]), filed(2, name=[{"text": "New"}])
    assert find_identity([new, old]) == PatientIdentity("New", "")
    assert find_identity([filed(3, resourceType="RelatedPerson", name=[{"text": "X"}])]) is None
