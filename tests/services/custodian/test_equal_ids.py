"""The report names entries that leave their patient, as where two systems use the same ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import OBSERVATION, PATIENT, Custodian, bundle, send

from records.outcomes import EntryCode, Outcome

OTHER = PATIENT | {"identifier": [{"value": "V-200"}]}
CHANGED = OBSERVATION | {"valueQuantity": {"value": 7, "code": "mg/dL"}}


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def test_an_entry_that_leaves_its_patient_is_named_in_the_report(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    report = send(custodian, bundle(OTHER, CHANGED))
    assert [(each.outcome, each.code) for each in report.outcomes] == [
        (Outcome.CORRECTED, EntryCode.OTHER_PATIENT)
    ] * 2


def test_an_entry_that_is_corrected_under_its_patient_is_not(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION))
    (corrected,) = send(custodian, bundle(CHANGED)).outcomes
    assert (corrected.outcome, corrected.code) == (Outcome.CORRECTED, EntryCode.NOTHING)


def test_under_two_sender_names_equal_ids_are_two_resources(custodian: Custodian) -> None:
    send(custodian, bundle(PATIENT, OBSERVATION), sender="north")
    report = send(custodian, bundle(OTHER, CHANGED), sender="south")
    assert {(each.outcome, each.code) for each in report.outcomes} == {
        (Outcome.STORED, EntryCode.NOTHING)
    }
