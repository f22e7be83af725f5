"""What the ledger decided on each requested record, and why whole subjects were refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from consent import REASONS, ConsentLedger, DecisionRequest, DecisionRequestBatch, View
from storage.access import AccessRequest
from storage.deceased import DECEASED
from storage.duties import DUTY_UNMET, codes_of, to_mask, unmet_mask
from storage.entry import Columns, Entry
from storage.journal import NOBODY, AccessOutcome
from storage.person_refusals import LINKED_REFUSAL

PERMITTED: Final = REASONS[0]
NOT_THERE: Final = "not-there"
_MAX_SINGLE_DECISIONS: Final = 32
"""Up to this many records are decided one by one, each with consent terms read afresh."""
_NEAREST_MISS_FIRST: Final = (
    *REASONS[:3],
    *(LINKED_REFUSAL, DECEASED, DUTY_UNMET),
    *REASONS[3:],
    NOT_THERE,
)


@dataclass(frozen=True, slots=True, eq=False)
class DecidedEntries:
    """The requested entries; for each the outcome, the consent that decided it, and the duties.

    `view` is the one that they were decided at; None if nothing was to be decided. `masks` has the
    duties of each entry as bits.
    """

    entries: list[Entry]
    outcomes: list[str]
    consents: list[bytes]
    view: View | None
    masks: list[int]

    def answers(self) -> list[AccessOutcome]:
        """Return the journal's rows, in order."""
        joined = zip(self.entries, self.outcomes, self.consents, strict=True)
        return [
            AccessOutcome(e.subject, e.record_id, e.version, outcome, consent)
            for e, outcome, consent in joined
        ]

    def refuse_unmet_duties(self, purpose: str) -> None:
        """Refuse each permitted entry whose consents set a duty that the use cannot meet."""
        unmet = unmet_mask(purpose)
        for index in self.permitted():
            if self.masks[index] & unmet:
                self.outcomes[index], self.consents[index] = DUTY_UNMET, NOBODY

    def duties(self) -> tuple[str, ...]:
        """Return what is owed with the permitted entries: every duty that one of them has."""
        mask = 0
        for index in self.permitted():
            mask |= self.masks[index]
        return codes_of(mask)

    def permitted(self) -> list[int]:
        """Return the indexes of those that are permitted."""
        return [index for index, outcome in enumerate(self.outcomes) if outcome == PERMITTED]


def refusals_of(decided: DecidedEntries) -> tuple[dict[str, int], dict[bytes, str]]:
    """Return how many records were refused by reason, and a reason for each refused subject."""
    counts = Counter(decided.outcomes)
    counts.pop(PERMITTED, 0)
    if not counts:
        return {}, {}
    outcomes = list(zip(decided.entries, decided.outcomes, strict=True))
    served = {entry.subject for entry, outcome in outcomes if outcome == PERMITTED}
    reasons: dict[bytes, str] = {}
    for entry, outcome in outcomes:
        if entry.subject not in served:
            known = reasons.get(entry.subject, outcome)
            reasons[entry.subject] = min(known, outcome, key=_NEAREST_MISS_FIRST.index)
    return dict(counts), reasons


def decide_entries(
    ledger: ConsentLedger, request: AccessRequest, columns: Columns, view: View | None
) -> DecidedEntries:
    """Return the decision on each entry by the consents of its own subject, and its duties.

    A permit with a duty that the use cannot meet is refused.
    """
    entries = columns.entries
    if len(entries) <= _MAX_SINGLE_DECISIONS:
        decided = _decide_each(ledger, request, entries, view)
    else:
        decided = _decide_many(ledger, request, columns, view)
    decided.refuse_unmet_duties(request.purpose)
    return decided


def _decide_many(
    ledger: ConsentLedger, request: AccessRequest, columns: Columns, view: View | None
) -> DecidedEntries:
    batch = DecisionRequestBatch(
        request.party,
        request.purpose,
        columns.subjects,
        columns.records,
        columns.categories,
        columns.recorded_on,
    )
    decisions = ledger.decide_many(batch, view)
    outcomes = [REASONS[code] for code in decisions.reasons.tolist()]
    ids = decisions.consents.tobytes()
    consents = [ids[start : start + 32] for start in range(0, len(ids), 32)]
    masks = decisions.obligations.tolist()
    return DecidedEntries(columns.entries, outcomes, consents, decisions.view, masks)


def _decide_each(
    ledger: ConsentLedger, request: AccessRequest, entries: list[Entry], view: View | None
) -> DecidedEntries:
    requests = [
        DecisionRequest(
            request.party,
            request.purpose,
            entry.subject,
            entry.record_id.hex(),
            entry.category,
            entry.recorded_on,
        )
        for entry in entries
    ]
    decisions = ledger.decide_each(requests, view)
    return DecidedEntries(
        entries,
        [PERMITTED if d.permitted else d.reason for d in decisions],
        [d.consent_ids[0] if d.consent_ids else NOBODY for d in decisions],
        decisions[0].view if decisions else None,
        [to_mask(decision.obligations) for decision in decisions],
    )
