"""Says what to do about a bad row of a file, by how the fault is worded."""

from __future__ import annotations

from typing import Final

from services.words import Words

_CURES: Final = (
    ("is out of range", "cure-range"),
    ("is not a number", "cure-number"),
    ("is none of the values", "cure-values"),
    ("is neither true", "cure-truth"),
    ("is not a date", "cure-date"),
    ("is not a whole date", "cure-date"),
    ("is the person of row", "cure-twice"),
    ("stands there twice", "cure-twice"),
    ("is no id", "cure-id"),
    ("has not", "cure-cells"),
    ("is a kind that", "cure-kind"),
    ("names no Patient", "cure-subject"),
)


def cure(words: Words, what: str) -> str:
    """Return what to do about a fault, in a sentence."""
    for start, word in _CURES:
        if what.startswith(start):
            return words(word)
    return words("cure-other")
