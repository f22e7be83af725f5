"""Whole records leave as FHIR R4 with codes, values and moved dates, and without what names."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from records.deidentified import KINDS, Cleaner, Person, Removed
from records.fhir_copy import FhirCopy, write_fhir
from records.meds import shift_of
from storage import Arrival, Record

SECRET = "Rosamund"  # in every element that may name somebody
LOINC = {"system": "http://loinc.org", "code": "2160-0", "display": "Creatinine"}


def pseudonym(subject: bytes) -> bytes:
    return hashlib.sha256(subject).digest()


def patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"p{number}-{SECRET}",
        "meta": {"source": SECRET},
        "text": {"status": "generated", "div": f"<div>{SECRET}</div>"},
        "identifier": [{"system": "urn:mrn", "value": SECRET}],
        "extension": [{"url": "urn:race", "valueString": SECRET}],
        "name": [{"family": SECRET}],
        "telecom": [{"system": "phone", "value": SECRET}],
        "address": [{"city": SECRET, "postalCode": SECRET}],
        "contact": [{"name": {"family": SECRET}}],
        "photo": [{"title": SECRET, "data": "AAAA"}],
        "communication": [{"language": {"text": SECRET}}],
        "generalPractitioner": [{"reference": f"Practitioner/{SECRET}"}],
        "gender": "female",
        "birthDate": "1960-05-17",
        "_birthDate": {"extension": [{"valueString": SECRET}]},
    }


def observation(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}-{SECRET}",
        "identifier": [{"system": "urn:order", "value": SECRET}],
        "status": "final",
        "subject": {"reference": f"Patient/p{number}-{SECRET}", "display": SECRET},
        "encounter": {"reference": f"urn:uuid:e{number}-{SECRET}", "display": SECRET},
        "performer": [{"reference": f"Practitioner/{SECRET}", "display": SECRET}],
        "code": {"coding": [LOINC, {"system": "urn:local", "code": SECRET + " x"}], "text": SECRET},
        "effectiveDateTime": "2020-03-11T08:00:00+01:00",
        "valueQuantity": {"value": "DIGITS", "comparator": "<", "unit": "mg/dL", "code": "mg/dL"},
        "note": [{"text": SECRET, "authorString": SECRET, "time": "2020-03-11"}],
        "component": [
            {"code": {"coding": [LOINC]}, "valueString": SECRET},
            {"code": {"coding": [LOINC]}, "valueCodeableConcept": {"coding": [LOINC]}},
        ],
    }


def encounter(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": f"e{number}-{SECRET}",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"https://h.example/fhir/Patient/p{number}-{SECRET}"},
        "participant": [{"individual": {"type": "Practitioner", "display": SECRET}}],
        "period": {"start": "2020-03", "end": "2020"},
        "diagnosis": [{"condition": {"reference": "#c"}}],
        "contained": [
            {"resourceType": "Condition", "id": "c", "code": {"coding": [LOINC], "text": SECRET}},
            {"resourceType": "Practitioner", "id": "d", "name": [{"family": SECRET}]},
        ],
    }


def record(number: int, *resources: dict[str, Any]) -> list[Record]:
    lines = [json.dumps(each).replace('"DIGITS"', "1.10").encode() for each in resources]
    arrivals = tuple(
        Arrival(f"{SECRET}|{each['resourceType']}/{each['id']}", 1, 1_700_000_000)
        for each in resources
    )
    where = (bytes([number]) * 32, "laboratory", "organisation:x", "2020-03-11")
    return [Record(*where, {}, f"{number:032x}", 1, tuple(lines), arrivals)]


def person(number: int) -> list[Record]:
    return record(number, patient(number), observation(number), encounter(number))


PEOPLE = {bytes([number]) * 32: person(number) for number in range(12)}


@pytest.fixture(scope="module")
def copy() -> FhirCopy:
    return write_fhir(PEOPLE, pseudonym)


def of(copy: FhirCopy, kind: str, number: int = 0) -> dict[str, Any]:
    """Return a person's resource of this kind."""
    name = pseudonym(bytes([number]) * 32).hex()[:32]
    lines = map(json.loads, copy.files[f"{kind}.ndjson"].splitlines())
    return next(each for each in lines if name in json.dumps(each))


def moved(number: int, day: str) -> str:
    shift = shift_of(pseudonym(bytes([number]) * 32))
    return (datetime.date.fromisoformat(day) + shift).isoformat()


def test_no_name_identifier_text_or_staff_is_in_any_file(copy) -> None:
    assert sorted(copy.files) == ["Encounter.ndjson", "Observation.ndjson", "Patient.ndjson"]
    assert dict(copy.resources) == {"Encounter": 12, "Observation": 12, "Patient": 12}
    everything = b"".join(copy.files.values())
    assert SECRET.encode() not in everything
    assert b"Practitioner" not in everything and b"AAAA" not in everything
    assert copy.removed["names, addresses and contacts"] >= 12 * 4
    assert copy.removed["identifiers"] >= 24 and copy.removed["attachments and images"] == 12


