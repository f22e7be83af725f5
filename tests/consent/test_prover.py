from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from liar import (
    DEPLOYMENT,
    DOMAIN,
    LIAR,
    NOW_S,
    OURS,
    KnownTerms,
    LyingChain,
    NoOutbox,
    batch_call,
    enrolled_body,
    enrolment,
    grant_call,
    mirror_of,
    new_patient,
    raw_call,
    tell_grant,
)
from township import RELAYER, Clock, Patient, ask, make_terms

from consent import abi
from consent.abi import Entry, word
from consent.chain import Tip
from consent.decision import decide
from consent.errors import LedgerBroken
from consent.mirror import Mirror
from consent.prover import Prover
from consent.raw_transactions import read_call
from consent.signatures import SigningKey
from consent.state import LedgerState
from consent.terms import Enrolment, Grant, KeyAddition, KeyRemoval, Signed
from consent.typed_data import Op, digest, keccak, terms_hash

# 1,000 in each run, and as many as docs/assurance.md states with HISTORIES=10000.
HISTORIES = int(os.environ.get("HISTORIES", "1000"))
RELAY = SigningKey(RELAYER)


def reason(chain: LyingChain, patient: Patient, known: KnownTerms, *ours: bytes) -> str:
    view, state = mirror_of(chain, *ours).sync()
    return decide(ask(patient), state, known, view, NOW_S).reason  # type: ignore[arg-type]


def enrol(chain: LyingChain, patient: Patient) -> bytes:
    signed = patient.enrols()
    raw = raw_call(RELAY, batch_call(abi.ENROL, Entry(patient.subject, *signed_by(signed))))
    body = patient.subject + OURS.rjust(32, b"\0") + keccak(signed.signer)
    chain.tell(Op.ENROLLED, body, raw, signed.signer)
    return raw


def signed_by(signed: Signed) -> tuple[bytes, bytes]:
    return signed.signer, signed.signature


@pytest.mark.parametrize("passkey", [False, True])
def test_what_the_patient_signed_counts_from_any_relay(passkey: bool) -> None:
    chain, known, patient = LyingChain(), KnownTerms(), new_patient(passkey)
    enrol(chain, patient)
    signed = patient.grants(NOW_S - 5)
    assert isinstance(signed.message, Grant)
    known.know(patient.subject, signed.message.terms)
    tell_grant(chain, signed, grant_call(signed))
    assert reason(chain, patient, known) == "permitted"


@pytest.mark.parametrize("passkey", [False, True])
def test_a_grant_without_the_patients_signature_permits_nothing(passkey: bool) -> None:
    patient = new_patient(passkey)
    good = patient.grants(NOW_S - 5)
    assert isinstance(good.message, Grant)
    longer = replace(good, message=replace(good.message, not_after_s=NOW_S + 99))
    other = patient.grants(NOW_S - 5)
    forged = Signed(good.message, LIAR.address, LIAR.sign(digest(DOMAIN, good.message)))
    elsewhere = replace(DOMAIN, chain_id=1)
    stolen = replace(
        good, signature=replace(patient, domain=elsewhere).sign(good.message).signature
    )
    for bad in (longer, replace(good, signature=other.signature), forged, stolen):
        chain, known = LyingChain(), KnownTerms()
        enrol(chain, patient)
        known.know(patient.subject, good.message.terms)
        tell_grant(chain, bad, grant_call(bad))
        assert reason(chain, patient, known) == "bad-key"


def test_a_grant_that_is_not_in_the_transaction_it_names_permits_nothing() -> None:
    patient = new_patient()
    good, other = patient.grants(NOW_S - 5), patient.grants(NOW_S - 5)
    assert isinstance(good.message, Grant)
    own = grant_call(other, RELAY)
    for raw in (grant_call(other), own, b"\2junk", raw_call(LIAR, b""), b""):
        chain, known = LyingChain(), KnownTerms()
        enrol(chain, patient)
        known.know(patient.subject, good.message.terms)
        tell_grant(chain, good, raw)
        assert reason(chain, patient, known, own) == "bad-key"


