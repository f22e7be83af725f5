"""Links of subjects that are one person, and what they mean for decisions; no nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import Custodian, DecidingLedger
from storage_install import access_request, record_of

from consent import DecisionRequest
from storage.person_links import DISMISSED, LINKED, PROPOSED, UNDONE

A, B, C, D = (bytes([number]) * 32 for number in range(1, 5))
MANY = 40  # more than are decided one by one


@pytest.fixture
def ledger() -> DecidingLedger:
    return DecidingLedger()


@pytest.fixture
def custodian(tmp_path: Path, ledger: DecidingLedger) -> Custodian:
    return Custodian(tmp_path, ledger=ledger)


def link(custodian: Custodian, first: bytes, second: bytes) -> str:
    links = custodian.store.links
    made = links.propose(first, second, "custodian", "c")
    links.decide(made.id, LINKED, "c")
    return made.id


def gather(custodian: Custodian, **narrowed: object) -> tuple[set[bytes], dict[str, int]]:
    result = custodian.store.vault.gather(access_request(**narrowed))
    return {record.subject for record in result.records}, result.refused


def test_a_pair_has_one_link_whatever_the_order(custodian: Custodian) -> None:
    links = custodian.store.links
    first = links.propose(B, A, "replaced-by", "sender")
    assert (first.first, first.second, first.state) == (A, B, PROPOSED)
    assert links.propose(A, B, "custodian", "c") == first
    links.decide(first.id, DISMISSED, "c")
    assert links.propose(A, B, "replaces", "sender").state == DISMISSED
    assert links.count_waiting() == 0


def test_links_are_followed_from_one_to_the_next(custodian: Custodian) -> None:
    links = custodian.store.links
    link(custodian, A, B)
    middle = link(custodian, B, C)
    links.propose(C, D, "custodian", "c")
    assert links.groups([C, D]) == {C: (A, B, C)}
    assert custodian.store.persons([A, B, C, D]) == {A: A, B: A, C: A, D: D}
    links.decide(middle, UNDONE, "c")
    assert links.groups([C]) == {}
    assert links.groups([C], ever=True) == {C: (A, B, C)}
    links.erase_subject(B)
    assert links.groups([A, B, C], ever=True) == {}


def test_many_subjects_have_the_same_groups_as_few(custodian: Custodian) -> None:
    subjects = [number.to_bytes(32, "big") for number in range(1_000)]
    for first, second in ((0, 1), (2, 3), (3, 4), (1, 2), (10, 11)):
        link(custodian, subjects[first], subjects[second])
    groups = custodian.store.links.groups(subjects)
    assert groups == {s: tuple(subjects[:5]) for s in subjects[:5]} | {
        s: tuple(subjects[10:12]) for s in subjects[10:12]
    }
    assert custodian.store.links.groups(subjects[3:4]) == {subjects[3]: tuple(subjects[:5])}


@pytest.mark.parametrize("reason", ["denied", "opted-out", "opening-missing", "unknown-word"])
@pytest.mark.parametrize("count", [1, MANY])
def test_what_a_linked_subject_refuses_is_refused_until_the_link_is_undone(
    custodian: Custodian, ledger: DecidingLedger, reason: str, count: int
) -> None:
    store = custodian.store
    store.deposits.deposit([record_of(A, number) for number in range(count)])
    store.deposits.deposit([record_of(C)])
    ledger.reasons[B] = reason
    assert gather(custodian) == ({A, C}, {})
    made = link(custodian, A, B)
    assert gather(custodian) == ({C}, {"linked-refusal": count})
    assert set(store.permitted_subjects("study:s", "MLTRAINING")) == {C}
    assert store.refusing_subjects("study:s", "MLTRAINING") == {A}
    outcomes = store.vault.decide_again(access_request(subjects=[A])).values()
    assert {outcome for outcome, _ in outcomes} == {"linked-refusal"}
    store.links.decide(made, UNDONE, "c")
    assert gather(custodian) == ({A, C}, {})
    assert store.refusing_subjects("study:s", "MLTRAINING") == set()


def test_a_linked_subject_without_a_consent_refuses_nothing_and_permits_nothing(
    custodian: Custodian, ledger: DecidingLedger
) -> None:
    custodian.store.deposits.deposit([record_of(A), record_of(B)])
    ledger.reasons[B] = "no-consent"
    link(custodian, A, B)
    assert gather(custodian) == ({A}, {"no-consent": 1})


def test_an_erasure_ends_no_refusal_that_counts_through_a_link(
    custodian: Custodian, ledger: DecidingLedger
) -> None:
    links = custodian.store.links
    custodian.store.deposits.deposit([record_of(C)])
    ledger.reasons[A] = "denied"
    link(custodian, A, B)
    link(custodian, B, C)
    links.propose(B, D, "custodian", "c")
    links.erase_subject(B)  # which links the one who refuses with the other
    assert gather(custodian)[0] == set()
    assert custodian.store.linked_subjects(C) == (A, B, C)
    assert links.count_waiting() == 0
    links.erase_subject(A, refuses=True)
    assert gather(custodian)[0] == set()
    links.erase_subject(A)
    assert gather(custodian)[0] == {C}


def test_what_was_made_of_records_is_hidden_when_a_linked_subject_refuses(
    custodian: Custodian, ledger: DecidingLedger
) -> None:
    vault = custodian.store.vault
    requests = [
        DecisionRequest("study:s", "MLTRAINING", subject, "0" * 32, "laboratory", "2024-01-02")
        for subject in (A, C)
    ]
    assert vault.are_permitted(requests) == [True, True]
    link(custodian, A, B)
    ledger.reasons[B] = "denied"
    assert vault.are_permitted(requests) == [False, True]
    assert vault.are_permitted([]) == []
    assert custodian.store.linked_subjects(A) == (A, B)
    assert custodian.store.linked_subjects(C) == (C,)
