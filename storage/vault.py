"""The only door to a plaintext: view, decide, journal, fetch, verify, unseal, hand out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from consent import REASONS, Request, RequestBatch, View
from storage.car import raw_cid
from storage.entry import Columns, Entry
from storage.errors import NameMismatch, NotFound
from storage.journal import NOBODY, Answer, Use
from storage.keys import SecretKey, unwrap_record_key
from storage.parts import Parts, Progress, silent
from storage.record import Record, parse
from storage.seal import Context, open_sealed

PERMITTED: Final = REASONS[0]
NOT_THERE: Final = "not-there"
TAKEN_BACK: Final = "withdrawn"
NO_RECORD: Final = b"\0" * 16
_FEW: Final = 32
"""Up to this many records are decided one by one, each on openings read anew."""


@dataclass(frozen=True, slots=True)
class Wanted:
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
class Gathered:
    """What the law permitted at one view: records in catalogue order, each with its consent.

    `refused` counts the records that were not handed out by reason, `refused_subjects` says one
    reason for each subject of whom nothing was.
    """

    view: View
    records: list[Record]
    consents: list[bytes]
    refused: dict[str, int]
    refused_subjects: dict[bytes, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    """One record that was asked for, and what the law said."""

    entry: Entry
    outcome: str
    consent_id: bytes

    def answer(self) -> Answer:
        entry = self.entry
        return Answer(entry.subject, entry.record_id, entry.version, self.outcome, self.consent_id)


class Vault:
    """Hands out what the ledger permits, after the journal has it; each step may only refuse."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._keys = parts.keys
        self._journal = parts.journal
        self._law = parts.law
        self._staging = parts.staging
        self._blobs = parts.blobs
        self._clock = parts.clock

    def gather(self, wanted: Wanted, progress: Progress = silent) -> Gathered:
        """Return every record that is wanted and permitted now, at one view of the ledger.

        Permits and refusals are in the journal, one row a record, before anything is opened. What
        lost its consent meanwhile is left out, and that is journalled too.

        Raises:
            LedgerUnavailable (consent): the ledger is away or in doubt; nothing is handed out.
            JournalUnavailable, StoreUnavailable, VaultSealed: nothing is handed out.
            Broken: what is stored is not what was stored.
        """
        view = self._law.view()
        progress("deciding", 0, 1)
        columns = self._catalogue.columns(wanted.categories, wanted.subjects)
        judged = self._judge(wanted, columns, view)
        use = self._use(wanted, view)
        self._journal.write(use, [one.answer() for one in judged] or [_nothing(wanted)])
        permitted = [one for one in judged if one.outcome == PERMITTED]
        records = self._open(permitted, progress)
        judged, records = self._ask_again(use, judged, permitted, records)
        consents = [one.consent_id for one in judged if one.outcome == PERMITTED]
        return Gathered(view, records, consents, *_refusals(judged))

    def open(self, party: str, purpose: str, record_id: str, why: str) -> Record:
        """Return one record, if it is there and permitted.

        Raises:
            NotFound: it is not there, or refused; a stranger cannot tell which.
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable, Broken: as `gather`.
        """
        found = list(self._catalogue.current(record_ids=[bytes.fromhex(record_id)]))
        wanted = Wanted(party, purpose, None, None, [e.subject for e in found] or [NOBODY], why)
        view = self._law.view()
        judged = [self._decide_one(wanted, entry, view) for entry in found]
        use = self._use(wanted, view)
        self._journal.write(use, [one.answer() for one in judged] or [_nothing(wanted)])
        permitted = [one for one in judged if one.outcome == PERMITTED]
        _, records = self._ask_again(use, judged, permitted, self._open(permitted, silent))
        if not records:
            raise NotFound("no such record")
        return records[0]

    def reopen(self, entries: Sequence[Entry]) -> list[Record]:
        """Return records that are to be sealed anew at once; only the erasure may call this.

        They are handed to nobody, so no consent is asked; the caller has journalled it.
        """
        return self._open([_Judged(entry, PERMITTED, NOBODY) for entry in entries], silent)

    def _use(self, wanted: Wanted, view: View) -> Use:
        detail = tuple(sorted(wanted.detail.items()))
        at_s = int(self._clock())
        return Use(at_s, wanted.party, wanted.actor, wanted.purpose, wanted.why, view, detail)

    def _judge(self, wanted: Wanted, columns: Columns, view: View) -> list[_Judged]:
        entries = columns.entries
        if len(entries) <= _FEW:
            judged = [self._decide_one(wanted, entry, view) for entry in entries]
        else:
            batch = RequestBatch(
                wanted.party,
                wanted.purpose,
                columns.subjects,
                columns.records,
                columns.categories,
                columns.recorded_on,
            )
            decided = self._law.decide_many(batch, view)
            outcomes = [REASONS[code] for code in decided.reasons.tolist()]
            joined = decided.consents.tobytes()
            judged = [
                _Judged(entry, outcome, joined[32 * place : 32 * place + 32])
                for place, (entry, outcome) in enumerate(zip(entries, outcomes, strict=True))
            ]
        if wanted.custodian is None:
            return judged
        return [one for one in judged if one.entry.custodian == wanted.custodian]

    def _decide_one(self, wanted: Wanted, entry: Entry, view: View) -> _Judged:
        request = Request(
            wanted.party,
            wanted.purpose,
            entry.subject,
            entry.record_id.hex(),
            entry.category,
            entry.recorded_on,
        )
        decision = self._law.decide(request, view)
        consent = decision.consent_ids[0] if decision.consent_ids else NOBODY
        return _Judged(entry, PERMITTED if decision.permitted else decision.reason, consent)

    def _open(self, permitted: Sequence[_Judged], progress: Progress) -> list[Record]:
        """Fetch, verify and unseal; all or nothing."""
        entries = [one.entry for one in permitted]
        if not entries:
            return []
        patients = self._keys.patient_keys(entry.subject for entry in entries)
        progress("reading", 0, len(entries))
        blocks = self._fetch(entries)
        progress("opening", 0, len(entries))
        records = [_opened(entry, blocks[entry.cid], patients) for entry in entries]
        progress("opening", len(entries), len(entries))
        return records

    def _fetch(self, entries: Sequence[Entry]) -> dict[bytes, bytes]:
        """Return every block, from the sealed cache where it is there and whole, else from IPFS."""
        names = {batch.id: batch.name for batch in self._catalogue.batches()}
        found: dict[bytes, bytes] = {}
        for batch, held in groupby(sorted(entries, key=_by_place), lambda entry: entry.batch):
            found |= self._staging.read(names[batch], list(held))
        missing = [e for e in entries if raw_cid(found.get(e.cid, b"")) != e.cid]
        if len(missing) <= _FEW:
            found |= {entry.cid: self._blobs.get(entry.cid, entry.size) for entry in missing}
        else:
            found |= self._blobs.get_many([entry.cid for entry in missing])
        return found

    def _ask_again(
        self,
        use: Use,
        judged: list[_Judged],
        permitted: Sequence[_Judged],
        records: list[Record],
    ) -> tuple[list[_Judged], list[Record]]:
        """Drop what lost its consent since the decision, and journal that."""
        lost = set(self._law.lost(sorted({one.consent_id for one in permitted})))
        if not lost:
            return judged, records
        gone = [
            _Judged(one.entry, TAKEN_BACK, one.consent_id)
            for one in permitted
            if one.consent_id in lost
        ]
        self._journal.write(use, [one.answer() for one in gone])
        changed = {one.entry.record_id: one for one in gone}
        kept = [r for r in records if bytes.fromhex(r.record_id) not in changed]
        return [changed.get(one.entry.record_id, one) for one in judged], kept


