from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest
from devices import device
from geth import Geth
from township import Clock, Patient, Town, ask, make_law

from consent import KeyRemoval, Law
from consent.chain import Account, Chain
from consent.deployment import deploy
from consent.outbox import Outbox
from consent.signatures import Key
from consent.tables import METADATA
from consent.typed_data import keccak
from deploy.database import make_engine

pytestmark = pytest.mark.node

DELAY_S = 2


@pytest.fixture
def law(town: Town) -> Law:
    return make_law(town)


@pytest.fixture
def hasty(own_geth: Geth, tmp_path: Path) -> Town:
    """A ledger whose recoveries wait two seconds."""
    url = f"sqlite:///{tmp_path / 'town.db'}"
    engine, chain, clock = make_engine(url), Chain(own_geth.endpoint), Clock(time.time())
    METADATA.create_all(engine)
    account = Account(bytes.fromhex("07" * 32))
    made = deploy(chain, Outbox(engine, chain, account), "single", DELAY_S)
    return Town(url, own_geth.endpoint, clock, made)


def test_a_passkey_enrols_grants_withdraws_and_stops(town: Town, law: Law) -> None:
    patients = [device(law) for _ in range(6)]
    granted = [one.grants(town.now_s()) for one in patients]
    assert [outcome.reason for outcome in law.grant(granted)] == [""] * 6
    assert all(law.decide(ask(one)).permitted for one in patients)
    assert law.withdraw([patients[0].withdraws(granted[0])])[0].ok
    assert law.stop([patients[1].stops(town.now_s())])[0].ok
    found = [law.decide(ask(one)).reason for one in patients[:3]]
    assert found == ["withdrawn", "stopped", "permitted"]


def test_a_second_passkey_is_added_speaks_and_is_removed_for_ever(town: Town, law: Law) -> None:
    first = device(law)
    second = device(law, first.subject, enrolled=False)
    assert law.grant([second.grants(town.now_s())])[0].reason == "key-unknown"
    addition = first.adds(second)
    assert law.add_key([addition])[0].ok
    assert law.grant([second.grants(town.now_s())])[0].ok
    assert law.add_key([addition])[0].reason == "key-used"
    removal = second.removes(first.signer)
    assert [law.remove_key([removal])[0].ok for _ in range(2)] == [True, True]
    assert law.grant([first.grants(town.now_s())])[0].reason == "key-unknown"
    assert law.add_key([second.adds(first)])[0].reason == "key-used"
    keys = law.keys_of(first.subject)
    assert [(key.signer, key.is_removed, key.role) for key in keys] == [
        (first.signer, True, 0),
        (second.signer, False, 0),
    ]
    assert [key.key_hash for key in keys] == [keccak(key.signer) for key in keys]
    assert all(key.added_at_s and abs(key.added_at_s - time.time()) < 3600 for key in keys)
    assert keys[0].block_number < keys[1].block_number
    assert law.keys_of(b"\0" * 32) == []
    assert law.check() == []


def test_several_keys_are_added_each_by_the_one_before(town: Town, law: Law) -> None:
    first = device(law)
    second, third = (device(law, first.subject, enrolled=False) for _ in range(2))
    outcomes = law.add_key([first.adds(second), second.adds(third)])
    assert [outcome.reason for outcome in outcomes] == ["", ""]
    assert len(law.keys_of(first.subject)) == 3


def test_a_key_is_not_added_without_both_signatures_or_by_a_stranger(town: Town, law: Law) -> None:
    first, stranger = device(law), device(law)
    second = device(law, first.subject, enrolled=False)
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
    before = law.view().count
    assert [outcome.reason for outcome in law.add_key(bad)] == [
        "badly-signed", "badly-signed", "badly-signed", "key-unknown", "badly-signed",
        "role-invalid", "role-invalid", "badly-signed",
    ]  # fmt: skip
    assert law.view().count == before
    assert town.outbox.find(state="failed") == []
    assert law.add_key([good])[0].ok


