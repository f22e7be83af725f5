"""Stores records for a custodian: documents from programs, or the rows of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from attrs import define

from consent import ConsentRefused
from models import Diagnostics
from records import ParsedRow, to_records
from records.merging import merge_observations
from services.errors import NotFound
from services.installation import Installation
from services.jobs.progress import Progress
from services.requests import PatientDirectory
from storage import Arriving, DepositReport, Merged, Record, RecordStore

MAX_VALUES: Final = 500_000
"""Of the rows that are stored together: a value takes a hundred times its bytes in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSummary:
    """What a deposit of a table did.

    Attributes:
        records: how many arrived.
        new: those stored for the first time.
        corrected: stored records that got another or a further value.
        erased: records that are not stored again, since their patient had them erased.
        affected_models: the ids of models that were trained on a corrected record.
    """

    records: int
    new: int
    corrected: int = 0
    erased: int = 0
    affected_models: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        names = ("records", "new", "corrected", "erased")
        return {name: getattr(self, name) for name in names}

    def plus(self, other: DepositSummary) -> DepositSummary:
        """Return what two parts of one table did together."""
        counts = {name: count + other.counts[name] for name, count in self.counts.items()}
        affected = {*self.affected_models, *other.affected_models}
        return DepositSummary(**counts, affected_models=tuple(sorted(affected)))


@define(eq=False, repr=False, kw_only=True)
class CustodianRecords:
    """Deposits are idempotent: the same rows change nothing, and other values are corrections."""

    _store: RecordStore
    _directory: PatientDirectory
    _diagnostics: Diagnostics
    _installation: Installation

    def deposit(
        self, party: str, records: Sequence[Record], sources: Sequence[str] | None
    ) -> DepositReport:
        """Seal and store records of the organisation that operates this: all of them or none.

        Raises:
            NotFound: `party` is another organisation. Its records about a patient of this one would
                count as this patient's, and open their consents and uses to it.
            ConsentRefused (consent): a record names another custodian than `party`.
        """
        for record in records:
            if record.custodian != party:
                raise ConsentRefused(
                    f"custodian {record.custodian} is not {party}; deposit your own records only"
                )
        if party != self._installation.organisation:
            raise NotFound
        return self._store.deposits.deposit(records, sources)

    def deposit_rows(
        self, rows: Iterable[ParsedRow], progress: Progress, total: int
    ) -> DepositSummary:
        """Seal and store the records of parsed rows; a person who is new gets a subject.

        They are read and stored in parts, so that few of them are in memory; `total` is how many
        there are.

        The same rows give the same people and sources whichever way they come in, so nothing is
        stored twice. Another value for the same person, category, day and code is a correction; a
        code that was not there is added; what a table leaves out stays. Models that were trained
        on a corrected record are marked as affected.
        """
        summary, done = DepositSummary(records=0, new=0), 0
        for part in _parts(rows):
            step = partial(_report, progress, (done, len(part), total))
            summary = summary.plus(self._deposit_part(part, step))
            done += len(part)
        progress("storing", total, total)
        return summary

    def _deposit_part(self, rows: Sequence[ParsedRow], progress: Progress) -> DepositSummary:
        subjects = self._directory.get_or_add(row.person for row in rows)
        records, sources = to_records(rows, subjects, self._installation.organisation)
        arriving = [
            Arriving(record, source) for record, source in zip(records, sources, strict=True)
        ]
        report = self._store.versions.merge(arriving, merge_observations, progress)
        corrected = report.ids_of(Merged.CHANGED)
        affected = self._diagnostics.apply_corrections(corrected) if corrected else []
        return DepositSummary(
            records=len(records),
            new=report.count(Merged.NEW),
            corrected=len(corrected),
            erased=report.count(Merged.ERASED),
            affected_models=tuple(each.model.id for each in affected),
        )


def _parts(rows: Iterable[ParsedRow]) -> Iterator[list[ParsedRow]]:
    part, values = list[ParsedRow](), 0
    for row in rows:
        part.append(row)
        values += 1 + sum(len(observations) for _, observations in row.documents)
        if values >= MAX_VALUES:
            yield part
            part, values = [], 0
    if part:
        yield part


def _report(
    progress: Progress, place: tuple[int, int, int], _step: str, done: int, of: int
) -> None:
    """Report the progress of a part as that of the whole table."""
    before, rows, total = place
    progress("storing", min(before + rows * done // max(of, 1), total), total)