def _by_place(entry: Entry) -> tuple[int, int]:
    return entry.batch, entry.place


def _opened(entry: Entry, envelope: bytes, patients: Mapping[bytes, SecretKey]) -> Record:
    patient = patients.get(entry.subject)
    if patient is None or entry.wrapped is None:
        raise NotFound("no such record")
    if len(envelope) != entry.size:
        raise NameMismatch("an envelope does not have the length that was deposited")
    key = unwrap_record_key(patient, entry.wrapped, entry.record_id, entry.version)
    context = Context(
        entry.subject, entry.category, entry.custodian, entry.record_id, entry.version
    )
    recorded_on, observations = parse(open_sealed(envelope, key, context))
    if recorded_on != entry.recorded_on:
        raise NameMismatch("a record's date is not the one that was catalogued")
    return Record(
        entry.subject,
        entry.category,
        entry.custodian,
        recorded_on,
        observations,
        entry.record_id.hex(),
        entry.version,
    )


def _nothing(wanted: Wanted) -> Answer:
    """Return the answer of a request that met no record: it is journalled like any other."""
    one = wanted.subjects[0] if wanted.subjects and len(wanted.subjects) == 1 else NOBODY
    return Answer(one, NO_RECORD, 0, NOT_THERE, NOBODY)


def _refusals(judged: Sequence[_Judged]) -> tuple[dict[str, int], dict[bytes, str]]:
    counted = Counter(one.outcome for one in judged if one.outcome != PERMITTED)
    served = {one.entry.subject for one in judged if one.outcome == PERMITTED}
    reasons: dict[bytes, str] = {}
    for one in judged:
        if one.entry.subject not in served:
            known = reasons.get(one.entry.subject, one.outcome)
            reasons[one.entry.subject] = min(known, one.outcome, key=_nearness)
    return dict(counted), reasons


def _nearness(outcome: str) -> int:
    return REASONS.index(outcome)
