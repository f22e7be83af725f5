"""Turns the rows of a table into records, or says which rows and columns are bad."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from records.errors import TableInvalid
from records.mapping import CellWrong, Column, Mapping, read_date
from records.table_file import read_cells
from storage import Record

MAX_LISTED: Final = 1000
MAX_ID: Final = 200

Observations = dict[str, tuple[float | int | str | bool, str]]
BadCell = tuple[int, str, str]
"""Row number from 1 (the header is not counted), column, what is wrong; never the cell."""


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One good row: a person at the custodian, and the documents that the row becomes."""

    number: int
    person: str
    recorded_on: str
    custodian: str
    documents: tuple[tuple[str, Observations], ...]

    def records(self, subject: bytes, custodian: str = "") -> list[Record]:
        """Return the row's records, one a document, for the subject that stands for the person.

        `custodian` is the party that deposits, unless the mapping names one.
        """
        holder = self.custodian or custodian
        return [
            Record(subject, category, holder, self.recorded_on, observations)
            for category, observations in self.documents
        ]


@dataclass(slots=True)
class TableReport:
    """What a table holds: good and bad rows, and the first bad cells."""

    rows: int = 0
    good: int = 0
    replaced: int = 0
    wrong: int = 0
    bad: list[BadCell] = field(default_factory=list)

    def require_good(self, name: str) -> None:
        """Refuse the table if any of its rows is bad.

        Raises:
            TableInvalid: its `rows` lists the first bad cells.
        """
        if self.wrong:
            raise TableInvalid(
                f"{name}: {self.wrong} of {self.rows} rows cannot be deposited", tuple(self.bad)
            )


class _Layout:
    """Where each mapped column stands in a file's header."""

    def __init__(self, header: list[str], mapping: Mapping, name: str) -> None:
        names = [unicodedata.normalize("NFC", one.strip()) for one in header]
        twice = sorted({one for one in names if names.count(one) > 1})
        wanted = mapping.columns()
        absent = [one for one in wanted if one not in names]
        known = {*wanted, *mapping.ignore}
        unknown = [one for one in names if one not in known]
        bad = [(0, one, "stands in the header twice") for one in twice]
        bad += [(0, one, "is not in the table") for one in absent]
        bad += [(0, one, "is not in the mapping; map it, or list it in ignore") for one in unknown]
        if bad:
            listed = ", ".join(f"{column!r} {what}" for _, column, what in bad)
            raise TableInvalid(f"{name}: {listed}", tuple(bad))
        self.mapping = mapping
        self.person = names.index(mapping.id_column)
        self.date = names.index(mapping.date_column) if mapping.date_column else -1
        self.documents = [
            (document.category, [(names.index(c.name), c) for c in document.columns])
            for document in mapping.documents
        ]

    def read(self, number: int, cells: list[str]) -> tuple[ParsedRow, list[BadCell]]:
        """Return the row, and its bad cells if it has any."""
        bad: list[BadCell] = []
        person = unicodedata.normalize("NFC", cells[self.person].strip())
        if not person or len(person) > MAX_ID or not person.isprintable():
            what = f"is no id: 1 to {MAX_ID} signs are needed, on one line"
            bad.append((number, self.mapping.id_column, what))
        recorded_on = self.mapping.date
        if self.date >= 0:
            try:
                recorded_on = read_date(cells[self.date].strip())
            except CellWrong as exc:
                bad.append((number, self.mapping.date_column, str(exc)))
        documents = []
        for category, columns in self.documents:
            found, wrong = self._document(columns, cells)
            bad += [(number, column, what) for column, what in wrong]
            if found:
                documents.append((category, found))
        return ParsedRow(number, person, recorded_on, self.mapping.custodian, tuple(documents)), bad

    def _document(
        self, columns: list[tuple[int, Column]], cells: list[str]
    ) -> tuple[Observations, list[tuple[str, str]]]:
        found: Observations = {}
        wrong = []
        for place, column in columns:
            try:
                value = column.read(cells[place], self.mapping.decimal)
            except CellWrong as exc:
                wrong.append((column.name, str(exc)))
                continue
            if value is not None:
                found[column.code] = (value, column.unit)
        return found, wrong


def check_table(path: Path, mapping: Mapping) -> TableReport:
    """Return what the table holds, after one pass over it; nothing of it is kept.

    Raises:
        TableInvalid: the file or its header cannot be used at all.
    """
    report, _ = _survey(path, mapping)
    return report


def read_table(path: Path, mapping: Mapping, only_good: bool = False) -> Iterator[ParsedRow]:
    """Yield the rows, each person once; the table is checked whole before the first one.

    Raises:
        TableInvalid: a row is bad and `only_good` is not set, or the file cannot be used.
    """
    report, chosen = _survey(path, mapping)
    if not only_good:
        report.require_good(path.name)
    return (
        row for row, bad in _rows(path, mapping) if not bad and chosen[row.person] == row.number
    )


def _rows(path: Path, mapping: Mapping) -> Iterator[tuple[ParsedRow, list[BadCell]]]:
    cells = read_cells(path, mapping)
    header = next(cells)
    layout = _Layout(header or [], mapping, path.name)
    for number, row in enumerate(cells, 1):
        if row is None:
            empty = ParsedRow(number, "", "", "", ())
            yield empty, [(number, "", f"has not {len(header or [])} cells")]
        else:
            yield layout.read(number, row)


def _survey(path: Path, mapping: Mapping) -> tuple[TableReport, dict[str, int]]:
    """Return the report, and for each person the number of the row that counts."""
    report = TableReport()
    chosen: dict[str, int] = {}
    dates: dict[str, str] = {}
    for row, bad in _rows(path, mapping):
        report.rows += 1
        if not bad and row.person in chosen and mapping.on_duplicate == "refuse":
            what = f"is the person of row {chosen[row.person]} again"
            bad = [(row.number, mapping.id_column, what)]
        if bad:
            report.wrong += 1
            report.bad += bad[: MAX_LISTED - len(report.bad)]
            continue
        if row.person in chosen:
            report.replaced += 1
        if row.recorded_on >= dates.get(row.person, ""):
            chosen[row.person], dates[row.person] = row.number, row.recorded_on
    report.good = len(chosen)
    return report, chosen
