"""Define the catalogue's data types: one record version, a batch, and entries as columns."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from consent import CATEGORY_CODES
from storage.errors import NameMismatch

_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()


class Entry(NamedTuple):
    """One version of one record in the catalogue.

    Attributes:
        cid: CID of its envelope (36 bytes, binary).
        size: bytes of its envelope.
        offset: where the envelope starts in its batch's CAR file.
        commitment: keyed hash of subject, category, custodian and date.
        wrapped: the record key wrapped by the patient's key; None once this version is erased.
        source: keyed hash of where the record came from, unique; None if not given.
        batch: id of the batch that it was deposited in.
        former: the wrapped key of a version that was replaced and is kept; then `wrapped` is None.
        keeps_former: whether this version keeps those that it replaces.
    """

    record_id: bytes
    version: int
    subject: bytes
    category: str
    custodian: str
    recorded_on: str
    cid: bytes
    size: int
    offset: int
    commitment: bytes
    wrapped: bytes | None
    source: bytes | None = None
    batch: int = 0
    former: bytes | None = None
    keeps_former: bool = False

    @property
    def any_key(self) -> bytes | None:
        """The wrapped key of a current or a former version; None once this version is erased."""
        return self.wrapped or self.former

    def require_key(self) -> bytes:
        """Return the wrapped key.

        Raises:
            NameMismatch: it was deleted.
        """
        wrapped = self.any_key
        if wrapped is None:
            raise NameMismatch(f"the key of record {self.record_id.hex()} was deleted; run verify")
        return wrapped

    def leaf(self) -> bytes:
        """Return the entry's leaf in the Merkle tree whose root is anchored on the ledger."""
        return b"".join(
            (
                self.record_id,
                self.version.to_bytes(4, "big"),
                self.cid,
                self.size.to_bytes(8, "big"),
                self.commitment,
            )
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that were deposited together: one CAR file, one pin, one anchored root.

    `pin` is the CID of the IPFS root that keeps its blocks, `root` the anchored Merkle root.
    """

    id: int
    name: str
    state: str
    at_s: int
    count: int
    pin: bytes
    root: bytes
    has_erased: bool


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Entries in catalogue order, and their fields as the arrays that a decision takes.

    Shapes: subjects (n, 32); records (n,) of 32 hex characters; categories (n,), indexes into
    CATEGORY_CODES; recorded_on (n,), days since 1970-01-01.
    """

    entries: list[Entry]
    subjects: npt.NDArray[np.uint8]
    records: npt.NDArray[np.bytes_]
    categories: npt.NDArray[np.int16]
    recorded_on: npt.NDArray[np.int32]


def day_number(date: str) -> int:
    """Return the days from 1970-01-01 to an ISO date."""
    return datetime.date.fromisoformat(date).toordinal() - _EPOCH


def iso_date(days: int) -> str:
    """Return the ISO date that is `days` after 1970-01-01."""
    return datetime.date.fromordinal(days + _EPOCH).isoformat()


def columns_of(entries: list[Entry]) -> Columns:
    """Return these entries as columns for a decision, in the same order."""
    indexes = {code: index for index, code in enumerate(CATEGORY_CODES)}
    days = {date: day_number(date) for date in {entry.recorded_on for entry in entries}}
    names = b"".join([entry.record_id for entry in entries]).hex().encode()
    return Columns(
        entries,
        np.frombuffer(b"".join([entry.subject for entry in entries]), np.uint8).reshape(-1, 32),
        np.frombuffer(names, "S32"),
        np.array([indexes[entry.category] for entry in entries], np.int16),
        np.array([days[entry.recorded_on] for entry in entries], np.int32),
    )
