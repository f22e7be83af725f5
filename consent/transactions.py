"""Cuts signed messages into transactions and reads their outcomes from the receipts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from consent import abi
from consent.abi import Change, Entry, word
from consent.chain import MAX_TRANSACTION_BYTES, MAX_TRANSACTION_GAS
from consent.errors import LedgerBroken
from consent.terms import (
    Enrolment,
    Grant,
    KeyAddition,
    KeyRemoval,
    Message,
    RecoveryVeto,
    Signed,
    Stop,
    Withdrawal,
)
from consent.typed_data import Op, consent_id, terms_hash

ACCOUNT_BYTES: Final = 20
PASSKEY_BYTES: Final = 84
MAX_ENTRIES: Final = 100
_FRAME_BYTES: Final = 1_024
"""Signature, fees, nonce, selector and lengths around the structs of a batch, with room."""
_BASE_GAS: Final = 700_000
_ACCOUNT_GAS: Final = 70_000
_PASSKEY_GAS: Final = 90_000
_CONTRACT_GAS: Final = 1_000_000
_BYTE_GAS: Final = 40
"""The maximum cost of a byte of calldata (EIP-7623). A transaction with less gas than its bytes
cost enters no pool, and every later one would wait behind it."""
_MAX_STRUCT_BYTES: Final = 16_384
"""Far more than any known signature has; a wallet contract's may have any length."""
_WORD: Final = 32
_ID_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one signed message; `reason` is "" if it counted, a code, or ``pending``."""

    ok: bool
    reason: str
    consent_id: bytes | None
    transaction_hash: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message: its function, its words, and the event that confirms it.

    `about` gives the words (subject, and perhaps terms hash or time) that its events begin with.
    """

    name: str
    function: str
    op: Op
    words: Callable[[Any], bytes]
    about: Callable[[Any], bytes]
    always_reported: bool
    """True if the contract emits an event for every entry; a second withdrawal emits none."""
    counts_once_stored: bool = False
    """True if it is in force here before it is mined."""
    values: Callable[[Any], Sequence[Any]] | None = None
    """For a function that takes one message and not a batch: its arguments, from a Signed."""


def _grant_words(grant: Grant) -> bytes:
    return _grant_about(grant) + word(grant.signed_at_s) + word(grant.not_after_s)


def _grant_about(grant: Grant) -> bytes:
    return grant.subject + terms_hash(grant.terms)


def _withdrawal_words(withdrawal: Withdrawal) -> bytes:
    return withdrawal.subject + withdrawal.terms_hash


def _stop_words(stop: Stop) -> bytes:
    return stop.subject + word(stop.issued_at_s)


def _subject(message: Enrolment | KeyAddition | KeyRemoval | RecoveryVeto) -> bytes:
    return message.subject


def _addition_values(signed: Signed) -> Sequence[Any]:
    addition: Any = signed.message
    proof = signed.signer, signed.signature, signed.proof
    return addition.subject, addition.signer, addition.role, addition.until_s, *proof


def _key_values(signed: Signed) -> Sequence[bytes]:
    message: Any = signed.message
    return message.subject, message.signer, signed.signer, signed.signature


def _recovery_values(signed: Signed) -> Sequence[bytes]:
    return _subject(cast(Enrolment, signed.message)), signed.signer, signed.signature


KINDS: Final[dict[type[Message], Kind]] = {
    Enrolment: Kind("enrol", abi.ENROL, Op.ENROLLED, _subject, _subject, True),
    Grant: Kind("grant", abi.GRANT, Op.GRANTED, _grant_words, _grant_about, True),
    Withdrawal: Kind(
        "withdraw", abi.WITHDRAW, Op.WITHDRAWN, _withdrawal_words, _withdrawal_words, False, True
    ),
    Stop: Kind("stop", abi.STOP, Op.STOPPED, _stop_words, _stop_words, False, True),
    KeyAddition: Kind(
        "add-key", abi.ADD_KEY, Op.KEY_ADDED, _subject, _subject, True, values=_addition_values
    ),
    KeyRemoval: Kind(
        "remove-key", abi.REMOVE_KEY, Op.KEY_REMOVED, _subject, _subject, False, values=_key_values
    ),
    RecoveryVeto: Kind(
        "veto", abi.VETO_RECOVERY, Op.RECOVERY_VETOED, _subject, _subject, True, values=_key_values
    ),
}
RECOVERY: Final = Kind(
    "recovery", abi.PROPOSE_RECOVERY, Op.RECOVERY_PROPOSED, _subject, _subject, True,
    values=_recovery_values,
)  # fmt: skip
"""A proposal is signed as an Enrolment of the new key."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A message whose signature was checked here; `index` is its position in the caller's list.

    `struct` is its struct of a batch, or the whole call where a function takes one message.
    `pending` is what counts of it before it is mined: a withdrawal, a stop or a refusal.
    `alone`: its signer is a contract, which may burn gas, so it gets a transaction of its own.
    """

    index: int
    about: bytes
    struct: bytes
    gas: int
    alone: bool
    pending: bytes = b""

    def consent_id(self) -> bytes | None:
        """Return the consent's id where the message is about one consent."""
        if len(self.about) < _ID_BYTES:
            return None
        return consent_id(self.about[:_WORD], self.about[_WORD:])


