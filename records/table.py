"""Read the rows of a table as documents, and report every faulty cell by row and column."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Final

from records.cells import plain_id
from records.errors import TableEmpty, TableInvalid
from records.faults import CellFault, CellFaultCode, CellInvalid
from records.header import header_faults
from records.header_search import SEARCHED_LINES, find_names
from records.identifiers import MIN_ROWS, IdentifierWatch
from records.mapping import LATEST
from records.mapping import Mapping as TableMapping
from records.rows import Documents, Observations, ReadRow, RowReader
from records.summary import ColumnSummary, TableSummary
from records.table_file import Line, read_cells, require_width
from records.workbook_notes import workbook_notes
from storage import Record

MAX_FAULTS: Final = 1000
MAX_WAITING: Final = 20_000_000
"""Values of days that are not complete yet, which are all in memory."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A person at the custodian, a day, and the documents that the rows of that day become.

    Attributes:
        number: of the row, or of the last one if several rows become one record.
    """

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

    Attributes:
        rows: all rows but empty ones and lines of totals.
        good: rows that can be deposited; for a table of one row a person, people.
        wrong: rows that cannot.
        replaced: rows that gave way to a newer row of the same person or visit.
        left_out: cells that the mapping's rules leave out: bad ones and those out of range.
        ignored: rows of a code that the mapping ignores.
        people: different people in the good rows.
        faults: the first bad cells of wrong rows.
        notes: the first cells left out, and what else the reader should look at.
        columns: a summary of each mapped column, if the check makes one.
    """

    rows: int = 0
    good: int = 0
    replaced: int = 0
    wrong: int = 0
    left_out: int = 0
    ignored: int = 0
    people: int = 0
    faults: list[CellFault] = field(default_factory=list)
    notes: list[CellFault] = field(default_factory=list)
    columns: tuple[ColumnSummary, ...] = ()

    def require_good(self, name: str) -> None:
        """Refuse the table if any of its rows is faulty, or if it has none.

        Raises:
            TableInvalid: its `faults` are the first ones.
            TableEmpty: it has no row.
        """
        if self.wrong:
            first = f"; first: {self.faults[0].message}" if self.faults else ""
            raise TableInvalid(
                f"{name}: {self.wrong} of {self.rows} rows cannot be deposited{first}", self.faults
            )
        if not self.good:
            raise TableEmpty(f"{name}: the table has a header, but no row below it; nothing to do")


def check_table(
    path: Path,
    mapping: TableMapping,
    *,
    today: datetime.date | None = None,
    has_summary: bool = False,
) -> TableReport:
    """Return what a table holds, in one pass that keeps none of its rows.

    Args:
        path: the file.
        mapping: what its columns mean.
        today: days after tomorrow are faults; without it no day is too late.
        has_summary: whether to summarise each column.

    Raises:
        TableInvalid: the file or its header cannot be used at all.
    """
    return _survey(path, mapping, today, has_summary=has_summary).report


def compare_header(path: Path, mapping: TableMapping) -> list[CellFault]:
    """Return how the header of a table differs from its mapping; nothing if it fits exactly.

    Raises:
        TableInvalid: the file cannot be read in the way that the mapping says.
    """
    header = next(read_cells(path, mapping.file, mapping.columns()), (0, []))[1]
    return header_faults([unicodedata.normalize("NFC", name.strip()) for name in header], mapping)


def read_table(
    path: Path,
    mapping: TableMapping,
    only_good: bool = False,
    today: datetime.date | None = None,
) -> Iterator[ParsedRow]:
    """Yield one row a person, or a visit; the whole table is checked before the first one.

    Raises:
        TableInvalid: a row is faulty and `only_good` is not set, no row is good, or the file
            cannot be used.
        TableEmpty: the table has no row.
    """
    survey = _survey(path, mapping, today)
    if not only_good or not survey.report.good:
        survey.report.require_good(path.name)
    rows = (
        row
        for row in _open(path, mapping, today)[1]
        if not row.faults and survey.chosen.get(_key(row, mapping)) == row.number
    )
    return _grouped(rows, survey.last, mapping) if mapping.is_grouped else _single(rows, mapping)


