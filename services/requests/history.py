"""Turns a patient's journal rows into lines: who asked, what for, what came of it, since when."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from consent import Consent, ConsentError, ConsentLedger
from services.requests.choices import COPY
from storage import RecordStore

PERMITTED: Final = "permitted"
ANSWERED: Final = "answered"
LOCKED: Final = {"re-keyed": "locked-anew", "shredded": "erased"}
"""What the record store does after a withdrawal: no use, and no refusal."""
SELF: Final = "PATRQT"
ROWS: Final = 400
"""How many of the newest rows one page looks through."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line that a patient reads; `word` names its text in words/*/history.ftl.

    Attributes:
        seq: the journal row that proves it; the newest of those folded in.
        at_s: when.
        party: who asked.
        purpose: what for.
        categories: which classes of records, in the vocabulary's order.
        outcome: ``permitted``, ``answered``, or why not.
        since_s: when what allowed it was signed, or what forbade it happened; 0 if not known.
        count: how many of the same are folded into this line.
        consent_id: the consent that decided; empty if none.
    """

    seq: int
    at_s: int
    party: str
    purpose: str
    categories: tuple[str, ...]
    outcome: str
    since_s: int
    count: int
    consent_id: bytes

    @property
    def is_refusal(self) -> bool:
        """True when the answer was no."""
        return self.outcome not in (PERMITTED, ANSWERED, *LOCKED)

    @property
    def word(self) -> str:
        """The name of this line's text."""
        if self.outcome in LOCKED:
            return LOCKED[self.outcome]
        if self.is_refusal:
            return _REFUSALS.get(self.outcome, "refused-never")
        if self.purpose == SELF:
            return "used-self"
        if self.outcome == ANSWERED:
            return "used-model-party"
        return {"MLTRAINING": "used-train", COPY: "used-copy"}.get(self.purpose, "used-read-party")


_REFUSALS: Final = {
    "withdrawn": "refused-withdrawn",
    "stopped": "refused-withdrawn",
    "withdrawn-meanwhile": "refused-withdrawn",
    "expired": "refused-ended",
    "opening-missing": "refused-unknown",
    "not-there": "refused-unknown",
}


class History:
    """What happened to a patient's records, as the journal has it."""

    def __init__(self, store: RecordStore, ledger: ConsentLedger) -> None:
        self._store = store
        self._ledger = ledger

    def lines(
        self, subject: bytes, before: int | None = None
    ) -> tuple[list[HistoryLine], int | None]:
        """Return a patient's lines, newest first, and where older ones begin (None: no more).

        The records of one act make one line; a day's refusals of one asker make one line.
        """
        rows = self._store.journal.of_subject(subject, ROWS, before)
        kinds = {one.record_id: one.category for one in self._store.records_of(subject)}
        consents = self._consents(subject)
        uses: dict[bytes, dict[str, Any]] = {}
        acts: dict[tuple[Any, ...], list[Any]] = {}
        for row in rows:
            use = uses.setdefault(row.use, self._use(row.use, uses))
            acts.setdefault(_key(row, use), []).append(row)
        lines = [_line(found, uses, kinds, consents) for found in acts.values()]
        older = rows[-1].seq if len(rows) == ROWS else None
        return lines, older

    def under(self, subject: bytes, consent_id: bytes) -> list[HistoryLine]:
        """Return the uses that a consent has permitted, newest first."""
        return [one for one in self.lines(subject)[0] if one.consent_id == consent_id]

    def is_own(self, subject: bytes, seq: int) -> bool:
        """Tell whether a journal row is about this patient."""
        found = self._store.journal.of_subject(subject, 1, seq + 1)
        return bool(found) and found[0].seq == seq

    def _use(self, name: bytes, known: dict[bytes, dict[str, Any]]) -> dict[str, Any]:
        return known[name] if name in known else self._store.journal.use(name)

    def _consents(self, subject: bytes) -> dict[bytes, Consent]:
        try:
            return {one.consent_id: one for one in self._ledger.consents_of(subject)}
        except ConsentError:
            return {}  # the lines stand; only since when is not known now


def _key(row: Any, use: dict[str, Any]) -> tuple[Any, ...]:
    if row.answer.outcome in (PERMITTED, ANSWERED, *LOCKED):
        return (row.use, row.answer.outcome)
    day = datetime.datetime.fromtimestamp(use["at_s"], datetime.UTC).date()
    word = _REFUSALS.get(row.answer.outcome, "refused-never")
    return (day, use["party"], use["purpose"], word)


def _line(
    rows: Iterable[Any],
    uses: dict[bytes, dict[str, Any]],
    kinds: dict[bytes, str],
    consents: dict[bytes, Consent],
) -> HistoryLine:
    found = list(rows)
    first = found[0]
    use = uses[first.use]
    consent = consents.get(first.answer.consent_id)
    told = {kinds[row.answer.record_id] for row in found if row.answer.record_id in kinds}
    return HistoryLine(
        seq=first.seq,
        at_s=use["at_s"],
        party=use["party"],
        purpose=use["purpose"],
        categories=tuple(sorted(told)),
        outcome=first.answer.outcome,
        since_s=consent.signed_at_s if consent else 0,
        count=len({row.use for row in found}),
        consent_id=first.answer.consent_id if consent else b"",
    )
