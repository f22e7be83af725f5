"""A patient's history in their words, and the proof of each line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from attrs import define

from consent import ConsentLedger
from services.dates import iso_day
from services.errors import NotFound
from services.parties import PartyNames
from services.patient.acts import MESSAGES, PatientAct, PatientActs
from services.requests.history import AccessHistory, HistoryEntry
from services.requests.wording import format_categories
from services.words import Words, as_sentence
from storage import OWN_PURPOSE, JournalRow, RecordStore

MAX_SEQ_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry of the history and its sentence; month, day and time in words."""

    entry: HistoryEntry
    party_name: str
    month: str
    day: str
    time: str
    text: str

    @property
    def has_proof(self) -> bool:
        """True for a line of the journal; what patients did themselves is signed on the ledger."""
        return self.entry.seq > 0

    @property
    def is_message(self) -> bool:
        """True for a question, a request for a correction, or the answer."""
        return self.entry.is_own_act and self.entry.outcome in MESSAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which lines to return.

    Attributes:
        party: only of this party; "" for all.
        category: only about this kind of records; "" for all.
        refusals_only: only what was refused.
        without_self: leave out the patient's own looks at records.
        first_day, last_day: ISO dates, or "".
    """

    party: str = ""
    category: str = ""
    refusals_only: bool = False
    without_self: bool = False
    first_day: str = ""
    last_day: str = ""

    def fits(self, entry: HistoryEntry) -> bool:
        """Return whether an entry passes the filter."""
        day = iso_day(entry.at_s)
        return (
            self.party in ("", entry.party)
            and (not self.category or self.category in entry.categories)
            and (entry.is_refusal or not self.refusals_only)
            and not (self.without_self and entry.purpose == OWN_PURPOSE)
            and self.first_day <= day
            and (not self.last_day or day <= self.last_day)
        )


ALL: Final = HistoryFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Lines of the history, the newest first.

    Attributes:
        older_before: the row before which older lines begin; None if there are none.
        parties: name by id, of all lines of the page, whatever the filter.
        categories: of all lines of the page.
        is_filtered: True if the filter hid a line.
    """

    lines: Sequence[HistoryLine]
    older_before: int | None
    parties: Mapping[str, str]
    categories: Sequence[str]
    is_filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProof:
    """A line of the history with its proof.

    Attributes:
        seq: the journal row.
        line: what this row says; the history may fold it with others into one line.
        proof: that the journal contains the row (docs/spec); None before it is anchored.
        is_single_node: True if the ledger has only one validator, ours.
    """

    seq: int
    row_hash: bytes
    line: HistoryLine
    proof: Mapping[str, Any] | None
    is_single_node: bool

    def document(self) -> dict[str, Any]:
        """Return the proof with the row's hash, as JSON.

        Raises:
            NotFound: the row is not anchored yet.
        """
        if self.proof is None:
            raise NotFound
        return {**self.proof, "hash": self.row_hash.hex()}