def _single(rows: Iterator[ReadRow], mapping: TableMapping) -> Iterator[ParsedRow]:
    return (
        ParsedRow(row.number, row.person, row.day, mapping.custodian, row.documents) for row in rows
    )


def _grouped(
    rows: Iterator[ReadRow], last: Mapping[Key, int], mapping: TableMapping
) -> Iterator[ParsedRow]:
    """Yield one row for each person and day, as soon as its last row was read.

    Raises:
        TableInvalid: the rows of the days are so far apart that they fill the memory.
    """
    waiting, count = dict[Key, list[ReadRow]](), 0
    for row in rows:
        group = waiting.setdefault((row.person, row.day), [])
        group.append(row)
        count += _values_in(row)
        if count > MAX_WAITING:
            raise TableInvalid("the table: rows of one day are far apart. Sort it by id and date.")
        if last[row.person, row.day] == row.number:
            del waiting[row.person, row.day]
            count -= sum(map(_values_in, group))
            documents = _merged(_in_order(group), mapping)
            yield ParsedRow(row.number, row.person, row.day, mapping.custodian, documents)


def _in_order(rows: list[ReadRow]) -> list[ReadRow]:
    """Return the rows of a day by time; by that of the wall if some rows name no zone."""
    has_zones = all(row.zone_s is not None for row in rows)
    return sorted(rows, key=attrgetter("moment" if has_zones else "time"))


def _values_in(row: ReadRow) -> int:
    return sum(len(observations) for _, observations in row.documents)


def _merged(rows: Sequence[ReadRow], mapping: TableMapping) -> Documents:
    """Return the documents of one day: for each code the value of the latest time."""
    if len(rows) == 1:
        return rows[0].documents
    merged: dict[str, Observations] = {}
    for row in rows:
        for category, observations in row.documents:
            merged.setdefault(category, {}).update(observations)
    categories = dict.fromkeys(document.category for document in mapping.documents)
    return tuple((category, merged[category]) for category in categories if category in merged)


def _open(
    path: Path, mapping: TableMapping, today: datetime.date | None
) -> tuple[RowReader, Iterator[ReadRow]]:
    """Return the reader of the rows, and the rows.

    Raises:
        TableInvalid: the header does not fit the mapping.
    """
    lines = read_cells(path, mapping.file, mapping.columns())
    number, header = next(lines, (0, []))
    if not header:
        raise TableInvalid(f"{path.name}: the file has no header")
    require_width(path, header)
    _require_names(path, (number, header), lines, mapping)
    reader = RowReader(header, mapping, path.name, today)
    first = next((each for each in lines if any(map(str.strip, each[1]))), None)
    if first is not None and not reader.find_units(*first):
        lines = chain([first], lines)
    read = (reader.read(line, cells) for line, cells in lines)
    return reader, (row for row in read if row is not None)


def _require_names(
    path: Path, header: tuple[int, list[str]], lines: Iterator[Line], mapping: TableMapping
) -> None:
    """Refuse a table whose names are further below, with the one error that says where.

    Raises:
        TableInvalid: they are.
    """
    names = {unicodedata.normalize("NFC", name.strip()) for name in header[1]}
    if mapping.file.header_rows > 1 or names.issuperset(mapping.columns()):
        return
    fault = find_names([header, *islice(lines, SEARCHED_LINES)], mapping)
    if fault is not None:
        raise TableInvalid(f"{path.name}: {fault.message.removesuffix('.')}", [fault])


def _key(row: ReadRow, mapping: TableMapping) -> Key:
    if mapping.long is not None:
        return row.person, row.day, row.moment, row.code
    if mapping.has_visits:
        return row.person, row.day, row.moment
    return (row.person,)