def test_of_a_patient_sex_and_year_of_birth_remain_under_the_pseudonym(copy) -> None:
    name = pseudonym(bytes([3]) * 32).hex()[:32]
    assert of(copy, "Patient", 3) == {
        "resourceType": "Patient",
        "id": name,
        "gender": "female",
        "birthDate": moved(3, "1960-05-17")[:4],
    }


def test_codes_values_and_their_digits_stay_and_references_lead_within_the_copy(copy) -> None:
    seen = of(copy, "Observation", 5)
    assert seen["code"] == {"coding": [LOINC]}
    assert seen["valueQuantity"] == {
        **{"value": 1.1, "comparator": "<", "unit": "mg/dL", "code": "mg/dL"}
    }
    assert b'"value":1.10}' in copy.files["Observation.ndjson"]
    assert seen["subject"] == {"reference": f"Patient/{of(copy, 'Patient', 5)['id']}"}
    assert seen["encounter"] == {"reference": f"Encounter/{of(copy, 'Encounter', 5)['id']}"}
    result = {"coding": [LOINC]}
    assert [part.get("valueCodeableConcept") for part in seen["component"]] == [None, result]
    visit = of(copy, "Encounter", 5)
    assert visit["diagnosis"] == [{"condition": {"reference": "#1"}}]
    assert [part["id"] for part in visit["contained"]] == ["1"]


def test_all_dates_of_a_person_move_by_the_days_of_the_events(copy) -> None:
    assert of(copy, "Observation", 2)["effectiveDateTime"] == (
        moved(2, "2020-03-11") + "T08:00:00+01:00"
    )
    period = of(copy, "Encounter", 2)["period"]
    assert period == {"start": moved(2, "2020-03-15")[:7], "end": moved(2, "2020-07-01")[:4]}
    assert len({shift_of(pseudonym(key)) for key in PEOPLE}) > 1


@pytest.mark.parametrize(
    "turned",
    [
        {"resourceType": "Practitioner", "name": [{"family": SECRET}]},
        {"focus": [{"reference": "Patient/child"}]},
        {"modifierExtension": [{"url": "urn:not"}]},
        {"code": {"coding": [LOINC], "modifierExtension": [{"url": "urn:not"}]}},
        {"implicitRules": "urn:rules"},
    ],
)
def test_another_kind_and_what_would_change_its_meaning_are_left_out(turned) -> None:
    copy = write_fhir({b"1" * 32: record(1, observation(1) | turned)}, pseudonym)
    assert sorted(copy.files) == ["Patient.ndjson"]
    assert sum(copy.removed.values()) == 1


def test_the_name_of_a_code_of_few_people_is_left_out_and_the_code_stays() -> None:
    few = {key: PEOPLE[key] for key in list(PEOPLE)[:10]}
    copy = write_fhir(few, pseudonym)
    assert b"Creatinine" not in b"".join(copy.files.values())
    assert of(copy, "Observation")["code"]["coding"] == [
        {name: LOINC[name] for name in ("system", "code")}
    ]


def test_a_value_whose_unit_or_comparator_cannot_stay_goes_with_it() -> None:
    value = {"valueQuantity": {"value": 3, "unit": f"per visit of {SECRET}"}}
    bound = {"valueQuantity": {"value": 3, "comparator": SECRET, "code": "mg/dL"}}
    for changed in (value, bound):
        copy = write_fhir({b"1" * 32: record(1, observation(1) | changed)}, pseudonym)
        assert b"valueQuantity" not in copy.files["Observation.ndjson"]


def test_the_values_of_a_table_are_observations_of_the_pseudonym() -> None:
    where = (b"1" * 32, "laboratory", "organisation:x", "2020-03-11")
    table = Record(*where, {"http://loinc.org|2160-0": (1.1, "mg/dL")}, "ab" * 16)
    copy = write_fhir({b"1" * 32: [table]}, pseudonym)
    (line,) = copy.files["Observation.ndjson"].splitlines()
    assert b"ab" * 16 not in line and (b"1" * 32).hex().encode() not in line
    assert json.loads(line)["valueQuantity"]["value"] == 1.1


@pytest.mark.parametrize(
    "own",
    [4711, 47.11, True, "4711", [4711], {"value": 4711}, {"code": "4711"}, {"number": [4711]}],
    ids=str,
)
def test_an_element_that_fhir_does_not_have_is_left_out_at_every_depth(own: Any) -> None:
    """A sender's own element may hold the patient's number, also as a number."""

    def add(value: Any, name: str) -> Any:
        if isinstance(value, list):
            return [add(part, name) for part in value]
        if not isinstance(value, dict):
            return value
        return {key: add(part, name) for key, part in value.items()} | {name: own}

    def write(name: str) -> FhirCopy:
        resources = [patient(1), observation(1), encounter(1)]
        return write_fhir(
            {b"1" * 32: record(1, *(add(each, name) for each in resources))}, pseudonym
        )

    plain = write_fhir({b"1" * 32: person(1)}, pseudonym)
    for name in ("mrn", "caseNumber", "admissionDate", "Rosamund"):
        copy = write(name)
        assert copy.files == plain.files
        assert copy.removed[Removed.UNKNOWN] > plain.removed[Removed.UNKNOWN] == 0


