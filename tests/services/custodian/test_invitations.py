"""Whom a custodian can invite, and as whom."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace

import pytest

from services.custodian.invitations import InvitationRequest
from services.errors import Invalid
from services.words import Words
from storage import Record

pytestmark = pytest.mark.node
WORDS = Words("en")
ELSEWHERE = "organisation:elsewhere"


@pytest.fixture
def invitations(hospital):
    return hospital.services.custodian.invitations


@pytest.mark.parametrize("role", ["custodian", "clinician"])
def test_custodians_and_clinicians_are_invited_for_this_organisation_only(
    invitations, role
) -> None:
    request = InvitationRequest(role=role, identity="card", name="E", party=ELSEWHERE)
    with pytest.raises(Invalid) as error:
        invitations.invite(WORDS, request, by="me")
    assert set(error.value.fields) == {"party"}


@pytest.mark.parametrize("role", ["researcher", "auditor"])
def test_researchers_and_auditors_of_another_organisation_can_be_invited(invitations, role) -> None:
    request = InvitationRequest(role=role, identity="card", name="E", party=ELSEWHERE)
    assert "/join/" in invitations.invite(WORDS, request, by="me").link


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (InvitationRequest(role="king", name="E"), "role"),
        (InvitationRequest(role="auditor", name="E", identity=""), "identity"),
        (InvitationRequest(role="auditor", name=""), "name"),
        (InvitationRequest(role="auditor", name="E", number="1"), "number"),
        (InvitationRequest(role="auditor", name="E", party="study:x"), "party"),
        (InvitationRequest(role="patient", number=" ", identity="card"), "number"),
        (InvitationRequest(role="patient", number="1" * 65, identity="card"), "number"),
        (InvitationRequest(role="patient", number="1"), "identity"),
        (InvitationRequest(role="patient", number="no-such", identity="card"), "new_patient"),
    ],
)
def test_an_invalid_request_names_the_field(invitations, request_, field) -> None:
    with pytest.raises(Invalid) as error:
        invitations.invite(WORDS, request_, by="me")
    assert set(error.value.fields) == {field}


def test_every_wrong_field_is_named_at_once(invitations) -> None:
    request = InvitationRequest(role="clinician", identity="", party=ELSEWHERE)
    with pytest.raises(Invalid) as error:
        invitations.invite(WORDS, request, by="me")
    assert list(error.value.fields) == ["identity", "name", "party"]


def test_the_log_has_the_identity_check_but_not_the_hospital_number(
    hospital, invitations, caplog
) -> None:
    number = f"p{secrets.token_hex(8)}"
    request = InvitationRequest(role="patient", number=number, identity="card", new_patient=True)
    with caplog.at_level(logging.INFO, "vouchsafe.custodian"):
        invitations.invite(WORDS, request, by="keeper")
    subject = hospital.platform.requests.directory.find_subject(number)
    assert f"invited patient {subject.hex()}, identity card, by keeper" in caplog.text
    assert number not in caplog.text


def test_one_patient_has_one_subject_whichever_way_they_are_entered(hospital, invitations) -> None:
    number, records = f"p{secrets.token_hex(8)}", hospital.services.custodian.subjects
    request = InvitationRequest(role="patient", number=f" {number} ", identity="known")
    with pytest.raises(Invalid):
        invitations.invite(WORDS, request, by="me")
    assert hospital.platform.requests.directory.find_subject(number) is None
    invitations.invite(WORDS, replace(request, new_patient=True), by="me")
    subject = hospital.platform.requests.directory.find_subject(number)
    assert records.assign([number], {}) == {number: subject}
    assert records.assign([number], {number: secrets.token_bytes(32)}) == {number: subject}


def test_a_number_with_records_needs_no_confirmation_that_the_patient_is_new(
    hospital, invitations
) -> None:
    directory, number = hospital.platform.requests.directory, f"p{secrets.token_hex(8)}"
    directory.add([(number, hospital.new_patient())])
    request = InvitationRequest(role="patient", number=number, identity="card")
    with pytest.raises(Invalid) as error:
        invitations.invite(WORDS, request, by="me")  # in the directory, but without records
    assert set(error.value.fields) == {"new_patient"}
    subject = directory.find_subject(number)
    record = Record(
        subject,
        "vital-signs",
        hospital.platform.installation.organisation,
        "2024-01-02",
        {"x|number": (5.0, "kg")},
    )
    hospital.platform.store.deposits.deposit([record])
    assert "/join/" in invitations.invite(WORDS, request, by="me").link


def test_an_invitation_is_journalled_as_a_checked_identity_only_if_a_check_is_stated(
    hospital, invitations
) -> None:
    journal = hospital.platform.store.journal
    for identity, outcome in (("card", "identity-checked"), (None, "link-issued")):
        request = InvitationRequest(role="auditor", identity=identity, name="E", party=ELSEWHERE)
        invitations.invite(WORDS, request, by="me")
        [row] = journal.rows(journal.size())
        assert row.answer.outcome == outcome