def test_a_forged_message_of_a_wallet_permits_nothing_though_the_node_had_it_relayed() -> None:
    chain, known, patient = LyingChain(), KnownTerms(), new_patient()
    enrol(chain, patient)
    good = patient.grants(NOW_S - 5)
    assert isinstance(good.message, Grant)
    known.know(patient.subject, good.message.terms)
    forged = replace(good, signature=b"an answer of the node")
    ours = grant_call(forged, RELAY)
    tell_grant(chain, forged, ours)
    assert reason(chain, patient, known, ours) == "bad-key"


def test_a_forged_withdrawal_that_was_relayed_lifts_no_refusal() -> None:
    chain, known, patient = LyingChain(), KnownTerms(), new_patient()
    enrol(chain, patient)
    signed = patient.grants(NOW_S - 5, make_terms(decision="deny"))
    assert isinstance(signed.message, Grant)
    hashed = known.know(patient.subject, signed.message.terms)
    tell_grant(chain, signed, grant_call(signed))
    entry = Entry(patient.subject + hashed, patient.key.address, b"forged")
    ours = raw_call(RELAY, batch_call(abi.WITHDRAW, entry))
    chain.tell(Op.WITHDRAWN, patient.subject + hashed, ours)
    assert reason(chain, patient, known, ours) == "denied"


def test_an_account_with_code_counts_only_where_it_was_relayed_from_its_enrolment_on() -> None:
    patient, account, form = new_patient(), b"\x1c" * 20, b"any form"
    good = patient.grants(NOW_S - 5)
    assert isinstance(good.message, Grant)
    signed = Signed(good.message, account, form)
    entry = Entry(patient.subject, account, form)
    enrolled = raw_call(RELAY, batch_call(abi.ENROL, entry))
    body = patient.subject + OURS.rjust(32, b"\0") + keccak(account)
    for key, expected in ((RELAY, "permitted"), (LIAR, "bad-key")):
        chain, known = LyingChain(), KnownTerms()
        known.know(patient.subject, good.message.terms)
        chain.tell(Op.ENROLLED, body, enrolled, account)
        mirror = mirror_of(chain, enrolled, grant_call(signed, RELAY))
        mirror.sync()  # what is known of the account is kept from one reading to the next
        tell_grant(chain, signed, grant_call(signed, key))
        view, state = mirror.sync()
        decision = decide(ask(patient), state, known, view, NOW_S)  # type: ignore[arg-type]
        assert decision.reason == expected


def test_an_enrolment_counts_only_from_our_own_account() -> None:
    patient = new_patient()
    signed = patient.grants(NOW_S - 5)
    assert isinstance(signed.message, Grant)
    known = KnownTerms()
    known.know(patient.subject, signed.message.terms)
    theirs = replace(patient, custodian=LIAR.address)
    for who in (patient, theirs):
        chain = LyingChain()
        entry = Entry(patient.subject, *signed_by(who.enrols()))
        raw = raw_call(LIAR, batch_call(abi.ENROL, entry))
        custodian = who.custodian.rjust(32, b"\0")
        chain.tell(Op.ENROLLED, patient.subject + custodian + keccak(patient.key.address), raw)
        tell_grant(chain, signed, grant_call(signed))
        assert reason(chain, patient, known) == "not-enrolled"


def test_a_key_removed_by_the_patient_grants_nothing_afterwards_on_any_chain() -> None:
    chain, known, patient = LyingChain(), KnownTerms(), new_patient()
    enrol(chain, patient)
    removal = patient.sign(KeyRemoval(patient.subject, patient.key.address))
    values = (patient.subject, patient.key.address, *signed_by(removal))
    raw = raw_call(LIAR, abi.encode_call(abi.REMOVE_KEY, *values))
    chain.tell(Op.KEY_REMOVED, patient.subject + keccak(patient.key.address), raw)
    signed = patient.grants(NOW_S - 5)
    assert isinstance(signed.message, Grant)
    known.know(patient.subject, signed.message.terms)
    tell_grant(chain, signed, grant_call(signed))
    assert reason(chain, patient, known) == "bad-key"