@define(eq=False, repr=False, kw_only=True)
class PatientHistory:
    """What a patient can read about uses and refusals of their records."""

    _history: AccessHistory
    _store: RecordStore
    _ledger: ConsentLedger
    _parties: PartyNames
    _acts: PatientActs

    def page(
        self,
        subject: bytes,
        words: Words,
        before: int | None = None,
        line_filter: HistoryFilter = ALL,
    ) -> HistoryPage:
        """Return a page of the patient's history, the newest first.

        What the patient did at the time of these journal rows is among the lines.
        """
        entries, older_before = self._history.list_entries(subject, before)
        until_s = math.inf if before is None else self._history.time_of(subject, before)
        after_s = -math.inf
        if older_before is not None:
            after_s = self._history.time_of(subject, older_before)
        acts = self._acts.list_between(subject, after_s, until_s)
        deletions = self._history.list_deletions(subject, after_s, until_s)
        entries = [*entries, *map(_own_act, acts), *deletions]
        entries.sort(key=lambda entry: -entry.at_s)
        ends = self._end_times(subject)
        lines = [self._line(words, entry, ends) for entry in entries if line_filter.fits(entry)]
        parties = {
            entry.party: words("journal-self")
            if entry.purpose == OWN_PURPOSE
            else self._parties.name_of(entry.party, words.language)
            for entry in entries
            if entry.party
        }
        return HistoryPage(
            lines=lines,
            older_before=older_before,
            parties=dict(sorted(parties.items())),
            categories=sorted({code for entry in entries for code in entry.categories}),
            is_filtered=len(lines) != len(entries),
        )

    def list_by_consent(self, subject: bytes, words: Words, consent_id: bytes) -> list[HistoryLine]:
        """Return the uses that a consent has permitted, the newest first."""
        entries = self._history.list_by_consent(subject, consent_id)
        ends = self._end_times(subject)
        return [self._line(words, entry, ends) for entry in entries]

    def prove(self, subject: bytes, words: Words, row_number: str) -> LineProof:
        """Return the proof of a line of the patient's history.

        Raises:
            NotFound: the row does not exist, or is about another patient.
        """
        row = self._get_row(subject, row_number)
        seq, entry = row.seq, self._history.entry_of(subject, row)
        return LineProof(
            seq=seq,
            row_hash=row.hash,
            line=self._line(words, entry, self._end_times(subject)),
            proof=self._store.prove([seq]).get(seq),
            is_single_node=self._ledger.deployment.finality == "single",
        )

    def find_line(self, subject: bytes, words: Words, row_number: str) -> HistoryLine | None:
        """Return the line that the history shows for a row; None if a newer line includes it.

        Raises:
            NotFound: as `prove`.
        """
        seq = self._get_row(subject, row_number).seq
        entries, _ = self._history.list_entries(subject, seq + 1)
        entry = next((entry for entry in entries if entry.seq == seq), None)
        return self._line(words, entry, self._end_times(subject)) if entry else None

    def _get_row(self, subject: bytes, row_number: str) -> JournalRow:
        is_number = row_number.isdecimal() and len(row_number) <= MAX_SEQ_DIGITS
        row = self._history.find_row(subject, int(row_number)) if is_number else None
        if row is None:
            raise NotFound
        return row

    def _end_times(self, subject: bytes) -> Mapping[bytes, int]:
        """Return when each consent of a patient ended, by consent id, where that is known here."""
        return self._acts.withdrawal_times(subject)

    def _line(self, words: Words, entry: HistoryEntry, ends: Mapping[bytes, int]) -> HistoryLine:
        name = self._parties.name_of(entry.party, words.language) if entry.party else ""
        reason, ended_at_s = f"reason-{entry.outcome}", ends.get(entry.consent_id or b"")
        key, at_s = _text_key(entry, ended_at_s)
        text = words(
            key,
            party=name,
            study=name,
            categories=format_categories(words, entry.categories) or words("records"),
            condition=words("condition-asked"),
            date=_day(words, key, at_s) if at_s else "",
            why=words(reason) if words.has(reason) else "",
        )
        when = words.month(entry.at_s), words.day(entry.at_s), words.time(entry.at_s)
        return HistoryLine(entry, name, *when, as_sentence(text))


def _day(words: Words, key: str, at_s: int) -> str:
    return words.last_day(at_s) if key == "refused-ended" else words.day(at_s)


def _own_act(act: PatientAct) -> HistoryEntry:
    return HistoryEntry(
        seq=0,
        at_s=act.at_s,
        party=act.party,
        outcome=act.kind,
        consent_id=act.consent_id,
        is_own_act=True,
    )


def _text_key(entry: HistoryEntry, ended_at_s: int | None) -> tuple[str, int]:
    """Return the key of the entry's sentence and the moment that it names; 0 if it names none."""
    key = entry.text_key
    if entry.is_own_act:
        return key, 0
    if key == "refused-withdrawn":
        return (key, ended_at_s) if ended_at_s else ("refused-withdrawn-undated", 0)
    if key == "refused-ended":
        return (key, entry.not_after_s) if entry.not_after_s else ("refused-ended-undated", 0)
    if key.startswith("used-") and key != "used-self":
        return (key, entry.since_s) if entry.since_s else (f"{key}-undated", 0)
    return key, 0
