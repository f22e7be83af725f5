from __future__ import annotations

import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from faults import FaultProxy
from geth import Geth
from township import Patient, Town, ask, make_ledger, make_terms

from consent import LedgerFinding
from consent.errors import ConsentInvalid, LedgerUnavailable, NotPermitted
from consent.outbox import Intent
from consent.raw_transactions import Payload
from consent.revocations import PendingEntries
from consent.signatures import ORDER
from consent.terms import Enrolment, Grant, Signed, Stop, Withdrawal
from consent.typed_data import consent_id, digest, keccak, terms_hash

pytestmark = pytest.mark.node

NONE, ACTIVE, WITHDRAWN, STOPPED = range(4)


def test_a_signed_grant_is_active_mirrored_and_opened_when_the_call_returns(town: Town) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    outcome = town.bring(granted)[0]
    assert (outcome.ok, outcome.reason) == (True, "")
    assert isinstance(granted.message, Grant)
    expected = consent_id(patient.subject, terms_hash(granted.message.terms))
    assert outcome.consent_id == expected
    assert town.consent_terms.find(expected) == granted.message.terms
    assert town.status(granted) == ACTIVE
    assert len(town.mirror.state().grants.subject) == 1
    assert town.outbox.find(state="written") == []


def test_a_withdrawal_ends_a_consent_and_may_come_before_its_grant(town: Town) -> None:
    patient = town.patient()
    first, second = patient.grants(town.now_s()), patient.grants(town.now_s())
    town.bring(first)
    assert [o.ok for o in town.bring(patient.withdraws(first), patient.withdraws(second))] == [
        True,
        True,
    ]
    assert town.bring(second)[0].reason == "consent-id-used"
    assert (town.status(first), town.status(second)) == (WITHDRAWN, WITHDRAWN)


def test_withdrawing_and_stopping_twice_is_as_good_as_once(town: Town) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    town.bring(granted)
    for _ in range(2):
        assert town.bring(patient.withdraws(granted))[0].ok
        assert town.bring(patient.stops(town.now_s()))[0].ok


def test_a_stop_voids_what_was_signed_before_it_and_not_what_is_signed_later(town: Town) -> None:
    patient = town.patient()
    before = patient.grants(town.now_s() - 10)
    town.bring(before)
    assert town.bring(patient.stops(town.now_s() - 5))[0].ok
    late, after = patient.grants(town.now_s() - 7), patient.grants(town.now_s())
    assert [o.reason for o in town.bring(late, after)] == ["stopped-since", ""]
    assert [town.status(g) for g in (before, late, after)] == [STOPPED, NONE, ACTIVE]


def test_one_bad_grant_does_not_stop_a_batch(town: Town) -> None:
    patient, stranger = town.patient(), town.patient(enrolled=False)
    good = patient.grants(town.now_s())
    twisted = replace(good, message=replace(good.message, not_after_s=town.now_s() + 99))  # type: ignore[type-var]
    assert isinstance(good.message, Grant)
    by_other = Signed(good.message, stranger.key.address, stranger.key.sign(b"\1" * 32))
    wrong_key = replace(stranger, subject=patient.subject).grants(town.now_s())
    ended = patient.grants(town.now_s(), until_s=town.now_s() - 1)
    early = patient.grants(town.now_s() + 100_000)
    nonsense = patient.grants(town.now_s(), make_terms(purposes=("GOSSIP",)))
    outcomes = town.bring(
        good, twisted, by_other, wrong_key, ended, early, nonsense, stranger.grants(town.now_s()),
        good, replace(good, signer=b"\1" * 7),
    )  # fmt: skip
    assert [o.reason for o in outcomes] == [
        "", "badly-signed", "badly-signed", "key-unknown", "period-empty", "time-in-future",
        "terms-invalid", "not-enrolled", "consent-id-used", "signer-malformed",
    ]  # fmt: skip
    assert [o.ok for o in outcomes].count(True) == 1


def test_the_twin_of_a_signature_with_high_s_is_refused(town: Town) -> None:
    patient = town.patient()
    good = patient.grants(town.now_s())
    r, s, v = good.signature[:32], int.from_bytes(good.signature[32:64], "big"), good.signature[64]
    twin = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    assert town.bring(replace(good, signature=twin))[0].reason == "badly-signed"


