"""A stranger brings a patient's message twice in one batch, once badly signed: it still counts."""

from __future__ import annotations

import pytest
from liar import (
    LIAR,
    NOW_S,
    KnownTerms,
    LyingChain,
    batch_call,
    enrolled_body,
    enrolment,
    mirror_of,
    new_patient,
    raw_call,
    tell_grant,
)
from township import ask

from consent import abi
from consent.abi import Entry, word
from consent.decision import decide
from consent.mirror import Mirror
from consent.terms import Grant
from consent.typed_data import Op, terms_hash


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_badly_signed_double_in_the_batch_takes_no_proof_away(order: tuple[int, int]) -> None:
    chain, known, patient = LyingChain(), KnownTerms(), new_patient()
    chain.tell(Op.ENROLLED, enrolled_body(patient), enrolment(patient), patient.key.address)
    signed = patient.grants(NOW_S - 5)
    assert isinstance(signed.message, Grant)
    grant = signed.message
    known.know(patient.subject, grant.terms)
    times = word(grant.signed_at_s) + word(grant.not_after_s)
    words = patient.subject + terms_hash(grant.terms) + times
    entries = [Entry(words, signed.signer, s) for s in (signed.signature, b"\1" * 65)]
    tell_grant(chain, signed, raw_call(LIAR, batch_call(abi.GRANT, *(entries[i] for i in order))))
    assert reason(mirror_of(chain), known, patient) == "permitted"
    withdrawal = patient.withdraws(signed)
    words = patient.subject + terms_hash(grant.terms)
    entries = [Entry(words, withdrawal.signer, s) for s in (withdrawal.signature, b"\1" * 65)]
    raw = raw_call(LIAR, batch_call(abi.WITHDRAW, *(entries[i] for i in order)), nonce=1)
    chain.tell(Op.WITHDRAWN, words, raw)
    mirror = mirror_of(chain)
    assert reason(mirror, known, patient) == "withdrawn"
    assert len(mirror.state().withdrawals.subject) == 1  # proved, so it would lift a refusal too


def reason(mirror: Mirror, known: KnownTerms, patient: object) -> str:
    view, state = mirror.sync()
    return decide(ask(patient), state, known, view, NOW_S).reason  # type: ignore[arg-type]
