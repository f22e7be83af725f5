"""The history of a patient's records: the uses and refusals in the journal, folded by act."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from attrs import define

from consent import ANY, MLTRAINING, Consent, ConsentError, ConsentLedger
from models import Diagnostics, TrainingRun
from services.dates import day_of
from services.requests.choices import COPY, COPY_PURPOSES, PSEUDONYMISED_COPY, WHOLE_COPY
from services.requests.copies import ReleasedCopies, ReleasedCopy
from services.requests.copy_deletions import CopyDeletions
from storage import MOVED_AWAY, OWN, OWN_PURPOSE, JournalRow, RecordStore

PERMITTED: Final = "permitted"
ANSWERED: Final = "answered"
MAINTENANCE: Final = {"re-keyed": "rekeyed", "shredded": "erased", "counted": "counted-people"}
"""Outcomes by which nobody gets a record: after a withdrawal, or while people are counted."""
COPY_DELETED: Final = "copy-deleted"
"""A study confirmed that it deleted a copy."""
ROWS_DELETED: Final = "copy-rows-deleted"
"""A study confirmed that it deleted a patient's rows from a copy."""
IDENTITY_CHECKED: Final = "identity-checked"
"""A custodian checked who the patient is, before a link to join or for a new key."""
LINK_ISSUED: Final = "link-issued"
"""A custodian issued a link without an identity check: by letter, or the check is not stated."""
LETTER: Final = "letter"
"""Why a link was issued: it goes to the postal address in the hospital's records."""
LINKED_PERSON: Final = "person-linked"
UNLINKED_PERSON: Final = "person-unlinked"
DECEASED_NOTED: Final = "deceased-noted"
DECEASED_UNDONE: Final = "deceased-undone"
MOVED_HERE: Final = "record-moved-here"
REFILED: Final = "records-refiled"
VERSIONS_KEPT: Final = "versions-kept"
VERSIONS_DESTROYED: Final = "versions-destroyed"
ADMINISTRATION: Final = frozenset(
    {
        LINKED_PERSON,
        UNLINKED_PERSON,
        DECEASED_NOTED,
        DECEASED_UNDONE,
        MOVED_AWAY,
        MOVED_HERE,
        REFILED,
        VERSIONS_KEPT,
        VERSIONS_DESTROYED,
    }
)
"""What a custodian did about a patient's number or records: neither use nor refusal."""
LEFT_OUT: Final = "left-out"
"""Records were opened for a copy that has no row of them."""
UNMADE: Final = "unmade"
"""Records were opened for a copy that is being made, or could not be made."""
LEARNED: Final = "learned"
LEARNING: Final = "learning"
COUNTED: Final = "counted"
GATE_CLOSED: Final = "gate-closed"
CANCELLED: Final = "cancelled"
BROKEN_OFF: Final = "broken-off"
_RUN_RESULTS: Final = {
    "done": LEARNED,
    "running": LEARNING,
    "refused": GATE_CLOSED,
    "stopped": CANCELLED,
    "failed": BROKEN_OFF,
}
"""What became of a use for training, by the state of the run that it belongs to."""
PAGE_ROWS: Final = 400
"""How many journal rows one page reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One entry of a patient's history; `text_key` names its text in words/*/history.ftl.

    Attributes:
        seq: the journal row that proves it; the newest of those folded into it.
        party: the user of the records.
        purpose: a code of the vocabulary.
        categories: the classes of records, sorted.
        outcome: ``permitted``, ``answered``, or the reason of the refusal.
        since_s: when the consent that decided was signed; 0 if not known.
        count: how many acts are folded into this entry.
        consent_id: the consent that decided; None if there is none.
        not_after_s: when the consent that decided ends or ended by itself; 0 if not known.
        is_own_act: True for what the patient did, or an answer to it; `seq` is 0: no journal row.
        result: of a use for training: ``learned``, ``learning``, ``counted``, ``gate-closed``,
            ``cancelled`` or ``broken-off``; ``left-out`` of a use for a copy that has no row of
            the patient, ``unmade`` while there is no such copy; ``letter`` of a check by post; ""
            for all else.
        release: the name of the copy that the records were opened for; otherwise empty.
        is_for_another: whether the consent that decided names another party: the nearest one.
    """

    seq: int
    at_s: int
    party: str
    outcome: str
    purpose: str = ""
    categories: tuple[str, ...] = ()
    since_s: int = 0
    count: int = 1
    consent_id: bytes | None = None
    not_after_s: int = 0
    is_own_act: bool = False
    result: str = ""
    release: str = ""
    is_for_another: bool = False

    @property
    def is_refusal(self) -> bool:
        """True when access was refused."""
        if self.is_own_act:
            return False
        uses = (PERMITTED, OWN, ANSWERED, IDENTITY_CHECKED, LINK_ISSUED)
        return self.outcome not in (*uses, *MAINTENANCE, *ADMINISTRATION)

    @property
    def text_key(self) -> str:
        """The key of this entry's text."""
        if self.is_own_act:
            return f"act-{self.outcome}"
        if self.outcome in _FIXED_TEXTS:
            return _FIXED_TEXTS[self.outcome]
        if self.outcome in (IDENTITY_CHECKED, LINK_ISSUED):
            by_post = "-letter" if self.result == LETTER else ""
            return f"identity-{self.purpose}{by_post}"
        if self.is_refusal:
            key = _REFUSALS.get(self.outcome, "refused-never")
            # Who withdrew from one study never allowed the other that asks.
            return "refused-never" if self.is_for_another and key in _ENDED else key
        if self.purpose == OWN_PURPOSE:
            return "used-self"
        if self.outcome == ANSWERED:
            return "used-model-party"
        if self.purpose == MLTRAINING:
            return f"used-train-{self.result or COUNTED}"
        return _COPIES.get(self.result or self.purpose, "used-read-party")