@dataclass(slots=True)
class _Survey:
    """What the first pass over a table found.

    Attributes:
        chosen: for each person, visit or value, the number of the row that is used.
        last: for each person and day of a grouped table, the number of the last row used.
        days: for each person of a table of one row a person, the day of the row used.
        values: for each value of a table of one value a row, its hash.
        row_faults: rows that are bad in themselves, not as a repetition.
    """

    report: TableReport = field(default_factory=TableReport)
    chosen: dict[Key, int] = field(default_factory=dict)
    last: dict[Key, int] = field(default_factory=dict)
    days: dict[Key, str] = field(default_factory=dict)
    values: dict[Key, int] = field(default_factory=dict)
    row_faults: int = 0

    def add(self, row: ReadRow, mapping: TableMapping) -> None:
        """Count a row, and choose among the rows of the same person, visit or value."""
        report = self.report
        report.rows += 1
        report.left_out += len(row.left_out)
        report.notes += row.left_out[: MAX_FAULTS - len(report.notes)]
        if row.is_ignored:
            report.ignored += 1
            return
        key = _key(row, mapping)
        faults = row.faults or self._duplicates(row, key, mapping)
        if faults:
            self.row_faults += bool(row.faults)
            report.wrong += 1
            report.faults += faults[: MAX_FAULTS - len(report.faults)]
            return
        report.replaced += key in self.chosen
        if mapping.long is not None and key in self.chosen and not row.documents:
            return  # a cell that is empty yet is no newer value
        if mapping.is_grouped or row.day >= self.days.get(key, ""):
            self.chosen[key] = row.number
            if not mapping.is_grouped:
                self.days[key] = row.day
            if mapping.long is not None:
                self.values[key] = hash(str(row.documents))

    def close(self, mapping: TableMapping) -> None:
        """Count the good rows and the people."""
        report = self.report
        if mapping.is_grouped:
            for (person, day, *_), number in self.chosen.items():
                self.last[person, day] = max(number, self.last.get((person, day), 0))
            report.good = report.rows - report.wrong - report.ignored - report.replaced
        else:
            report.good = len(self.chosen)

    def warnings(self, mapping: TableMapping) -> list[CellFault]:
        """Return what is odd about the ids."""
        people = {key[0] for key in self.chosen}
        self.report.people = len(people)
        spelled = len(people) - len(set(map(plain_id, people)))
        rows = self.report.rows
        warnings = []
        if not mapping.is_grouped and rows >= MIN_ROWS and 2 * len(people) < rows - self.row_faults:
            facts = {"found": len(people), "rows": rows}
            code = CellFaultCode.IDS_REPEAT
            warnings.append(CellFault(0, mapping.id_column, code, facts=facts))
        if spelled:
            code = CellFaultCode.ID_SPELLINGS
            warnings.append(CellFault(0, mapping.id_column, code, facts={"found": spelled}))
        return warnings

    def _duplicates(self, row: ReadRow, key: Key, mapping: TableMapping) -> list[CellFault]:
        if key not in self.chosen or mapping.on_duplicate == LATEST:
            return []
        if mapping.long is not None and self.values[key] == hash(str(row.documents)):
            return []  # the same value once more, as an export of overlapping months writes it
        code = CellFaultCode.DUPLICATE_PERSON
        if mapping.is_grouped:
            is_long = mapping.long is not None
            code = CellFaultCode.DUPLICATE_VALUE if is_long else CellFaultCode.DUPLICATE_VISIT
        invalid = CellInvalid(code, first=self.chosen[key])
        return [invalid.at(row.number, mapping.id_column, row.line)]


def _survey(
    path: Path,
    mapping: TableMapping,
    today: datetime.date | None,
    *,
    has_summary: bool = False,
) -> _Survey:
    """Return the report, and which rows are used."""
    survey, watch = _Survey(), IdentifierWatch(mapping)
    reader, rows = _open(path, mapping, today)
    summary = TableSummary(reader.mapping) if has_summary else None
    for row in rows:
        survey.add(row, mapping)
        watch.see(row)
        if summary is not None:
            summary.see(row)
    survey.close(mapping)
    report = survey.report
    warnings = [
        *workbook_notes(path, mapping.file, reader.names),
        *survey.warnings(mapping),
        *reader.warnings(),
    ]
    report.notes = [*warnings, *report.notes][:MAX_FAULTS]
    if summary is not None:
        report.columns = summary.columns()
    faulty = [*reader.conflicts, *watch.faults()]
    if faulty:  # a column that identifies people, or has two units, costs every row
        report.wrong, report.good = report.rows, 0
        report.faults = [*faulty, *report.faults][:MAX_FAULTS]
    return survey
