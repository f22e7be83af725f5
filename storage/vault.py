"""The only door to a plaintext: view, decide, journal, fetch, verify, unseal, hand out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from consent import REASONS, DecisionRequest, DecisionRequestBatch, View
from storage.components import Components, Progress, no_progress
from storage.entry import Columns, Entry
from storage.errors import RecordLost, StorageNotFound
from storage.journal_row import NO_RECORD, NOBODY, AccessOutcome, Use
from storage.pause import collector_paused
from storage.reader import Reader
from storage.record import Record

PERMITTED: Final = REASONS[0]
NOT_THERE: Final = "not-there"
TAKEN_BACK: Final = "withdrawn"
ANSWERED: Final = "answered"
PATIENT: Final = "patient"
"""The party of a patient who reads their own records."""
_NEAREST: Final = (*REASONS, NOT_THERE)
_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_FEW: Final = 32
"""Up to this many records are decided one by one, each on openings read anew."""


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Who asks for which records, what for, and why in words for the journal.

    `categories`, `custodian` and `subjects` narrow what is asked for; None is all. `actor` is the
    person or run behind the party; `detail` holds hashes that the journal keeps, never values.
    """

    party: str
    purpose: str
    categories: Sequence[str] | None
    custodian: str | None
    subjects: Sequence[bytes] | None
    why: str
    actor: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class AccessResult:
    """What the ledger permitted at one view: records in catalogue order, each with its consent.

    `refused` counts the records that were not handed out by reason, `refused_subjects` says one
    reason for each subject of whom nothing was.
    """

    view: View
    records: list[Record]
    consents: list[bytes]
    refused: dict[str, int]
    refused_subjects: dict[bytes, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """The records that were asked for and, place by place, what the ledger said of each."""

    entries: list[Entry]
    outcomes: list[str]
    consents: list[bytes]

    def answers(self) -> list[AccessOutcome]:
        """Return the journal's rows, in order."""
        joined = zip(self.entries, self.outcomes, self.consents, strict=True)
        return [
            AccessOutcome(e.subject, e.record_id, e.version, said, by) for e, said, by in joined
        ]

    def permitted(self) -> list[int]:
        """Return the places of those that are permitted."""
        return [place for place, said in enumerate(self.outcomes) if said == PERMITTED]


class Vault:
    """Hands out what the ledger permits, after the journal has it; each step may only refuse."""

    def __init__(self, parts: Components) -> None:
        self._catalogue = parts.catalogue
        self._journal = parts.journal
        self._ledger = parts.ledger
        self._reader = Reader(parts)
        self._clock = parts.clock

    @collector_paused()
    def gather(self, wanted: AccessRequest, progress: Progress = no_progress) -> AccessResult:
        """Return every record that is wanted and permitted now, at one view of the ledger.

        Permits and refusals are in the journal, one row a record, before anything is opened. What
        lost its consent meanwhile is left out, and that is journalled too.

        Raises:
            LedgerUnavailable (consent): the ledger is away or in doubt; nothing is handed out.
            JournalUnavailable, DatabaseUnavailable, StoreUnavailable, VaultSealed: the same.
            Broken: what is stored is not what was stored.
        """
        try:
            return self._gather(wanted, progress)
        except RecordLost:
            # Re-keyed between catalogue and fetch: the second look finds the new names.
            return self._gather(wanted, progress)

    def _gather(self, wanted: AccessRequest, progress: Progress) -> AccessResult:
        view = self._ledger.view()
        progress("deciding", 0, 1)
        asked = wanted.categories, wanted.subjects, wanted.custodian
        judged = self._judge(wanted, self._catalogue.columns(*asked), view)
        one = wanted.subjects[0] if wanted.subjects and len(wanted.subjects) == 1 else NOBODY
        records = self._hand_out(self._use(wanted, view), judged, (one, NO_RECORD), progress)
        consents = [judged.consents[place] for place in judged.permitted()]
        return AccessResult(view, records, consents, *_refusals(judged))

    def open(self, party: str, purpose: str, record_id: str, why: str) -> Record:
        """Return one record, if it is there and permitted.

        Raises:
            NotFound: it is not there, or refused; a stranger cannot tell which.
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, Broken: as `gather`.
        """
        name = bytes.fromhex(record_id) if _RECORD_ID.match(record_id) else NO_RECORD
        wanted = AccessRequest(party, purpose, None, None, None, why)
        try:
            records = self._open(wanted, name)
        except RecordLost:
            records = self._open(wanted, name)
        if not records:
            raise StorageNotFound("no such record")
        return records[0]

    def _open(self, wanted: AccessRequest, name: bytes) -> list[Record]:
        view = self._ledger.view()
        found = self._catalogue.current(record_ids=[name])
        judged = self._judge_few(wanted, found, view)
        return self._hand_out(self._use(wanted, view), judged, (NOBODY, name), no_progress)

    def open_own(self, subject: bytes, record_id: str) -> Record:
        """Return one of a patient's own records; no consent is asked, and the journal has it first.

        Raises:
            NotFound: it is not there, or another's.
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, Broken: as `gather`.
        """
        name = bytes.fromhex(record_id) if _RECORD_ID.match(record_id) else NO_RECORD
        found = self._catalogue.current(record_ids=[name], subjects=[subject])
        if not found:
            raise StorageNotFound("no such record")
        wanted = AccessRequest(PATIENT, "PATRQT", None, None, None, "the patient's own reading")
        answers = [
            AccessOutcome(subject, one.record_id, one.version, PERMITTED, NOBODY) for one in found
        ]
        self._journal.write(self._use(wanted, self._ledger.view()), answers)
        records = self._reader.read(found)
        if records[0] is None:
            raise StorageNotFound("no such record")
        return records[0]

    def record_use(self, wanted: AccessRequest, view: View, outcome: str = ANSWERED) -> int:
        """Journal what was made of records that were handed out, durably; return the row's number.

        One row for each subject of `wanted`, whose `detail` says what of: the hash of a model, the
        commitment to an input. It is written before the answer leaves.

        Raises:
            JournalUnavailable, DiskFull: it was not written, so the answer may not leave.
        """
        answers = [
            AccessOutcome(one, NO_RECORD, 0, outcome, NOBODY) for one in wanted.subjects or ()
        ]
        return self._journal.write(self._use(wanted, view), answers)

    def _use(self, wanted: AccessRequest, view: View) -> Use:
        detail = tuple(sorted(wanted.detail.items()))
        at_s = int(self._clock())
        return Use(at_s, wanted.party, wanted.actor, wanted.purpose, wanted.why, view, detail)

    def _judge(self, wanted: AccessRequest, columns: Columns, view: View) -> _Judged:
        entries = columns.entries
        if len(entries) <= _FEW:
            return self._judge_few(wanted, entries, view)
        batch = DecisionRequestBatch(
            wanted.party,
            wanted.purpose,
            columns.subjects,
            columns.records,
            columns.categories,
            columns.recorded_on,
        )
        decided = self._ledger.decide_many(batch, view)
        outcomes = [REASONS[code] for code in decided.reasons.tolist()]
        told = decided.consents.tobytes()
        return _Judged(entries, outcomes, [told[at : at + 32] for at in range(0, len(told), 32)])

    def _judge_few(self, wanted: AccessRequest, entries: list[Entry], view: View) -> _Judged:
        requests = [
            DecisionRequest(
                wanted.party,
                wanted.purpose,
                entry.subject,
                entry.record_id.hex(),
                entry.category,
                entry.recorded_on,
            )
            for entry in entries
        ]
        decided = self._ledger.decide_each(requests, view)
        return _Judged(
            entries,
            [PERMITTED if one.permitted else one.reason for one in decided],
            [one.consent_ids[0] if one.consent_ids else NOBODY for one in decided],
        )

    def _hand_out(
        self, use: Use, judged: _Judged, asked: tuple[bytes, bytes], progress: Progress
    ) -> list[Record]:
        """Journal, open, ask again, and return what is still permitted; `judged` says so too."""
        nothing = AccessOutcome(*asked, 0, NOT_THERE, NOBODY)
        self._journal.write(use, judged.answers() or [nothing])
        places = judged.permitted()
        records = self._reader.read([judged.entries[place] for place in places], progress)
        lost = set(self._ledger.find_ended(sorted({judged.consents[place] for place in places})))
        kept: list[Record] = []
        gone: list[int] = []
        for place, record in zip(places, records, strict=True):
            if record is not None and judged.consents[place] not in lost:
                kept.append(record)
            else:
                judged.outcomes[place] = NOT_THERE if record is None else TAKEN_BACK
                gone.append(place)
        if gone:
            rows = judged.answers()
            self._journal.write(use, [rows[place] for place in gone])
        return kept


def _refusals(judged: _Judged) -> tuple[dict[str, int], dict[bytes, str]]:
    counted = Counter(judged.outcomes)
    counted.pop(PERMITTED, 0)
    if not counted:
        return {}, {}
    said = list(zip(judged.entries, judged.outcomes, strict=True))
    served = {entry.subject for entry, outcome in said if outcome == PERMITTED}
    reasons: dict[bytes, str] = {}
    for entry, outcome in said:
        if entry.subject not in served:
            known = reasons.get(entry.subject, outcome)
            reasons[entry.subject] = min(known, outcome, key=_NEAREST.index)
    return dict(counted), reasons
