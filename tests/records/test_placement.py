from __future__ import annotations

from typing import Any

import pytest

from records.documents import UNDATED
from records.fhir_entries import FhirEntry
from records.json_strict import dumps_exact
from records.lines import lines_of
from records.placement import (
    business_identity_of,
    content_of,
    day_of,
    identity_of,
    updated_us,
    version_number,
)
from storage import Record


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"effectiveDateTime": "2024-03-05T23:30:00-08:00", "issued": "2024-03-06"}, "2024-03-05"),
        ({"effectivePeriod": {"start": "2024-03-05"}}, "2024-03-05"),
        ({"effectivePeriod": {"end": "2024-03-09"}}, "2024-03-09"),
        ({"issued": "2024-03-05T10:00:00Z"}, "2024-03-05"),
        ({"onsetDateTime": "2019-02-03", "recordedDate": "2024-01-01"}, "2019-02-03"),
        ({"onsetDateTime": "2019"}, "2019-12-31"),
        ({"effectiveDateTime": "2024-02"}, "2024-02-29"),
        ({"effectiveDateTime": "yesterday", "issued": "2024-03-05"}, "2024-03-05"),
        ({"effectiveDateTime": "2024-02-31"}, UNDATED),
        ({"collection": {"collectedDateTime": "2024-03-05"}}, "2024-03-05"),
        ({"effectiveTiming": {"event": ["2024-03-05", "2024-03-06"]}}, "2024-03-05"),
        ({}, UNDATED),
    ],
)
def test_the_day_is_the_clinical_start_else_when_it_was_recorded(
    elements: dict[str, Any], day: str
) -> None:
    assert day_of({"resourceType": "Observation"} | elements) == day


@pytest.mark.parametrize(
    ("kind", "element"),
    [
        ("DetectedIssue", "identifiedDateTime"),
        ("DeviceUseStatement", "timingDateTime"),
        ("Goal", "startDate"),
        ("Media", "createdDateTime"),
        ("Task", "authoredOn"),
        ("VisionPrescription", "dateWritten"),
        ("CoverageEligibilityRequest", "servicedDate"),
    ],
)
def test_the_date_of_every_kind_that_is_shown_is_the_day_of_its_record(
    kind: str, element: str
) -> None:
    resource = {"resourceType": kind, element: "2024-03-05"}
    assert day_of(resource) == "2024-03-05"
    body = (dumps_exact(resource),)
    record = Record(b"s" * 32, "document", "o", "2024-03-05", {}, "a", resources=body)
    assert lines_of(record)[0].at == "2024-03-05"


@pytest.mark.parametrize(
    "element", ["occurrence", "occurence", "timing", "created", "identified", "serviced"]
)
def test_the_start_of_every_period_that_is_shown_is_the_day_of_its_record(element: str) -> None:
    resource = {"resourceType": "Basic", f"{element}Period": {"start": "2024-03-05"}}
    assert day_of(resource) == "2024-03-05"
    record = Record(
        b"s" * 32, "document", "o", "2024-03-05", {}, "a", resources=(dumps_exact(resource),)
    )
    assert lines_of(record)[0].at == "2024-03-05"


def test_a_patient_is_filed_without_a_day() -> None:
    assert day_of({"resourceType": "Patient", "meta": {"lastUpdated": "2024-01-01"}}) == UNDATED


@pytest.mark.parametrize(
    ("url", "resource", "identity"),
    [
        ("https://a/fhir/Observation/1", {"id": "1"}, "https://a/fhir/Observation/1"),
        ("https://a/fhir/Observation/1/_history/2", {"id": "1"}, "https://a/fhir/Observation/1"),
        ("urn:uuid:x", {"id": "1"}, "s|Observation/1"),
        ("", {"id": "1"}, "s|Observation/1"),
        ("urn:uuid:x", {}, "urn:uuid:x"),
        ("", {"identifier": [{"system": "urn:l", "value": "9"}]}, ""),
        ("entry-1", {}, ""),
        ("", {}, ""),
    ],
)
def test_an_identity_is_the_same_in_each_version(
    url: str, resource: dict[str, Any], identity: str
) -> None:
    entry = FhirEntry(1, {"resourceType": "Observation"} | resource, url)
    assert identity_of(entry, "s") == identity


@pytest.mark.parametrize(
    ("identifier", "identity"),
    [
        ([{"system": "urn:l", "value": "9"}], "business|s|0a|Observation|urn:l|9"),
        ({"system": "urn:l", "value": "9"}, "business|s|0a|Observation|urn:l|9"),
        ([{"value": "9"}], ""),
        ([{"system": "urn:l"}], ""),
        ([{"system": "urn:l", "value": "9" * 600}], ""),
        ("x", ""),
        (None, ""),
    ],
)
def test_a_business_identifier_names_only_with_its_system_sender_and_subject(
    identifier: Any, identity: str
) -> None:
    entry = FhirEntry(1, {"resourceType": "Observation", "identifier": identifier})
    assert business_identity_of(entry, "s", b"\x0a") == identity


def test_a_deletion_has_the_identity_of_what_it_deletes() -> None:
    assert identity_of(FhirEntry(1, None, "", "DELETE", "Observation/1"), "s") == "s|Observation/1"
    assert identity_of(FhirEntry(1, None, "", "DELETE", "Observation?x=1"), "s") == ""
    url = "https://a/fhir/Observation/1"
    assert identity_of(FhirEntry(1, None, url, "DELETE", "Observation/1"), "s") == url


def test_when_it_was_last_written_is_not_content() -> None:
    meta = {"lastUpdated": "2024-01-01T00:00:00Z", "versionId": "2", "profile": ["p"]}
    resource = {"resourceType": "Observation", "meta": meta, "status": "final"}
    other = resource | {"meta": meta | {"lastUpdated": "2025-01-01T00:00:00Z", "versionId": "3"}}
    assert content_of(resource) == content_of(other)
    assert content_of(resource) != content_of(resource | {"status": "amended"})


def test_the_time_and_number_of_a_version_are_read() -> None:
    meta = {"lastUpdated": "2024-01-01T01:00:00.5+01:00", "versionId": "12"}
    resource = {"resourceType": "Observation", "meta": meta}
    assert updated_us(FhirEntry(1, resource)) == 1_704_067_200_500_000
    assert version_number(resource) == 12
    wrong = {"meta": {"lastUpdated": "soon", "versionId": "x"}}
    assert (updated_us(FhirEntry(1, wrong)), version_number(wrong)) == (None, 0)
    assert updated_us(FhirEntry(1, modified="2024-01-01T00:00:00Z")) == 1_704_067_200_000_000
