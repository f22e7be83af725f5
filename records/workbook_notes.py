"""Say which sheets of a workbook were not read, and what of it is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from records.faults import CellFault, CellFaultCode
from records.mapping import FileFormat
from records.workbook import survey_sheets

MAX_SHEETS: Final = 10
MAX_RUNS: Final = 10
MAX_COLUMNS: Final = 100


def workbook_notes(path: Path, file: FileFormat, names: Sequence[str]) -> list[CellFault]:
    """Return what a reader of a workbook should know of its sheets; nothing of another file.

    Args:
        path: the file.
        file: how it is read.
        names: of its columns.

    Raises:
        TableInvalid: it cannot be read.
    """
    survey = survey_sheets(path, file)
    notes = []
    if survey.others:
        notes.append(_note(CellFaultCode.OTHER_SHEETS, names=_listed(survey.others, MAX_SHEETS)))
    if survey.read in survey.sheets:
        notes.append(_note(CellFaultCode.HIDDEN_SHEET, names=survey.read))
    unread = [name for name in survey.sheets if name != survey.read]
    if unread:
        notes.append(_note(CellFaultCode.HIDDEN_SHEETS, names=_listed(unread, MAX_SHEETS)))
    if survey.rows:
        lines = [_run(first, last) for first, last in survey.lines]
        facts = {"found": survey.rows, "lines": _listed(lines, MAX_RUNS)}
        notes.append(_note(CellFaultCode.HIDDEN_ROWS, **facts))
    columns = [_column(names, place, letters) for place, letters in survey.columns]
    if columns:
        notes.append(_note(CellFaultCode.HIDDEN_COLUMNS, names=_listed(columns, MAX_COLUMNS)))
    return notes


def _note(code: CellFaultCode, **facts: Any) -> CellFault:
    return CellFault(0, "", code, facts=facts)


def _listed(texts: Sequence[str], most: int) -> str:
    return ", ".join([*texts[:most], *["…"] * (len(texts) > most)])


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _column(names: Sequence[str], place: int, letters: str) -> str:
    name = names[place] if place < len(names) else ""
    return name or f"{letters} (without a name)"
