"""Requests are sent, answered once, lapse, and are counted."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
import sqlalchemy as sa

from consent import DAY_S
from services.errors import NotFound
from services.requests import (
    ACCEPTED,
    DECLINED,
    LAPSED,
    WAITING,
    ConsentRequests,
    RequestDetails,
)
from services.requests.consent_requests import COOLING_OFF_DAYS, LAPSE_DAYS

PARTY = "study:a"
TERMS = (("MLTRAINING",), ("condition",), "", "", 365, "diabetes")
DETAILS = RequestDetails(PARTY, "study", *TERMS)


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def requests(engine, store, now) -> ConsentRequests:
    return ConsentRequests(engine, store, lambda: now[0])


def people(count: int) -> list[bytes]:
    return [secrets.token_bytes(32) for _ in range(count)]


def test_a_patient_who_has_not_answered_receives_no_second_request(requests, now) -> None:
    patients = people(3)
    assert requests.send(DETAILS, patients, "r") == 3
    assert requests.send(DETAILS, patients, "r") == 0
    now[0] += LAPSE_DAYS * DAY_S
    (lapsed,) = requests.list_by_subject(patients[0])
    assert lapsed.state == LAPSED
    assert requests.send(DETAILS, patients, "r") == 3


def test_a_request_lapses_at_the_end_of_its_study_also_when_it_is_reconsidered(
    requests, now
) -> None:
    until_s = int(now[0]) + 5 * DAY_S
    patients = people(2)
    requests.send(replace(DETAILS, until_s=until_s), patients, "r")
    (waiting,), (declined,) = (requests.list_by_subject(patient) for patient in patients)
    requests.record_answer(declined, DECLINED)
    assert requests.reopen(declined)
    for request in (waiting, declined):
        assert requests.get(request.subject, request.id).lapses_at_s == until_s
    now[0] = until_s - 1
    assert requests.get(waiting.subject, waiting.id).state == WAITING
    now[0] = until_s
    states = [requests.get(request.subject, request.id).state for request in (waiting, declined)]
    assert states == [LAPSED, LAPSED]
    assert requests.count_by_state(PARTY)[LAPSED] == 2


def test_a_permission_that_is_signed_after_a_no_in_another_window_is_what_the_request_says(
    requests,
) -> None:
    (patient,) = people(1)
    requests.send(DETAILS, [patient], "r")
    (request,) = requests.list_waiting(patient)
    assert requests.record_answer(request, DECLINED)
    assert requests.record_answer(request, ACCEPTED, b"c" * 32)
    answered = requests.get(patient, request.id)
    assert (answered.state, answered.consent_id) == (ACCEPTED, b"c" * 32)
    assert not requests.record_answer(request, DECLINED)
    assert not requests.record_answer(request, ACCEPTED, b"d" * 32)


def test_sending_to_nobody_stores_nothing(requests, engine) -> None:
    patients, count = people(3), sa.text("SELECT count(*) FROM web_askings WHERE party = 'study:a'")
    for _ in range(3):
        requests.send(DETAILS, patients, "r")
    with engine.connect() as connection:
        assert connection.scalar(count) == 1


def test_a_patient_who_declined_receives_no_request_for_half_a_year(requests, now) -> None:
    (patient,) = people(1)
    requests.send(DETAILS, [patient], "r")
    assert requests.record_answer(requests.list_waiting(patient)[0], DECLINED)
    now[0] += COOLING_OFF_DAYS * DAY_S - 1
    assert requests.send(DETAILS, [patient], "r") == 0
    now[0] += 1
    assert requests.send(DETAILS, [patient], "r") == 1


def test_a_request_is_answered_once_and_its_draft_goes_then(requests) -> None:
    (patient,) = people(1)
    requests.send(DETAILS, [patient], "r")
    request = requests.list_waiting(patient)[0]
    assert requests.load_draft(request) == {}
    requests.save_draft(request, {"answer": "less"})
    assert requests.load_draft(request) == {"answer": "less"}
    assert requests.record_answer(request, ACCEPTED, b"c" * 32)
    assert not requests.record_answer(request, DECLINED)
    assert requests.load_draft(request) == {}
    assert requests.get(patient, request.id).consent_id == b"c" * 32


def test_another_patients_request_is_not_found(requests) -> None:
    patient, other = people(2)
    requests.send(DETAILS, [patient], "r")
    with pytest.raises(NotFound):
        requests.get(other, requests.list_waiting(patient)[0].id)


def test_counts_contain_each_person_once_by_the_newest_answer(requests, now) -> None:
    patients = people(5)
    requests.send(DETAILS, patients, "r")
    for index, state in ((0, ACCEPTED), (1, DECLINED)):
        requests.record_answer(requests.list_waiting(patients[index])[0], state)
    assert requests.count_by_state(PARTY) == {ACCEPTED: 1, DECLINED: 1, WAITING: 3, LAPSED: 0}
    now[0] += LAPSE_DAYS * DAY_S
    assert requests.count_by_state(PARTY) == {ACCEPTED: 1, DECLINED: 1, WAITING: 0, LAPSED: 3}
    requests.send(DETAILS, patients[2:], "r")
    assert requests.count_by_state(PARTY) == {ACCEPTED: 1, DECLINED: 1, WAITING: 3, LAPSED: 0}
    assert sorted(requests.list_states(PARTY)) == sorted(patients)


def test_the_sender_sees_only_a_yes_and_a_no_looks_like_no_answer(requests, now) -> None:
    known, unwilling = people(2)
    requests.send(DETAILS, [known], "r", "H-1")
    requests.send(DETAILS, [unwilling], "r", "H-2")
    requests.send(DETAILS, [], "r", "nobody")
    requests.send(DETAILS, [known], "another", "H-1")
    requests.record_answer(requests.list_waiting(known)[0], ACCEPTED, bytes(32))
    requests.record_answer(requests.list_waiting(unwilling)[0], DECLINED)
    states = {request.note: request.state for request in requests.list_sent(PARTY, "r")}
    assert states == {"H-1": ACCEPTED, "H-2": WAITING, "nobody": WAITING}
    now[0] += LAPSE_DAYS * DAY_S
    states = {request.note: request.state for request in requests.list_sent(PARTY, "r")}
    assert states == {"H-1": ACCEPTED, "H-2": LAPSED, "nobody": LAPSED}


def test_erasing_a_patient_deletes_every_note_about_them(requests) -> None:
    patient, other = people(2)
    for number in ("H-1", "H-1 again"):  # the second request is not received, its note is kept
        requests.send(DETAILS, [patient], "r", number)
    requests.send(DETAILS, [other], "r", "H-2")
    requests.close_subject(patient)
    assert [request.note for request in requests.list_sent(PARTY, "r")] == ["H-2"]
