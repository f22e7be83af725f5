"""Permissions and uses as FHIR resources that a validator of R4 accepts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.consent import Consent
from fhir.resources.R4B.provenance import Provenance

from consent import Terms
from services.patient.consents import ConsentSummary
from services.patient.fhir import to_audit_event, to_consent, to_provenance
from services.requests.history import HistoryEntry
from storage import Arrival, Entry, Record

SUBJECT = b"\7" * 32
CUSTODIAN = "organisation:riverside"
TERMS = Terms(
    decision="permit",
    recipient="study:heart",
    purposes=("HRESCH", "MLTRAINING"),
    categories=("laboratory", "genetics"),
    records=("0a" * 16,),
    data_from="2024-01-01",
    data_to="2025-12-31",
    obligations=("DEID",),
    statement="The study may use my laboratory values.",
    policy_uri="https://example.org/policies/3",
    policy_hash=b"\1" * 32,
    salt=b"\2" * 32,
)
EVERYTHING = replace(
    TERMS, categories=("*",), records=("*",), data_from="", data_to="", obligations=()
)


def summary(terms: Terms, state: str = "active") -> ConsentSummary:
    """Return a permission with these terms."""
    return ConsentSummary(
        consent_id=b"\3" * 32,
        terms=terms,
        state=state,
        signed_at_s=1_700_000_000,
        not_after_s=1_800_000_000,
        recipient_name="Heart",
        purposes="",
        categories="",
        sentence="",
        past_sentence="",
        ended_at_s=0,
    )


def entry(outcome: str) -> HistoryEntry:
    """Return one use of the records, or its refusal."""
    return HistoryEntry(
        seq=7,
        at_s=1_700_000_100,
        party="study:heart",
        purpose="MLTRAINING",
        categories=("laboratory",),
        outcome=outcome,
        since_s=1_700_000_000,
        count=1,
        consent_id=b"\3" * 32 if outcome == "permitted" else None,
    )


def codes(codings: list[dict[str, Any]]) -> list[str]:
    return [coding["code"] for coding in codings]


@pytest.mark.parametrize("terms", [TERMS, EVERYTHING, replace(EVERYTHING, decision="deny")])
def test_a_permission_is_a_consent_that_the_validator_of_r4_accepts(terms: Terms) -> None:
    resource = to_consent(summary(terms), SUBJECT, CUSTODIAN)
    parsed = Consent.model_validate(resource)
    assert parsed.status == "active"
    assert parsed.provision.type == terms.decision
    assert codes(resource["provision"]["purpose"]) == list(terms.purposes)


def test_every_limit_that_was_signed_is_in_the_consent() -> None:
    provision = to_consent(summary(TERMS), SUBJECT, CUSTODIAN)["provision"]
    assert codes(provision["class"]) == ["laboratory", "genetics"]
    assert provision["dataPeriod"] == {"start": "2024-01-01", "end": "2025-12-31"}
    assert provision["data"][0]["reference"]["identifier"]["value"] == "0a" * 16
    assert provision["actor"][0]["reference"]["identifier"]["value"] == "study:heart"
    assert provision["period"]["end"].startswith("2027-01-15")
    assert provision["modifierExtension"][0]["extension"][0]["valueCodeableConcept"]


def test_no_limit_is_left_empty_when_nothing_was_limited() -> None:
    provision = to_consent(summary(EVERYTHING), SUBJECT, CUSTODIAN)["provision"]
    assert not {"class", "dataPeriod", "data", "modifierExtension"} & provision.keys()


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("active", "active"),
        ("recording", "proposed"),
        ("ended", "inactive"),
        ("withdrawn", "inactive"),
        ("unknown", "inactive"),
    ],
)
def test_only_a_permission_in_force_is_active(state: str, status: str) -> None:
    assert to_consent(summary(TERMS, state), SUBJECT, CUSTODIAN)["status"] == status


@pytest.mark.parametrize(("outcome", "code"), [("permitted", "0"), ("no-consent", "8")])
def test_a_decision_is_an_audit_event_with_its_outcome(outcome: str, code: str) -> None:
    resource = to_audit_event(entry(outcome), SUBJECT, CUSTODIAN)
    parsed = AuditEvent.model_validate(resource)
    assert (parsed.outcome, parsed.action) == (code, "E")
    assert resource["agent"][0]["who"]["identifier"]["value"] == "study:heart"
    named = [item["what"]["identifier"]["value"] for item in resource["entity"]]
    assert named[0] == SUBJECT.hex()
    assert len(named) == (2 if outcome == "permitted" else 1)


def test_a_time_after_the_year_9999_is_the_last_that_fhir_can_state() -> None:
    late = replace(summary(TERMS), not_after_s=2**40)
    period = to_consent(late, SUBJECT, CUSTODIAN)["provision"]["period"]
    assert period["end"] == "9999-12-31T23:59:59+00:00"


def stored(version: int) -> Entry:
    """Return the catalogue's entry of a record in this version."""
    rest = (CUSTODIAN, "2024-02-15", b"", 0, 0, b"", b"")
    return Entry(b"\5" * 16, version, SUBJECT, "laboratory", *rest)


def test_the_origin_of_a_record_is_a_provenance_with_custodian_time_and_version() -> None:
    first = to_provenance(stored(1), 1_700_000_000)
    parsed = Provenance.model_validate(first)
    assert codes(first["activity"]["coding"]) == ["CREATE"]
    assert parsed.entity is None
    assert first["recorded"] == "2023-11-14T22:13:20+00:00"
    assert first["agent"][0]["who"]["identifier"]["value"] == CUSTODIAN
    second = to_provenance(stored(2), 1_700_000_000)
    Provenance.model_validate(second)
    assert codes(second["activity"]["coding"]) == ["UPDATE"]
    assert second["entity"][0]["what"]["display"] == "version 1"


def test_an_opened_record_names_its_resources_or_the_table_that_it_is_from() -> None:
    resource = b'{"id":"o1","resourceType":"Observation"}'
    place = (SUBJECT, "laboratory", CUSTODIAN, "2024-02-15")
    document = Record(
        *place, {}, resources=(resource,), arrivals=(Arrival("o1", 3, 1_700_000_000),)
    )
    origin = to_provenance(stored(1), 1_700_000_000, document)
    Provenance.model_validate(origin)
    assert origin["target"][1]["reference"] == "Observation/o1"
    assert "version 3" in origin["target"][1]["display"]
    table = to_provenance(stored(1), 1_700_000_000, Record(*place, {"x|hb": (13.5, "g/dL")}))
    Provenance.model_validate(table)
    assert table["entity"][0]["role"] == "source"
