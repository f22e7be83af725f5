from __future__ import annotations

from typing import Any

import pytest

from records.fhir_entries import FhirEntry
from records.outcomes import EntryCode
from records.references import Patients, find_subject, only_server, patient_names

A, B = "https://a.example/fhir", "https://b.example/fhir"


def patient(person: str, url: str = "", identity: str = "7") -> tuple[FhirEntry, str]:
    identifier = [{"system": "urn:mrn", "value": person}]
    resource = {"resourceType": "Patient", "id": identity, "identifier": identifier}
    return FhirEntry(1, resource, url), person


def about(subject: Any, url: str = "", **changes: Any) -> FhirEntry:
    return FhirEntry(2, {"resourceType": "Observation", "subject": subject} | changes, url)


def resolve(entry: FhirEntry, *patients: tuple[FhirEntry, str]) -> tuple[str | None, EntryCode]:
    known = Patients()
    for each, person in patients:
        known.add(patient_names(each, "sender"), person)
    subject = find_subject(entry, "sender", ("urn:mrn",))
    if subject.person or subject.code:
        return subject.person, subject.code
    return known.find(subject.names)


@pytest.mark.parametrize(
    ("subject", "url"),
    [
        ({"reference": "Patient/7"}, ""),
        ({"reference": "Patient/7/_history/3"}, ""),
        ({"reference": f"{A}/Patient/7"}, ""),
        ({"reference": f"{A}/Patient/7/_history/3"}, f"{A}/Observation/1"),
        ({"reference": "Patient/7"}, f"{A}/Observation/1"),
        ({"identifier": {"system": "urn:mrn", "value": "A-7"}}, ""),
        ({"reference": "Patient?identifier=urn:mrn|A-7"}, ""),
        ({"reference": "Patient?identifier=urn%3Amrn%7CA-7"}, ""),
    ],
)
def test_a_reference_is_resolved_in_each_form(subject: Any, url: str) -> None:
    assert resolve(about(subject, url), patient("A-7", f"{A}/Patient/7"))[0] == "A-7"


def test_a_patient_without_a_url_is_found_by_its_id_and_by_its_random_url() -> None:
    here = patient("A-7")
    assert resolve(about({"reference": "Patient/7"}), here)[0] == "A-7"
    random = patient("A-7", "urn:uuid:4e8ed886-fd5f-40bb-8feb-f339b04d853a")
    assert resolve(about({"reference": random[0].url}), random)[0] == "A-7"


def test_a_relative_reference_is_to_the_entrys_own_server() -> None:
    patients = patient("A-7", f"{A}/Patient/7"), patient("B-7", f"{B}/Patient/7")
    subject = {"reference": "Patient/7"}
    assert resolve(about(subject, f"{A}/Observation/1"), *patients)[0] == "A-7"
    assert resolve(about(subject, f"{B}/Observation/1"), *patients)[0] == "B-7"
    assert resolve(about(subject), *patients) == (None, EntryCode.AMBIGUOUS_SUBJECT)
    elsewhere = about(subject, "https://c.example/fhir/Observation/1")
    assert resolve(elsewhere, *patients) == (None, EntryCode.UNKNOWN_SUBJECT)


def test_a_contained_patient_is_resolved() -> None:
    resource, _ = patient("A-7", identity="p1")
    entry = about({"reference": "#p1"}, contained=[resource.resource])
    assert resolve(entry)[0] == "A-7"
    assert resolve(about({"reference": "#p2"}, contained=[resource.resource]))[0] is None


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (None, EntryCode.NO_SUBJECT),
        ("Patient/7", EntryCode.NO_SUBJECT),
        ({}, EntryCode.NO_SUBJECT),
        ([], EntryCode.NO_SUBJECT),
        ({"display": "somebody"}, EntryCode.NO_SUBJECT),
        ({"reference": "Group/7"}, EntryCode.SUBJECT_NOT_PERSON),
        ({"reference": "Patient/unknown"}, EntryCode.UNKNOWN_SUBJECT),
        ({"reference": 7}, EntryCode.NO_SUBJECT),
    ],
)
def test_who_cannot_be_found_has_a_reason(subject: Any, code: EntryCode) -> None:
    assert resolve(about(subject), patient("A-7")) == (None, code)


