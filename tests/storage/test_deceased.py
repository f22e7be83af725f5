"""Patients who have died: who is marked, and what their consents permit then; no nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import Custodian, DecidingLedger
from storage_install import access_request, record_of

from consent import DecisionRequest
from storage.deceased import BY_FILE, CUSTODIAN
from storage.person_links import LINKED

A, B, C = (bytes([number]) * 32 for number in range(1, 4))


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    made = Custodian(tmp_path, ledger=DecidingLedger())
    made.store.deposits.deposit([record_of(A), record_of(B), record_of(C)])
    link = made.store.links.propose(A, B, "custodian", "c")
    made.store.links.decide(link.id, LINKED, "c")
    return made


def test_a_custodians_decision_outlives_what_a_file_says_again(custodian: Custodian) -> None:
    deceased = custodian.store.deceased
    deceased.mark(A, BY_FILE, "sender")
    assert deceased.find([A, B]) == {A}
    assert custodian.store.find_deceased([A, B, C]) == {A, B}
    deceased.unmark(A, CUSTODIAN, "c")
    deceased.mark(A, BY_FILE, "sender")
    assert deceased.find([A]) == set()
    deceased.mark(A, CUSTODIAN, "c")
    deceased.unmark(A, BY_FILE, "sender")
    assert [death.source for death in deceased.list_newest(9)] == [CUSTODIAN]
    deceased.erase_subject(A)
    assert deceased.list_newest(9) == []


def test_consents_of_the_deceased_permit_what_the_rule_of_the_installation_says(
    custodian: Custodian,
) -> None:
    store = custodian.store
    store.deceased.mark(A, CUSTODIAN, "c")
    request = DecisionRequest("study:s", "MLTRAINING", B, "0" * 32, "laboratory", "2024-01-02")
    assert len(store.vault.gather(access_request()).records) == 3
    assert store.vault.are_permitted([request]) == [True]
    store = custodian.open_store(death_ends_consents=True)
    result = store.vault.gather(access_request())
    assert {record.subject for record in result.records} == {C}
    assert result.refused == {"deceased": 2}
    assert set(store.permitted_subjects("study:s", "MLTRAINING")) == {C}
    assert store.refusing_subjects("study:s", "MLTRAINING") == set()
    assert store.vault.are_permitted([request]) == [False]
