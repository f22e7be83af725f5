"""A patient's history in their words, and the proof of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import ConsentLedger
from services.errors import NotFound
from services.parties import PartyNames
from services.requests.history import AccessHistory, HistoryEntry
from services.requests.wording import format_categories
from services.words import Words
from storage import RecordStore

MAX_SEQ_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry of the history and its sentence; day and time in words."""

    entry: HistoryEntry
    party_name: str
    day: str
    time: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which lines to return: of one party, of one category, only refusals."""

    party: str = ""
    category: str = ""
    refusals_only: bool = False

    def fits(self, entry: HistoryEntry) -> bool:
        """Return whether an entry is line_filter."""
        return (
            self.party in ("", entry.party)
            and (not self.category or self.category in entry.categories)
            and (entry.is_refusal or not self.refusals_only)
        )


ALL: Final = HistoryFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Lines of the history, the newest first.

    Attributes:
        lines: those that fit the filter.
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
        row_hash: of the journal row.
        line: None if the row is folded into a newer line.
        proof: that the journal contains the row (docs/spec); None before it is anchored.
        is_single_node: True if the ledger has only one validator, ours.
    """

    seq: int
    row_hash: bytes
    line: HistoryLine | None
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


class PatientHistory:
    """What a patient can read about uses and refusals of their records."""

    def __init__(
        self,
        *,
        history: AccessHistory,
        store: RecordStore,
        ledger: ConsentLedger,
        parties: PartyNames,
    ) -> None:
        self._history = history
        self._store = store
        self._ledger = ledger
        self._parties = parties

    def page(
        self,
        subject: bytes,
        words: Words,
        before: int | None = None,
        line_filter: HistoryFilter = ALL,
    ) -> HistoryPage:
        """Return a page of the patient's history, the newest first."""
        entries, older_before = self._history.list_entries(subject, before)
        lines = [self._line(words, entry) for entry in entries if line_filter.fits(entry)]
        parties = {entry.party: self._parties.name_of(entry.party) for entry in entries}
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
        return [self._line(words, entry) for entry in entries]

    def prove(self, subject: bytes, words: Words, row_number: str) -> LineProof:
        """Return the proof of a line of the patient's history.

        Raises:
            NotFound: the row does not exist, or is about another patient.
        """
        is_number = row_number.isdecimal() and len(row_number) <= MAX_SEQ_DIGITS
        row = self._history.find_row(subject, int(row_number)) if is_number else None
        if row is None:
            raise NotFound
        seq = row.seq
        entries, _ = self._history.list_entries(subject, seq + 1)
        entry = next((entry for entry in entries if entry.seq == seq), None)
        return LineProof(
            seq=seq,
            row_hash=row.hash,
            line=self._line(words, entry) if entry else None,
            proof=self._store.prove(seq),
            is_single_node=self._ledger.deployment.finality == "single",
        )

    def _line(self, words: Words, entry: HistoryEntry) -> HistoryLine:
        name = self._parties.name_of(entry.party)
        reason = f"reason-{entry.outcome}"
        text = words(
            _text_key(entry),
            party=name,
            study=name,
            categories=format_categories(words, entry.categories) or words("records"),
            condition=words("condition-asked"),
            date=words.day(entry.since_s) if entry.since_s else "",
            why=words(reason) if words.has(reason) else "",
        )
        day, time = words.day(entry.at_s), words.time(entry.at_s)
        return HistoryLine(entry, name, day, time, text[:1].upper() + text[1:])


def _text_key(entry: HistoryEntry) -> str:
    """Return the key of the entry's sentence; without the date of the consent it says less."""
    key = entry.text_key
    if entry.since_s:
        return key
    if key in ("refused-withdrawn", "refused-ended"):
        return "refused-other"  # when they ended is not known here
    return f"{key}-undated" if key.startswith("used-") and key != "used-self" else key