def test_the_patient_element_of_other_kinds_is_read() -> None:
    resource = {"resourceType": "Immunization", "patient": {"reference": "Patient/7"}}
    assert resolve(FhirEntry(2, resource), patient("A-7"))[0] == "A-7"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("Patient/7", EntryCode.NOTHING),
        ("Patient/8", EntryCode.UNKNOWN_SUBJECT),
        ("DocumentReference/7", EntryCode.CONTEXT_NOT_PATIENT),
        (f"{A}/Encounter/7", EntryCode.CONTEXT_NOT_PATIENT),
        ("Organization/7", EntryCode.SUBJECT_NOT_PERSON),
        ("Group/7", EntryCode.SUBJECT_NOT_PERSON),
    ],
)
def test_a_binary_is_of_the_patient_whose_access_it_has(reference: str, code: EntryCode) -> None:
    resource = {"resourceType": "Binary", "securityContext": {"reference": reference}}
    person = None if code else "A-7"
    assert resolve(FhirEntry(2, resource), patient("A-7")) == (person, code)


PRACTITIONER = "urn:uuid:00000000-0000-4000-8000-000000000001"
SEVEN = "urn:uuid:00000000-0000-4000-8000-000000000007"


@pytest.mark.parametrize(
    ("kind", "element", "name"),
    [("Appointment", "participant", "actor"), ("Person", "link", "target")],
)
@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/7"},
        {"reference": SEVEN},
        {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "A-7"}},
    ],
)
def test_of_several_participants_the_patient_is_found(
    kind: str, element: str, name: str, reference: dict[str, Any]
) -> None:
    others = [{"reference": "Practitioner/1"}, {"reference": PRACTITIONER}, None]
    parties = [{name: each} for each in (*others, reference)]
    entry = FhirEntry(2, {"resourceType": kind, element: parties})
    assert resolve(entry, patient("A-7", SEVEN))[0] == "A-7"
    without = FhirEntry(2, {"resourceType": kind, element: [{name: others[0]}, "x"]})
    assert resolve(without) == (None, EntryCode.NO_SUBJECT)


@pytest.mark.parametrize(
    ("kind", "element"), [("AppointmentResponse", "actor"), ("EnrollmentRequest", "candidate")]
)
def test_other_elements_that_name_the_patient_are_read(kind: str, element: str) -> None:
    resource = {"resourceType": kind, element: {"reference": "Patient/7"}}
    assert resolve(FhirEntry(2, resource), patient("A-7"))[0] == "A-7"


@pytest.mark.parametrize(
    ("references", "url", "server"),
    [
        ([f"{A}/Patient/7", f"{A}/Patient/8"], "", A),
        ([f"{A}/Patient/7", f"{B}/Patient/7"], "", ""),
        ([f"{A}/Patient/7", "Patient/8"], "", ""),
        ([f"{A}/Patient/7", "Patient/8"], f"{A}/Observation/1", A),
        ([f"{A}/Patient/7"], f"{B}/Observation/1", ""),
        (["Patient/7"], "", ""),
    ],
)
def test_a_delivery_has_one_server_only_if_nothing_names_another(
    references: list[str], url: str, server: str
) -> None:
    entries = [about({"reference": each}, url) for each in references]
    assert only_server(entries, "sender", ("urn:mrn",))[0] == server


def test_a_uuid_names_the_same_patient_in_any_case() -> None:
    known = patient("p", "urn:uuid:ABCDEF12-0000-4000-8000-000000000001")
    reference = {"reference": "urn:uuid:abcdef12-0000-4000-8000-000000000001"}
    assert resolve(about(reference), known) == ("p", EntryCode.NOTHING)
    assert resolve(about({"reference": reference["reference"].upper()}), known)[0] == "p"
