"""Keeps, in a file outside every backup, how far ledger and journal have ever been."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from consent.durable_file import write_durably
from consent.errors import LedgerBroken, LedgerUnavailable
from consent.typed_data import GENESIS_HEAD


@dataclass(frozen=True, slots=True)
class MarkedState:
    """The newest state that this installation has acknowledged.

    Attributes:
        count, head: of the ledger's changes.
        journal: the number of the last journal row.
        open: the hashes of transactions with withdrawals or stops that no chain had confirmed.
    """

    count: int = 0
    head: bytes = GENESIS_HEAD
    journal: int = 0
    open: frozenset[bytes] = field(default_factory=frozenset)


UNKNOWN: Final = MarkedState(-1, b"")
"""The mark of an installation that had one and lost it: every state may be an older copy."""


class StateMark:
    """One small file that several processes share; it must not be restored with a backup.

    `contract` is the ledger's address: the mark of another ledger, as of an installation that was
    deleted, is none.
    """

    def __init__(self, path: Path, contract: str) -> None:
        self.path = path
        self._contract = contract
        self.blank: Callable[[], MarkedState] = MarkedState
        """What is marked where the file is missing: `UNKNOWN` if it ever existed."""

    def read(self) -> MarkedState | None:
        """Return what is marked of this ledger; None if nothing is.

        Raises:
            LedgerBroken: the file cannot be read as a mark.
        """
        try:
            values: dict[str, Any] = orjson.loads(self.path.read_bytes())
            if values["contract"] != self._contract:
                return None
            return MarkedState(
                int(values["count"]),
                bytes.fromhex(values["head"]),
                int(values["journal"]),
                frozenset(bytes.fromhex(name) for name in values["open"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, KeyError, TypeError, ValueError) as exc:
            raise LedgerBroken(
                f"the mark {self.path} cannot be read; restore it from this machine, never from "
                "the backup of the database"
            ) from exc

    def version(self) -> tuple[int, int] | None:
        """Return a value that changes with each change of the file; None if the file is missing."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino

    def change(self, change: Callable[[MarkedState], MarkedState]) -> MarkedState:
        """Replace the mark by what `change` makes of it, durably, and return that.

        Raises:
            LedgerUnavailable: the file cannot be written, so nothing may be acknowledged.
        """
        try:
            with self._locked():
                before = self.read()
                after = change(self.blank() if before is None else before)
                if after != before:
                    self._write(after)
        except OSError as exc:
            raise LedgerUnavailable(
                f"the mark {self.path} cannot be written; let the platform write to its folder, "
                "or set VOUCHSAFE_MARK"
            ) from exc
        return after

    def raise_journal(self, last: int) -> None:
        """Mark that the journal has reached this row."""
        self.change(
            lambda before: MarkedState(
                before.count, before.head, max(before.journal, last), before.open
            )
        )

    def _write(self, state: MarkedState) -> None:
        values = {
            "about": "how far this installation has been; keep it out of backups",
            "contract": self._contract,
            "count": state.count,
            "head": state.head.hex(),
            "journal": state.journal,
            "open": sorted(name.hex() for name in state.open),
        }
        write_durably(self.path, orjson.dumps(values, option=orjson.OPT_INDENT_2))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(self.path.name + ".lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
