"""The custodian's rule keeps or destroys what a correction replaces; no nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import OBSERVATION, PATIENT, Custodian, DecidingLedger, bundle, send
from storage_install import access_request

from services.custodian.history import CustodianHistory
from storage import NOBODY, AccessRequest, Record
from storage.catalogue import Catalogue
from storage.integrity import check_records

TREATMENT: dict[str, Any] = {"categories": ["laboratory"], "purpose": "TREAT"}


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path, ledger=DecidingLedger())


@pytest.fixture
def history(custodian: Custodian) -> CustodianHistory:
    made = CustodianHistory(store=custodian.store, journal=custodian.journal)
    made.set(keeps=True, by="c")
    return made


def glucose(value: float, day: int, **changes: Any) -> dict[str, Any]:
    quantity = {"valueQuantity": {"value": value, "code": "mg/dL"}}
    return OBSERVATION | quantity | {"meta": {"lastUpdated": f"2024-03-{day:02}"}} | changes


def corrected(custodian: Custodian) -> bytes:
    """Send a value and two corrections; return the subject."""
    for day, value in ((6, 101), (7, 102), (8, 103)):
        send(custodian, bundle(PATIENT, glucose(value, day)))
    return subject_of(custodian)


def subject_of(custodian: Custodian, number: str = "V-100") -> bytes:
    return custodian.directory.find_subject(number) or b""


def values(records: list[Record]) -> list[float]:
    resources = [orjson.loads(text) for record in records for text in record.resources]
    return [each["valueQuantity"]["value"] for each in resources if "valueQuantity" in each]


def treated(**changes: Any) -> AccessRequest:
    return access_request(**TREATMENT | changes)


def outcomes(custodian: Custodian, subject: bytes) -> list[str]:
    return [row.answer.outcome for row in custodian.store.journal.of_subject(subject, 99)]


def test_without_a_rule_a_correction_destroys_what_it_replaces(custodian: Custodian) -> None:
    subject = corrected(custodian)
    assert custodian.store.vault.open_own_former(subject) == []
    assert custodian.store.versions.find_former() == []


def test_earlier_versions_are_read_and_journalled_but_never_gathered(
    custodian: Custodian, history: CustodianHistory
) -> None:
    subject = corrected(custodian)
    assert history.get().versions == 2
    assert values(custodian.store.vault.open_own_former(subject)) == [101, 102]
    assert outcomes(custodian, subject) == ["own", "own"]
    vault = custodian.store.vault
    assert values(vault.gather(treated()).records) == [103]
    assert values(vault.gather_former(treated())) == [101, 102]
    custodian.ledger.reasons[subject] = "denied"
    assert vault.gather_former(treated()) == []
    assert outcomes(custodian, subject)[:2] == ["denied", "denied"]


def test_an_added_value_keeps_no_version_and_a_deleted_or_retracted_one_does(
    custodian: Custodian, history: CustodianHistory
) -> None:
    send(custodian, bundle(PATIENT, glucose(101, 6)))
    send(custodian, bundle(PATIENT, glucose(55, 6, id="o2")))
    assert history.get().versions == 0
    send(custodian, bundle(glucose(55, 7, id="o2", status="entered-in-error")))
    deletion = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    send(custodian, bundle(deletion, kind="transaction"))
    former = custodian.store.vault.open_own_former(subject_of(custodian))
    assert [values([record]) for record in former] == [[101, 55], [101, 55]]


def test_a_withdrawal_seals_earlier_versions_again_under_new_keys(
    custodian: Custodian, history: CustodianHistory
) -> None:
    subject = corrected(custodian)
    before = {(e.cid, e.former) for e in custodian.store.versions.find_former()}
    receipt = custodian.store.erasure.rekey([subject], "withdrawn")
    after = custodian.store.versions.find_former()
    assert receipt is not None
    assert {cid.hex() for cid, _ in before} <= set(receipt.content()["blocks"])
    assert before.isdisjoint({(e.cid, e.former) for e in after})
    assert values(custodian.store.vault.open_own_former(subject)) == [101, 102]
    assert values(custodian.stored("V-100")) == [103]
    catalogue = Catalogue(custodian.engine)
    anchored = {batch.root for batch in catalogue.batches()}
    assert check_records(catalogue, custodian.store._keys, custodian.blocks, anchored) == []
    send(custodian, bundle(glucose(104, 9)))  # history goes on after it
    assert values(custodian.store.vault.open_own_former(subject)) == [101, 102, 103]


def test_an_erasure_and_the_rule_destroy_delete_every_earlier_version(
    custodian: Custodian, history: CustodianHistory
) -> None:
    subject = corrected(custodian)
    state = history.set(keeps=False, by="c")
    assert (state.rule.keeps, state.versions) == (False, 0)
    assert outcomes(custodian, subject) == ["versions-destroyed"]
    assert outcomes(custodian, NOBODY) == ["versions-destroyed", "versions-kept"]
    history.set(keeps=True, by="c")
    send(custodian, bundle(glucose(104, 9)))
    assert history.get().versions == 1
    custodian.store.erasure.shred(subject, "erased")
    assert history.get().versions == 0
    assert all(entry.any_key is None for entry in Catalogue(custodian.engine).entries(1))


def test_a_value_that_leaves_its_class_leaves_no_earlier_version_behind(
    custodian: Custodian, history: CustodianHistory
) -> None:
    corrected(custodian)
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
    protected = glucose(103, 9) | {"meta": {"lastUpdated": "2024-03-09", "security": [label]}}
    send(custodian, bundle(protected))
    assert [r.category for r in custodian.stored("V-100") if r.resources][-1] == "sexual-health"
    assert history.get().versions == 0
