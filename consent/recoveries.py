"""Tracks the key recoveries that custodians propose, and when each becomes ready."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from consent import abi
from consent.abi import Change
from consent.chain import Chain
from consent.errors import LedgerUnavailable
from consent.typed_data import Op

WAITING: Final = "waiting"
READY: Final = "ready"
_WORD: Final = 32
VETOED: Final = "vetoed"
FINISHED: Final = "finished"
_ENDS: Final = {Op.RECOVERY_VETOED: VETOED, Op.RECOVERED: FINISHED}
_KEY_CHANGES: Final = frozenset({Op.KEY_ADDED, Op.KEY_REMOVED})
_KEY_HASH_AT: Final = {Op.ENROLLED: 2, Op.KEY_ADDED: 1, Op.RECOVERY_PROPOSED: 1}


@dataclass(frozen=True, slots=True)
class Recovery:
    """A key that a custodian proposed for a patient without any; seconds UTC.

    `state` is ``waiting`` (the patient may still veto it), ``ready`` (the delay has passed),
    ``finished``, ``vetoed``, ``replaced`` (by a newer proposal) or ``void`` (the patient added or
    removed the key meanwhile). `ready_at_s` is None once it has ended, or where the chain's newest
    block already has another proposal, which is not final yet. `since_s` is the time from which
    its delay counts here, by our own clock.
    """

    subject: bytes
    signer: bytes
    state: str
    ready_at_s: int | None
    block_number: int
    since_s: int = 0


def name_new_key(change: Change) -> bytes | None:
    """Return subject and hash of the key that a change brings in; None if it brings none."""
    if (index := _KEY_HASH_AT.get(Op(change.op))) is None:
        return None
    return change.body[:_WORD] + change.body[index * _WORD : (index + 1) * _WORD]


class Recoveries:
    """Every recovery by its subject, from the ledger's changes in order; there are few.

    Attributes:
        by_node: subject and hash of each key of which only the node said that it signed, as of an
            account with code.
    """

    def __init__(self) -> None:
        self.by_node: set[bytes] = set()
        self._by_subject: dict[bytes, tuple[Recovery, ...]] = {}

    def extend(self, changes: Iterable[Change], proofs: Iterable[int]) -> None:
        """Add those of these changes that are proved, in the order of the ledger."""
        for change, proof in zip(changes, proofs, strict=True):
            if not proof:
                continue
            subject = change.body[:_WORD]
            if proof < 0 and (name := name_new_key(change)) is not None:
                self.by_node.add(name)
            if change.op == Op.RECOVERY_PROPOSED:
                earlier = self._ended(subject, "replaced", None)
                since_s = abs(proof)
                new = Recovery(subject, change.signer, WAITING, None, change.block_number, since_s)
                self._by_subject[subject] = (*earlier, new)
            elif subject in self._by_subject and change.op in _ENDS:
                ended = self._ended(subject, _ENDS[Op(change.op)], change.signer)
                self._by_subject[subject] = ended
            elif subject in self._by_subject and change.op in _KEY_CHANGES:
                self._by_subject[subject] = self._ended(subject, "void", change.signer)

    def _ended(self, subject: bytes, state: str, signer: bytes | None) -> tuple[Recovery, ...]:
        """Return a subject's recoveries, the waiting ones of this signer (or any) in `state`."""
        return tuple(
            replace(recovery, state=state)
            if recovery.state == WAITING and signer in (None, recovery.signer)
            else recovery
            for recovery in self._by_subject.get(subject, ())
        )

    def of_subject(self, subject: bytes) -> tuple[Recovery, ...]:
        """Return a subject's recoveries, oldest first."""
        return self._by_subject.get(subject, ())

    def waiting(self) -> list[Recovery]:
        """Return every waiting recovery."""
        return [
            recovery
            for recoveries in list(self._by_subject.values())
            for recovery in recoveries
            if recovery.state == WAITING
        ]

    def vetoed(self) -> list[Recovery]:
        """Return each subject's newest recovery, if the patient refused it."""
        newest = [recoveries[-1] for recoveries in list(self._by_subject.values())]
        return [recovery for recovery in newest if recovery.state == VETOED]


def with_ready_times(
    chain: Chain, contract: str, recoveries: Sequence[Recovery], now_s: float
) -> list[Recovery]:
    """Return recoveries; each waiting one with the time from which the contract will accept it.

    Raises:
        LedgerUnavailable: the chain is unavailable.
    """
    waiting = [recovery for recovery in recoveries if recovery.state == WAITING]
    calls = [abi.encode_call(abi.RECOVERY_OF, recovery.subject) for recovery in waiting]
    answers = chain.answers(contract, calls) if calls else []
    timed = {}
    for recovery, answer in zip(waiting, answers, strict=True):
        signer, ready_at_s = _read(answer)
        if signer == recovery.signer:
            state = READY if ready_at_s <= now_s else WAITING
            timed[recovery.subject] = replace(recovery, state=state, ready_at_s=ready_at_s)
    return [
        timed.get(recovery.subject, recovery) if recovery.state == WAITING else recovery
        for recovery in recoveries
    ]


def _read(answer: bytes | None) -> tuple[bytes, int]:
    try:
        return abi.read_recovery(answer or b"")
    except ValueError as exc:
        raise LedgerUnavailable("the chain's answer on a recovery cannot be read") from exc
