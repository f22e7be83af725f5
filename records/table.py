"""Read the rows of a table as documents, and report every faulty cell by row and column."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from records.errors import TableInvalid
from records.faults import CellFault, CellFaultCode, CellInvalid
from records.mapping import Column, read_date
from records.mapping import Mapping as TableMapping
from records.table_file import read_cells
from storage import Record

MAX_FAULTS: Final = 1000
MAX_ID_CHARACTERS: Final = 200

Observations = dict[str, tuple[float | int | str | bool, str]]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A valid row: a person at the custodian, and the documents that the row becomes."""

    number: int
    person: str
    recorded_on: str
    custodian: str
    documents: tuple[tuple[str, Observations], ...]

    def records(self, subject: bytes, custodian: str = "") -> list[Record]:
        """Return one record for each document of the row, with the person's `subject`.

        `custodian` is the party that deposits, unless the mapping names one.
        """
        custodian = self.custodian or custodian
        return [
            Record(subject, category, custodian, self.recorded_on, observations)
            for category, observations in self.documents
        ]


def to_records(
    rows: Sequence[ParsedRow],
    subjects: Mapping[str, bytes],
    custodian: str,
    source_prefix: str = "",
) -> tuple[list[Record], list[str]]:
    """Return the records of these rows, and for each a source that identifies it.

    Args:
        rows: from `read_table`.
        subjects: the subject of each person.
        custodian: the party that deposits.
        source_prefix: distinguishes sources of another kind of file.
    """
    records, sources = list[Record](), list[str]()
    for row in rows:
        for index, record in enumerate(row.records(subjects[row.person], custodian)):
            records.append(record)
            parts = (f"{source_prefix}{row.person}", str(index), record.category, row.recorded_on)
            sources.append("\0".join(parts))
    return records, sources


@dataclass(slots=True)
class TableReport:
    """What a table holds: counts of rows, and the first faults.

    `good` rows can be deposited, `wrong` ones cannot; `replaced` rows gave way to a newer row of
    the same person.
    """

    rows: int = 0
    good: int = 0
    replaced: int = 0
    wrong: int = 0
    faults: list[CellFault] = field(default_factory=list)

    def require_good(self, name: str) -> None:
        """Refuse the table if any of its rows is faulty.

        Raises:
            TableInvalid: its `faults` are the first ones.
        """
        if self.wrong:
            first = f"; first: {self.faults[0].message}" if self.faults else ""
            raise TableInvalid(
                f"{name}: {self.wrong} of {self.rows} rows cannot be deposited{first}", self.faults
            )


class _Layout:
    """The positions of the mapped columns in a file's header."""

    def __init__(self, header: list[str], mapping: TableMapping, name: str) -> None:
        names = [unicodedata.normalize("NFC", column.strip()) for column in header]
        faults = _header_faults(names, mapping)
        if faults:
            raise TableInvalid(f"{name}: " + " ".join(fault.message for fault in faults), faults)
        self.mapping = mapping
        self.person = names.index(mapping.id_column)
        self.date = names.index(mapping.date_column) if mapping.date_column else -1
        self.documents = [
            (document.category, [(names.index(c.name), c) for c in document.columns])
            for document in mapping.documents
        ]

    def read(self, number: int, cells: list[str]) -> tuple[ParsedRow, list[CellFault]]:
        """Return the row and its faults."""
        faults: list[CellFault] = []
        person = unicodedata.normalize("NFC", cells[self.person].strip())
        if not person or len(person) > MAX_ID_CHARACTERS or not person.isprintable():
            invalid = CellInvalid(CellFaultCode.INVALID_ID, maximum=MAX_ID_CHARACTERS)
            faults.append(invalid.at(number, self.mapping.id_column))
        recorded_on = self.mapping.date
        if self.date >= 0:
            try:
                recorded_on = read_date(cells[self.date].strip())
            except CellInvalid as exc:
                faults.append(exc.at(number, self.mapping.date_column))
        documents = []
        for category, columns in self.documents:
            observations, cell_faults = self._document(number, columns, cells)
            faults += cell_faults
            if observations:
                documents.append((category, observations))
        row = ParsedRow(number, person, recorded_on, self.mapping.custodian, tuple(documents))
        return row, faults

    def _document(
        self, number: int, columns: list[tuple[int, Column]], cells: list[str]
    ) -> tuple[Observations, list[CellFault]]:
        observations: Observations = {}
        faults = []
        for index, column in columns:
            try:
                value = column.read(cells[index], self.mapping.decimal)
            except CellInvalid as exc:
                faults.append(exc.at(number, column.name))
                continue
            if value is not None:
                observations[column.code] = (value, column.unit)
        return observations, faults


def _header_faults(names: list[str], mapping: TableMapping) -> list[CellFault]:
    mapped = mapping.columns()
    known = {*mapped, *mapping.ignore}
    columns = {
        CellFaultCode.COLUMN_TWICE: sorted({name for name in names if names.count(name) > 1}),
        CellFaultCode.COLUMN_MISSING: [name for name in mapped if name not in names],
        CellFaultCode.COLUMN_UNMAPPED: [name for name in names if name not in known],
    }
    return [CellFault(0, name, code) for code, faulty in columns.items() for name in faulty]


def check_table(path: Path, mapping: TableMapping) -> TableReport:
    """Return what a table holds, in one pass that keeps none of its rows.

    Raises:
        TableInvalid: the file or its header cannot be used at all.
    """
    report, _ = _survey(path, mapping)
    return report


def read_table(path: Path, mapping: TableMapping, only_good: bool = False) -> Iterator[ParsedRow]:
    """Yield the rows, one a person; the whole table is checked before the first one.

    Raises:
        TableInvalid: a row is faulty and `only_good` is not set, or the file cannot be used.
    """
    report, chosen = _survey(path, mapping)
    if not only_good:
        report.require_good(path.name)
    return (
        row
        for row, faults in _rows(path, mapping)
        if not faults and chosen[row.person] == row.number
    )


def _rows(path: Path, mapping: TableMapping) -> Iterator[tuple[ParsedRow, list[CellFault]]]:
    lines = read_cells(path, mapping)
    header = next(lines) or []
    layout = _Layout(header, mapping, path.name)
    for number, cells in enumerate(lines, 1):
        if len(cells) == len(header):
            yield layout.read(number, cells)
        else:
            invalid = CellInvalid(CellFaultCode.CELL_COUNT, found=len(cells), expected=len(header))
            yield ParsedRow(number, "", "", "", ()), [invalid.at(number)]


def _survey(path: Path, mapping: TableMapping) -> tuple[TableReport, dict[str, int]]:
    """Return the report, and for each person the number of the row that is used."""
    report = TableReport()
    chosen: dict[str, int] = {}
    dates: dict[str, str] = {}
    for row, faults in _rows(path, mapping):
        report.rows += 1
        if not faults and row.person in chosen and mapping.on_duplicate == "refuse":
            invalid = CellInvalid(CellFaultCode.DUPLICATE_PERSON, first=chosen[row.person])
            faults = [invalid.at(row.number, mapping.id_column)]
        if faults:
            report.wrong += 1
            report.faults += faults[: MAX_FAULTS - len(report.faults)]
            continue
        if row.person in chosen:
            report.replaced += 1
        if row.recorded_on >= dates.get(row.person, ""):
            chosen[row.person], dates[row.person] = row.number, row.recorded_on
    report.good = len(chosen)
    return report, chosen
