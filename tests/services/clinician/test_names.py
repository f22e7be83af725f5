"""Names in a clinician's list: opened where reading is permitted, journalled; no nodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from memory_store import HERE, Custodian, DecidingLedger

from consent import TREAT
from records.patient_identity import PatientIdentity
from services.clinician.names import NamesInCare
from services.requests import PatientInCare
from storage import Arrival, Record, RecordStore

ANNA, BERTA, CARLA = (bytes([number]) * 32 for number in (1, 2, 3))


@pytest.fixture
def ledger() -> DecidingLedger:
    return DecidingLedger()


@pytest.fixture
def store(tmp_path: Path, ledger: DecidingLedger) -> RecordStore:
    store = Custodian(tmp_path, ledger=ledger).store
    store.deposits.deposit([named(ANNA, "Anna"), named(BERTA, "Berta"), named(CARLA, "Carla")])
    return store


def named(subject: bytes, name: str) -> Record:
    resource = {"resourceType": "Patient", "name": [{"text": name}], "birthDate": "1970-02-28"}
    text, arrivals = (json.dumps(resource).encode(),), (Arrival("p", 1, 86_400),)
    return Record(
        *(subject, "demographics", HERE, "2024-01-02", {}), resources=text, arrivals=arrivals
    )


def in_care(subject: bytes, *readable: str) -> PatientInCare:
    return PatientInCare(subject.hex()[:32], subject, "1", ("laboratory",), 9, readable)


def test_only_names_that_may_be_read_are_opened_and_each_is_journalled(
    store: RecordStore, ledger: DecidingLedger
) -> None:
    ledger.reasons[CARLA] = "withdrawn"  # since the list was made
    patients = [
        in_care(ANNA, "demographics"),
        in_care(BERTA, "laboratory"),
        in_care(CARLA, "demographics"),
    ]
    names = NamesInCare(store).open("organisation:clinic", "doctor", patients)
    assert names == {patients[0].key: PatientIdentity("Anna", "1970-02-28")}
    rows = {subject: store.journal.of_subject(subject) for subject in (ANNA, BERTA, CARLA)}
    assert [row.answer.outcome for row in rows[ANNA]] == ["permitted"]
    assert [row.answer.outcome for row in rows[CARLA]] == ["withdrawn"]
    assert rows[BERTA] == []
    use = store.journal.uses_of([rows[ANNA][0].use])[rows[ANNA][0].use]
    assert (use["party"], use["actor"]) == ("organisation:clinic", "clinician:doctor")
    assert use["purpose"] == TREAT


def test_without_a_name_that_may_be_read_nothing_is_opened(store: RecordStore) -> None:
    size = store.journal.size()
    patients = [in_care(BERTA, "laboratory"), in_care(ANNA)]
    assert NamesInCare(store).open("organisation:clinic", "doctor", patients) == {}
    assert store.journal.size() == size


def test_a_duty_that_forbids_a_name_leaves_a_number(
    store: RecordStore, ledger: DecidingLedger
) -> None:
    ledger.duties[ANNA] = ("DEID",)
    patients = [in_care(ANNA, "demographics")]
    assert NamesInCare(store).open("organisation:clinic", "doctor", patients) == {}
