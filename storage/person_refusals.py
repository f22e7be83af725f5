"""Finds records whose patient refuses the request under another subject of the same person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from storage.entry import Entry
from storage.person_links import PersonLinks

LINKED_REFUSAL: Final = "linked-refusal"
"""The outcome of a record that is refused under another subject of its person."""
REFUSING: Final = frozenset({"denied", "opted-out", "opening-missing", "unknown-word"})
"""Reasons of a decision that forbid; terms that cannot be read might be a refusal."""

Decide = Callable[[list[Entry]], Sequence[str]]
"""Returns the reason of the decision on each entry."""


def find_linked_refusals(links: PersonLinks, entries: Sequence[Entry], decide: Decide) -> set[int]:
    """Return the indexes of the entries that a linked subject of their person refuses.

    Each entry is decided as if it belonged to each of the linked subjects: what they refuse for
    their own records of this category and day, they refuse for this one.
    """
    groups = links.groups(entry.subject for entry in entries)
    if not groups:
        return set()
    others = [
        (index, entry._replace(subject=other))
        for index, entry in enumerate(entries)
        for other in groups.get(entry.subject, ())
        if other != entry.subject
    ]
    reasons = decide([entry for _, entry in others])
    return {index for (index, _), reason in zip(others, reasons, strict=True) if reason in REFUSING}
