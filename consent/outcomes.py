"""Gives the outcomes of signed messages by the verified ledger, not by the node's receipts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from consent.acknowledged import ShownMessage
from consent.transactions import Batch, Checked, Outcome
from consent.typed_data import Op

PENDING: Final = "pending"

_THERE_BEFORE: Final = {
    Op.ENROLLED: "already-enrolled",
    Op.KEY_ADDED: "key-used",
    Op.GRANTED: "consent-id-used",
}
"""What the contract says of a message whose effect the ledger has had since before."""


def pending_outcome(entry: Checked, transaction_hash: str) -> Outcome:
    """Return the outcome of what is stored and not confirmed: only a "no" is in force."""
    return Outcome(bool(entry.pending), PENDING, entry.consent_id(), transaction_hash)


def outcomes_on_ledger(
    batch: Batch, reported: Sequence[Outcome], messages: Sequence[ShownMessage]
) -> list[Outcome]:
    """Return the outcome of each entry of a transaction that the node says is mined.

    What the ledger has is done, and what it does not have is pending, whatever the node says; its
    word counts only for a refusal of what would give a right, and of what is not known to be
    signed.

    Args:
        batch: what was sent.
        reported: the node's word on each entry.
        messages: each entry beside the verified ledger, in the same order.
    """
    return [
        _outcome(batch, entry, outcome, message)
        for entry, outcome, message in zip(batch.entries, reported, messages, strict=True)
    ]


def _outcome(batch: Batch, entry: Checked, reported: Outcome, message: ShownMessage) -> Outcome:
    name = reported.transaction_hash
    if message.is_shown:
        if reported.ok or reported.reason == PENDING:
            return Outcome(True, "", reported.consent_id, name)
        reason = _THERE_BEFORE.get(batch.kind.op, "")
        return Outcome(not reason, reason, reported.consent_id, name)
    is_no = bool(entry.pending)
    if is_no and not message.is_signed:
        return reported  # of an account with code: only the chain can say whether it signed
    if reported.ok or batch.kind.counts_once_stored:
        return pending_outcome(entry, name)
    return reported
