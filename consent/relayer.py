"""Sends signed messages, anchors and calls to the contract; done when mined and mirrored."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from consent import abi
from consent.acknowledged import AcknowledgedChanges, ShownMessage
from consent.admission import Admission
from consent.anchors import anchor_word
from consent.chain import Receipt
from consent.consent_terms import ConsentTermsStore
from consent.errors import ConsentInvalid, LedgerBroken, LedgerUnavailable, NotPermitted
from consent.freshness import MAX_AHEAD_S
from consent.limits import LedgerLimits
from consent.mirror import Mirror
from consent.outbox import Intent, Outbox, StoredTransaction
from consent.outbox_rows import FAILED, WRITTEN
from consent.outcomes import PENDING, outcomes_on_ledger, pending_outcome
from consent.raw_transactions import Payload
from consent.submission_group import SubmissionGroup
from consent.terms import Enrolment, Grant, Message, Signed, Stop, View, Withdrawal
from consent.transactions import (
    KINDS,
    MAX_ENTRIES,
    RECOVERY,
    Batch,
    Kind,
    Outcome,
    cut_batches,
    read_outcomes,
)

Progress = Callable[[int, int], None]
"""Called with the number of messages that are done and the number of all."""

_DECISIONS: Final = (KINDS[Grant], KINDS[Withdrawal], KINDS[Stop])

_MAX_IN_FLIGHT: Final = 14
_SLICE: Final = _MAX_IN_FLIGHT * MAX_ENTRIES
_ANCHOR_GAS: Final = 200_000
_CALL_GAS: Final = 500_000
_FINALITY_POLL_S: Final = 0.1
_EXISTS: Final = "consent-id-used"
_ROOT_BYTES: Final = 32
_ID_BYTES: Final = 64
_COUNT_BITS: Final = 64
_SLOWDOWN_AHEAD_S: Final = MAX_AHEAD_S // 2
"""A chain that mines as fast as it is fed runs ahead of our clock. From this many seconds on it is
fed more slowly, well before every view is refused (consent/freshness.py)."""


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch that is stored and sent, but whose outcomes are not known yet."""

    batch: Batch
    transaction: StoredTransaction