def test_a_signature_for_another_chain_or_contract_is_refused(town: Town) -> None:
    patient = town.patient()
    domain = patient.domain
    for other in (replace(domain, chain_id=1), replace(domain, contract="0x" + "11" * 20)):
        granted = replace(patient, domain=other).grants(town.now_s())
        assert town.bring(granted)[0].reason == "badly-signed"


def test_enrolments_of_enrolled_subjects_other_custodians_or_without_proof_are_refused(
    town: Town,
) -> None:
    patient, other = town.patient(), town.patient(enrolled=False)
    elsewhere = replace(other, custodian=b"\2" * 20).enrols()
    unproved = replace(other.enrols(), signer=patient.key.address)
    outcomes = town.bring(patient.enrols(), elsewhere, unproved, other.enrols())
    assert [o.reason for o in outcomes] == [
        "already-enrolled", "not-the-custodian", "badly-signed", "",
    ]  # fmt: skip


def test_a_strangers_withdrawal_or_stop_is_not_stored(town: Town) -> None:
    patient, stranger = town.patient(), town.patient()
    granted = patient.grants(town.now_s())
    town.bring(granted)
    posing = replace(stranger, subject=patient.subject)
    assert town.bring(posing.withdraws(granted))[0].reason == "key-unknown"
    assert town.bring(posing.stops(town.now_s()))[0].reason == "key-unknown"
    assert town.outbox.pending() == PendingEntries([], [], b"")
    assert town.status(granted) == ACTIVE


def test_every_captured_message_sent_again_changes_nothing(town: Town) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    messages = [patient.enrols(), granted, patient.withdraws(granted), patient.stops(town.now_s())]
    for message in messages:
        town.bring(message)
    before = town.mirror.sync()[0]
    for message in messages:
        town.bring(message)
    after = town.mirror.sync()[0]
    assert (after.count, after.head) == (before.count, before.head)


def test_more_than_a_batch_keeps_the_order_of_outcomes_and_reports_progress(town: Town) -> None:
    patient = town.patient()
    signed = [patient.grants(town.now_s()) for _ in range(250)]
    signed[17] = replace(signed[17], signature=b"\0" * 65)
    signed[203] = signed[3]
    reply: list[tuple[int, int]] = []
    outcomes = town.relayer.submit(Grant, signed, lambda done, of: reply.append((done, of)))
    refused = {i: o.reason for i, o in enumerate(outcomes) if not o.ok}
    assert refused == {17: "badly-signed", 203: "consent-id-used"}
    assert reply[-1] == (250, 250)
    assert len({o.transaction_hash for o in outcomes}) == 4  # three batches, and one not sent


def test_messages_of_another_kind_are_invalid(town: Town) -> None:
    patient = town.patient()
    with pytest.raises(ConsentInvalid, match="Grant"):
        town.relayer.submit(Withdrawal, [patient.grants(town.now_s())])
    assert town.relayer.submit(Grant, []) == []


def test_an_anchor_is_on_the_chain_when_the_call_returns(town: Town) -> None:
    name = town.relayer.anchor("journal", b"\7" * 32, 12)
    assert name.startswith("0x")
    body = [c.body for _, c, _ in town.mirror.events.in_order()][-1]
    assert body == b"journal".ljust(32, b"\0") + b"\7" * 32 + (12).to_bytes(32, "big")
    for kind, root in (("gossip", b"\7" * 32), ("journal", b"\7")):
        with pytest.raises(ConsentInvalid):
            town.relayer.anchor(kind, root, 12)


def test_a_paused_ledger_refuses_grants_and_nothing_else(town: Town) -> None:
    patient = town.patient()
    first, second = patient.grants(town.now_s()), patient.grants(town.now_s())
    town.bring(first)
    town.call("pause()")
    assert town.bring(second)[0].reason == "paused"
    assert town.bring(patient.withdraws(first))[0].ok
    assert town.bring(patient.stops(town.now_s()))[0].ok
    town.call("unpause()")
    assert town.status(first) == WITHDRAWN


def test_an_anchor_without_the_role_is_refused(town: Town) -> None:
    role = town.role("ANCHOR_ROLE")
    town.call("renounceRole(bytes32,address)", role, town.own_word())
    with pytest.raises(NotPermitted, match="role-missing"):
        town.relayer.anchor("card", b"\7" * 32, 1)


