"""Reads the anchors (Merkle roots) that were put on the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent.errors import ConsentInvalid
from consent.events import Events

ANCHOR_KINDS: Final = ("records", "journal", "manifest", "card")
_WORD: Final = 32


@dataclass(frozen=True, slots=True)
class Anchor:
    """A root on the chain, with the block that holds it, and its number among all changes."""

    kind: str
    root: bytes
    count: int
    block_number: int
    position: int = 0


def anchor_word(kind: str) -> bytes:
    """Return the 32 bytes that name a kind of anchor on the chain: its name in ASCII.

    Raises:
        ConsentInvalid: not a kind that is anchored.
    """
    if kind not in ANCHOR_KINDS:
        raise ConsentInvalid(f"unknown anchor kind {kind!r}; known: {', '.join(ANCHOR_KINDS)}")
    return kind.encode().ljust(_WORD, b"\0")


def list_anchors(events: Events, kind: str, last: int | None) -> list[Anchor]:
    """Return the roots of a kind, oldest first: all, or the last ones."""
    name = anchor_word(kind)
    changes = events.named([name]) if last is None else events.last_named(name, last)
    return [
        Anchor(
            kind,
            change.body[_WORD : 2 * _WORD],
            int.from_bytes(change.body[2 * _WORD :], "big"),
            change.block_number,
            position,
        )
        for position, change in changes
    ]
