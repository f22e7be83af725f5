"""Erases everything that is stored about a patient, and keeps the signed receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import define

from consent import ConsentLedger
from services.errors import Conflict
from services.jobs.progress import Progress
from services.requests.erasures import APPROVED, ERASED, ErasureRequests
from storage import RecordStore

WHY: Final = "a patient's request"
_OVER: Final = frozenset({"withdrawn", "expired"})
Eraser = Callable[[bytes], object]
"""Erases one kind of data of a subject; repeating it changes nothing."""


@define(eq=False, repr=False, kw_only=True)
class PatientErasure:
    """Carries out approved requests; an interrupted one is completed by running it again.

    Attributes:
        _parts: names, for the receipt, what is erased beside the records.
        _last: deletes, after the records, what was computed from them until then.
    """

    _requests: ErasureRequests
    _store: RecordStore
    _parts: Mapping[str, Eraser]
    _last: Eraser

    def run(self, identity: str, progress: Progress) -> dict[str, Any]:
        """Erase the patient of an approved request; return the receipt as JSON.

        The records and their keys go last, so that the receipt, which is signed then, states only
        what is done: answers, drafts, terms and the rest are erased by then, and SQLite's log too.

        Raises:
            NotFound: there is no such request.
            Conflict: it was not approved.
            StorageUnavailable (storage), LedgerUnavailable (consent): run it again.
        """
        request = self._requests.get(identity)
        if request.state == ERASED and request.receipt is not None:
            return request.receipt.document()
        if request.state != APPROVED:
            raise Conflict(f"erasure {identity} is {request.state}. Approve it first.")
        for done, (name, erase) in enumerate(self._parts.items()):
            progress(name, done, len(self._parts) + 1)
            erase(request.subject)
        progress("records", len(self._parts), len(self._parts) + 1)
        receipt = self._store.erasure.shred(request.subject, WHY, list(self._parts))
        self._last(request.subject)
        self._requests.finish(identity, receipt)
        return receipt.document()


def erase_links(store: RecordStore, ledger: ConsentLedger, subject: bytes) -> None:
    """Delete the links of a patient, but none through which a "no" counts for another number.

    What the erased number refused cannot be read afterwards. Through the link, all use under the
    other numbers of the person is then refused, until a custodian undoes it. The same holds for a
    death that is noted under the erased number. Call it before the terms are erased.

    Raises:
        LedgerUnavailable (consent): refusals cannot be checked now; nothing was deleted.
    """
    refuses = bool(store.deceased.find([subject])) or any(
        consent.state not in _OVER and (consent.terms is None or consent.terms.decision == "deny")
        for consent in ledger.consents_of(subject)
    )
    store.links.erase_subject(subject, refuses=refuses)


def erase_death(store: RecordStore, subject: bytes) -> None:
    """Delete the note that a patient has died, unless it counts for a linked number."""
    if not store.links.groups([subject]):
        store.deceased.erase_subject(subject)
