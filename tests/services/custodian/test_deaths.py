"""A death is noted from a file or by a custodian, and no new request reaches the patient."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from memory_store import PATIENT, Custodian, DecidingLedger, bundle, send

from consent import LedgerUnavailable
from services.custodian.deaths import CustodianDeaths
from services.errors import Invalid
from services.requests import ConsentRequests, RequestDetails
from services.words import Words

WORDS = Words("en")
DETAILS = RequestDetails("study:s", "s", ("MLTRAINING",), ("condition",), "", "", 9, "it")


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path, ledger=DecidingLedger())


@pytest.fixture
def deaths(custodian: Custodian) -> CustodianDeaths:
    return CustodianDeaths(
        store=custodian.store, directory=custodian.directory, journal=custodian.journal
    )


@pytest.mark.parametrize(
    "stated", [{"deceasedBoolean": True}, {"deceasedDateTime": "2024-05-06"}], ids=str
)
def test_a_patient_resource_notes_a_death_and_no_request_is_sent(
    custodian: Custodian, deaths: CustodianDeaths, stated: dict[str, object]
) -> None:
    requests = ConsentRequests(custodian.engine, custodian.store, time.time)
    send(custodian, bundle(PATIENT))
    subject = custodian.directory.find_subject("V-100") or b""
    assert requests.send(DETAILS, [subject], "r") == 1
    send(custodian, bundle(PATIENT | stated))
    assert [(p.number, p.death.source) for p in deaths.list_all()] == [("V-100", "fhir")]
    other = RequestDetails("study:t", "t", ("MLTRAINING",), ("condition",), "", "", 9, "it")
    assert requests.send(other, [subject], "r") == 0
    send(custodian, bundle(PATIENT | {"deceasedBoolean": False}))
    assert deaths.list_all() == []
    assert requests.send(other, [subject], "r") == 1


def test_a_note_from_a_file_is_journalled_before_each_change_and_not_when_nothing_changes(
    custodian: Custodian, deaths: CustodianDeaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(custodian, bundle(PATIENT))
    subject = custodian.directory.find_subject("V-100") or b""
    died = bundle(PATIENT | {"deceasedBoolean": True})

    def unavailable() -> None:
        raise LedgerUnavailable("no node answers")

    with monkeypatch.context() as down:
        down.setattr(custodian.ledger, "view", unavailable)
        with pytest.raises(LedgerUnavailable):
            send(custodian, died)
    assert deaths.list_all() == []
    for body in (died, died, bundle(PATIENT | {"deceasedBoolean": False})):
        send(custodian, body)
    rows = custodian.store.journal.of_subject(subject, 9)
    assert [row.answer.outcome for row in rows] == ["deceased-undone", "deceased-noted"]
    deaths.note(WORDS, "V-100", has_died=True, by="c")
    send(custodian, bundle(PATIENT | {"deceasedBoolean": False}))  # a file may not undo it
    assert len(custodian.store.journal.of_subject(subject, 9)) == 3


def test_a_custodians_note_is_journalled_and_can_be_undone(
    custodian: Custodian, deaths: CustodianDeaths
) -> None:
    send(custodian, bundle(PATIENT))
    for has_died in (True, True, False, False):
        deaths.note(WORDS, "V-100", has_died=has_died, by="c")
    rows = custodian.store.journal.of_subject(custodian.directory.find_subject("V-100") or b"", 9)
    assert [row.answer.outcome for row in rows] == ["deceased-undone", "deceased-noted"]
    send(custodian, bundle(PATIENT | {"deceasedBoolean": True}))
    assert deaths.list_all() == []
    with pytest.raises(Invalid):
        deaths.note(WORDS, "nobody", has_died=True, by="c")
