"""A Consent of another system is a request that its patient may sign, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from consent import PURPOSES, LedgerUnavailable
from records import JsonInvalid
from services.custodian.consent_imports import ConsentImport, ConsentImports, to_outcome
from services.requests import RequestDetails
from services.words import Words

HOSPITAL = "organisation:here"
SUBJECT = b"\1" * 32
NOW_S = 1_800_000_000
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
IRCP = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
STUDY = RequestDetails(
    "study:heart", "study", ("MLTRAINING",), ("laboratory", "condition"), "", "", 365, "it", True
)


class Known:
    """The stores: one patient MRN-1, one approved study, and what was sent."""

    def __init__(self) -> None:
        self.sent: list[RequestDetails] = []
        self.refused: dict[str, set[bytes]] = {}
        self.lookups: list[tuple[str, str]] = []
        self.is_unavailable = False
        self.person_systems: tuple[str, ...] = ()
        self.organisation = HOSPITAL
        self.names: dict[str, bytes] = {}

    def find_subjects(self, persons: Any) -> dict[str, bytes]:
        return dict.fromkeys((p for p in persons if p.endswith("MRN-1")), SUBJECT)

    def find_erased(self, subjects: Any) -> set[bytes]:
        return set()

    def clock(self) -> float:
        return NOW_S

    def refusing_subjects(self, party: str, purpose: str) -> set[bytes]:
        if self.is_unavailable and self.lookups:
            raise LedgerUnavailable("no node answers")
        self.lookups.append((party, purpose))
        return self.refused.get(purpose, set())

    def send(self, details: RequestDetails, subjects: list[bytes], by: str) -> int:
        self.sent.append(details)
        return 1


class Names:
    def __init__(self, known: dict[str, bytes]) -> None:
        self.known = known

    def find(self, names: Any) -> dict[str, bytes]:
        return {name: self.known[name] for name in names if name in self.known}


class Studies:
    def find(self, party: str) -> Any:
        if party != "study:heart":
            return None
        return SimpleNamespace(state="approved", until_s=NOW_S + 1, request_details=lambda: STUDY)


def propose(known: Known, *resources: dict[str, Any], recipient: str = "") -> ConsentImport:
    return propose_body(known, b"\n".join(map(orjson.dumps, resources)), recipient)


def propose_body(known: Known, body: bytes, recipient: str = "") -> ConsentImport:
    ports: Any = {"requests": known, "proposals": Studies(), "directory": known}
    ports |= {"names": Names(known.names), "store": known, "installation": known}
    return ConsentImports(**ports).propose(body, sender="", recipient=recipient, by="system")


def consent(party: str = "study:heart", purpose: str = "MLTRAINING", **more: Any) -> dict[str, Any]:
    identifier = {"system": "urn:vouchsafe:party", "value": party}
    return {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "patient": {"reference": "Patient/p"},
        "policy": [{"uri": "https://example.org/policy"}],
        "provision": {
            "type": "permit",
            "actor": [{"role": {"coding": [IRCP]}, "reference": {"identifier": identifier}}],
            "purpose": [{"system": REASON, "code": purpose}],
        }
        | more,
    }


PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "MRN-1"}]}


def codes(imported: ConsentImport) -> list[str]:
    return [line.code for line in imported.lines]


def test_a_consent_is_a_request_of_the_study_and_no_more_than_it_may_ask() -> None:
    known = Known()
    imported = propose(known, PATIENT, consent())
    assert (imported.requests, codes(imported)) == (1, ["own-terms", "sent"])
    assert known.sent == [replace(STUDY, wants_copy=False)]


def test_a_consent_can_only_narrow_what_the_study_may_ask() -> None:
    known = Known()
    condition = [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}]
    end = {"end": "2027-02-01"}
    propose(known, PATIENT, consent(period=end, **{"class": condition}))
    (details,) = known.sent
    assert details.categories == ("condition",)
    assert 0 < details.days < 365
    refused = propose(known, PATIENT, consent(purpose="HRESCH"))
    past = propose(known, PATIENT, consent(period={"end": "2020-01-01"}))
    assert [codes(each)[-1] for each in (refused, past)] == ["nothing-left"] * 2
    assert len(known.sent) == 1


def test_reading_for_treatment_is_asked_for_ordinary_records_unless_others_are_named() -> None:
    known = Known()
    propose(known, PATIENT, consent(HOSPITAL, "TREAT"))
    (details,) = known.sent
    assert (details.kind, details.purposes) == ("care", ("TREAT",))
    assert "laboratory" in details.categories
    assert not {"mental-health", "genetics", "substance-use"} & set(details.categories)


@pytest.mark.parametrize("party", ["organisation:elsewhere", "study:unknown", "x"])
def test_a_recipient_that_may_ask_nothing_here_gets_no_request(party) -> None:
    known = Known()
    assert codes(propose(known, PATIENT, consent(party)))[-1] == "unknown-recipient"
    assert known.sent == []


def test_a_recipient_can_be_named_for_consents_that_name_none() -> None:
    known = Known()
    imported = propose(known, PATIENT, consent(actor=[]), recipient="study:heart")
    assert imported.requests == 1


def test_an_unknown_patient_and_one_who_refuses_get_no_request() -> None:
    known = Known()
    assert codes(propose(known, consent()))[-1] == "unknown-patient"
    known.refused = {"MLTRAINING": {SUBJECT}}
    assert codes(propose(known, PATIENT, consent()))[-1] == "not-sent"
    assert known.sent == []


def test_a_name_of_two_patients_leads_to_no_request_of_an_earlier_patient() -> None:
    known = Known()
    known.names = {"organisation:here|Patient/p": SUBJECT}
    other = PATIENT | {"identifier": [{"value": "MRN-2"}]}
    assert codes(propose(known, consent())) == ["own-terms", "sent"]
    assert codes(propose(known, PATIENT, other, consent())) == ["own-terms", "unknown-patient"]


def test_a_certain_name_of_an_earlier_file_decides_before_a_weak_name_of_this_one() -> None:
    known = Known()
    known.names = {"https://a.example/fhir/Patient/p": SUBJECT}
    other = PATIENT | {"identifier": [{"value": "MRN-2"}]}
    sent = {"fullUrl": "https://a.example/fhir/Consent/c", "resource": consent()}
    entries = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": other}, sent]}
    assert codes(propose(known, entries)) == ["own-terms", "sent"]


@pytest.mark.parametrize("refused", ["TREAT", "TREATDS"])
def test_a_refusal_of_any_purpose_keeps_the_request_back(refused) -> None:
    known = Known()
    known.refused = {refused: {SUBJECT}}
    both = consent(HOSPITAL)
    both["provision"]["purpose"] = [
        {"system": PURPOSES[code].system, "code": code} for code in ("TREAT", "TREATDS")
    ]
    assert codes(propose(known, PATIENT, both))[-1] == "not-sent"
    assert known.sent == []
    known.refused = {}
    assert codes(propose(known, PATIENT, both))[-1] == "sent"
    assert known.sent[0].purposes == ("TREATDS", "TREAT")


def test_refusals_are_read_once_for_a_file_and_nothing_is_sent_if_they_cannot_be() -> None:
    known = Known()
    propose(known, PATIENT, consent(), consent(), consent(HOSPITAL, "TREAT"))
    assert known.lookups == [(HOSPITAL, "TREAT"), ("study:heart", "MLTRAINING")]
    unavailable = Known()
    unavailable.is_unavailable = True
    with pytest.raises(LedgerUnavailable):
        propose(unavailable, PATIENT, consent(), consent(HOSPITAL, "TREAT"))
    assert unavailable.sent == []


def test_nothing_is_sent_of_a_file_with_an_entry_that_cannot_be_read() -> None:
    known = Known()
    twice = orjson.dumps(consent()).replace(b'"status":', b'"status":"draft","status":')
    with pytest.raises(JsonInvalid, match="entry 3: an element occurs twice"):
        propose_body(known, b"\n".join([orjson.dumps(PATIENT), orjson.dumps(consent()), twice]))
    assert known.sent == []


def test_a_file_without_a_consent_says_so() -> None:
    assert codes(propose(Known(), PATIENT)) == ["no-consent"]


def test_the_report_is_an_operation_outcome_with_a_sentence_for_each_code() -> None:
    from records.consent_resource import ConsentCode

    report = to_outcome(Words("en"), propose(Known(), PATIENT, consent()))
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    OperationOutcome.model_validate(report)
    for code in ConsentCode:
        assert Words("en")(f"consent-import-{code.value}")
