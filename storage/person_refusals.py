"""Finds records that may not be used although their own consent permits it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from storage.deceased import DECEASED, DeceasedSubjects
from storage.entry import Entry
from storage.person_links import PersonLinks

LINKED_REFUSAL: Final = "linked-refusal"
"""The outcome of a record that is refused under another subject of its person."""
REFUSING: Final = frozenset({"denied", "opted-out", "opening-missing", "unknown-word"})
"""Reasons of a decision that forbid; terms that cannot be read might be a refusal."""

Decide = Callable[[list[Entry]], Sequence[str]]
"""Returns the reason of the decision on each entry."""


@dataclass(frozen=True, slots=True)
class Persons:
    """What is known of the people behind subjects: who is linked, and who has died."""

    links: PersonLinks
    deceased: DeceasedSubjects

    def find_deceased(self, subjects: Iterable[bytes]) -> set[bytes]:
        """Return those of these subjects whose person has died, under whatever subject."""
        subjects = set(subjects)
        return self._find_deceased(subjects, self.links.groups(subjects))

    def find_ended(self, subjects: Iterable[bytes]) -> set[bytes]:
        """Return those of these subjects whose consents ended with their death."""
        return self.find_deceased(subjects) if self.deceased.ends_consents else set()

    def _find_deceased(
        self, subjects: set[bytes], groups: Mapping[bytes, Sequence[bytes]]
    ) -> set[bytes]:
        dead = self.deceased.find(subjects.union(*groups.values()))
        return {s for s in subjects if not dead.isdisjoint(groups.get(s, (s,)))}

    def find_refusals(self, entries: Sequence[Entry], decide: Decide) -> dict[int, str]:
        """Return, by index, the outcome of each of these permitted entries that is refused.

        Each entry is decided as if it belonged to each of the linked subjects: what they refuse for
        their own records of this category and day, they refuse for this one.
        """
        subjects = {entry.subject for entry in entries}
        groups = self.links.groups(subjects)
        ended = self._find_deceased(subjects, groups) if self.deceased.ends_consents else set()
        refusals = {i: DECEASED for i, entry in enumerate(entries) if entry.subject in ended}
        if not groups:
            return refusals
        others = [
            (index, entry._replace(subject=other))
            for index, entry in enumerate(entries)
            for other in groups.get(entry.subject, ())
            if other != entry.subject
        ]
        reasons = decide([entry for _, entry in others])
        for (index, _), reason in zip(others, reasons, strict=True):
            if reason in REFUSING:
                refusals[index] = LINKED_REFUSAL
        return refusals
