"""Duties that patients set: handed out with their records, and refused where nobody meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_store import Custodian, DecidingLedger
from storage_install import access_request, record_of

from consent import OBLIGATIONS, PURPOSES, DecisionRequest
from storage import ACCEPTED_DUTIES
from storage.duties import codes_of, to_mask, unmet_mask

A, B, C = (bytes([number]) * 32 for number in range(1, 4))
FEW, MANY = 1, 20  # of each of three patients: decided one by one, and in one pass


@pytest.fixture
def ledger() -> DecidingLedger:
    made = DecidingLedger()
    made.duties = {A: ("AUDIT", "NORELINK"), B: ("DELAU", "PSEUD"), C: ("DEID",)}
    return made


def stored(path: Path, ledger: DecidingLedger, count: int) -> Custodian:
    custodian = Custodian(path, ledger=ledger)
    people = [record_of(subject, day) for subject in (A, B, C) for day in range(count)]
    custodian.store.deposits.deposit(people)
    return custodian


def test_any_duties_are_read_back_from_their_bits() -> None:
    assert codes_of(to_mask(OBLIGATIONS)) == tuple(OBLIGATIONS)
    assert codes_of(to_mask(("NORELINK", "DEID"))) == ("DEID", "NORELINK")
    assert codes_of(0) == ()


def test_who_asks_accepts_every_duty_that_a_use_can_meet() -> None:
    for purpose in PURPOSES:
        assert not set(ACCEPTED_DUTIES) & set(codes_of(unmet_mask(purpose)))
    assert codes_of(unmet_mask("TREAT")) == ("DEID", "PSEUD")
    assert set(ACCEPTED_DUTIES) | {"DEID", "PSEUD"} == set(OBLIGATIONS)


@pytest.mark.parametrize("count", [FEW, MANY])
@pytest.mark.parametrize(
    "case",
    [
        ("MLTRAINING", {A, B, C}, ("DEID", "PSEUD", "AUDIT", "DELAU", "NORELINK")),
        ("HRESCH", {A, B, C}, ("DEID", "PSEUD", "AUDIT", "DELAU", "NORELINK")),
        ("PSEUDRESCH", {A, B}, ("PSEUD", "AUDIT", "DELAU", "NORELINK")),
        ("RECRESCH", {A, B}, ("PSEUD", "AUDIT", "DELAU", "NORELINK")),
        ("TREAT", {A}, ("AUDIT", "NORELINK")),
        ("TREATDS", {A}, ("AUDIT", "NORELINK")),
    ],
)
def test_records_leave_with_their_duties_and_not_where_one_cannot_be_met(
    tmp_path: Path,
    ledger: DecidingLedger,
    count: int,
    case: tuple[str, set[bytes], tuple[str, ...]],
) -> None:
    purpose, released, duties = case
    store = stored(tmp_path, ledger, count).store
    result = store.vault.gather(access_request(purpose=purpose))
    assert {record.subject for record in result.records} == released
    assert result.duties == duties
    refused = {A, B, C} - released
    assert result.refused == ({"duty-unmet": count * len(refused)} if refused else {})
    assert result.refused_subjects == dict.fromkeys(refused, "duty-unmet")
    journalled = {row.answer.outcome for row in store.journal.rows()}
    assert journalled == {"permitted"} | ({"duty-unmet"} if refused else set())


def test_lists_and_later_questions_know_an_unmet_duty_too(
    tmp_path: Path, ledger: DecidingLedger
) -> None:
    store = stored(tmp_path, ledger, FEW).store
    assert set(store.permitted_subjects("study:s", "TREAT")) == {A}
    assert store.refusing_subjects("study:s", "TREAT") == set()
    requests = [
        DecisionRequest("study:s", "TREAT", subject, "0" * 32, "laboratory", "2024-01-02")
        for subject in (A, B, C)
    ]
    assert store.vault.are_permitted(requests) == [True, False, False]


def test_a_duty_signed_after_the_decision_stops_the_release(
    tmp_path: Path, ledger: DecidingLedger
) -> None:
    store = stored(tmp_path, ledger, FEW).store
    request = access_request(purpose="TREAT")
    assert len(store.vault.gather(request).records) == FEW
    ledger.duties[A] = ("DEID",)
    outcomes = {outcome for outcome, _ in store.vault.decide_again(request).values()}
    assert outcomes == {"duty-unmet"}
