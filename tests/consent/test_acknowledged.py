from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from liar import (
    CONTRACT,
    NOW_S,
    RELAY,
    KnownTerms,
    LyingChain,
    batch_call,
    enrolled_body,
    enrolment,
    grant_call,
    mirror_of,
    new_patient,
    tell_grant,
)
from township import Clock, Patient, ask, make_terms

from consent import abi
from consent.abi import BADLY_SIGNED, Change, Entry, reasons_by_selector, word
from consent.acknowledged import AcknowledgedChanges
from consent.calldata import read_claims
from consent.chain import Fees, Receipt
from consent.decision import decide
from consent.freshness import FreshnessRules
from consent.limits import LedgerLimits
from consent.outbox import Intent, Outbox, StoredTransaction
from consent.outbox_rows import MINED, REFUSED, WRITTEN
from consent.raw_transactions import Payload, read_call
from consent.tables import METADATA
from consent.terms import Grant, Signed
from consent.typed_data import Op, terms_hash
from consent.views import Views
from deploy.database import make_engine


class FeeChain(LyingChain):
    """The same, for an outbox that takes its first nonce."""

    def fees(self) -> Fees:
        return Fees(2, 1)

    def transaction_count(self, _address: str) -> int:
        return 0

    def chain_id(self) -> int:
        return 8686


class Place:
    """A patient with a permission, and an outbox over the node that shows it."""

    def __init__(self, folder: Path) -> None:
        self.patient, self.chain, self.known = new_patient(), FeeChain(), KnownTerms()
        self.granted = self.patient.grants(NOW_S - 5)
        own = self.patient.key.address
        self.chain.tell(Op.ENROLLED, enrolled_body(self.patient), enrolment(self.patient), own)
        self.tell(self.granted)
        engine = make_engine(f"sqlite:///{folder / 'place.db'}")
        METADATA.create_all(engine)
        self.outbox = Outbox(engine, self.chain, RELAY)  # type: ignore[arg-type]
        self.mirror = mirror_of(self.chain)
        self.mirror.sync()
        self.outbox.judge = AcknowledgedChanges(self.mirror).judge
        rules, limits = FreshnessRules.of("single"), LedgerLimits()
        self.views = Views(self.mirror, self.outbox, rules, Clock(NOW_S), limits)

    def tell(self, signed: Signed) -> None:
        assert isinstance(signed.message, Grant)
        self.known.know(self.patient.subject, signed.message.terms)
        tell_grant(self.chain, signed, grant_call(signed))

    def write(self, kind: str) -> StoredTransaction:
        """Write what the patient was told is in force."""
        intent = _intent(kind, self.patient, self.granted, self.known)
        return self.outbox.write([intent])[0]

    def record(self, sent: StoredTransaction, reasons: Sequence[str] = ()) -> None:
        """Record what the node says of it: mined, with these refusals."""
        selectors = {code: selector for selector, code in reasons_by_selector().items()}
        about = sent.raw[:64]
        refused = [Change(abi.REFUSED, about + selectors[code], b"", 1) for code in reasons]
        receipt = Receipt(True, 1, 21_000, "", tuple(refused))
        self.outbox.record([sent], [receipt], {sent.hash})

    def reason(self) -> str:
        view, state = self.views.for_decision(None)
        return decide(ask(self.patient), state, self.known, view, NOW_S).reason  # type: ignore[arg-type]


def _intent(kind: str, patient: Patient, granted: Signed, known: KnownTerms) -> Intent:
    assert isinstance(granted.message, Grant)
    if kind == "withdraw":
        signed, function = patient.withdraws(granted), abi.WITHDRAW
        words = patient.subject + terms_hash(granted.message.terms)
    elif kind == "stop":
        signed, function = patient.stops(NOW_S), abi.STOP
        words = patient.subject + word(NOW_S)
    else:
        opt_out = make_terms(decision="deny", recipient="*", categories=("*",))
        signed, function = patient.grants(NOW_S - 1, opt_out), abi.GRANT
        assert isinstance(signed.message, Grant)
        times = word(signed.message.signed_at_s) + word(signed.message.not_after_s)
        words = patient.subject + known.know(patient.subject, opt_out) + times
    data = batch_call(function, Entry(words, signed.signer, signed.signature))
    return Intent(kind, Payload(to=CONTRACT, data=data, gas=1), words)


NOES = {"withdraw": "withdrawn", "stop": "stopped", "grant": "opted-out"}


@pytest.mark.parametrize("kind", NOES)
def test_a_node_that_says_a_no_is_mined_and_does_not_show_it_takes_nothing_back(
    tmp_path: Path, kind: str
) -> None:
    place = Place(tmp_path)
    assert place.reason() == "permitted"
    sent = place.write(kind)
    assert place.reason() == NOES[kind]
    place.record(sent)
    assert place.reason() == NOES[kind]
    assert [row.hash for row in place.outbox.find(state=WRITTEN)] == [sent.hash]


@pytest.mark.parametrize("kind", NOES)
def test_a_node_that_says_the_key_did_not_sign_is_not_believed(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path)
    sent = place.write(kind)
    place.record(sent, [BADLY_SIGNED])
    assert place.reason() == NOES[kind]
    assert [row.hash for row in place.outbox.find(state=REFUSED)] == [sent.hash]


@pytest.mark.parametrize("kind", NOES)
def test_what_the_ledger_has_counts_by_the_ledger_alone(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path)
    sent = place.write(kind)
    words = _words_of(sent)
    if kind == "grant":
        body = words[:64] + bytes(32) + words[64:]
        place.chain.tell(Op.GRANTED, body, sent.raw)
    else:
        place.chain.tell(Op.WITHDRAWN if kind == "withdraw" else Op.STOPPED, words, sent.raw)
    place.mirror.sync()
    place.record(sent)
    assert [row.hash for row in place.outbox.find(state=MINED)] == [sent.hash]
    assert place.reason() == NOES[kind]


def _words_of(sent: StoredTransaction) -> bytes:
    call = read_call(sent.raw)
    assert call is not None
    ((_, words),) = read_claims(call)
    return words


def test_what_an_account_with_code_did_not_sign_is_dropped(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert isinstance(place.granted.message, Grant)
    words = place.patient.subject + terms_hash(place.granted.message.terms)
    data = batch_call(abi.WITHDRAW, Entry(words, b"\x1c" * 20, b"any form"))
    intent = Intent("withdraw", Payload(to=CONTRACT, data=data, gas=1), words)
    [sent] = place.outbox.write([intent])
    place.record(sent, [BADLY_SIGNED])
    assert place.reason() == "permitted"
