from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest
from devices import device
from geth import Geth
from township import Clock, Patient, Town, ask, make_ledger

from consent import ConsentLedger, KeyRemoval
from consent.chain import Chain
from consent.deployment import deploy
from consent.outbox import Outbox
from consent.raw_transactions import RelayerAccount
from consent.signatures import SigningKey
from consent.tables import METADATA
from consent.typed_data import keccak
from deploy.database import make_engine

pytestmark = pytest.mark.node

DELAY_S = 2


@pytest.fixture
def ledger(town: Town) -> ConsentLedger:
    return make_ledger(town)


@pytest.fixture
def hasty(own_geth: Geth, tmp_path: Path) -> Town:
    """A ledger whose recoveries wait two seconds."""
    url = f"sqlite:///{tmp_path / 'town.db'}"
    engine, chain, clock = make_engine(url), Chain(own_geth.endpoint), Clock(time.time())
    METADATA.create_all(engine)
    account = RelayerAccount(bytes.fromhex("07" * 32))
    made = deploy(chain, Outbox(engine, chain, account), "single", DELAY_S)
    return Town(url, own_geth.endpoint, clock, made)


def test_a_passkey_enrols_grants_withdraws_and_stops(town: Town, ledger: ConsentLedger) -> None:
    patients = [device(ledger) for _ in range(6)]
    granted = [patient.grants(town.now_s()) for patient in patients]
    assert [outcome.reason for outcome in ledger.grant(granted)] == [""] * 6
    assert all(ledger.decide(ask(patient)).permitted for patient in patients)
    assert ledger.withdraw([patients[0].withdraws(granted[0])])[0].ok
    assert ledger.stop([patients[1].stops(town.now_s())])[0].ok
    result = [ledger.decide(ask(patient)).reason for patient in patients[:3]]
    assert result == ["withdrawn", "stopped", "permitted"]


def test_a_second_passkey_is_added_signs_and_is_removed_permanently(
    town: Town, ledger: ConsentLedger
) -> None:
    first = device(ledger)
    second = device(ledger, first.subject, enrolled=False)
    assert ledger.grant([second.grants(town.now_s())])[0].reason == "key-unknown"
    addition = first.adds(second)
    assert ledger.keys.add([addition])[0].ok
    assert ledger.grant([second.grants(town.now_s())])[0].ok
    assert ledger.keys.add([addition])[0].reason == "key-used"
    removal = second.removes(first.signer)
    assert [ledger.keys.remove([removal])[0].ok for _ in range(2)] == [True, True]
    assert ledger.grant([first.grants(town.now_s())])[0].reason == "key-unknown"
    assert ledger.keys.add([second.adds(first)])[0].reason == "key-used"
    keys = ledger.keys.of_subject(first.subject)
    assert [(key.signer, key.is_removed, key.role) for key in keys] == [
        (first.signer, True, 0),
        (second.signer, False, 0),
    ]
    assert [key.key_hash for key in keys] == [keccak(key.signer) for key in keys]
    assert all(key.added_at_s and abs(key.added_at_s - time.time()) < 3600 for key in keys)
    assert keys[0].block_number < keys[1].block_number
    assert ledger.keys.of_subject(b"\0" * 32) == []
    assert ledger.check() == []


def test_several_keys_are_added_each_by_the_one_before(town: Town, ledger: ConsentLedger) -> None:
    first = device(ledger)
    second, third = (device(ledger, first.subject, enrolled=False) for _ in range(2))
    outcomes = ledger.keys.add([first.adds(second), second.adds(third)])
    assert [outcome.reason for outcome in outcomes] == ["", ""]
    assert len(ledger.keys.of_subject(first.subject)) == 3


def test_a_key_is_not_added_without_both_signatures_or_by_a_stranger(
    town: Town, ledger: ConsentLedger
) -> None:
    first, stranger = device(ledger), device(ledger)
    second = device(ledger, first.subject, enrolled=False)
    good, posing = first.adds(second), replace(stranger, subject=first.subject)
    bad = [
        replace(good, proof=b""),
        replace(good, proof=good.signature),
        replace(good, signature=good.proof),
        posing.adds(second),
        replace(good, message=replace(good.message, role=1)),  # type: ignore[type-var]
        first.adds(second, role=2),
        first.adds(second, role=0, until_s=9),
        replace(good, message=replace(good.message, signer=b"\1" * 20)),  # type: ignore[type-var]
    ]
    before = ledger.view().count
    assert [outcome.reason for outcome in ledger.keys.add(bad)] == [
        "badly-signed", "badly-signed", "badly-signed", "key-unknown", "badly-signed",
        "role-invalid", "role-invalid", "badly-signed",
    ]  # fmt: skip
    assert ledger.view().count == before
    assert town.outbox.find(state="failed") == []
    assert ledger.keys.add([good])[0].ok


def test_a_delegate_grants_until_its_end_and_is_then_ended_by_anybody(
    town: Town, ledger: ConsentLedger
) -> None:
    first, delegate = device(ledger), SigningKey(secrets.token_bytes(32))
    until_s = town.now_s() + 6
    assert ledger.keys.add([first.adds(delegate, 1, until_s)])[0].ok
    carer = Patient(first.domain, first.custodian, first.subject, delegate)
    assert ledger.grant([carer.grants(town.now_s())])[0].ok
    other = device(ledger, first.subject, enrolled=False)
    message = KeyRemoval(first.subject, first.signer)
    assert ledger.keys.remove([carer.sign(message)])[0].reason == "role-forbids"
    assert ledger.keys.remove_expired() == []
    town.clock.now_s += 20
    backdated = carer.grants(until_s - 3)
    assert ledger.grant([backdated])[0].reason == "key-ended"
    assert ledger.decide(ask(first)).permitted  # what it granted stays
    assert ledger.keys.remove_expired() == []  # the chain's clock may be a little behind
    town.clock.now_s += 120
    town.advance_chain(until_s)
    assert ledger.keys.remove_expired(0) == []
    assert [outcome.reason for outcome in ledger.keys.remove_expired()] == [""]
    assert ledger.keys.remove_expired() == []
    key = ledger.keys.of_subject(first.subject)[1]
    assert (key.signer, key.role, key.until_s, key.is_removed) == (
        delegate.address, 1, until_s, True,
    )  # fmt: skip
    assert ledger.keys.add([first.adds(other)])[0].ok