def test_a_removal_that_nobody_signed_takes_no_key_away() -> None:
    chain, patient = LyingChain(), new_patient()
    enrol(chain, patient)
    for raw in (
        b"",
        raw_call(LIAR, abi.encode_call(abi.END_KEY, patient.subject, patient.key.address)),
    ):
        chain.tell(Op.KEY_REMOVED, patient.subject + keccak(patient.key.address), raw)
    assert len(mirror_of(chain).sync()[1].removals.subject) == 0


def test_a_recovery_that_our_account_proposed_still_waits_by_our_own_clock() -> None:
    chain, patient, new = LyingChain(), new_patient(), SigningKey(b"\6" * 32)
    enrol(chain, patient)
    mirror = mirror_of(chain)
    mirror.sync()  # at this time, by our clock, there was no proposal
    proof = new.sign(digest(DOMAIN, Enrolment(patient.subject, OURS, new.address)))
    call = abi.encode_call(abi.PROPOSE_RECOVERY, patient.subject, new.address, proof)
    body = patient.subject + keccak(new.address)
    chain.tell(Op.RECOVERY_PROPOSED, body, raw_call(RELAY, call), new.address)
    mirror.sync()
    chain.tell(Op.RECOVERED, body, raw_call(LIAR, b""), new.address)
    assert len(mirror.sync()[1].keys.subject) == 1  # the node says that seven days have passed
    waited = mirror_of(chain, now_s=NOW_S + 8 * 24 * 3600)
    assert len(waited.sync()[1].keys.subject) == 2


def test_a_rebuilding_of_the_mirror_shortens_no_recovery(sqlite_engine: sa.Engine) -> None:
    chain, patient, new = LyingChain(), new_patient(), SigningKey(b"\6" * 32)
    enrol(chain, patient)
    clock = Clock(NOW_S)
    prover = Prover(chain, NoOutbox(), DEPLOYMENT, frozenset({OURS}), clock)  # type: ignore[arg-type]
    mirror = Mirror(sqlite_engine, chain, DEPLOYMENT, prover, clock)  # type: ignore[arg-type]
    mirror.sync()
    proof = new.sign(digest(DOMAIN, Enrolment(patient.subject, OURS, new.address)))
    call = abi.encode_call(abi.PROPOSE_RECOVERY, patient.subject, new.address, proof)
    body = patient.subject + keccak(new.address)
    chain.tell(Op.RECOVERY_PROPOSED, body, raw_call(RELAY, call), new.address)
    mirror.rebuild()  # as after one answer of the node that does not fit; not seen before
    mirror.rebuild()  # seen before
    chain.tell(Op.RECOVERED, body, raw_call(LIAR, b""), new.address)
    assert len(mirror.sync()[1].keys.subject) == 1
    clock.now_s += 8 * 24 * 3600
    mirror.rebuild()
    assert len(mirror.sync()[1].keys.subject) == 2  # the delay has passed since the first look


def test_a_refused_answer_about_a_block_is_asked_for_again() -> None:
    chain = LyingChain()
    chain.tell(Op.ANCHORED, b"\1" * 96, raw_call(LIAR, b""))
    mirror = mirror_of(chain)
    answers = [[Tip(b"\0" * 27, 1)] * 2, *(chain.tips("", [b"", b""]) for _ in range(2))]
    chain.tips = lambda *_: answers.pop(0)  # type: ignore[method-assign]
    with pytest.raises(LedgerBroken):
        mirror.sync()
    assert mirror.sync()[0].count == 1
    mirror.sync()
    assert len(answers) == 1  # an accepted one is not asked for again while the block is the newest


