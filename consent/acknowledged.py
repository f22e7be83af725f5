"""Compares our own transactions with the ledger as the mirror proved it, whatever receipts say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from consent import abi
from consent.calldata import Claim, list_claims
from consent.ledger_content import LedgerContent
from consent.mirror import Mirror
from consent.outbox import SettledTransaction
from consent.outbox_rows import FAILED, MINED, REFUSED, REVOCATIONS, WRITTEN
from consent.raw_transactions import SentCall, read_call
from consent.typed_data import Op

_WORD: Final = 32
_ID_BYTES: Final = 2 * _WORD
_ENTRY_BYTES: Final = {"withdraw": _ID_BYTES, "stop": _ID_BYTES, "grant": 2 * _ID_BYTES}


class ShownMessage(NamedTuple):
    """A message of one of our transactions, beside the ledger as the mirror verified it.

    Attributes:
        op, words: the message, as `consent.calldata.list_claims` gives it.
        is_shown: the ledger has its effect, proved by a signature.
        is_signed: its own key signed, which was verified here. Only the chain could say that of an
            account with code (ERC-1271). True where no patient's signature is needed.
        is_known: the ledger has a grant with the same commitment, proved or not.
        signer: the key that signed; b"" where none is needed.
    """

    op: int
    words: bytes
    is_shown: bool
    is_signed: bool
    is_known: bool
    signer: bytes


class AcknowledgedChanges:
    """Judges what became of our transactions by the ledger that the mirror proved.

    A receipt is the chain node's word alone: that a transaction is mined, or that the contract
    refused it, does not show that its messages are on the ledger, or are not.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def look(self, raws: Sequence[bytes]) -> list[list[ShownMessage]]:
        """Return the messages of each of these transactions, with one pass over the ledger."""
        calls = [read_call(raw) for raw in raws]
        claims = [list_claims(call) if call is not None else [] for call in calls]
        messages = [message for of_call in claims for message, _ in of_call]
        content = LedgerContent(self._mirror, messages)
        return [
            [self._compare(call, message, claim, content) for message, claim in of_call if call]
            for call, of_call in zip(calls, claims, strict=True)
        ]

    def judge(self, settled: Sequence[SettledTransaction]) -> list[str]:
        """Return the state in which each of these is to be stored.

        One is mined when the ledger has its messages, or the contract refused them. What was
        acknowledged to a patient stays in force: refused by the contract, or still written.
        """
        looks = self.look([each.raw for each in settled])
        return [_state(each, messages) for each, messages in zip(settled, looks, strict=True)]

    def _compare(
        self, call: SentCall, message: tuple[int, bytes], claim: Claim, content: LedgerContent
    ) -> ShownMessage:
        op, words = message
        is_shown = content.has(op, words, claim.signer)
        is_signed = is_shown or self._is_signed(call, op, words, claim)
        is_known = is_shown or (op == Op.GRANTED and content.has_grant(words))
        return ShownMessage(op, words, is_shown, is_signed, is_known, claim.signer)

    def _is_signed(self, call: SentCall, op: int, words: bytes, claim: Claim) -> bool:
        if claim.signature is None:
            return True
        if op == Op.RECOVERY_PROPOSED:  # signed as the enrolment of the new key
            words = words[:_WORD] + call.sender.rjust(_WORD, b"\0") + words[_WORD:]
        return self._mirror.prover.is_signed(op, words, claim.signer, claim.signature)


def _state(settled: SettledTransaction, messages: Sequence[ShownMessage]) -> str:
    counted = _split(settled.kind, settled.counted)
    noes = [each for each in messages if each.words in counted]
    missing = [each for each in noes if not (each.is_shown or each.is_known)]
    if messages and all(each.is_shown for each in messages):
        return MINED
    if not settled.receipt.ok:
        return REFUSED if counted and settled.kind not in REVOCATIONS else FAILED
    refusals = [change for change in settled.receipt.changes if change.op == abi.REFUSED]
    # What only an account with code could have verified, and it refuses, was never the patient's.
    # Where we verified the signature, a node that says so lies.
    is_unsigned = {abi.refusal_reason(change) for change in refusals} == {abi.BADLY_SIGNED}
    if any(each.is_signed for each in missing) if is_unsigned else missing:
        return REFUSED if refusals else WRITTEN
    refused = {change.body[:_ID_BYTES] for change in refusals}
    # The sender of an anchor asks the mirror itself whether it is there.
    others = [each for each in messages if each.words not in counted and each.op != Op.ANCHORED]
    is_open = any(
        each.is_signed and not each.is_known and _named(each) not in refused for each in others
    )
    return WRITTEN if is_open else MINED


def _named(message: ShownMessage) -> bytes:
    """Return how an event names a message that the contract refused: by its subject and terms."""
    has_terms = message.op in (Op.GRANTED, Op.WITHDRAWN)
    return message.words[:_ID_BYTES] if has_terms else message.words[:_WORD] + bytes(_WORD)


def _split(kind: str, entries: bytes) -> set[bytes]:
    size = _ENTRY_BYTES.get(kind, len(entries) or 1)
    return {entries[at : at + size] for at in range(0, len(entries), size)}