@pytest.mark.parametrize("name", ["status", "subject", "issued", "method", "number"])
def test_a_number_where_fhir_has_none_is_left_out(name: str) -> None:
    resource = {**observation(1), name: 4711}
    copy = write_fhir({b"1" * 32: record(1, patient(1), resource)}, pseudonym)
    assert b"4711" not in b"".join(copy.files.values())


def test_no_element_of_real_resources_counts_as_unknown() -> None:
    cleaner, kinds = Cleaner(frozenset()), set[str]()
    someone = Person("f" * 32, datetime.timedelta(days=3), {})
    for path in sorted((Path(__file__).parent / "fhir").glob("*.json*")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        waiting: list[Any] = [json.loads(raw)]
        while waiting:
            node = waiting.pop()
            waiting += (
                node if isinstance(node, list) else node.values() if isinstance(node, dict) else []
            )
            if isinstance(node, dict) and node.get("resourceType") in KINDS:
                kinds.add(node["resourceType"])
                cleaner.clean(node, someone)
    assert len(kinds) > 10
    assert cleaner.removed[Removed.UNKNOWN] == 0


def test_the_same_people_give_the_same_bytes_and_only_clinical_kinds_may_leave(copy) -> None:
    assert write_fhir(dict(reversed(PEOPLE.items())), pseudonym) == copy
    assert not KINDS & {"Practitioner", "RelatedPerson", "Person", "Organization", "Binary"}


@pytest.mark.parametrize(
    "never", [("urn:local|mrn",), ("urn:local|m*",), ("https://other|a", "urn:local|mrn")]
)
def test_what_the_question_calls_a_direct_identifier_leaves_in_no_element(never) -> None:
    """A number of a person is a value as any other, but for its code."""
    number = {"coding": [{"system": "urn:local", "code": "mrn"}]}
    resources = [
        observation(1) | {"code": number, "valueInteger": 4711},
        observation(1)
        | {"id": "o2", "component": [{"code": number, "valueInteger": 4712}, {"code": {}}]},
        observation(1) | {"id": "o3"},
        encounter(1)
        | {"contained": [{"resourceType": "Observation", "code": number, "valueInteger": 4713}]},
        {"resourceType": "Specimen", "id": "s", "type": number, "receivedTime": "2020-03-11"},
    ]
    people = {b"1" * 32: record(1, patient(1), *resources)}
    plain, copy = write_fhir(people, pseudonym), write_fhir(people, pseudonym, never)
    assert b"471" in b"".join(plain.files.values())
    everything = b"".join(copy.files.values())
    assert b"471" not in everything and b"mrn" not in everything
    assert copy.resources["Observation"] == 2 and "Specimen" not in copy.resources
    assert copy.removed["what the question calls a direct identifier"] == 4


def test_a_code_that_a_sender_spells_otherwise_is_the_same_direct_identifier() -> None:
    spelled = {"coding": [LOINC | {"system": "https://LOINC.org/"}]}
    people = {b"1" * 32: record(1, observation(1) | {"code": spelled, "component": []})}
    copy = write_fhir(people, pseudonym, ("http://loinc.org|2160-0",))
    assert "Observation" not in copy.resources


def test_birth_and_sex_stay_out_where_they_are_direct_identifiers() -> None:
    people = {b"1" * 32: record(1, patient(1))}
    (line,) = write_fhir(people, pseudonym, ("BIRTH", "SEX")).files["Patient.ndjson"].splitlines()
    assert set(json.loads(line)) == {"resourceType", "id"}


@pytest.mark.parametrize("word", ["Rosamund", "800101-5009", "{Rosamund}"])
@pytest.mark.parametrize("sharing", [1, 10, 11])
def test_a_word_in_place_of_a_unit_or_version_leaves_only_if_enough_people_share_it(
    word: str, sharing: int
) -> None:
    people = {}
    for number in range(12):
        is_own = number < sharing
        value = {"value": 4711, "unit": word if is_own else "mg/dL"}
        code = {"coding": [LOINC | {"version": word if is_own else "2.7"}]}
        made = observation(number) | {"valueQuantity": value, "code": code, "component": []}
        people[bytes([number]) * 32] = record(number, made)
    copy = write_fhir(people, pseudonym)
    everything = copy.files["Observation.ndjson"]
    assert everything.count(word.encode()) == (2 * sharing if sharing >= 11 else 0)
    # A number without its unit says less than it did.
    assert everything.count(b"4711") == (12 if sharing >= 11 else 12 - sharing)
    assert everything.count(b"mg/dL") == 12 - sharing
