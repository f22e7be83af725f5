"""What the ledger decided on each requested record, and why whole subjects were refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from consent import REASONS
from storage.deceased import DECEASED
from storage.entry import Entry
from storage.journal import AccessOutcome
from storage.person_refusals import LINKED_REFUSAL

PERMITTED: Final = REASONS[0]
NOT_THERE: Final = "not-there"
_NEAREST_MISS_FIRST: Final = (*REASONS[:3], LINKED_REFUSAL, DECEASED, *REASONS[3:], NOT_THERE)


@dataclass(frozen=True, slots=True, eq=False)
class DecidedEntries:
    """The requested entries; for each the outcome, and the consent that decided it."""

    entries: list[Entry]
    outcomes: list[str]
    consents: list[bytes]

    def answers(self) -> list[AccessOutcome]:
        """Return the journal's rows, in order."""
        joined = zip(self.entries, self.outcomes, self.consents, strict=True)
        return [
            AccessOutcome(e.subject, e.record_id, e.version, outcome, consent)
            for e, outcome, consent in joined
        ]

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