def test_a_delegate_grants_until_its_end_and_is_then_ended_by_anybody(town: Town, law: Law) -> None:
    first, delegate = device(law), Key(secrets.token_bytes(32))
    until_s = town.now_s() + 6
    assert law.add_key([first.adds(delegate, 1, until_s)])[0].ok
    carer = Patient(first.domain, first.custodian, first.subject, delegate)
    assert law.grant([carer.grants(town.now_s())])[0].ok
    other = device(law, first.subject, enrolled=False)
    message = KeyRemoval(first.subject, first.signer)
    assert law.remove_key([carer.sign(message)])[0].reason == "role-forbids"
    assert law.end_expired_keys() == []
    town.clock.now_s += 20
    backdated = carer.grants(until_s - 3)
    assert law.grant([backdated])[0].reason == "key-ended"
    assert law.decide(ask(first)).permitted  # what it granted stays
    assert law.end_expired_keys() == []  # the chain's clock may be a little behind
    town.clock.now_s += 120
    time.sleep(max(0, until_s + 2 - time.time()))
    assert law.end_expired_keys(0) == []
    assert [outcome.reason for outcome in law.end_expired_keys()] == [""]
    assert law.end_expired_keys() == []
    key = law.keys_of(first.subject)[1]
    assert (key.signer, key.role, key.until_s, key.is_removed) == (
        delegate.address, 1, until_s, True,
    )  # fmt: skip
    assert law.add_key([first.adds(other)])[0].ok


def test_a_recovery_waits_is_vetoed_by_a_passkey_and_its_key_never_returns(
    town: Town, law: Law
) -> None:
    first = device(law)
    lost = device(law, first.subject, enrolled=False)
    assert law.recoveries_of(first.subject) == []
    assert law.propose_recovery(lost.enrols()).ok
    [waiting] = law.recoveries_of(first.subject)
    assert waiting in law.recoveries()
    assert (waiting.signer, waiting.state) == (lost.signer, "waiting")
    assert waiting.ready_at_s is not None
    assert abs(waiting.ready_at_s - time.time() - 7 * 24 * 3600) < 3600
    assert law.finish_recovery(first.subject).reason == "recovery-too-early"
    assert law.veto_recovery([lost.vetoes(lost.signer)])[0].reason == "key-unknown"
    assert law.veto_recovery([first.vetoes(lost.signer)])[0].ok
    assert law.veto_recovery([first.vetoes(lost.signer)])[0].reason == "recovery-not-pending"
    assert [one.state for one in law.recoveries_of(first.subject)] == ["vetoed"]
    assert law.finish_recovery(first.subject).reason == "recovery-not-pending"
    assert law.propose_recovery(lost.enrols()).reason == "key-used"
    assert law.recoveries() == []


def test_a_recovery_that_nobody_vetoes_gives_the_patient_a_key(hasty: Town) -> None:
    law = make_law(hasty)
    first = device(law)
    early, late = (device(law, first.subject, enrolled=False) for _ in range(2))
    assert law.propose_recovery(early.enrols()).ok
    assert law.propose_recovery(late.enrols()).ok
    states = [one.state for one in law.recoveries_of(first.subject)]
    assert states == ["replaced", "waiting"]
    ready_at_s = law.recoveries()[0].ready_at_s
    assert ready_at_s is not None
    time.sleep(max(0, ready_at_s + 1 - time.time()))
    hasty.clock.now_s = time.time()
    [ready] = law.recoveries()
    assert (ready.state, ready.signer) == ("ready", late.signer)
    assert law.finish_recovery(first.subject).ok
    assert law.grant([late.grants(hasty.now_s())])[0].ok
    assert law.grant([first.grants(hasty.now_s())])[0].ok  # other keys stay
    elsewhere = make_law(hasty.process())
    assert [one.state for one in elsewhere.recoveries_of(first.subject)] == ["replaced", "finished"]
    assert [key.signer for key in elsewhere.keys_of(first.subject)] == [first.signer, late.signer]


def test_a_recovery_is_not_proposed_without_the_new_keys_proof(town: Town, law: Law) -> None:
    first, stranger = device(law), device(law, enrolled=False)
    lost = device(law, first.subject, enrolled=False)
    good = lost.enrols()
    assert law.propose_recovery(replace(good, signature=b"\1")).reason == "badly-signed"
    assert law.propose_recovery(replace(good, signer=first.signer)).reason == "badly-signed"
    assert law.propose_recovery(stranger.enrols()).reason == "not-enrolled"
    elsewhere = replace(lost, custodian=b"\2" * 20).enrols()
    assert law.propose_recovery(elsewhere).reason == "not-the-custodian"
    assert law.recoveries() == []


def test_a_proposal_whose_key_the_patient_added_meanwhile_is_void(town: Town, law: Law) -> None:
    first = device(law)
    lost = device(law, first.subject, enrolled=False)
    assert law.propose_recovery(lost.enrols()).ok
    assert law.add_key([first.adds(lost)])[0].ok
    assert [one.state for one in law.recoveries_of(first.subject)] == ["void"]
