"""The problems of an uploaded file in words: bad cells of a table, entries of a FHIR file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from records import CellFault
from records.outcomes import EntryOutcome, Outcome
from services.custodian.fhir_uploads import list_remarkable
from services.custodian.file_kinds import FHIR
from services.custodian.remedies import remedy
from services.custodian.upload_store import Upload
from services.words import Words

NO_REMEDY: Final = "Nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """One problem of a file, in words; never the content of a cell."""

    row: int
    line: int
    column: str
    problem: str
    cure: str


def list_problems(words: Words, upload: Upload) -> list[BadCell]:
    """Return the first problems of a checked file, in its order."""
    if upload.sent.kind == FHIR:
        return [_bad_entry(words, entry) for entry in list_remarkable(upload)]
    return list_cells(words, upload.report.get("bad", []))


def _bad_entry(words: Words, entry: EntryOutcome) -> BadCell:
    outcome = entry.outcome.value
    if entry.outcome is Outcome.SHARED:  # in the words of its count: it is shared with nobody
        outcome = words("deposit-outcome-shared")
    return BadCell(
        row=entry.number,
        line=0,
        column=".".join(filter(None, (entry.place, entry.element or entry.kind))),
        problem=f"{outcome}: {entry.code.problem}" if entry.code else outcome,
        cure=entry.code.remedy or NO_REMEDY,
    )


def list_cells(words: Words, stored: Sequence[list[Any]]) -> list[BadCell]:
    """Return the faults that a report stored, in words."""
    return [_bad_cell(words, CellFault.from_stored(fault)) for fault in stored]


def _bad_cell(words: Words, fault: CellFault) -> BadCell:
    return BadCell(
        row=fault.row,
        line=fault.line,
        column=fault.column,
        problem=fault.problem,
        cure=remedy(words, fault.code),
    )
