"""The ports of this package: what it needs of the ledger, of the record store and of callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from consent import Anchor, View
from storage import AccessRequest, AccessResult, Extractor

Clock = Callable[[], float]
"""Seconds UTC."""


class ConsentLedger(Protocol):
    """The part of `consent.ConsentLedger` that is used here."""

    def find_ended(self, consent_ids: Sequence[bytes], /) -> list[bytes]:
        """Return those that are not in force at the newest view."""
        ...

    def subjects_of(self, consent_ids: Sequence[bytes], /) -> list[bytes]:
        """Return the subjects of these consents, each once."""
        ...

    def decision_basis(self) -> tuple[object, ...]:
        """Return what differs after each change that a decision can depend on."""
        ...

    def anchor(self, kind: str, root: bytes, count: int, /) -> str:
        """Put a root of 32 bytes on the ledger; return the transaction's hash."""
        ...

    def anchors(self, kind: str, /) -> Sequence[Anchor]:
        """Return the anchors of a kind, oldest first."""
        ...


class Vault(Protocol):
    """The only way to plaintext."""

    def gather(
        self, request: AccessRequest, /, *, extractor: Extractor | None = None
    ) -> AccessResult:
        """Return what the ledger permits at one view; everything else is only counted.

        With an extractor, the records have what it extracts in place of their content.
        """
        ...

    def decide_again(self, request: AccessRequest, /) -> Mapping[bytes, tuple[str, bytes]]:
        """Return outcome and deciding consent, now, of each record, by record id."""
        ...

    def record_use(self, request: AccessRequest, view: View, outcome: str = "answered", /) -> int:
        """Journal the use of records that were released, before the result is returned."""
        ...


class RecordStore(Protocol):
    """The part of `storage.RecordStore` that is used here."""

    @property
    def vault(self) -> Vault:
        """The vault."""
        ...

    def persons(self, subjects: Iterable[bytes], /) -> Mapping[bytes, bytes]:
        """Return the person of each subject: the same for subjects that are linked."""
        ...

    def linked_subjects(self, subject: bytes, /) -> Sequence[bytes]:
        """Return all subjects of the person of a subject, itself among them."""
        ...

    def pseudonyms(self, label: str, /) -> Callable[[bytes], bytes]:
        """Return a keyed hash, bytes to 32 bytes, that only this installation can compute."""
        ...


class Progress(Protocol):
    """Receives the progress of a long operation; may raise `RunCancelled` to end it."""

    def __call__(self, step: str, done: int, of: int, /) -> None:
        """Receive that `done` of `of` parts of this step are done."""
        ...


def no_progress(step: str, done: int, of: int, /) -> None:
    """Ignore the progress."""
