"""Which keys speak for a few subjects at one state of the ledger, and what changes add to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from consent.state import ROLE_OWN, LedgerState
from consent.subject_index import Numbers

_WORD = 32


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of a subject: its role, its end (seconds UTC, 0: none), and whether it was removed."""

    role: int
    until_s: int
    is_removed: bool = False


class KeyRing:
    """The keys of the subjects it was made for; one pass over the state, whatever their number."""

    def __init__(self, state: LedgerState, subjects: Iterable[bytes]) -> None:
        hashes = np.frombuffer(b"".join(set(subjects)), np.uint8).reshape(-1, _WORD)
        numbers = state.index.find(hashes)
        numbers = numbers[numbers >= 0]
        self._keys: dict[bytes, RingKey] = {}
        keys, removals = state.keys, state.removals
        for row in _rows(state.of.keys, numbers):
            name = keys.subject[row].tobytes() + keys.key_hash[row].tobytes()
            # As in the contract, the first use of a key is its only one.
            self._keys.setdefault(name, RingKey(int(keys.role[row]), int(keys.until_s[row])))
        for row in _rows(state.of.removals, numbers):
            self.remove(removals.subject[row].tobytes(), removals.key_hash[row].tobytes())
        enrolled = state.enrolments.subject
        self.enrolled = {
            enrolled[row].tobytes(): row for row in _rows(state.of.enrolments, numbers)
        }
        """The number of each subject's enrolment, from 0."""

    def find(self, subject: bytes, key_hash: bytes) -> RingKey | None:
        """Return a key that was ever used for the subject, removed or not."""
        return self._keys.get(subject + key_hash)

    def is_active(self, subject: bytes, key_hash: bytes) -> bool:
        """Return whether the key can sign for the subject."""
        key = self.find(subject, key_hash)
        return key is not None and not key.is_removed

    def is_own(self, subject: bytes, key_hash: bytes) -> bool:
        """Return whether the key is an active key of the patient's own, which may change keys."""
        key = self.find(subject, key_hash)
        return key is not None and not key.is_removed and key.role == ROLE_OWN

    def add(self, subject: bytes, key_hash: bytes, role: int = ROLE_OWN, until_s: int = 0) -> None:
        """Add a key; one that was used before stays as it is."""
        self._keys.setdefault(subject + key_hash, RingKey(role, until_s))

    def remove(self, subject: bytes, key_hash: bytes) -> None:
        """Remove a key, or bar one that was never added."""
        name = subject + key_hash
        self._keys[name] = replace(self._keys.get(name, RingKey(ROLE_OWN, 0)), is_removed=True)


def _rows(numbers_of_rows: Numbers, numbers: Numbers) -> list[int]:
    if not len(numbers):
        return []
    rows: list[int] = np.flatnonzero(np.isin(numbers_of_rows, numbers)).tolist()
    return rows