def test_an_anchor_counts_only_from_our_own_account() -> None:
    chain = LyingChain()
    root = b"journal".ljust(32, b"\0") + b"\7" * 32 + word(1 << 62)
    call = abi.encode_call(abi.ANCHOR, root[:32], root[32:64], 1 << 62)
    chain.tell(Op.ANCHORED, root, raw_call(LIAR, call))
    chain.tell(Op.ANCHORED, root, raw_call(RELAY, call))
    mirror = mirror_of(chain)
    mirror.sync()
    assert list(mirror.events.run.proofs) == [0, 1]  # type: ignore[attr-defined]


def test_an_invented_withdrawal_ends_permits_and_lifts_no_refusal() -> None:
    for decision, expected in (("permit", "withdrawn"), ("deny", "denied")):
        chain, known, patient = LyingChain(), KnownTerms(), new_patient()
        enrol(chain, patient)
        signed = patient.grants(NOW_S - 5, make_terms(decision=decision))
        assert isinstance(signed.message, Grant)
        hashed = known.know(patient.subject, signed.message.terms)
        tell_grant(chain, signed, grant_call(signed))
        chain.tell(Op.WITHDRAWN, patient.subject + hashed, raw_call(LIAR, b""))
        assert reason(chain, patient, known) == expected


def test_a_wallets_own_transaction_withdraws_without_a_signature_of_typed_data() -> None:
    chain, known, patient = LyingChain(), KnownTerms(), new_patient()
    enrol(chain, patient)
    signed = patient.grants(NOW_S - 5, make_terms(decision="deny"))
    assert isinstance(signed.message, Grant)
    hashed = known.know(patient.subject, signed.message.terms)
    tell_grant(chain, signed, grant_call(signed))
    call = abi.encode_call("withdrawOwn(bytes32,bytes32)", patient.subject, hashed)
    chain.tell(Op.WITHDRAWN, patient.subject + hashed, raw_call(patient.key, call))
    assert reason(chain, patient, known) == "withdrawn"


def test_transactions_of_every_form_name_their_sender_and_nonsense_names_none() -> None:
    call = read_call(raw_call(LIAR, b"\1\2"))
    assert call is not None
    assert (call.sender, call.data) == (LIAR.address, b"\1\2")
    for raw in (b"", b"\2", b"\xff", b"\3" + bytes(40), b"\xc0", secrets.token_bytes(300)):
        assert read_call(raw) is None


Lie = Callable[["Scene"], None]


