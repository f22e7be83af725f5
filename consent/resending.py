"""Sends again what a chain does not have, in the order in which it was mined if it ever was."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

import sqlalchemy as sa

from consent.account_nonces import purposes
from consent.chain import Chain
from consent.errors import LedgerUnavailable
from consent.events import Events
from consent.outbox_rows import OUTBOX, REPLACED, WRITTEN

_FLUSH_ROWS: Final = 64
_POLL_S: Final = 0.1
_SOON_S: Final = 10.0
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


class Resender:
    """Sends again what the chain does not have of every account that ever wrote here."""

    def __init__(self, engine: sa.Engine, chain: Chain) -> None:
        self._engine = engine
        self._chain = chain
        self._events = Events(engine)

    def flush(self) -> int:
        """Send, in order, what the chain does not have; return how many transactions that was.

        What a chain lost of several accounts is sent part by part, in the order in which it was
        mined: the ledger's history is then the same. Call it again until it returns 0.

        Raises:
            LedgerUnavailable: the chain is unavailable.
        """
        missing = self._find_missing()
        if len({row.account for row in missing}) > 1:
            positions = self._events.positions_of([row.hash for row in missing])
            missing = select_next(missing, positions)
        for row in missing:
            self._chain.send([row.raw])
        return len(missing)

    def send_missing(self, limit_s: float) -> None:
        """Send what the chain does not have, and wait until it has all that it once had.

        What it never had may not be mined for long, as that of an account without money: it is
        waited for only briefly, so that it stops no start. It stays stored, and is sent again.

        Raises:
            LedgerUnavailable: the chain is unavailable, or has not mined again what it lost.
        """
        started_s, next_look_s = time.monotonic(), min(limit_s, _SOON_S)
        while self.flush():
            waited_s = time.monotonic() - started_s
            if waited_s > next_look_s:
                if not self._has_lost():
                    return
                if waited_s > limit_s:
                    raise LedgerUnavailable(
                        f"the chain has not mined all transactions after {limit_s:.0f} s"
                    )
                next_look_s += _SOON_S
            time.sleep(_POLL_S)

    def _has_lost(self) -> bool:
        """Return whether the chain had one of the transactions that it does not have."""
        missing = self._find_missing()
        is_recorded = any(row.is_recorded for row in missing)
        return is_recorded or bool(self._events.positions_of([row.hash for row in missing]))

    def _find_missing(self) -> list[MissingRow]:
        """Return the first rows of each account that the chain does not have, by their nonces."""
        rows = [row for account in purposes(self._engine) for row in self._missing_of(account)]
        replaced = [row.hash for row in rows if row.state == REPLACED]
        # One whose messages were written again is only sent again if it was mined all the same.
        mined = self._events.positions_of(replaced) if replaced else {}
        return [
            MissingRow(row.seq, row.account, row.hash, row.raw, row.state != WRITTEN)
            for row in rows
            if row.state != REPLACED or row.hash in mined
        ]

    def _missing_of(self, account: str) -> Sequence[sa.Row[Any]]:
        count = self._chain.transaction_count(account)
        query = sa.select(OUTBOX).where(OUTBOX.c.account == account, OUTBOX.c.nonce >= count)
        with self._engine.connect() as connection:
            return connection.execute(query.order_by(OUTBOX.c.nonce).limit(_FLUSH_ROWS)).all()


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