def test_an_opt_out_counts_from_its_acknowledgement_on(town: Town, tmp_path: Path) -> None:
    patient, proxy = town.patient(), FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    town.bring(patient.grants(town.now_s()))
    ledger = make_ledger(town.process(proxy.endpoint))
    ledger.limits.confirm_s = 0.3
    assert ledger.decide(ask(patient)).permitted
    proxy.rewrite = lambda question: question.replace(b"eth_sendRawTransaction", b"eth_lose")
    opt_out = make_terms(decision="deny", recipient="*", categories=("*",))
    outcome = ledger.grant([patient.grants(town.now_s(), opt_out)])[0]
    assert (outcome.ok, outcome.reason) == (True, "pending")
    assert ledger.decide(ask(patient)).reason == "opted-out"
    assert [consent.state for consent in ledger.consents_of(patient.subject)] == ["active"] * 2
    proxy.rewrite = lambda question: question
    ledger.recover()
    assert ledger.decide(ask(patient)).reason == "opted-out"
    assert [consent.state for consent in ledger.consents_of(patient.subject)] == ["active"] * 2
    assert not town.outbox.pending().refusals
    proxy.close()


def test_without_a_chain_grants_are_not_written_and_withdrawals_are_in_force(
    own_town: Town, own_geth: Geth
) -> None:
    town = own_town
    patient = town.patient()
    granted = patient.grants(town.now_s())
    town.bring(granted)
    own_geth.kill()
    town.limits.confirm_s = 0.3
    with pytest.raises(LedgerUnavailable):
        town.bring(patient.grants(town.now_s()))
    outcome = town.bring(patient.withdraws(granted))[0]
    assert (outcome.ok, outcome.reason) == (True, "pending")
    assert isinstance(granted.message, Grant)
    saved = patient.subject + terms_hash(granted.message.terms)
    assert town.outbox.pending().withdrawals == [saved]
    # a contract's signature, or a passkey's, can only be checked by the chain: it is kept too
    odd = replace(patient.withdraws(granted), signature=b"\1" * 65)
    assert town.bring(odd)[0].reason == "pending"
    own_geth.start()
    town.outbox.flush()
    town.outbox.settle(town.outbox.find(state="written"), 20)
    assert town.outbox.settle_open(lambda: town.mirror.sync()[0].block_number) == 0
    assert town.outbox.pending().withdrawals == []
    assert town.status(granted) == WITHDRAWN