_COPIES: Final = {
    COPY: "used-copy",
    PSEUDONYMISED_COPY: "used-copy-pseudonymised",
    WHOLE_COPY: "used-copy-whole",
    LEFT_OUT: "used-copy-left-out",
    UNMADE: "used-copy-unmade",
}
_COPY_KINDS: Final = ("training set", "pseudonymised copy")
"""What the journal says that records were opened for, before the name of the copy."""
_ENDED: Final = ("refused-withdrawn", "refused-ended")
_FIXED_TEXTS: Final = MAINTENANCE | {outcome: outcome for outcome in ADMINISTRATION}
_REFUSALS: Final = {
    "withdrawn": "refused-withdrawn",
    "stopped": "refused-withdrawn",
    "withdrawn-meanwhile": "refused-withdrawn",
    "expired": "refused-ended",
    "opening-missing": "refused-unknown",
    "linked-refusal": "refused-linked",
    "deceased": "refused-deceased",
    "duty-unmet": "refused-duty",
    "not-there": "refused-unknown",
}


def _purpose_of(copy: ReleasedCopy) -> str:
    rows_or_whole = WHOLE_COPY if copy.whole_records else PSEUDONYMISED_COPY
    return rows_or_whole if copy.is_pseudonymised else COPY


@define(eq=False, repr=False)
class AccessHistory:
    """Reads a patient's history from the journal."""

    _store: RecordStore
    _ledger: ConsentLedger
    _diagnostics: Diagnostics
    _copies: ReleasedCopies
    _deletions: CopyDeletions

    def list_entries(
        self, subject: bytes, before: int | None = None
    ) -> tuple[list[HistoryEntry], int | None]:
        """Return a patient's entries, newest first, and where older ones begin (None: at the end).

        The records of one act make one entry; a day's refusals of one party make one entry.
        """
        rows = self._store.journal.of_subject(subject, PAGE_ROWS, before)
        entries = self._fold(subject, rows, self._uses_of(rows))
        return entries, rows[-1].seq if len(rows) == PAGE_ROWS else None

    def _uses_of(self, rows: Sequence[JournalRow]) -> dict[bytes, dict[str, Any]]:
        return self._store.journal.uses_of({row.use: None for row in rows})

    def _fold(
        self, subject: bytes, rows: Sequence[JournalRow], uses: dict[bytes, dict[str, Any]]
    ) -> list[HistoryEntry]:
        """Return the entries of rows, newest first: one of each act."""
        categories = {r.record_id: r.category for r in self._store.records_of(subject)}
        consents = self._consents(subject)
        acts: dict[tuple[Any, ...], list[JournalRow]] = {}
        for row in rows:
            acts.setdefault(_act_of(row, uses[row.use]), []).append(row)
        entries = [_entry(act, uses, categories, consents) for act in acts.values()]
        return self._with_results(subject, entries)

    def list_deletions(self, subject: bytes, after_s: float, until_s: float) -> list[HistoryEntry]:
        """Return which studies said in this time that they deleted this patient's rows or copy."""
        terms = [consent.terms for consent in self._consents(subject).values()]
        studies = {
            each.recipient
            for each in terms
            if each and any(code in each.purposes for code in COPY_PURPOSES)
        }
        copies = self._copies.list_with(subject, sorted(studies - {ANY}))
        entries = [entry for copy in copies for entry in self._entries_of(copy, subject)]
        return [entry for entry in entries if after_s < entry.at_s <= until_s]

    def _entries_of(self, copy: ReleasedCopy, subject: bytes) -> list[HistoryEntry]:
        """Return what a study said about its copy: that it, or the patient's rows, are deleted."""
        deletion = self._deletions.find(copy, subject) if copy.is_pseudonymised else None
        times = {
            ROWS_DELETED: deletion.acknowledged_at_s if deletion else None,
            COPY_DELETED: copy.deleted_at_s,
        }
        return [
            HistoryEntry(
                seq=0,
                at_s=at_s,
                party=copy.study,
                purpose=_purpose_of(copy),
                outcome=outcome,
                is_own_act=True,
            )
            for outcome, at_s in times.items()
            if at_s is not None
        ]

    def time_of(self, subject: bytes, seq: int) -> float:
        """Return when a row about a patient was written; infinity if there is none."""
        row = self.find_row(subject, seq)
        return float(self._store.journal.use(row.use)["at_s"]) if row else math.inf

    def _with_results(self, subject: bytes, entries: list[HistoryEntry]) -> list[HistoryEntry]:
        """Say of each use for training or for a copy what became of it.

        A run of that study covers its time. Records are opened before it is known whether a model
        learns from them, or a copy has a row of them.
        """
        is_training = {e.seq for e in entries if e.purpose == MLTRAINING and not e.is_refusal}
        studies = sorted({entry.party for entry in entries if entry.seq in is_training})
        runs = self._diagnostics.runs_of(studies) if studies else []
        consents = [entry.consent_id for entry in entries if entry.consent_id]
        models = self._diagnostics.models_trained_under(consents) if runs else []
        trained = {model.id for model in models}
        copying = sorted({entry.party for entry in entries if entry.release})
        made = {release for study in copying for release in self._copies.list_releases(study)}
        has_row = {copy.release for copy in self._copies.list_with(subject, copying)}
        return [
            replace(entry, result=_result(entry, runs, trained))
            if entry.seq in is_training
            else replace(entry, result=_copy_result(entry.release, made, has_row))
            if entry.release
            else entry
            for entry in entries
        ]

    def list_by_consent(self, subject: bytes, consent_id: bytes) -> list[HistoryEntry]:
        """Return the uses that a consent has permitted, newest first.

        An answer of a model names no consent: it is under the one by which its records were opened.
        """
        journal = self._store.journal
        rows = journal.of_subject(subject, PAGE_ROWS, under=(consent_id, ANSWERED))
        uses = self._uses_of(rows)
        opened = {_access_of(uses[row.use]) for row in rows if row.answer.consent_id == consent_id}
        rows = [row for row in rows if _access_of(uses[row.use]) in opened]
        return [e for e in self._fold(subject, rows, uses) if not e.is_refusal]

    def entry_of(self, subject: bytes, row: JournalRow) -> HistoryEntry:
        """Return what one row of the journal says, without the rows that a list folds into it."""
        uses = {row.use: self._store.journal.use(row.use)}
        categories = {r.record_id: r.category for r in self._store.records_of(subject)}
        entry = _entry([row], uses, categories, self._consents(subject))
        return self._with_results(subject, [entry])[0]

    def find_row(self, subject: bytes, seq: int) -> JournalRow | None:
        """Return a journal row about this patient."""
        rows = self._store.journal.of_subject(subject, 1, seq + 1)
        return rows[0] if rows and rows[0].seq == seq else None

    def _consents(self, subject: bytes) -> dict[bytes, Consent]:
        try:
            consents = self._ledger.consents_of(subject)
        except ConsentError:
            return {}  # the history can be read without; only since when is not known now
        return {consent.consent_id: consent for consent in consents}


