"""Stores records for a custodian: documents from programs, or the rows of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from consent import ConsentRefused
from records import ParsedRow, to_records
from services.installation import Installation
from services.requests import PatientDirectory
from storage import DepositReport, Record, RecordStore

Progress = Callable[[str, int, int], None]
BATCH_SIZE: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSummary:
    """How many records were deposited, and how many of them were new."""

    records: int
    new: int


class CustodianRecords:
    """Deposits are idempotent: a record whose source is stored already does not change."""

    def __init__(
        self, *, store: RecordStore, directory: PatientDirectory, installation: Installation
    ) -> None:
        self._store = store
        self._directory = directory
        self._organisation = installation.organisation

    def deposit(
        self, party: str, records: Sequence[Record], sources: Sequence[str] | None
    ) -> DepositReport:
        """Seal and store records of the caller's own party: all of them or none.

        Raises:
            ConsentRefused (consent): a record names another custodian than `party`.
        """
        for record in records:
            if record.custodian != party:
                raise ConsentRefused(
                    f"custodian {record.custodian} is not {party}; deposit your own records only"
                )
        return self._store.deposits.deposit(records, sources)

    def deposit_rows(
        self, rows: Sequence[ParsedRow], progress: Progress, *, source: str = ""
    ) -> DepositSummary:
        """Seal and store the records of parsed rows; a person who is new gets a subject.

        The same rows give the same people and sources whichever way they come in, so nothing is
        stored twice. `source` sets kinds of files apart that could name the same person and day.
        """
        subjects = self._directory.get_or_add(row.person for row in rows)
        records, sources = to_records(rows, subjects, self._organisation, source)
        new = 0
        for start in range(0, len(records), BATCH_SIZE):
            progress("storing", start, len(records))
            part = slice(start, start + BATCH_SIZE)
            new += self._store.deposits.deposit(records[part], sources[part]).new
        progress("storing", len(records), len(records))
        return DepositSummary(records=len(records), new=new)