def encode_checked(kind: Kind, index: int, signed: Any, alone: bool) -> Checked:
    """Encode a signed message for its batch."""
    if kind.values is not None:
        struct, alone = abi.encode_call(kind.function, *kind.values(signed)), True
    else:
        entry = Entry(kind.words(signed.message), signed.signer, signed.signature)
        struct = abi.encode_entry(entry)
    gas = _PASSKEY_GAS if len(signed.signer) == PASSKEY_BYTES else _ACCOUNT_GAS
    about = kind.about(signed.message)
    gas = (_CONTRACT_GAS if alone else gas) + _BYTE_GAS * len(struct)
    return Checked(index, about, struct, gas, alone, _pending(kind, signed.message))


def _pending(kind: Kind, message: Message) -> bytes:
    if isinstance(message, Grant) and message.terms.decision == "deny":
        return _grant_words(message)
    return kind.about(message) if kind.counts_once_stored else b""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one transaction."""

    kind: Kind
    entries: tuple[Checked, ...]

    def calldata(self) -> bytes:
        """Return the call that submits these entries."""
        if self.kind.values is not None:
            return self.entries[0].struct
        return abi.encode_batch(self.kind.function, [entry.struct for entry in self.entries])

    def gas(self) -> int:
        """Return the gas limit of that call."""
        return _BASE_GAS + sum(entry.gas for entry in self.entries)

    def pending_entries(self) -> bytes:
        """Return what counts before this is mined: the withdrawals, stops and refusals."""
        return b"".join(entry.pending for entry in self.entries)


def cut_batches(kind: Kind, entries: Iterable[Checked]) -> Iterator[Batch]:
    """Yield batches that fit into a node's pool and into a block."""
    part: list[Checked] = []
    size, gas = _FRAME_BYTES, _BASE_GAS
    for entry in entries:
        size, gas = size + len(entry.struct) + _WORD, gas + entry.gas
        is_full = size > MAX_TRANSACTION_BYTES or gas > MAX_TRANSACTION_GAS
        if part and (is_full or entry.alone or part[-1].alone or len(part) == MAX_ENTRIES):
            yield Batch(kind, tuple(part))
            part = []
            size, gas = _FRAME_BYTES + len(entry.struct) + _WORD, _BASE_GAS + entry.gas
        part.append(entry)
    if part:
        yield Batch(kind, tuple(part))


def is_too_large(entry: Checked) -> bool:
    """Return whether an entry has more bytes than any known signature scheme needs."""
    return len(entry.struct) > _MAX_STRUCT_BYTES


def read_outcomes(batch: Batch, changes: Sequence[Change], transaction_hash: str) -> list[Outcome]:
    """Return the outcome of each entry of a mined transaction, by its events, in order.

    Raises:
        LedgerBroken: the events do not fit the entries.
    """
    events, outcomes = deque(changes), list[Outcome]()
    for entry in batch.entries:
        reason = ""
        if events and _is_about(events[0], batch.kind, entry):
            event = events.popleft()
            if event.op == abi.REFUSED:
                reason = abi.refusal_reason(event)
        elif batch.kind.always_reported:
            raise LedgerBroken("the receipt has no event for a signed message")
        outcomes.append(Outcome(not reason, reason, entry.consent_id(), transaction_hash))
    if events:
        raise LedgerBroken("the receipt has events for messages that were not in the transaction")
    return outcomes


def _is_about(event: Change, kind: Kind, entry: Checked) -> bool:
    if event.op == abi.REFUSED:
        names_terms = kind.op in (Op.GRANTED, Op.WITHDRAWN)
        prefix = event.body[: _ID_BYTES if names_terms else _WORD]
        return prefix == entry.about[: len(prefix)]
    return event.op == kind.op and event.body.startswith(entry.about)