def _result(entry: HistoryEntry, runs: Sequence[TrainingRun], trained: Collection[str]) -> str:
    """Return what became of a use for training; without a run, people were counted.

    A patient whom a run left out, such as for a missing value, was counted too. `trained` are the
    models that learned from the patient.
    """
    for run in reversed(runs):
        ended_at_s = math.inf if run.ended_at_s is None else run.ended_at_s
        if run.study == entry.party and run.started_at_s <= entry.at_s <= ended_at_s:
            if run.state == "done" and run.model_id not in trained:
                return COUNTED
            return _RUN_RESULTS.get(run.state, COUNTED)
    return COUNTED


def _copy_result(release: str, made: Collection[str], has_row: Collection[str]) -> str:
    """Return what became of a use for a copy, by the copies that were made and have a row."""
    if release not in made:
        return UNMADE
    return "" if release in has_row else LEFT_OUT


def _access_of(use: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what an opening of records and the answer that was computed from it have in common."""
    return tuple(use[field] for field in ("party", "actor", "purpose", "why", "count", "head"))


def _act_of(row: JournalRow, use: dict[str, Any]) -> tuple[Any, ...]:
    day = day_of(use["at_s"])
    if row.answer.outcome in (PERMITTED, OWN) and use["purpose"] == OWN_PURPOSE:
        return (day, OWN_PURPOSE)  # the patient's own looks of one day are one line
    if row.answer.outcome in MAINTENANCE:
        return (day, row.answer.outcome)
    one_act = (PERMITTED, OWN, ANSWERED, IDENTITY_CHECKED, LINK_ISSUED, *ADMINISTRATION)
    if row.answer.outcome in one_act:
        return (row.use, row.answer.outcome)
    text_key = _REFUSALS.get(row.answer.outcome, "refused-never")
    return (day, use["party"], use["purpose"], text_key)


def _entry(
    rows: Sequence[JournalRow],
    uses: dict[bytes, dict[str, Any]],
    categories: dict[bytes, str],
    consents: dict[bytes, Consent],
) -> HistoryEntry:
    newest = rows[0]
    use = uses[newest.use]
    consent = consents.get(newest.answer.consent_id)
    records = {row.answer.record_id for row in rows}
    # Earlier releases wrote a letter as an identity check.
    is_link = newest.answer.outcome in (IDENTITY_CHECKED, LINK_ISSUED)
    is_copy = newest.answer.outcome == PERMITTED and use["purpose"] in _COPIES
    copy_kind, _, release = use["why"].rpartition(" ")
    return HistoryEntry(
        seq=newest.seq,
        at_s=use["at_s"],
        party=use["party"],
        purpose=use["purpose"],
        categories=tuple(sorted({categories[r] for r in records if r in categories})),
        outcome=newest.answer.outcome,
        since_s=consent.signed_at_s if consent else 0,
        count=len({row.use for row in rows}),
        consent_id=consent.consent_id if consent else None,
        not_after_s=consent.not_after_s if consent else 0,
        result=LETTER if is_link and use["why"] == LETTER else "",
        release=release if is_copy and copy_kind in _COPY_KINDS else "",
        is_for_another=_is_for_another(consent, use["party"]),
    )


def _is_for_another(consent: Consent | None, party: str) -> bool:
    terms = consent.terms if consent else None
    return terms is not None and terms.recipient not in (ANY, party)
