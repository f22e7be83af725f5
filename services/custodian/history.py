"""The custodian's rule for earlier versions: kept beside a correction, or destroyed by it."""

from __future__ import annotations

from dataclasses import dataclass

from services.custodian.patient_journal import PatientJournal
from services.requests.history import VERSIONS_DESTROYED, VERSIONS_KEPT
from storage import NOBODY, RecordStore, RuleChange


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryState:
    """The rule in force, and how many earlier versions are stored."""

    rule: RuleChange
    versions: int


class CustodianHistory:
    """Whether the version that a correction replaces is kept; nobody trains on such a version."""

    def __init__(self, *, store: RecordStore, journal: PatientJournal) -> None:
        self._store = store
        self._journal = journal

    def get(self) -> HistoryState:
        """Return the rule in force."""
        versions = self._store.versions.count_former()
        return HistoryState(rule=self._store.history_rule.get(), versions=versions)

    def set(self, *, keeps: bool, by: str) -> HistoryState:
        """Keep replaced versions from now on, or destroy them; it is journalled first.

        The rule "destroy" also deletes the key of every earlier version that is stored, which its
        patient sees in the history. Repeating the call changes nothing, and completes one that was
        interrupted.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable (storage): nothing changed.
        """
        rule = self._store.history_rule
        destroyed = [] if keeps else self._store.versions.find_former()
        if rule.get().keeps != keeps:
            outcome = VERSIONS_KEPT if keeps else VERSIONS_DESTROYED
            self._journal.record(outcome, "the rule for earlier versions", [NOBODY], by=by)
        if destroyed:
            why, subjects = "the rule for earlier versions", [entry.subject for entry in destroyed]
            self._journal.record(VERSIONS_DESTROYED, why, subjects, by=by)
        if rule.get().keeps != keeps:
            rule.set(keeps=keeps, by=by)
        if destroyed:
            self._store.versions.delete_former()
            self._store.erasure.sweep(wait=False)
        return self.get()
