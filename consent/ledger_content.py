"""Finds which signed messages the ledger has, as the mirror verified it, with one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np

from consent.key_ring import KeyRing
from consent.mirror import Mirror
from consent.recoveries import FINISHED, VETOED, WAITING
from consent.state import LedgerState
from consent.subject_index import Numbers
from consent.typed_data import Op, keccak

_WORD: Final = 32
_ID_BYTES: Final = 2 * _WORD
_NEVER_S: Final = -1
_NOT_OF_SUBJECTS: Final = frozenset({Op.ANCHORED, Op.ROLE_GRANTED, Op.ROLE_REVOKED})


class LedgerContent:
    """What the verified ledger has of some messages.

    A message is an operation and its words, as `consent.calldata.list_claims` gives them. A receipt
    is the node's word alone; this is not.
    """

    def __init__(self, mirror: Mirror, messages: Iterable[tuple[int, bytes]]) -> None:
        """Look once at the newest state that the mirror has read."""
        self._mirror = mirror
        state = mirror.state()
        named = list(messages)
        subjects = {words[:_WORD] for op, words in named if op not in _NOT_OF_SUBJECTS}
        self._ring = KeyRing(state, subjects)
        hashes = np.frombuffer(b"".join(subjects), np.uint8).reshape(-1, _WORD)
        numbers = state.index.find(hashes)
        numbers = numbers[numbers >= 0]
        ops = {op for op, _ in named}
        self._grants = _grants(state, numbers) if Op.GRANTED in ops else {}
        self._withdrawn = _withdrawn(state, numbers) if Op.WITHDRAWN in ops else set[bytes]()
        self._stops = state.last_stops(numbers) if Op.STOPPED in ops else dict[bytes, int]()
        self._rules: Mapping[int, Callable[[bytes, bytes], bool]] = {
            Op.ENROLLED: self._is_enrolled,
            Op.KEY_ADDED: self._is_added,
            Op.KEY_REMOVED: self._is_removed,
            Op.GRANTED: self._is_granted,
            Op.WITHDRAWN: lambda words, _: words in self._withdrawn,
            Op.STOPPED: self._is_stopped,
            Op.RECOVERY_PROPOSED: self._is_proposed,
            Op.RECOVERY_VETOED: self._is_vetoed,
            Op.ANCHORED: lambda words, _: self._mirror.events.has_anchor(words),
        }

    def has(self, op: int, words: bytes, signer: bytes) -> bool:
        """Return whether a proved change has the effect of the message that this key signed.

        Changes of roles are always said to be there: who sends them waits for the mirror itself.
        """
        rule = self._rules.get(op)
        return rule is None or rule(words, signer)

    def has_grant(self, words: bytes) -> bool:
        """Return whether the ledger has a grant with this commitment, proved or not."""
        return words[:_ID_BYTES] in self._grants

    def _is_enrolled(self, words: bytes, _: bytes) -> bool:
        subject = words[:_WORD]
        is_known = self._ring.find(subject, words[_ID_BYTES:]) is not None
        return is_known and subject in self._ring.enrolled

    def _is_added(self, words: bytes, _: bytes) -> bool:
        key = self._ring.find(words[:_WORD], words[_WORD:_ID_BYTES])
        role, until_s = (int.from_bytes(words[at : at + _WORD], "big") for at in (64, 96))
        return key is not None and (key.role, key.until_s) == (role, until_s)

    def _is_removed(self, words: bytes, _: bytes) -> bool:
        key = self._ring.find(words[:_WORD], words[_WORD:])
        return key is not None and key.is_removed

    def _is_granted(self, words: bytes, signer: bytes) -> bool:
        return keccak(signer) in self._grants.get(words[:_ID_BYTES], ())

    def _is_stopped(self, words: bytes, _: bytes) -> bool:
        last_s = self._stops.get(words[:_WORD], _NEVER_S)
        return last_s >= int.from_bytes(words[_WORD:_ID_BYTES], "big")

    def _is_proposed(self, words: bytes, _: bytes) -> bool:
        states = self._recovery_states(words)
        return bool(states) and states[-1] in (WAITING, FINISHED)

    def _is_vetoed(self, words: bytes, _: bytes) -> bool:
        return VETOED in self._recovery_states(words)

    def _recovery_states(self, words: bytes) -> list[str]:
        """Return the states of what was proposed for a subject with this key, oldest first."""
        recoveries = self._mirror.recoveries.of_subject(words[:_WORD])
        return [each.state for each in recoveries if keccak(each.signer) == words[_WORD:]]


def _grants(state: LedgerState, numbers: Numbers) -> dict[bytes, set[bytes]]:
    """Return the hashes of the keys of each grant of these subjects, by subject and commitment."""
    grants: dict[bytes, set[bytes]] = {}
    rows = state.grants
    for row in np.flatnonzero(np.isin(state.of.grants, numbers)).tolist():
        name = rows.subject[row].tobytes() + rows.terms_hash[row].tobytes()
        grants.setdefault(name, set()).add(rows.key_hash[row].tobytes())
    return grants


def _withdrawn(state: LedgerState, numbers: Numbers) -> set[bytes]:
    rows = state.withdrawals
    return {
        rows.subject[row].tobytes() + rows.terms_hash[row].tobytes()
        for row in np.flatnonzero(np.isin(state.of.withdrawals, numbers)).tolist()
    }