def test_many_writers_at_once_lose_nothing_and_write_nothing_twice(town: Town) -> None:
    patients = [town.patient() for _ in range(4)]
    towns = [town, town.process()]
    failures: list[BaseException] = []
    granted: list[Signed] = []

    def write(which: Town, patient: Patient) -> None:
        try:
            for _ in range(8):
                signed = patient.grants(which.now_s())
                granted.append(signed)
                assert which.bring(signed)[0].ok
        except BaseException as exc:  # noqa: BLE001 - a thread's failure must fail the test
            failures.append(exc)

    threads = [
        threading.Thread(target=write, args=(which, patient))
        for which in towns
        for patient in patients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(granted) == 64
    assert {town.status(signed) for signed in granted} == {ACTIVE}
    view, state = town.mirror.sync()
    assert len(state.grants.subject) == 64
    nonces = [sent.nonce for sent in town.outbox.find()]
    assert nonces == list(range(nonces[0], nonces[0] + len(nonces)))
    assert town.process().mirror.sync()[0].head == view.head


def test_a_wallet_contract_signs_alone_and_others_do_not_wait_for_it(town: Town) -> None:
    patient = town.patient(enrolled=False)
    wallet = replace(patient, key=patient.key)
    code_yes = town.deploy_code(bytes.fromhex("631626ba7e60e01b60005260206000f3"))
    enrolment = Enrolment(wallet.subject, wallet.custodian, code_yes)
    outcome = town.bring(Signed(enrolment, code_yes, b"any form"))[0]
    assert outcome.ok
    granted = [patient.grants(town.now_s()).message for _ in range(3)]
    other = town.patient()
    outcomes = town.bring(
        other.grants(town.now_s()),
        Signed(granted[0], code_yes, b""),
        Signed(granted[1], code_yes, b"\1" * 15_000),
        Signed(granted[2], code_yes, b"\1" * 16_384),
        other.grants(town.now_s()),
    )
    assert [o.reason for o in outcomes] == ["", "", "", "signature-too-large", ""]
    assert len({o.transaction_hash for o in outcomes if o.ok}) == 4


def test_a_passkey_that_did_not_sign_and_a_foreign_verifier_are_refused(town: Town) -> None:
    patient = town.patient()
    message = patient.grants(town.now_s()).message
    verifier = bytes.fromhex(town.deployment.verifiers[0][2:])
    unsigned = Signed(message, verifier + b"\1" * 64, b"\1" * 300)
    foreign = Signed(message, b"\3" * 20 + b"\1" * 64, b"\1" * 300)
    huge = Signed(message, patient.key.address, patient.key.sign(digest(patient.domain, message)))
    assert [o.reason for o in town.bring(unsigned, foreign, huge)] == [
        "badly-signed", "signer-malformed", "",
    ]  # fmt: skip


def test_a_stop_from_the_future_is_refused_and_not_stored(town: Town) -> None:
    patient = town.patient()
    outcome = town.relayer.submit(Stop, [patient.stops(town.now_s() + 10_000)])[0]
    assert (outcome.ok, outcome.reason) == (False, "time-in-future")
    assert town.outbox.find("stop") == []


def test_a_refused_grant_is_not_sent_and_leaves_no_terms(town: Town) -> None:
    patient, stranger = town.patient(), town.patient(enrolled=False)
    posing = replace(stranger, subject=patient.subject)
    refused = [
        posing.grants(town.now_s()),
        stranger.grants(town.now_s()),
        patient.grants(town.now_s() + 9_999),
    ]
    before = len(town.outbox.find())
    assert [o.reason for o in town.bring(*refused)] == [
        "key-unknown", "not-enrolled", "time-in-future",
    ]  # fmt: skip
    assert len(town.outbox.find()) == before
    assert list(town.consent_terms.load_since(0)) == []
    town.call("pause()")
    assert town.bring(patient.grants(town.now_s()))[0].reason == "paused"
    assert list(town.consent_terms.load_since(0)) == []


def test_nothing_but_revocations_is_sent_to_a_chain_whose_clock_is_far_ahead(town: Town) -> None:
    patient = town.patient()
    granted = patient.grants(town.now_s())
    town.bring(granted)
    town.clock.now_s -= 3_000
    with pytest.raises(LedgerUnavailable, match="ahead"):
        town.bring(patient.grants(town.now_s()))
    assert town.bring(patient.withdraws(granted))[0].ok


def test_an_acknowledged_opt_out_stays_in_force_though_the_contract_refuses_it(
    own_town: Town, tmp_path: Path
) -> None:
    town = own_town
    patient, proxy = town.patient(), FaultProxy(town.endpoint, tmp_path / "proxy.ipc")
    town.bring(patient.grants(town.now_s()))
    ledger = make_ledger(town.process(proxy.endpoint))
    ledger.limits.confirm_s = 0.3
    proxy.rewrite = lambda question: question.replace(b"eth_sendRawTransaction", b"eth_lose")
    # Not sent yet: the contract is paused just before it receives the opt-out.
    pause = Payload(to=town.deployment.contract, data=keccak(b"pause()")[:4], gas=1_000_000)
    town.outbox.write([Intent("operator", pause)])
    opt_out = make_terms(decision="deny", recipient="*", categories=("*",))
    assert ledger.grant([patient.grants(town.now_s(), opt_out)])[0].ok
    proxy.rewrite = lambda question: question
    ledger.recover()
    assert ledger.decide(ask(patient)).reason == "opted-out"
    assert ledger.refused_revocations() == 1
    (finding,) = ledger.check()
    assert finding.code == LedgerFinding.REVOCATION_REFUSED
    assert "refusal that was acknowledged" in finding.message
    proxy.close()


def test_an_acknowledged_stop_stays_in_force_though_the_contract_refuses_it(
    own_town: Town, own_geth: Geth
) -> None:
    town = own_town
    ledger, patient = make_ledger(town), town.patient()
    ledger.grant([patient.grants(town.now_s())])
    own_geth.kill(signal.SIGTERM)
    ledger.limits.confirm_s = 0.3
    town.clock.now_s += 300  # our own clock is ahead, and so is the stop
    assert ledger.stop([patient.stops(town.now_s())])[0].ok
    town.clock.now_s -= 300
    own_geth.start()
    ledger.recover()
    assert ledger.decide(ask(patient)).reason == "stopped"
    assert make_ledger(town.process()).decide(ask(patient)).reason == "stopped"
    codes = [finding.code for finding in ledger.check()]
    assert codes == [LedgerFinding.REVOCATION_REFUSED]
    assert ledger.refused_revocations() == 1
