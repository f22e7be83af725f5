"""Offers what an operator does on the command line: read the status, accept lost rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from consent import ConsentLedger, RestoreResult, View
from models import Diagnostics
from services.installation import Installation
from services.jobs.progress import Progress
from storage import RecordStore, Use

OPERATOR: Final = "operator"
"""Who acts, in journal and log, when a command does."""
PURPOSE: Final = "HOPERAT"
"""HL7 v3-PurposeOfUse: running the health service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationStatus:
    """How much this installation holds, and which versions it runs on."""

    view: View
    finality: str
    enrolled: int
    ipfs_version: str
    records: int
    subjects: int
    batches: int
    journal_rows: int
    models: int
    is_development: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRows:
    """Anchored or marked journal rows that the database lacks, from `first` to `last`."""

    count: int
    first: int
    last: int


@define(eq=False, repr=False, kw_only=True)
class OperatorService:
    """What the operator of an installation can do beside starting and stopping it."""

    _installation: Installation
    _ledger: ConsentLedger
    _store: RecordStore
    _diagnostics: Diagnostics

    def status(self) -> InstallationStatus:
        """Return the status of ledger, record store and models.

        Raises:
            LedgerUnavailable (consent), StoreUnavailable (storage): a node does not answer.
        """
        totals = self._store.totals()
        return InstallationStatus(
            view=self._ledger.view(),
            finality=self._ledger.deployment.finality,
            enrolled=self._ledger.subjects(),
            ipfs_version=self._store.ipfs_version(),
            records=totals["records"],
            subjects=totals["subjects"],
            batches=totals["batches"],
            journal_rows=totals["journal"],
            models=len(self._diagnostics.models()),
            is_development=self._installation.is_development,
        )

    def rekey(self, subjects: Sequence[bytes], why: str, progress: Progress) -> None:
        """Re-encrypt what recipients could open, and mark the models that lost consent."""
        self._store.erasure.rekey(subjects, why, progress)
        self._diagnostics.apply_withdrawals()

    def find_missing_rows(self) -> MissingRows | None:
        """Return which anchored or marked journal rows are missing, or None."""
        journal = self._store.journal
        last, stored = journal.reached(), journal.head()[0]
        if last <= stored:
            return None
        return MissingRows(count=last - stored, first=stored + 1, last=last)

    def accept_missing_rows(self) -> int:
        """Accept that the missing rows are permanently lost; return the row that records it.

        Raises:
            StorageInvalid: no row is missing.
        """
        now_s = int(self._installation.clock())
        view, party = self._ledger.view(), self._installation.organisation
        use = Use(now_s, party, OPERATOR, PURPOSE, "rows lost, accepted", view)
        return self._store.journal.accept_loss(use)

    def find_restore(self) -> str | None:
        """Return why the state is older than the one that was marked; None if it is not."""
        return self._ledger.find_restore()

    def confirm_restore(self, evidence: Iterable[Mapping[str, Any]] | None) -> RestoreResult:
        """Serve from a restored copy, in which only what is still known to be valid permits.

        Args:
            evidence: the lines of a bundle that an auditor or another node exported later; with
                it, the withdrawals and stops since the copy count; what people permitted who signed
                a grant or a refusal since, under any linked number, waits for a new signature; and
                the other grants stay. Without it, every grant waits for a new signature.

        Raises:
            ConsentInvalid (consent): nothing to confirm, or evidence that does not fit.
        """
        return self._ledger.confirm_restore(evidence, self._with_linked)

    def _with_linked(self, subjects: Set[bytes]) -> set[bytes]:
        groups = self._store.links.groups(subjects)
        return set(subjects).union(*groups.values())
