"""Keeps whose rows are in a copy, so that a patient's page does not open every copy again."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 64 * 2**20
"""Of the names of all copies that are kept; the copy that was asked for longest ago goes first."""
_HASH_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class CopyNames:
    """The names of a copy's rows, as short hashes that can be searched; and which kind it is."""

    hashes: bytes
    is_pseudonymised: bool
    whole_records: bool

    @classmethod
    def of(cls, names: Iterable[str], *, is_pseudonymised: bool, whole_records: bool) -> CopyNames:
        """Return the names of a copy that was opened."""
        return cls(b"".join(sorted(map(_hash, names))), is_pseudonymised, whole_records)

    def has(self, name: str) -> bool:
        """Return whether the copy has a row of this name."""
        hashed, count = _hash(name), len(self.hashes) // _HASH_BYTES
        place = bisect_left(range(count), hashed, key=self._at)
        return place < count and self._at(place) == hashed

    def _at(self, place: int) -> bytes:
        return self.hashes[place * _HASH_BYTES : (place + 1) * _HASH_BYTES]


class KnownCopies:
    """The names of the copies that this process opened; what a copy has never changes."""

    def __init__(self, read: Callable[[str], CopyNames]) -> None:
        """Keep what opens the copy of an id."""
        self._read = read
        self._lock = threading.Lock()
        self._known = OrderedDict[str, CopyNames]()
        self._bytes = 0

    def get(self, copy_id: str) -> CopyNames:
        """Return the names of a copy."""
        with self._lock:
            known = self._known.get(copy_id)
            if known is not None:
                self._known.move_to_end(copy_id)
                return known
        known = self._read(copy_id)
        with self._lock:
            if self._known.setdefault(copy_id, known) is known:
                self._bytes += len(known.hashes)
            while self._bytes > MAX_BYTES:
                _, oldest = self._known.popitem(last=False)
                self._bytes -= len(oldest.hashes)
        return known


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:_HASH_BYTES]
