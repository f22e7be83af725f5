"""What other custodians' subjects do on a shared ledger costs nothing here from then on."""

from __future__ import annotations

from dataclasses import replace

from liar import (
    LIAR,
    LyingChain,
    batch_call,
    enrolled_body,
    enrolment,
    mirror_of,
    new_patient,
    raw_call,
)
from township import Patient

from consent import abi
from consent.abi import Entry
from consent.terms import Withdrawal
from consent.typed_data import Op, keccak

COUNT = 50


def withdraws(chain: LyingChain, patient: Patient, terms_hash: bytes, signature: bytes) -> None:
    words = patient.subject + terms_hash
    entry = Entry(words, patient.key.address, signature)
    chain.tell(Op.WITHDRAWN, words, raw_call(LIAR, batch_call(abi.WITHDRAW, entry)))


def test_withdrawals_of_subjects_that_others_enrolled_are_not_kept_in_memory() -> None:
    chain = LyingChain()
    for at in range(COUNT):
        stranger = replace(new_patient(), custodian=LIAR.address)
        signed = stranger.enrols()
        entry = Entry(stranger.subject, signed.signer, signed.signature)
        body = stranger.subject + LIAR.address.rjust(32, b"\0") + keccak(signed.signer)
        chain.tell(Op.ENROLLED, body, raw_call(LIAR, batch_call(abi.ENROL, entry), nonce=at))
        terms_hash = bytes([at]) * 32
        by = stranger.sign(Withdrawal(stranger.subject, terms_hash))
        withdraws(chain, stranger, terms_hash, by.signature)
    mirror = mirror_of(chain)
    assert len(mirror.sync()[1].pending_withdrawals.subject) == 0
    own = new_patient()
    chain.tell(Op.ENROLLED, enrolled_body(own), enrolment(own), own.key.address)
    withdraws(chain, own, b"\7" * 32, b"\1" * 65)  # without proof: it ends permits all the same
    state = mirror.sync()[1]
    assert [each.tobytes() for each in state.pending_withdrawals.subject] == [own.subject]
    assert len(state.withdrawals.subject) == 0