def test_a_recovery_waits_is_vetoed_by_a_passkey_and_its_key_never_returns(
    town: Town, ledger: ConsentLedger
) -> None:
    first = device(ledger)
    lost = device(ledger, first.subject, enrolled=False)
    assert ledger.keys.recoveries_of(first.subject) == []
    assert ledger.keys.propose_recovery(lost.enrols()).ok
    [waiting] = ledger.keys.recoveries_of(first.subject)
    assert waiting in ledger.keys.open_recoveries()
    assert (waiting.signer, waiting.state) == (lost.signer, "waiting")
    assert waiting.ready_at_s is not None
    assert abs(waiting.ready_at_s - time.time() - 7 * 24 * 3600) < 3600
    assert ledger.keys.finish_recovery(first.subject).reason == "recovery-too-early"
    assert ledger.keys.veto_recovery([lost.vetoes(lost.signer)])[0].reason == "key-unknown"
    assert ledger.keys.veto_recovery([first.vetoes(lost.signer)])[0].ok
    assert (
        ledger.keys.veto_recovery([first.vetoes(lost.signer)])[0].reason == "recovery-not-pending"
    )
    assert [recovery.state for recovery in ledger.keys.recoveries_of(first.subject)] == ["vetoed"]
    assert ledger.keys.finish_recovery(first.subject).reason == "recovery-not-pending"
    assert ledger.keys.propose_recovery(lost.enrols()).reason == "key-used"
    assert ledger.keys.open_recoveries() == []


def test_a_recovery_that_nobody_vetoes_gives_the_patient_a_key(hasty: Town) -> None:
    ledger = make_ledger(hasty)
    first = device(ledger)
    early, late = (device(ledger, first.subject, enrolled=False) for _ in range(2))
    assert ledger.keys.propose_recovery(early.enrols()).ok
    assert ledger.keys.propose_recovery(late.enrols()).ok
    states = [recovery.state for recovery in ledger.keys.recoveries_of(first.subject)]
    assert states == ["replaced", "waiting"]
    ready_at_s = ledger.keys.open_recoveries()[0].ready_at_s
    assert ready_at_s is not None
    hasty.advance_chain(ready_at_s)
    hasty.clock.now_s = ready_at_s + 1
    [ready] = ledger.keys.open_recoveries()
    assert (ready.state, ready.signer) == ("ready", late.signer)
    assert ledger.keys.finish_recovery(first.subject).ok
    assert ledger.grant([late.grants(hasty.now_s())])[0].ok
    assert ledger.grant([first.grants(hasty.now_s())])[0].ok  # other keys stay
    elsewhere = make_ledger(hasty.process())
    assert [recovery.state for recovery in elsewhere.keys.recoveries_of(first.subject)] == [
        "replaced",
        "finished",
    ]
    assert [key.signer for key in elsewhere.keys.of_subject(first.subject)] == [
        first.signer,
        late.signer,
    ]


def test_a_recovery_is_not_proposed_without_the_new_keys_proof(
    town: Town, ledger: ConsentLedger
) -> None:
    first, stranger = device(ledger), device(ledger, enrolled=False)
    lost = device(ledger, first.subject, enrolled=False)
    good = lost.enrols()
    assert ledger.keys.propose_recovery(replace(good, signature=b"\1")).reason == "badly-signed"
    assert ledger.keys.propose_recovery(replace(good, signer=first.signer)).reason == "badly-signed"
    assert ledger.keys.propose_recovery(stranger.enrols()).reason == "not-enrolled"
    elsewhere = replace(lost, custodian=b"\2" * 20).enrols()
    assert ledger.keys.propose_recovery(elsewhere).reason == "not-the-custodian"
    assert ledger.keys.open_recoveries() == []


def test_a_proposal_whose_key_the_patient_added_meanwhile_is_void(
    town: Town, ledger: ConsentLedger
) -> None:
    first = device(ledger)
    lost = device(ledger, first.subject, enrolled=False)
    assert ledger.keys.propose_recovery(lost.enrols()).ok
    assert ledger.keys.add([first.adds(lost)])[0].ok
    assert [recovery.state for recovery in ledger.keys.recoveries_of(first.subject)] == ["void"]


def test_an_enrolment_that_failed_on_the_chain_was_sent_and_can_be_sent_again(
    town: Town, ledger: ConsentLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = town.patient(enrolled=False)
    assert not ledger.keys.was_sent(patient.subject, patient.key.address)
    with monkeypatch.context() as patch:
        patch.setattr("consent.transactions.Batch.gas", lambda _batch: 60_000)  # it runs out of gas
        assert not ledger.enrol([patient.enrols()])[0].ok
    assert ledger.keys.was_sent(patient.subject, patient.key.address)
    assert not ledger.keys.is_enrolling(patient.subject, patient.key.address)
    assert not ledger.keys.was_sent(patient.subject, bytes(20))
    assert not ledger.keys.was_sent(bytes(32), patient.key.address)
    assert ledger.enrol([patient.enrols()])[0].ok
    assert ledger.is_enrolled(patient.subject)
