"""Refuses texts that are longer than they may be: none is cut."""

from __future__ import annotations

from services.errors import Invalid
from services.words import Words


def too_long(words: Words, field: str, text: str, most: int) -> dict[str, list[str]]:
    """Return the error about a text of more than `most` characters, by its field; else nothing."""
    if len(text) <= most:
        return {}
    return {field: [words("error-too-long", length=len(text), most=most)]}


def require_length(words: Words, field: str, text: str, most: int) -> str:
    """Return a text.

    Raises:
        Invalid: it has more than `most` characters; `fields` names both numbers.
    """
    errors = too_long(words, field, text, most)
    if errors:
        raise Invalid(errors[field][0], errors)
    return text
