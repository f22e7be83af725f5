"""Enrols, grants, withdraws, stops and anchors: the contract in our words, done when mirrored."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from consent import abi
from consent.admission import Admission
from consent.anchors import anchor_word
from consent.chain import Receipt
from consent.consent_terms import ConsentTermsStore
from consent.errors import ConsentInvalid, LedgerBroken, LedgerUnavailable, NotPermitted
from consent.freshness import MAX_AHEAD_S
from consent.mirror import Mirror
from consent.outbox import Intent, Outbox, Sent
from consent.terms import Enrolment, Grant, Message, Signed, View
from consent.transactions import (
    KINDS,
    MAX_ENTRIES,
    RECOVERY,
    Batch,
    Kind,
    Outcome,
    cut,
    read_outcomes,
)

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""

PENDING: Final = "pending"

_SLICE: Final = 14 * MAX_ENTRIES
_IN_FLIGHT: Final = 14
_ANCHOR_GAS: Final = 200_000
_CALL_GAS: Final = 500_000
CONFIRM_WAIT_S: Final = 60.0
_FINALITY_POLL_S: Final = 0.1
_MOST_AHEAD_S: Final = MAX_AHEAD_S // 2
"""A chain that mines as fast as it is fed runs ahead of our clock; from here on we feed it slower,
well before every view is refused (consent/view.py)."""


@dataclass(frozen=True, slots=True)
class Flying:
    """A batch that is durable and sent, but whose outcome is not known yet."""

    batch: Batch
    sent: Sent


class Relayer:
    """Writes to the contract; every call returns when its outcome is mined and mirrored.

    What cannot be confirmed in time is kept, sent again, and reported as ``pending``: a pending
    withdrawal or stop is in force, a pending grant is not.
    """

    def __init__(
        self, outbox: Outbox, mirror: Mirror, consent_terms: ConsentTermsStore, admission: Admission
    ):
        self._outbox = outbox
        self._mirror = mirror
        self._consent_terms = consent_terms
        self._admission = admission
        self.contract = admission.contract

    def submit(
        self, kind: type[Message], signed: Sequence[Signed], progress: Progress | None = None
    ) -> list[Outcome]:
        """Bring signed messages of one kind to the ledger and return what became of each.

        Raises:
            LedgerUnavailable: the chain is away and nothing was written (all but withdrawals and
                stops), or the database is.
            BadlyAsked: a message of another kind.
        """
        for one in signed:
            if type(one.message) is not kind:
                raise ConsentInvalid(f"a {type(one.message).__name__} is not a {kind.__name__}")
        if KINDS[kind].values is None:
            return self._submit(KINDS[kind], signed, progress)
        # One may stand on the one before it, so each is on the ledger before the next is checked.
        return [self._submit(KINDS[kind], [one], None)[0] for one in signed]

    def propose(self, signed: Signed) -> Outcome:
        """Propose a recovery: an Enrolment that the new key signed.

        Raises:
            LedgerUnavailable: the chain is away; nothing was written.
        """
        if not isinstance(signed.message, Enrolment):
            raise ConsentInvalid("a recovery is proposed by an Enrolment that the new key signed")
        return self._submit(RECOVERY, [signed], None)[0]

    def call(self, kind: str, function: str, *values: bytes) -> Outcome:
        """Carry out what needs no signature, by the relayer's account."""
        data = abi.encode_call(function, *values)
        sent = self._outbox.write([Intent(kind, self._admission.contract, data, _CALL_GAS)])
        self._outbox.send(sent)
        name = "0x" + sent[0].hash.hex()
        try:
            receipts = self._outbox.settle(sent, CONFIRM_WAIT_S)
            self._mirrored(receipts)
        except (LedgerUnavailable, LedgerBroken):
            return Outcome(False, PENDING, None, name)
        self._outbox.note(sent, receipts)
        if receipts[0].ok:
            return Outcome(True, "", None, name)
        return Outcome(False, self._admission.why_reverted(self._outbox.address, data), None, name)

    def _submit(
        self, kind: Kind, signed: Sequence[Signed], progress: Progress | None
    ) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        flying: deque[Flying] = deque()
        for place in range(0, len(signed), _SLICE):
            part = signed[place : place + _SLICE]
            admitted = self._admission.admit(kind, place, part, outcomes)
            grants = [signed[one.place].message for one in admitted]
            self._consent_terms.put_many(
                [(g.subject, g.terms) for g in grants if isinstance(g, Grant)]
            )
            flying += self._send(list(cut(kind, admitted)))
            while len(flying) > _IN_FLIGHT:
                ahead_s = self._land([flying.popleft() for _ in range(_IN_FLIGHT)], outcomes)
                _tell(progress, outcomes, signed)
                time.sleep(max(0, ahead_s - _MOST_AHEAD_S))
        self._land(list(flying), outcomes)
        _tell(progress, outcomes, signed)
        return [outcomes[place] for place in range(len(signed))]

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root on the chain and return the transaction's hash when it is mined and mirrored.

        Raises:
            BadlyAsked: an unknown kind, or not a root of 32 bytes.
            LedgerUnavailable: not confirmed yet; it is kept and will be sent again.
        """
        if len(root) != 32 or not 0 <= count < 1 << 64:  # noqa: PLR2004 - bytes32, uint64
            raise ConsentInvalid("an anchor is a root of 32 bytes and a number of leaves")
        data = abi.encode_words(abi.ANCHOR, anchor_word(kind), root, abi.word(count))
        sent = self._outbox.write([Intent("anchor", self._admission.contract, data, _ANCHOR_GAS)])
        self._outbox.send(sent)
        receipts = self._outbox.settle(sent, CONFIRM_WAIT_S)
        self._mirrored(receipts)
        self._outbox.note(sent, receipts)
        if not receipts[0].ok:
            raise NotPermitted(self._admission.why_reverted(self._outbox.address, data))
        return "0x" + sent[0].hash.hex()

    def _send(self, batches: Sequence[Batch]) -> list[Flying]:
        if not batches:
            return []
        to = self._admission.contract
        sent = self._outbox.write(
            [Intent(b.kind.name, to, b.calldata(), b.gas(), b.kept()) for b in batches]
        )
        self._outbox.send(sent)
        return [Flying(batch, one) for batch, one in zip(batches, sent, strict=True)]

    def _land(self, flying: Sequence[Flying], outcomes: dict[int, Outcome]) -> int:
        """Write down what became of these entries once they are mined and mirrored.

        Returns how many seconds the chain's clock is ahead of ours.
        """
        if not flying:
            return 0
        sent = [one.sent for one in flying]
        try:
            self._outbox.writer.renew_fees()
            receipts = self._outbox.settle(sent, CONFIRM_WAIT_S)
            view = self._mirrored(receipts)
        except (LedgerUnavailable, LedgerBroken):
            for one in flying:
                _put(outcomes, one.batch, _pending(one))
            return 0
        self._outbox.note(sent, receipts)
        for one, receipt in zip(flying, receipts, strict=True):
            _put(outcomes, one.batch, self._landed(one, receipt))
        return view.block_time_s - view.seen_at_s

    def _mirrored(self, receipts: Sequence[Receipt]) -> View:
        """Return the first view whose final block has all of these."""
        until_s = time.monotonic() + CONFIRM_WAIT_S
        while True:
            view, _ = self._mirror.sync()
            if all(receipt.block_number <= view.block_number for receipt in receipts):
                return view
            if time.monotonic() > until_s:
                raise LedgerUnavailable("the transaction is mined, but not final yet")
            time.sleep(_FINALITY_POLL_S)

    def _landed(self, one: Flying, receipt: Receipt) -> list[Outcome]:
        name = "0x" + one.sent.hash.hex()
        if receipt.ok:
            return read_outcomes(one.batch, receipt.changes, name)
        why = self._admission.why_reverted(self._outbox.address, one.batch.calldata())
        return [Outcome(False, why, entry.consent_id(), name) for entry in one.batch.entries]


def _pending(one: Flying) -> list[Outcome]:
    in_force, name = one.batch.kind.counts_when_kept, "0x" + one.sent.hash.hex()
    return [Outcome(in_force, PENDING, e.consent_id(), name) for e in one.batch.entries]


def _put(outcomes: dict[int, Outcome], batch: Batch, found: Sequence[Outcome]) -> None:
    for entry, outcome in zip(batch.entries, found, strict=True):
        outcomes[entry.place] = outcome


def _tell(
    progress: Progress | None, outcomes: dict[int, Outcome], signed: Sequence[Signed]
) -> None:
    if progress is not None:
        progress(len(outcomes), len(signed))
