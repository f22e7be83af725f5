"""Who is a patient here, which studies may ask, and what patients were asked and said."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
import sqlalchemy as sa

from models import ModelsInvalid
from services.errors import NotFound
from services.requests import ACCEPTED, DECLINED, LAPSED, WAITING, Proposal, RequestDetails
from services.requests.consent_requests import COOLING_OFF_DAYS, DAY_S, LAPSE_DAYS, ConsentRequests
from services.requests.directory import PatientDirectory
from storage.errors import SealBroken

pytestmark = pytest.mark.node
HOSPITAL = "organisation:this-hospital"


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def requests(hospital, now) -> ConsentRequests:
    platform = hospital.platform
    return ConsentRequests(platform.engine, platform.store, lambda: now[0])


def wanted(party: str) -> RequestDetails:
    return RequestDetails(party, "study", ("MLTRAINING",), ("condition",), "", "", 365, "diabetes")


def people(count: int) -> list[bytes]:
    return [secrets.token_bytes(32) for _ in range(count)]


def study() -> str:
    return f"study:{secrets.token_hex(4)}"


def proposal(name: str) -> Proposal:
    title = f"Title of {name}"
    rest = ("A protocol.", "diabetes", "small", "MLTRAINING", ("condition",), "", "", 365)
    return Proposal(name, HOSPITAL, title, "Board 12/34", *rest, 1_900_000_000)


def test_a_hospital_number_finds_its_subject_and_is_not_readable_in_the_database(hospital) -> None:
    platform = hospital.platform
    directory, subject = platform.requests.directory, secrets.token_bytes(32)
    number = f"MRN-{secrets.token_hex(6)}"
    assert directory.add([(number, subject)]) == 1
    assert directory.add([(number, subject)]) == 0
    assert directory.find_subject(number) == subject
    assert directory.number_of(subject) == number
    assert directory.find_subject(number + "x") is None
    with platform.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM web_patients")).all()
    assert not any(number.encode() in bytes(str(row), "utf-8") for row in rows)


def test_a_sealed_number_that_is_moved_to_another_patient_does_not_open(hospital) -> None:
    platform = hospital.platform
    directory = PatientDirectory(platform.engine, platform.store, platform.installation.clock)
    first, second = people(2)
    directory.add([(secrets.token_hex(6), first), (secrets.token_hex(6), second)])
    table = sa.table("web_patients", sa.column("subject"), sa.column("number"))
    with platform.engine.begin() as connection:
        taken = connection.scalar(sa.select(table.c.number).where(table.c.subject == first))
        moved = sa.update(table).where(table.c.subject == second).values(number=taken)
        connection.execute(moved)
    with pytest.raises(SealBroken):
        directory.number_of(second)
    with platform.engine.begin() as connection:
        connection.execute(sa.delete(table).where(table.c.subject.in_([first, second])))


def test_only_an_approved_proposal_is_a_study(hospital) -> None:
    platform, name = hospital.platform, study()
    proposals = platform.requests.proposals
    proposals.register(proposal(name))
    assert name not in {item.id for item in platform.diagnostics.studies()}
    approved = proposals.approve(name, "someone")
    assert approved.state == "approved"
    assert name in {item.id for item in platform.diagnostics.studies()}
    assert proposals.refuse(name, "someone", "too late").state == "approved"
    assert proposals.approve(name, "another") == approved


def test_a_refused_proposal_is_no_study_and_keeps_the_reason(hospital) -> None:
    platform, name = hospital.platform, study()
    proposals = platform.requests.proposals
    proposals.register(proposal(name))
    refused = proposals.refuse(name, "someone", "The protocol names no end.")
    assert (refused.state, refused.why) == ("refused", "The protocol names no end.")
    assert name not in {item.id for item in platform.diagnostics.studies()}


def test_a_studys_name_is_given_once(hospital) -> None:
    proposals, name = hospital.platform.requests.proposals, study()
    first = proposals.register(proposal(name))
    assert proposals.register(proposal(name)) == first
    with pytest.raises(ModelsInvalid):
        proposals.register(replace(proposal(name), title="Another"))
    with pytest.raises(ModelsInvalid):
        proposals.register(replace(proposal(name), study="study:small"))
    with pytest.raises(NotFound):
        proposals.get("study:nobody")


def test_who_has_not_answered_is_not_asked_again(requests, now) -> None:
    party, query = study(), people(3)
    assert requests.send(wanted(party), query, "r") == 3
    assert requests.send(wanted(party), query, "r") == 0
    now[0] += LAPSE_DAYS * DAY_S
    assert requests.get(query[0], requests.list_by_subject(query[0])[0].id).state == LAPSED
    assert requests.send(wanted(party), query, "r") == 3


def test_who_said_no_is_left_in_peace_for_half_a_year(requests, now) -> None:
    party, (item,) = study(), people(1)
    requests.send(wanted(party), [item], "r")
    assert requests.record_answer(requests.list_waiting(item)[0], DECLINED)
    now[0] += COOLING_OFF_DAYS * DAY_S - 1
    assert requests.send(wanted(party), [item], "r") == 0
    now[0] += 1
    assert requests.send(wanted(party), [item], "r") == 1


def test_a_request_is_answered_once_and_its_draft_goes_then(requests) -> None:
    party, (item,) = study(), people(1)
    requests.send(wanted(party), [item], "r")
    request = requests.list_waiting(item)[0]
    assert requests.load_draft(request) == {}
    requests.save_draft(request, {"answer": "less"})
    assert requests.load_draft(request) == {"answer": "less"}
    assert requests.record_answer(request, ACCEPTED, b"c" * 32)
    assert not requests.record_answer(request, DECLINED)
    assert requests.load_draft(request) == {}
    assert requests.get(item, request.id).consent_id == b"c" * 32


def test_another_patients_request_is_not_there(requests) -> None:
    item, other = people(2)
    requests.send(wanted(study()), [item], "r")
    with pytest.raises(NotFound):
        requests.get(other, requests.list_waiting(item)[0].id)


def test_counts_hold_each_person_once_by_the_newest_answer(requests, now) -> None:
    party, query = study(), people(5)
    requests.send(wanted(party), query, "r")
    for place, state in ((0, ACCEPTED), (1, DECLINED)):
        requests.record_answer(requests.list_waiting(query[place])[0], state)
    assert requests.count_by_state(party) == {ACCEPTED: 1, DECLINED: 1, WAITING: 3, LAPSED: 0}
    now[0] += LAPSE_DAYS * DAY_S
    assert requests.count_by_state(party) == {ACCEPTED: 1, DECLINED: 1, WAITING: 0, LAPSED: 3}
    requests.send(wanted(party), query[2:], "r")
    assert requests.count_by_state(party) == {ACCEPTED: 1, DECLINED: 1, WAITING: 3, LAPSED: 0}
    assert sorted(requests.list_subjects(party)) == sorted(query)


def test_who_lacks_a_needed_record_is_not_eligible(hospital) -> None:
    store = hospital.platform.store
    assert set(hospital.subjects) <= set(store.list_subjects_with(["condition", "vital-signs"]))
    assert store.list_subjects_with(["condition", "medication"]) == []