class Relayer:
    """Writes to the contract; every call returns when its outcome is mined and mirrored.

    What cannot be confirmed in time is stored, sent again, and reported as ``pending``: a pending
    withdrawal, stop or refusal is in force, a pending permission is not.
    """

    def __init__(
        self,
        outbox: Outbox,
        mirror: Mirror,
        consent_terms: ConsentTermsStore,
        admission: Admission,
        limits: LedgerLimits,
    ) -> None:
        self._limits = limits
        self.contract = admission.contract
        self.domain = admission.domain
        self._outbox = outbox
        self._acknowledged = AcknowledgedChanges(mirror)
        outbox.judge = self._acknowledged.judge
        self._mirror = mirror
        self._consent_terms = consent_terms
        self._admission = admission
        # Permissions alone: a "no" of any kind is stored at once, whatever is on its way.
        self._permissions = SubmissionGroup(partial(self._submit, KINDS[Grant], progress=None))
        self.enroller = self.anchorer = self
        """What sends from the account that enrols, and from the one that anchors."""
        self.former: Mapping[bytes, Relayer] = {}
        """By its address, what sends from each account that enrolled earlier."""

    def submit(
        self, kind: type[Message], signed: Sequence[Signed], progress: Progress | None = None
    ) -> list[Outcome]:
        """Send signed messages of one kind to the ledger and return the outcome of each.

        Raises:
            LedgerUnavailable: the chain is unavailable and nothing was written (all kinds but
                withdrawals and stops), or the database is.
            ConsentInvalid: a message of another kind.
        """
        for item in signed:
            if type(item.message) is not kind:
                raise ConsentInvalid(f"a {type(item.message).__name__} is not a {kind.__name__}")
        is_permission = len(signed) == 1 and _is_permission(signed[0].message)
        # An account with code may take long to say whether it signed: it delays nobody else.
        if is_permission and not self._admission.needs_chain(signed[0]):
            return [self._permissions.submit(signed[0])]
        if kind is Enrolment:
            return self.enroller._submit(KINDS[kind], signed, progress)
        if KINDS[kind].values is None:
            return self._submit(KINDS[kind], signed, progress)
        # Each may depend on the one before it, which must be on the ledger before it is checked.
        return [self._submit(KINDS[kind], [item], None)[0] for item in signed]

    def propose(self, signed: Signed) -> Outcome:
        """Propose a recovery: an Enrolment that the new key signed.

        It is sent from the account that the message names, which is the one that enrolled.

        Raises:
            ConsentInvalid: not an Enrolment.
            LedgerUnavailable: the chain is unavailable; nothing was written.
        """
        if not isinstance(signed.message, Enrolment):
            raise ConsentInvalid(
                f"a {type(signed.message).__name__} cannot propose a recovery: "
                "use an Enrolment signed by the new key"
            )
        relayer = self.former.get(signed.message.custodian, self.enroller)
        return relayer._submit(RECOVERY, [signed], None)[0]

    def call(self, kind: str, function: str, *values: Any) -> Outcome:
        """Call a function that needs no signature of a subject, from the relayer's account."""
        payload = Payload(to=self.contract, data=abi.encode_call(function, *values), gas=_CALL_GAS)
        transactions = self._outbox.write([Intent(kind, payload)])
        self._outbox.send(transactions)
        name = "0x" + transactions[0].hash.hex()
        try:
            receipts = self._outbox.settle(transactions, self._limits.confirm_s)
            self._await_mirror(receipts, self._limits.confirm_s)
        except (LedgerUnavailable, LedgerBroken):
            return Outcome(False, PENDING, None, name)
        self._outbox.record(transactions, receipts)
        if not receipts[0].ok:
            return Outcome(False, self._why_reverted(payload.data), None, name)
        is_shown = self._is_shown(transactions[0])
        return Outcome(is_shown, "" if is_shown else PENDING, None, name)

    def unshown(
        self, kind: str, states: Sequence[str] = (WRITTEN, FAILED)
    ) -> set[tuple[int, bytes]]:
        """Return the signed messages of a kind that were stored here and the ledger does not show.

        Each is an operation and its words, as `consent.calldata.list_claims` gives them; `states`
        are those of their transactions.
        """
        return {(each.op, each.words) for each in self.list_unshown(kind, states)}

    def list_unshown(
        self, kind: str, states: Sequence[str] = (WRITTEN, FAILED)
    ) -> list[ShownMessage]:
        """Return what `unshown` does, with the key that signed each message."""
        stored = [sent for state in states for sent in self._outbox.find(kind, state)]
        looks = self._acknowledged.look([transaction.raw for transaction in stored])
        return [
            each for messages in looks for each in messages if each.is_signed and not each.is_shown
        ]

    def _is_shown(self, transaction: StoredTransaction) -> bool:
        """Return whether the verified ledger has all that one of our transactions was to bring."""
        return all(each.is_shown for each in self._acknowledged.look([transaction.raw])[0])

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root on the chain and return the transaction's hash when it is mined and mirrored.

        Raises:
            ConsentInvalid: an unknown kind, or not a root of 32 bytes.
            LedgerUnavailable: not confirmed yet; it is stored and will be sent again.
        """
        if len(root) != _ROOT_BYTES or not 0 <= count < 1 << _COUNT_BITS:
            raise ConsentInvalid(
                f"an anchor is a root of {_ROOT_BYTES} bytes and a number of leaves, "
                f"not {len(root)} bytes and {count}"
            )
        return self.anchorer._anchor(abi.encode_call(abi.ANCHOR, anchor_word(kind), root, count))

    def _anchor(self, data: bytes) -> str:
        payload = Payload(to=self.contract, data=data, gas=_ANCHOR_GAS)
        transactions = self._outbox.write([Intent("anchor", payload)])
        self._outbox.send(transactions)
        self._outbox.nonces.renew_fees()
        receipts = self._outbox.settle(transactions, self._limits.confirm_s)
        self._await_mirror(receipts, self._limits.confirm_s)
        self._outbox.record(transactions, receipts)
        if not receipts[0].ok:
            raise NotPermitted(self._why_reverted(data))
        if not self._is_shown(transactions[0]):
            raise LedgerUnavailable(
                "the chain node says that the anchor is mined, and the ledger does not have it: it "
                "is stored and will be sent again; check the node"
            )
        return "0x" + transactions[0].hash.hex()

    def _submit(
        self, kind: Kind, signed: Sequence[Signed], progress: Progress | None
    ) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        in_flight: deque[SentBatch] = deque()
        for first in range(0, len(signed), _SLICE):
            part = signed[first : first + _SLICE]
            admitted = self._admission.admit(kind, first, part, outcomes)
            messages = [signed[entry.index].message for entry in admitted]
            self._consent_terms.put_many(
                [(grant.subject, grant.terms) for grant in messages if isinstance(grant, Grant)]
            )
            in_flight += self._send(list(cut_batches(kind, admitted)))
            while len(in_flight) > _MAX_IN_FLIGHT:
                oldest = [in_flight.popleft() for _ in range(_MAX_IN_FLIGHT)]
                ahead_s = self._settle(oldest, outcomes)
                _report(progress, outcomes, signed)
                time.sleep(max(0, ahead_s - _SLOWDOWN_AHEAD_S))
        self._settle(list(in_flight), outcomes)
        _report(progress, outcomes, signed)
        return [outcomes[index] for index in range(len(signed))]

    def _send(self, batches: Sequence[Batch]) -> list[SentBatch]:
        if not batches:
            return []
        intents = []
        for batch in batches:
            payload = Payload(to=self.contract, data=batch.calldata(), gas=batch.gas())
            intents.append(Intent(batch.kind.name, payload, batch.pending_entries()))
        transactions = self._outbox.write(intents)
        self._outbox.send(transactions)
        return list(map(SentBatch, batches, transactions))

    def _settle(self, sent: Sequence[SentBatch], outcomes: dict[int, Outcome]) -> int:
        """Fill in the outcomes of these batches once they are mined and mirrored.

        Returns how many seconds the chain's clock is ahead of the host's.
        """
        if not sent:
            return 0
        transactions = [item.transaction for item in sent]
        kinds = [item.batch.kind for item in sent]
        limit_s = self._limits.wait_s(is_decision=all(kind in _DECISIONS for kind in kinds))
        try:
            self._outbox.nonces.renew_fees()
            receipts = self._outbox.settle(transactions, limit_s)
            view = self._await_mirror(receipts, limit_s)
        except (LedgerUnavailable, LedgerBroken):
            for item in sent:
                _put(outcomes, item.batch, _pending(item))
            return 0
        self._outbox.record(transactions, receipts)
        looks = self._acknowledged.look([each.raw for each in transactions])
        for item, receipt, messages in zip(sent, receipts, looks, strict=True):
            results = outcomes_on_ledger(item.batch, self._reported(item, receipt), messages)
            known = {each.words[:_ID_BYTES] for each in messages if each.is_known}
            self._forget_refused(item.batch, results, known)
            _put(outcomes, item.batch, results)
        return view.block_time_s - view.seen_at_s

    def _forget_refused(
        self, batch: Batch, results: Sequence[Outcome], known: Collection[bytes]
    ) -> None:
        """Delete the terms of grants that the contract refused, unless the consent exists."""
        refused = [
            outcome.consent_id
            for entry, outcome in zip(batch.entries, results, strict=True)
            if not outcome.ok and outcome.consent_id and outcome.reason not in (_EXISTS, PENDING)
            if entry.about not in known
        ]
        if batch.kind is KINDS[Grant] and refused:
            self._consent_terms.forget(refused)

    def _await_mirror(self, receipts: Sequence[Receipt], limit_s: float) -> View:
        """Return the first view whose final block has all of these."""
        until_s = time.monotonic() + limit_s
        while True:
            view, _ = self._mirror.sync()
            if all(receipt.block_number <= view.block_number for receipt in receipts):
                return view
            if time.monotonic() > until_s:
                raise LedgerUnavailable(
                    f"the transaction is mined but was not final in {limit_s:g} s"
                )
            time.sleep(_FINALITY_POLL_S)

    def _reported(self, sent: SentBatch, receipt: Receipt) -> list[Outcome]:
        """Return what the node says of each message."""
        if not receipt.ok:
            reason = self._why_reverted(sent.batch.calldata())
            return [replace(each, ok=False, reason=reason) for each in _pending(sent)]
        try:
            name = "0x" + sent.transaction.hash.hex()
            return read_outcomes(sent.batch, receipt.changes, name)
        except LedgerBroken:  # events that no contract writes: then the ledger alone says it
            return _pending(sent)

    def _why_reverted(self, data: bytes) -> str:
        return self._admission.why_reverted(self._outbox.address, data)


def _is_permission(message: Message) -> bool:
    return isinstance(message, Grant) and message.terms.decision != "deny"


def _pending(sent: SentBatch) -> list[Outcome]:
    name = "0x" + sent.transaction.hash.hex()
    return [pending_outcome(entry, name) for entry in sent.batch.entries]


def _put(outcomes: dict[int, Outcome], batch: Batch, results: Sequence[Outcome]) -> None:
    for entry, outcome in zip(batch.entries, results, strict=True):
        outcomes[entry.index] = outcome


def _report(
    progress: Progress | None, outcomes: dict[int, Outcome], signed: Sequence[Signed]
) -> None:
    if progress is not None:
        progress(len(outcomes), len(signed))
