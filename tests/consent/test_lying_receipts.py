"""A node whose receipts say what its ledger does not show: only the verified ledger is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from liar import DOMAIN, NOW_S, OURS, new_patient
from scripted import ScriptedChain, ScriptedChange, enrols, grants, open_ledger
from township import Clock, Patient, ask

from consent import abi
from consent.abi import Change, reasons_by_selector
from consent.calldata import read_claims
from consent.chain import Receipt
from consent.consent_ledger import ConsentLedger
from consent.errors import LedgerUnavailable
from consent.outbox_rows import MINED, WRITTEN
from consent.raw_transactions import read_call
from consent.signatures import SigningKey
from consent.terms import Enrolment, Grant, KeyAddition, KeyRemoval, RecoveryVeto, Signed
from consent.transactions import Outcome
from consent.typed_data import Op, consent_id, digest, keccak, terms_hash

NEW = SigningKey(b"\x21" * 32)
Tale = Callable[[bytes], Receipt]


def mined(raw: bytes) -> Receipt:
    """Say that the transaction is mined and all of its messages counted."""
    call = read_call(raw)
    assert call is not None
    changes = []
    for op, words in read_claims(call):
        body = words
        if op == Op.GRANTED:
            body = words[:64] + bytes(32) + words[64:]
        changes.append(Change(op, body, b"", 2))
    return Receipt(True, 2, 21_000, "", tuple(changes))


def refused(raw: bytes, code: str = abi.BADLY_SIGNED) -> Receipt:
    """Say that it is mined and that the contract refused its messages."""
    selectors = {reason: selector for selector, reason in reasons_by_selector().items()}
    changes = [
        Change(abi.REFUSED, change.body[:64].ljust(64, b"\0") + selectors[code], b"", 2)
        for change in mined(raw).changes
    ]
    return Receipt(True, 2, 21_000, "", tuple(changes))


def reverted(_raw: bytes) -> Receipt:
    return Receipt(False, 2, 21_000, "", ())


def garbled(raw: bytes) -> Receipt:
    """Say that it is mined, with events of messages that are not in it."""
    return replace(mined(raw), changes=(Change(Op.STOPPED, b"\7" * 64, b"", 2),) * 3)


class TellingChain(ScriptedChain):
    """The same, with receipts that say what the test has them say."""

    def __init__(self) -> None:
        super().__init__()
        self.tale: Tale = mined
        self.sent: list[bytes] = []

    def send(self, raws: Sequence[bytes]) -> list[None]:  # type: ignore[override]
        self.sent += raws
        return [None for _ in raws]

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        raws = {keccak(raw): raw for raw in self.sent}
        return [self.tale(raws[name]) if name in raws else None for name in hashes]

    def changes(self, contract: str, first: int, last: int) -> list[Change]:
        """Return the events with the new key of those that name it by its hash alone."""
        changes = super().changes(contract, first, last)
        return [
            each._replace(signer=NEW.address) if keccak(NEW.address) in each.body else each
            for each in changes
        ]

    def find_refusal(self, *_: object) -> None:
        return None

    def answers(self, _to: str, datas: Sequence[bytes]) -> list[bytes | None]:
        return [None for _ in datas]


class Place:
    """A ledger over such a node, with an enrolled patient."""

    def __init__(self, folder: Path) -> None:
        self.chain, self.patient = TellingChain(), new_patient()
        self.chain.mine(NOW_S, enrols(self.patient))
        self.ledger: ConsentLedger = open_ledger(folder / "l.db", self.chain, Clock(NOW_S))
        self.ledger.limits.confirm_s = 0.2

    def mine(self, *changes: ScriptedChange) -> None:
        self.chain.mine(NOW_S, *changes)

    def show_sent(self) -> None:
        """Let the ledger have what was sent last."""
        raw = self.chain.sent[-1]
        for change in mined(raw).changes:
            body = change.body
            if change.op == Op.GRANTED:
                body = body[:64] + keccak(self.patient.key.address) + body[96:]
            self.mine(ScriptedChange(change.op, body, raw))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def addition(patient: Patient, role: int = 0) -> Signed:
    message = KeyAddition(patient.subject, NEW.address, role, 0)
    return replace(patient.sign(message), proof=NEW.sign(digest(DOMAIN, message)))


def removal(patient: Patient) -> Signed:
    return patient.sign(KeyRemoval(patient.subject, patient.key.address))


def proposal(patient: Patient) -> Signed:
    return replace(patient, key=NEW).sign(Enrolment(patient.subject, OURS, NEW.address))


def send(ledger: ConsentLedger, signed: Signed) -> Outcome:
    message = signed.message
    if isinstance(message, KeyAddition):
        return ledger.keys.add([signed])[0]
    if isinstance(message, KeyRemoval):
        return ledger.keys.remove([signed])[0]
    if isinstance(message, RecoveryVeto):
        return ledger.keys.veto_recovery([signed])[0]
    if isinstance(message, Grant):
        return ledger.grant([signed])[0]
    if signed.signer == NEW.address:
        return ledger.keys.propose_recovery(signed)
    return ledger.enrol([signed])[0]


def _veto(place: Place) -> Signed:
    place.chain.tale = mined
    send(place.ledger, proposal(place.patient))
    place.show_sent()
    return place.patient.sign(RecoveryVeto(place.patient.subject, NEW.address))


MESSAGES: dict[str, Callable[[Place], Signed]] = {
    "enrolment": lambda _: new_patient().enrols(),
    "permission": lambda place: place.patient.grants(NOW_S - 5),
    "added key": lambda place: addition(place.patient),
    "removed key": lambda place: removal(place.patient),
    "proposed key": lambda place: proposal(place.patient),
    "refused key": _veto,
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_only_a_receipt_says_is_reported_as_pending(place: Place, name: str) -> None:
    outcome = send(place.ledger, MESSAGES[name](place))
    assert (outcome.ok, outcome.reason) == (False, "pending")


@pytest.mark.parametrize("name", MESSAGES)
def test_what_the_ledger_has_is_reported_as_done_whatever_the_receipt_says(
    place: Place, name: str
) -> None:
    signed = MESSAGES[name](place)
    seen: list[int] = []

    def tale(raw: bytes) -> Receipt:
        if not seen:  # the ledger has it before the receipt is read
            seen.append(1)
            place.show_sent()
        return mined(raw)

    place.chain.tale = tale
    outcome = send(place.ledger, signed)
    assert (outcome.ok, outcome.reason) == (True, "")


@pytest.mark.parametrize("tale", [refused, garbled, reverted])
def test_a_withdrawal_is_in_force_and_reported_so_whatever_the_receipt_says(
    place: Place, tale: Tale
) -> None:
    granted = place.patient.grants(NOW_S - 5)
    assert isinstance(granted.message, Grant)
    place.mine(grants(granted))
    place.ledger.consent_terms.put_many([(place.patient.subject, granted.message.terms)])
    assert place.ledger.decide(ask(place.patient)).permitted
    place.chain.tale = tale
    outcomes = [
        *place.ledger.withdraw([place.patient.withdraws(granted)]),
        *place.ledger.stop([place.patient.stops(NOW_S)]),
    ]
    assert [(outcome.ok, outcome.reason) for outcome in outcomes] == [(True, "pending")] * 2
    assert not place.ledger.decide(ask(place.patient)).permitted


@pytest.mark.parametrize("tale", [refused, garbled, reverted])
def test_terms_of_a_consent_that_the_ledger_has_are_never_deleted(place: Place, tale: Tale) -> None:
    granted = place.patient.grants(NOW_S - 5)
    assert isinstance(granted.message, Grant)

    def lie(raw: bytes) -> Receipt:
        if len(place.chain.blocks) == 1:
            place.show_sent()
        return tale(raw)

    place.chain.tale = lie
    outcome = place.ledger.grant([granted])[0]
    name = consent_id(place.patient.subject, terms_hash(granted.message.terms))
    assert place.ledger.consent_terms.find(name) == granted.message.terms
    assert place.ledger.decide(ask(place.patient)).permitted
    assert outcome.ok or outcome.reason in ("consent-id-used", "pending")


def test_an_anchor_that_only_a_receipt_shows_is_not_confirmed(place: Place) -> None:
    with pytest.raises(LedgerUnavailable):
        place.ledger.anchor("journal", b"\7" * 32, 3)
    assert place.ledger.anchors("journal") == []


def test_what_a_receipt_alone_says_stays_to_be_confirmed(place: Place) -> None:
    send(place.ledger, removal(place.patient))
    outbox = place.ledger._outbox  # noqa: SLF001
    outbox.settle_open(lambda: place.ledger.view().block_number)
    assert len(outbox.find(state=WRITTEN)) == 1
    place.show_sent()
    outbox.settle_open(lambda: place.ledger.view().block_number)
    assert len(outbox.find(state=MINED)) == 1


def test_a_refused_key_is_held_up_from_the_moment_the_patient_signed(place: Place) -> None:
    veto = _veto(place)
    ledger, subject = place.ledger, place.patient.subject
    assert not ledger.keys.is_refused(subject, NEW.address)
    stranger = replace(new_patient(), subject=subject)
    refusal = stranger.sign(RecoveryVeto(subject, NEW.address))
    assert ledger.keys.veto_recovery([refusal])[0].reason == "key-unknown"
    assert not ledger.keys.is_refused(subject, NEW.address)
    place.chain.find_refusal = lambda *_: "recovery-not-pending"  # type: ignore[method-assign]
    for tale in (reverted, mined):
        place.chain.tale = tale
        assert ledger.keys.veto_recovery([veto])[0].ok is False
        assert ledger.keys.is_refused(subject, NEW.address)
    place.show_sent()
    ledger.view()
    assert not ledger.keys.is_refused(subject, NEW.address)  # the ledger itself says it now
    assert [each.state for each in ledger.keys.recoveries_of(subject)] == ["vetoed"]


def test_a_key_is_on_hold_from_the_moment_an_own_key_signed_its_removal(place: Place) -> None:
    ledger, subject = place.ledger, place.patient.subject
    send(ledger, addition(place.patient))
    place.show_sent()
    ledger.view()
    lost, own = NEW.address, place.patient.key.address
    removal_of_lost = place.patient.sign(KeyRemoval(subject, lost))
    by_lost = replace(place.patient, key=NEW).sign(KeyRemoval(subject, own))
    assert not ledger.keys.is_removal_signed(subject, lost)
    for tale in (mined, reverted):
        place.chain.tale = tale
        assert not ledger.keys.remove([removal_of_lost])[0].ok
        assert ledger.keys.is_removal_signed(subject, lost)
    first = place.chain.sent[-1]
    ledger.keys.remove([by_lost])
    assert ledger.keys.is_removal_signed(subject, own)  # until the ledger says which came first
    place.chain.sent.append(first)
    place.show_sent()
    ledger.view()
    assert [key.is_removed for key in ledger.keys.of_subject(subject)] == [False, True]
    assert not ledger.keys.is_removal_signed(subject, own)


def test_no_delegate_and_no_stranger_holds_up_a_patients_own_key(place: Place) -> None:
    ledger, subject = place.ledger, place.patient.subject
    send(ledger, addition(place.patient, role=1))
    place.show_sent()
    ledger.view()
    own = place.patient.key.address
    removals = [
        replace(place.patient, key=key).sign(KeyRemoval(subject, own))
        for key in (NEW, SigningKey(b"\x22" * 32))
    ]
    for tale in (mined, reverted):  # the node says that the contract accepts them
        place.chain.tale = tale
        ledger.keys.remove(removals)
        assert not ledger.keys.is_removal_signed(subject, own)
    ledger.keys.remove([place.patient.sign(KeyRemoval(subject, NEW.address))])
    assert ledger.keys.is_removal_signed(subject, NEW.address)
