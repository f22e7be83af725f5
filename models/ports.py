"""What the diagnostics need of the ledger and of the record store, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from consent import Anchor, View
from storage import AccessRequest, AccessResult

Clock = Callable[[], float]
"""Seconds UTC."""


class ConsentLedger(Protocol):
    """The part of `consent.Law` that is used here."""

    def find_ended(self, consent_ids: Sequence[bytes]) -> list[bytes]:
        """Return those that no longer stand at the newest view."""
        ...

    def anchor(self, kind: str, root: bytes, count: int) -> str:
        """Put a root of 32 bytes on the ledger; return the transaction's hash."""
        ...

    def anchors(self, kind: str) -> Sequence[Anchor]:
        """Return the anchors of a kind, oldest first."""
        ...


class Vault(Protocol):
    """The only door to plaintexts."""

    def gather(self, wanted: AccessRequest) -> AccessResult:
        """Return what the ledger permits at one view; everything else is only counted."""
        ...

    def record_use(self, wanted: AccessRequest, view: View, outcome: str = "answered") -> int:
        """Journal what was made of records that were handed out, before the answer leaves."""
        ...


class RecordStore(Protocol):
    """The part of `storage.Safe` that is used here."""

    @property
    def vault(self) -> Vault:
        """The door."""
        ...

    def pseudonyms(self, label: str) -> Callable[[bytes], bytes]:
        """Return the keyed hash of a label: bytes to 32 bytes that only this install can make."""
        ...


class Progress(Protocol):
    """Hears how far a long piece of work is; it may raise `RunCancelled` to end it."""

    def __call__(self, step: str, done: int, of: int, /) -> None:
        """Hear that `done` of `of` parts of this step are done."""
        ...


def silent(step: str, done: int, of: int) -> None:
    """Hear nothing."""
