"""Orders what a chain lost of several accounts as it was mined, so that history stays the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

_FIRST: Final = -1
_UNKNOWN: Final = math.inf


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A stored transaction that the chain does not have; `is_recorded`: it was mined once."""

    seq: int
    account: str
    hash: bytes
    raw: bytes
    is_recorded: bool


def select_next(rows: Sequence[MissingRow], positions: Mapping[bytes, int]) -> list[MissingRow]:
    """Return what to send before anything else of these.

    Transactions of one account can only be mined in the order of their nonces; those of several
    accounts in any order. So of what was mined before, only the next of one account are returned.
    What was never mined has no order to keep, and is sent when all else is there.

    Args:
        rows: of each account by their nonces.
        positions: where in the ledger each transaction's first change was; one that changed
            nothing there follows the one before it.
    """
    last_mined = {
        row.account: at for at, row in enumerate(rows) if row.is_recorded or row.hash in positions
    }
    newest: dict[str, tuple[float, int]] = {}
    places: list[tuple[tuple[float, int], int]] = []
    for at, row in enumerate(rows):
        before, seq = newest.get(row.account, (_FIRST, 0))
        unknown = before if at <= last_mined.get(row.account, -1) else _UNKNOWN
        newest[row.account] = max(before, positions.get(row.hash, unknown)), max(seq, row.seq)
        places.append((newest[row.account], at))
    ordered = [(place[0], rows[at]) for place, at in sorted(places)]
    if not ordered or ordered[0][0] == _UNKNOWN:
        return [row for _, row in ordered]
    account = ordered[0][1].account
    run = takewhile(lambda each: each[0] < _UNKNOWN and each[1].account == account, ordered)
    return [row for _, row in run]
