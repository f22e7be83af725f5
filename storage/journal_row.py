"""Says what a row of the journal is, and how each is chained to the one before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from consent import View

START: Final = b"\0" * 32
NOBODY: Final = b"\0" * 32
NO_RECORD: Final = b"\0" * 16
LOST: Final = "rows-lost"
"""The outcome of the row with which a journal goes on after rows that are gone for good."""


@dataclass(frozen=True, slots=True)
class Use:
    """One act of asking: who, what for, when, at which view; `detail` holds hashes only."""

    at_s: int
    party: str
    actor: str
    purpose: str
    why: str
    view: View
    detail: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes:
        """Return its one form in bytes."""
        return orjson.dumps(
            {
                "at_s": self.at_s,
                "party": self.party,
                "actor": self.actor,
                "purpose": self.purpose,
                "why": self.why,
                "block": self.view.block_number,
                "count": self.view.count,
                "head": self.view.head.hex(),
                "detail": dict(self.detail),
            },
            option=orjson.OPT_SORT_KEYS,
        )


class AccessOutcome(NamedTuple):
    """What became of one record that was asked for: `permitted`, or the reason of a refusal."""

    subject: bytes
    record_id: bytes
    version: int
    outcome: str
    consent_id: bytes


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One line of the journal, as it stands in the chain."""

    seq: int
    use: bytes
    answer: AccessOutcome
    hash: bytes


def row_hash(
    before: bytes, seq: int, use: bytes, commitments: bytes, answer: AccessOutcome
) -> bytes:
    """Return the hash that chains a row to the one before (docs/spec/evidence.md).

    Subject and record stand in it as keyed commitments (64 bytes), so that a journal that is
    exported shows no pseudonym.
    """
    _, _, version, outcome, consent_id = answer
    told = (before, seq.to_bytes(8, "big"), use, commitments, version.to_bytes(4, "big"))
    return hashlib.sha256(b"".join((*told, consent_id, outcome.encode()))).digest()
