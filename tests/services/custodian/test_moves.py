"""A record under the wrong patient is moved: re-encrypted, journalled, found again; no nodes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import (
    OBSERVATION,
    PATIENT,
    Custodian,
    DecidingLedger,
    bundle,
    meanwhile,
    send,
)
from storage_install import access_request, record_of

from records.outcomes import Outcome
from services.custodian.moves import CustodianMoves
from services.errors import Invalid, NotFound
from services.words import Words
from storage import ConcurrentChange, StorageNotFound
from storage.errors import SubjectErased
from storage.findings import StoreFinding
from storage.newest_versions import check_newest_versions

WORDS = Words("en")
OTHER: dict[str, Any] = PATIENT | {"id": "p2", "identifier": [{"value": "V-200"}]}
WRONG: dict[str, Any] = OBSERVATION | {
    "meta": {"lastUpdated": "2024-03-06T00:00:00Z"},
    "subject": {"reference": "#p", "display": "Not This Person"},
    "contained": [{"resourceType": "Patient", "id": "p", "identifier": [{"value": "V-100"}]}],
}


class Deleted:
    """Predictions that only say which ones were deleted."""

    def __init__(self, deleted: list[tuple[str, bytes]]) -> None:
        self._deleted = deleted

    def erase_resting_on(self, record_id: str, subject: bytes) -> None:
        self._deleted.append((record_id, subject))


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    made = Custodian(tmp_path, ledger=DecidingLedger())
    made.forgotten = []
    send(made, bundle(PATIENT, OTHER))
    return made


@pytest.fixture
def moves(custodian: Custodian) -> CustodianMoves:
    return CustodianMoves(
        store=custodian.store,
        directory=custodian.directory,
        items=custodian.items,
        diagnostics=custodian.models,
        journal=custodian.journal,
        censuses=custodian.censuses,
        predictions=Deleted(custodian.forgotten),
        erase_exports=lambda subject: custodian.forgotten.append(("export", subject)),
    )


def laboratory(moves: CustodianMoves, number: str) -> list[str]:
    listed = moves.list_records(WORDS, number)
    return [record.record_id for record in listed if record.category == "laboratory"]


def test_a_moved_record_counts_for_the_right_patient_at_once_and_says_nothing_of_the_wrong_one(
    custodian: Custodian, moves: CustodianMoves
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    custodian.ledger.reasons[custodian.directory.find_subject("V-200")] = "denied"
    custodian.censuses._write("events.sealed", b"a census")
    moved = moves.move(WORDS, record_id, "V-200", by="c")
    assert not (custodian.home / "census/events.sealed").exists()
    assert (laboratory(moves, "V-100"), laboratory(moves, "V-200")) == ([], [moved.record_id])
    assert custodian.models.records == [record_id]
    gathered = custodian.store.vault.gather(access_request(categories=["laboratory"]))
    assert (gathered.records, gathered.refused) == ([], {"denied": 1})
    with pytest.raises(StorageNotFound):
        custodian.store.vault.open("study:s", "MLTRAINING", record_id, "a test")
    [record] = [r for r in custodian.stored("V-200") if r.category == "laboratory"]
    [resource] = map(orjson.loads, record.resources)
    assert resource["subject"] == {"identifier": {"value": "V-200"}, "type": "Patient"}
    assert resource["valueQuantity"] == OBSERVATION["valueQuantity"]
    assert b"V-100" not in record.resources[0]
    assert b"Not This Person" not in record.resources[0]
    for number, outcome in (("V-100", "record-moved-away"), ("V-200", "record-moved-here")):
        subject = custodian.directory.find_subject(number) or b""
        rows = custodian.store.journal.of_subject(subject, 9)
        assert outcome in [row.answer.outcome for row in rows]


NAMED = {"reference": "Patient/p1", "display": "Not This Person"}
DOCTOR = {"reference": "Practitioner/d1", "display": "Dr Right"}
SELF_MEASURED: dict[str, Any] = OBSERVATION | {
    "performer": [NAMED, DOCTOR],
    "note": [
        {"authorReference": NAMED | {"reference": "https://a.b/fhir/Patient/p1"}, "text": "x"}
    ],
    "extension": [{"url": "u", "valueReference": {"identifier": {"value": "V-100"}} | NAMED}],
}
VISIT: dict[str, Any] = {
    "resourceType": "Appointment",
    "id": "a1",
    "status": "booked",
    "start": "2024-03-05T10:00:00Z",
    "participant": [
        {"actor": NAMED, "status": "accepted"},
        {"actor": DOCTOR, "status": "accepted"},
        {"actor": {"reference": "urn:uuid:1", "display": "Not This Person"}, "status": "accepted"},
    ],
}
COVER: dict[str, Any] = {
    "resourceType": "Coverage",
    "id": "c1",
    "status": "active",
    "beneficiary": NAMED,
    "subscriber": NAMED,
    "payor": [DOCTOR],
}


@pytest.mark.parametrize("resource", [SELF_MEASURED, VISIT, COVER])
def test_no_reference_of_a_moved_record_names_the_wrong_patient(
    custodian: Custodian, moves: CustodianMoves, resource: dict[str, Any]
) -> None:
    people = custodian.store.records_of(custodian.directory.find_subject("V-100") or b"")
    [outcome] = send(custodian, bundle(resource)).outcomes
    assert outcome.outcome is Outcome.STORED
    stored = custodian.store.records_of(custodian.directory.find_subject("V-100") or b"")
    [new] = {entry.record_id for entry in stored} - {entry.record_id for entry in people}
    moves.move(WORDS, new.hex(), "V-200", by="c")
    kind = f'"{resource["resourceType"]}"'.encode()
    moved = [r for record in custodian.stored("V-200") for r in record.resources]
    [text] = [each for each in moved if kind in each]
    for wrong in (b"Not This Person", b"Patient/p1", b"V-100"):
        assert wrong not in text
    assert (b"Dr Right" in text, b"V-200" in text) == (True, True)


def test_what_was_made_of_a_moved_record_for_the_wrong_patient_is_deleted(
    custodian: Custodian, moves: CustodianMoves
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    wrong = custodian.directory.find_subject("V-100")
    moves.move(WORDS, record_id, "V-200", by="c")
    assert custodian.forgotten == [(record_id, wrong), ("export", wrong)]


def test_a_move_explains_to_a_verification_that_one_record_of_its_patient_is_gone(
    custodian: Custodian, moves: CustodianMoves
) -> None:
    send(custodian, bundle(WRONG))
    moves.move(WORDS, laboratory(moves, "V-100")[0], "V-200", by="c")
    store = custodian.store
    assert list(check_newest_versions(store._engine, store._keys, store.journal)) == []
    [other] = laboratory(moves, "V-200")  # of a patient without a move
    store._catalogue.delete_record(bytes.fromhex(other))
    [finding] = check_newest_versions(store._engine, store._keys, store.journal)
    assert finding.code == StoreFinding.RECORD_KEY_GONE
    assert finding.where == f"record {other} version 1"


def test_the_wrong_file_again_changes_nothing_and_the_corrected_one_updates_the_moved_record(
    custodian: Custodian, moves: CustodianMoves
) -> None:
    send(custodian, bundle(WRONG))
    moved = moves.move(WORDS, laboratory(moves, "V-100")[0], "V-200", by="c")
    [outcome] = send(custodian, bundle(WRONG)).outcomes
    assert outcome.outcome is Outcome.SAME
    corrected = OBSERVATION | {"subject": {"reference": "Patient/p2"}}
    corrected |= {"meta": {"lastUpdated": "2024-03-07T00:00:00Z"}}
    [outcome] = send(custodian, bundle(corrected)).outcomes
    assert outcome.outcome is Outcome.CORRECTED
    assert (laboratory(moves, "V-100"), laboratory(moves, "V-200")) == ([], [moved.record_id])


def test_a_move_that_was_interrupted_is_completed_by_repeating_it(
    custodian: Custodian, moves: CustodianMoves, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = custodian.directory.find_subject("V-100") or b""
    [record_id] = custodian.store.deposits.deposit([record_of(subject)]).record_ids
    catalogue = custodian.store._catalogue
    with monkeypatch.context() as broken:
        broken.setattr(catalogue, "delete_record", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            moves.move(WORDS, record_id, "V-200", by="c")
    moved = moves.move(WORDS, record_id, "V-200", by="c")
    assert (laboratory(moves, "V-100"), laboratory(moves, "V-200")) == ([], [moved.record_id])
    [record] = [r for r in custodian.stored("V-200") if r.category == "laboratory"]
    assert record.observations == record_of(subject).observations


def corrected() -> dict[str, Any]:
    changed = {"valueQuantity": {"value": 99, "code": "mg/dL"}}
    return WRONG | changed | {"meta": {"lastUpdated": "2024-03-07T00:00:00Z"}}


@pytest.mark.parametrize("step", ["seal", "stage"])
@pytest.mark.parametrize("work", ["re-encryption", "correction"])
def test_what_is_written_meanwhile_brings_no_moved_record_back_to_the_wrong_patient(
    custodian: Custodian,
    moves: CustodianMoves,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    work: str,
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    subject = custodian.directory.find_subject("V-100") or b""
    meanwhile(monkeypatch, step, lambda: moves.move(WORDS, record_id, "V-200", by="c"))
    if work == "correction":
        send(custodian, bundle(corrected()))
    else:
        with pytest.raises(ConcurrentChange):
            custodian.store.erasure.rekey([subject], "withdrawal")
    assert laboratory(moves, "V-100") == []
    assert len(laboratory(moves, "V-200")) == 1


@pytest.mark.parametrize("step", ["seal", "stage", "pin"])
def test_a_correction_that_arrives_during_a_move_is_moved(
    custodian: Custodian, moves: CustodianMoves, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    meanwhile(monkeypatch, step, lambda: send(custodian, bundle(corrected())))
    moved = moves.move(WORDS, record_id, "V-200", by="c")
    assert (laboratory(moves, "V-100"), laboratory(moves, "V-200")) == ([], [moved.record_id])
    [record] = [r for r in custodian.stored("V-200") if r.category == "laboratory"]
    assert orjson.loads(record.resources[0])["valueQuantity"]["value"] == 99


@pytest.mark.parametrize("work", ["re-encryption", "correction"])
def test_a_move_waits_for_what_is_being_stored(
    custodian: Custodian, moves: CustodianMoves, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    moving = threading.Thread(target=lambda: moves.move(WORDS, record_id, "V-200", by="c"))

    def begin() -> None:
        moving.start()
        moving.join(1)

    meanwhile(monkeypatch, "pin", begin)
    if work == "correction":
        send(custodian, bundle(corrected()))
    else:
        subject = custodian.directory.find_subject("V-100") or b""
        custodian.store.erasure.rekey([subject], "withdrawal")
    moving.join(30)
    assert (len(laboratory(moves, "V-100")), len(laboratory(moves, "V-200"))) == (0, 1)


def test_a_re_encryption_that_begins_to_be_stored_during_a_move_is_moved(
    custodian: Custodian, moves: CustodianMoves, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    subject, is_staged = custodian.directory.find_subject("V-100") or b"", threading.Event()

    def pause() -> None:
        is_staged.set()
        time.sleep(1)

    rekeying = threading.Thread(
        target=lambda: custodian.store.erasure.rekey([subject], "withdrawal")
    )

    def begin() -> None:
        meanwhile(monkeypatch, "pin", pause)
        rekeying.start()
        is_staged.wait(30)

    meanwhile(monkeypatch, "anchor", begin)
    moved = moves.move(WORDS, record_id, "V-200", by="c")
    rekeying.join(30)
    assert (laboratory(moves, "V-100"), laboratory(moves, "V-200")) == ([], [moved.record_id])


def test_a_correction_waits_for_a_re_encryption_that_is_being_stored(
    custodian: Custodian, moves: CustodianMoves, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(custodian, bundle(WRONG))
    outcomes: list[Outcome] = []
    sending = threading.Thread(
        target=lambda: outcomes.extend(
            each.outcome for each in send(custodian, bundle(corrected())).outcomes
        )
    )

    def begin() -> None:
        sending.start()
        sending.join(1)

    meanwhile(monkeypatch, "pin", begin)
    subject = custodian.directory.find_subject("V-100") or b""
    custodian.store.erasure.rekey([subject], "withdrawal")
    sending.join(30)
    assert outcomes == [Outcome.CORRECTED]


@pytest.mark.parametrize("step", ["seal", "stage"])
@pytest.mark.parametrize("work", ["deposit", "correction", "move", "re-encryption"])
def test_nothing_is_stored_of_a_patient_who_is_erased_meanwhile(
    custodian: Custodian,
    moves: CustodianMoves,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    work: str,
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    wrong, other = (custodian.directory.find_subject(each) or b"" for each in ("V-100", "V-200"))
    works: dict[str, Callable[[], object]] = {
        "deposit": lambda: custodian.store.deposits.deposit([record_of(wrong), record_of(other)]),
        "correction": lambda: send(custodian, bundle(corrected())),
        "move": lambda: moves.move(WORDS, record_id, "V-200", by="c"),
        "re-encryption": lambda: custodian.store.erasure.rekey([wrong, other], "stop"),
    }
    erased = other if work == "move" else wrong
    meanwhile(monkeypatch, step, lambda: custodian.store.erasure.shred(erased, "asked for"))
    retried = {"re-encryption": ConcurrentChange}  # by the worker, for those who remain
    with (
        suppress(SubjectErased)
        if work == "correction"
        else pytest.raises(retried.get(work, SubjectErased))
    ):
        works[work]()
    rows = custodian.store._catalogue.batches()
    stored = [each for row in rows for each in custodian.store._catalogue.entries(row.id)]
    assert not any(each.any_key for each in stored if each.subject == erased)
    custodian.store.erasure.rekey([wrong, other], "stop")
    assert any(each.any_key for each in stored)


@pytest.mark.parametrize("again_to", ["V-200", "V-300"])
def test_an_interrupted_move_leaves_one_record_after_a_re_encryption_or_to_another_patient(
    custodian: Custodian, moves: CustodianMoves, monkeypatch: pytest.MonkeyPatch, again_to: str
) -> None:
    send(custodian, bundle(WRONG, OTHER | {"id": "p3", "identifier": [{"value": "V-300"}]}))
    [record_id] = laboratory(moves, "V-100")
    with monkeypatch.context() as broken:
        broken.setattr(custodian.store._catalogue, "delete_record", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            moves.move(WORDS, record_id, "V-200", by="c")
    if again_to == "V-200":
        subject = custodian.directory.find_subject("V-100") or b""
        custodian.store.erasure.rekey([subject], "withdrawal")
    moved = moves.move(WORDS, record_id, again_to, by="c")
    listed = [each for number in ("V-100", "V-200", "V-300") for each in laboratory(moves, number)]
    assert listed == laboratory(moves, again_to) == [moved.record_id]


def test_what_cannot_be_moved_is_refused_and_stays(
    custodian: Custodian, moves: CustodianMoves
) -> None:
    send(custodian, bundle(WRONG))
    [record_id] = laboratory(moves, "V-100")
    for number in ("nobody", "", "V-100"):
        with pytest.raises(Invalid):
            moves.move(WORDS, record_id, number, by="c")
    for unknown in ("0" * 32, "x"):
        with pytest.raises(NotFound):
            moves.move(WORDS, unknown, "V-200", by="c")
    [person] = [
        each for each in moves.list_records(WORDS, "V-100") if each.category == "demographics"
    ]
    with pytest.raises(Invalid):
        moves.move(WORDS, person.record_id, "V-200", by="c")
    assert laboratory(moves, "V-100") == [record_id]


def test_earlier_versions_move_with_their_record(
    custodian: Custodian, moves: CustodianMoves
) -> None:
    custodian.store.history_rule.set(keeps=True, by="c")
    send(custodian, bundle(WRONG))
    changed = {"valueQuantity": {"value": 99, "code": "mg/dL"}}
    later = {"meta": {"lastUpdated": "2024-03-07T00:00:00Z"}}
    send(custodian, bundle(WRONG | changed | later))
    [record_id] = laboratory(moves, "V-100")
    moved = moves.move(WORDS, record_id, "V-200", by="c")
    [former] = custodian.store.versions.read_former([moved.record_id])
    assert former.subject == custodian.directory.find_subject("V-200")
    assert orjson.loads(former.resources[0])["valueQuantity"]["value"] == 101
    assert custodian.store.versions.read_former([record_id]) == []
    assert b"Not This Person" not in former.resources[0]