class Scene:
    """One patient of ours, what the liar saw of them, and the history that it shows."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.chain, self.known = LyingChain(), KnownTerms()
        self.patient = PATIENTS[self.dice.randrange(len(PATIENTS))]
        self.ours = OUR_CALLS[self.patient.subject]
        self.chain.tell(Op.ENROLLED, enrolled_body(self.patient), self.ours)
        self.seen = SEEN[self.patient.subject]
        self.keys = [self.patient.key.address, LIAR.address]

    def raw(self, data: bytes) -> bytes:
        """Return a transaction that the liar can show: its own, or one of ours."""
        which = self.dice.randrange(3)
        return raw_call(LIAR, data) if which == 0 else (self.ours, b"")[which - 1]

    def signature(self, hashed: bytes) -> bytes:
        """Return a signature that the liar has: its own, or one that it saw."""
        which = self.dice.randrange(3)
        return LIAR.sign(hashed) if which == 0 else (self.seen.signature, b"\0" * 65)[which - 1]

    def subject(self) -> bytes:
        return self.patient.subject

    def grant(self) -> None:
        terms, at_s = TERMS[self.dice.randrange(len(TERMS))], NOW_S - self.dice.randrange(1, 999)
        message = Grant(self.subject(), terms, at_s, NOW_S + 10_000)
        signer = self.dice.choice(self.keys)
        self.known.know(self.subject(), terms)
        signed = Signed(message, signer, self.signature(digest(DOMAIN, message)))
        tell_grant(self.chain, signed, self.raw(_grant_data(signed)))

    def enrolled(self) -> None:
        signature = self.signature(b"\1" * 32)
        data = batch_call(abi.ENROL, Entry(self.subject(), LIAR.address, signature))
        body = self.subject() + OURS.rjust(32, b"\0") + keccak(LIAR.address)
        self.chain.tell(Op.ENROLLED, body, self.raw(data), LIAR.address)

    def key(self) -> None:
        message = KeyAddition(self.subject(), LIAR.address, 0, 0)
        hashed = digest(DOMAIN, message)
        by = self.dice.choice(self.keys)
        proofs = by, self.signature(hashed), LIAR.sign(hashed)
        data = abi.encode_call(abi.ADD_KEY, self.subject(), LIAR.address, 0, 0, *proofs)
        body = self.subject() + keccak(LIAR.address) + word(0) + word(0)
        self.chain.tell(Op.KEY_ADDED, body, self.raw(data), LIAR.address)

    def recovery(self) -> None:
        proof = LIAR.sign(digest(DOMAIN, Enrolment(self.subject(), OURS, LIAR.address)))
        data = abi.encode_call(abi.PROPOSE_RECOVERY, self.subject(), LIAR.address, proof)
        body = self.subject() + keccak(LIAR.address)
        if self.dice.random() < 0.7:  # noqa: PLR2004 - with and without a proposal
            self.chain.tell(Op.RECOVERY_PROPOSED, body, self.raw(data), LIAR.address)
        self.chain.tell(Op.RECOVERED, body, self.raw(b""), LIAR.address)

    def role(self) -> None:
        body = keccak(b"CUSTODIAN_ROLE") + LIAR.address.rjust(32, b"\0")
        self.chain.tell(Op.ROLE_GRANTED, body, self.raw(b""))

    def veto(self) -> None:
        body = self.subject() + keccak(LIAR.address)
        self.chain.tell(Op.RECOVERY_VETOED, body, self.raw(b""), LIAR.address)


def _grant_data(signed: Signed) -> bytes:
    assert isinstance(signed.message, Grant)
    grant = signed.message
    words = grant.subject + terms_hash(grant.terms) + word(grant.signed_at_s)
    return batch_call(abi.GRANT, Entry(words + word(grant.not_after_s), *signed_by(signed)))


PATIENTS = [Patient(DOMAIN, OURS) for _ in range(8)]
OUR_CALLS = {patient.subject: enrolment(patient) for patient in PATIENTS}
SEEN = {patient.subject: patient.grants(NOW_S - 5) for patient in PATIENTS}
TERMS = [make_terms() for _ in range(20)]
LIES: list[Lie] = [
    Scene.grant, Scene.enrolled, Scene.key, Scene.recovery, Scene.role, Scene.veto,
]  # fmt: skip


def permits(state: LedgerState, scene: Scene, view: object) -> bool:
    return decide(ask(scene.patient), state, scene.known, view, NOW_S).permitted  # type: ignore[arg-type]


def count_permits(histories: int) -> int:
    """Return how many of these invented histories end with a permit."""
    permitted = 0
    for seed in range(histories):
        scene = Scene(seed)
        for _ in range(scene.dice.randrange(1, 4)):
            scene.dice.choice(LIES)(scene)
        scene.grant()
        view, state = mirror_of(scene.chain, scene.ours).sync()
        permitted += permits(state, scene, view)
    return permitted


def test_a_node_that_rolls_its_own_head_over_invented_events_gains_no_permit() -> None:
    assert count_permits(HISTORIES) == 0


def test_the_same_histories_would_permit_if_the_node_were_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    believed = lambda _self, changes, *_: [1] * len(changes)  # noqa: E731 - one line
    monkeypatch.setattr("consent.prover.Prover.prove", believed)
    assert count_permits(50) > 40


def test_a_node_that_names_nested_lists_as_a_transaction_permits_nothing() -> None:
    """The answer is no proof, and the mirror reads on."""
    chain, known, patient = LyingChain(), KnownTerms(), new_patient()
    enrol(chain, patient)
    signed = patient.grants(NOW_S - 5)
    assert isinstance(signed.message, Grant)
    known.know(patient.subject, signed.message.terms)
    tell_grant(chain, signed, b"\xf8" * 5_000)
    assert reason(chain, patient, known) == "bad-key"
