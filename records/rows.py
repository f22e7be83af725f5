"""Read the lines of a table's file as rows: a person, a day, coded values, and faults."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from records.cells import Bounded, is_note, is_total, normalised, read_person
from records.columns import MISSING, Column
from records.dates import Moment, read_date, read_time, read_zone
from records.errors import TableInvalid
from records.faults import CellFault, CellFaultCode, CellInvalid
from records.header import header_faults
from records.header_search import is_row_of_names
from records.mapping import ANY, Mapping
from records.unit_row import UnitRow, find_unit_row
from records.values import BOUND_SUFFIX

Observations = dict[str, tuple[float | int | str | bool, str]]
Documents = tuple[tuple[str, Observations], ...]
_MAX_LISTED: Final = 1_000
"""Of the lines that are no rows: a small compressed file can have hundreds of millions of them."""


@dataclass(slots=True)
class ReadRow:
    """A row and what is wrong with it.

    Attributes:
        number: from 1, the header, empty lines and lines of totals not counted.
        line: in the file, from 1; 0 if the file has no lines.
        time: of the day, "" if the table has none.
        zone_s: how far the clock of `time` is ahead of UTC, None if the table does not say.
        code: of the value, in a table of one value a row.
        faults: why the row cannot be deposited.
        left_out: bad cells that cost only themselves.
        is_ignored: whether the mapping leaves out rows of this code.
    """

    number: int
    line: int
    person: str = ""
    day: str = ""
    time: str = ""
    zone_s: int | None = None
    code: str = ""
    documents: Documents = ()
    faults: list[CellFault] = field(default_factory=list)
    left_out: list[CellFault] = field(default_factory=list)
    is_ignored: bool = False

    @property
    def moment(self) -> str:
        """The time without its zone: of two clocks, the same moment is the same text."""
        if self.zone_s is None or not self.time:
            return self.time
        hours, minutes, seconds = map(int, self.time.split(":"))
        # On a day of 24 hours more, so that no moment of a day has a sign.
        return f"{86_400 + hours * 3600 + minutes * 60 + seconds - self.zone_s:06}"


class RowReader:
    """Reads the rows below one header."""

    _has_names = False

    def __init__(
        self, header: list[str], mapping: Mapping, name: str, today: datetime.date | None
    ) -> None:
        """Find the mapped columns.

        Raises:
            TableInvalid: the header does not fit the mapping, or its date is in the future.
        """
        names = [unicodedata.normalize("NFC", column.strip()) for column in header]
        faults = header_faults(names, mapping)
        if faults:
            raise TableInvalid(f"{name}: " + " ".join(fault.message for fault in faults), faults)
        self.totals: list[CellFault] = []
        self.conflicts: list[CellFault] = []
        self.names = names
        self._unit_row: UnitRow | None = None
        self.unnamed_values = 0
        self.mapping = mapping
        self._width = len(names)
        self._unnamed = [index for index, column in enumerate(names) if not column]
        self._least = self._width - _trailing(names)
        self._last_day = (today + datetime.timedelta(days=1)).isoformat() if today else ""
        if self._is_late(mapping.date):
            raise TableInvalid(f"{name}: the mapping's date is in the future; correct it")
        self._person, self._date, self._time = (
            names.index(column) if column else -1
            for column in (mapping.id_column, mapping.date_column, mapping.time_column)
        )
        self._number = 0
        self._codes: dict[str, tuple[str, Column]] = {}
        self._documents: list[tuple[str, list[tuple[int, Column]]]] = []
        if mapping.long is None:
            self._documents = self._placed()
            return
        self._code, self._value, self._unit = (
            names.index(column) if column else -1
            for column in (mapping.long.code, mapping.long.value, mapping.long.unit)
        )
        self._codes = {
            normalised(column.name): (document.category, column)
            for document in mapping.documents
            for column in document.columns
        }

    def _placed(self) -> list[tuple[str, list[tuple[int, Column]]]]:
        return [
            (document.category, [(self.names.index(c.name), c) for c in document.columns])
            for document in self.mapping.documents
        ]

    def find_units(self, line: int, cells: list[str]) -> bool:
        """Return whether the first line below the header is units; columns without one get it."""
        cells = self._fitted(cells) if len(cells) != self._width else cells
        self._unit_row = find_unit_row(self.names, line, cells, self.mapping)
        if self._unit_row is None:
            self._has_names = is_row_of_names(self.names, cells, self.mapping)
            return False
        self.conflicts = self._unit_row.conflicts(self.mapping)
        self.mapping = self.mapping.with_units(self._unit_row.missing_units(self.mapping))
        self._documents = self._placed()
        return True

    def read(self, line: int, cells: list[str]) -> ReadRow | None:
        """Return the row of a line; None for an empty line, one of totals and one of remarks."""
        if len(cells) != self._width:
            cells = self._fitted(cells)
        is_whole = len(cells) == self._width
        person = cells[self._person].strip() if is_whole else ""
        if not person and not any(map(str.strip, cells)):
            return None
        note = self._why_left_out(person, cells)
        if note is not None:
            self._list_left_out(note, line)
            return None
        self._number += 1
        row = ReadRow(self._number, line)
        if person and person == self.mapping.id_column:
            row.faults.append(CellFault(row.number, "", CellFaultCode.OTHER_TABLE, line=line))
            return row
        if not is_whole:
            invalid = CellInvalid(CellFaultCode.CELL_COUNT, found=len(cells), expected=self._width)
            row.faults.append(invalid.at(row.number, line=line))
            return row
        if self._unnamed:
            self.unnamed_values += sum(1 for index in self._unnamed if cells[index].strip())
        self._read_place(row, cells)
        row.documents = (
            tuple(self._wide(row, cells)) if self.mapping.long is None else self._long(row, cells)
        )
        if row.faults and self._has_names and row.number == 1:
            row.faults = [CellFault(1, "", CellFaultCode.ROW_OF_NAMES, line=line)]
        return row

    def _why_left_out(self, person: str, cells: list[str]) -> CellFaultCode | None:
        """Return what a line is that is not a row: a total, a remark or the repeated names."""
        if is_total(person or cells[0]):
            return CellFaultCode.TOTAL_ROW
        if is_note(cells, self._person):
            return CellFaultCode.NOTE_ROW
        is_id = person != "" and person == self.mapping.id_column
        is_header = is_id and [cell.strip() for cell in cells] == self.names
        return CellFaultCode.HEADER_AGAIN if is_header else None

    def _list_left_out(self, code: CellFaultCode, line: int) -> None:
        if len(self.totals) < _MAX_LISTED:
            self.totals.append(CellFault(0, "", code, line=line))

    def warnings(self) -> list[CellFault]:
        """Return the row of units, the lines of totals, and how many nameless cells there are."""
        units = [] if self._unit_row is None else [self._unit_row.note()]
        if not self.unnamed_values:
            return [*units, *self.totals]
        facts = {"found": self.unnamed_values}
        unnamed = CellFault(0, "", CellFaultCode.UNNAMED_VALUES, facts=facts)
        return [*units, unnamed, *self.totals]

    def _fitted(self, cells: list[str]) -> list[str]:
        """Return the cells without empty ones beyond the header, or with those that it lacks."""
        if len(cells) > self._width and not any(map(str.strip, cells[self._width :])):
            return cells[: self._width]
        if self._least <= len(cells) < self._width:
            return cells + [""] * (self._width - len(cells))
        return cells

    def _is_late(self, day: str) -> bool:
        return bool(self._last_day) and day > self._last_day

    def _read_place(self, row: ReadRow, cells: list[str]) -> None:
        """Set the row's person, day and time."""
        mapping = self.mapping
        try:
            row.person = read_person(cells[self._person])
        except CellInvalid as exc:
            row.faults.append(exc.at(row.number, mapping.id_column, row.line))
        row.day = mapping.date
        if self._date >= 0:
            try:
                moment = self._moment(cells[self._date].strip())
                row.day, row.time, row.zone_s = moment.day, moment.time, moment.zone_s
            except CellInvalid as exc:
                row.faults.append(exc.at(row.number, mapping.date_column, row.line))
        if self._time >= 0 and cells[self._time].strip():
            try:
                row.time = read_time(cells[self._time].strip())
                row.zone_s = read_zone(cells[self._time].strip())
            except CellInvalid as exc:
                row.faults.append(exc.at(row.number, mapping.time_column, row.line))

    def _moment(self, text: str) -> Moment:
        moment = read_date(text, self.mapping.date_format, self.mapping.first_year)
        if self._is_late(moment.day):
            raise CellInvalid(CellFaultCode.DATE_OUTSIDE)
        return moment

    def _wide(self, row: ReadRow, cells: list[str]) -> Iterator[tuple[str, Observations]]:
        for category, columns in self._documents:
            observations: Observations = {}
            for index, column in columns:
                try:
                    value = column.read(cells[index])
                except CellInvalid as exc:
                    self._cost(row, column, exc.at(row.number, column.name, row.line))
                    continue
                if value is not None:
                    _add(observations, column.code, value, column.unit)
            if observations:
                yield category, observations

    def _long(self, row: ReadRow, cells: list[str]) -> Documents:
        long = self.mapping.long
        assert long is not None  # noqa: S101 - for the type checker; `read` decides
        text = normalised(cells[self._code])
        category, column = self._codes.get(text, ("", None))
        if column is None:
            row.is_ignored = text in long.ignored_codes or ANY in long.ignored_codes
            if not row.is_ignored:
                invalid = CellInvalid(CellFaultCode.UNKNOWN_CODE)
                row.faults.append(invalid.at(row.number, long.code, row.line))
            return ()
        row.code = column.code
        observations: Observations = {}
        try:
            unit = column.read_unit(cells[self._unit]) if self._unit >= 0 else column.unit
            value = column.read(cells[self._value], unit) if self._value >= 0 else True
        except CellInvalid as exc:
            self._cost(row, column, exc.at(row.number, long.value or long.code, row.line))
            return ()
        if value is not None:
            _add(observations, column.code, value, unit)
        return ((category, observations),) if observations else ()

    def _cost(self, row: ReadRow, column: Column, fault: CellFault) -> None:
        """Count a bad cell against the row, or leave out the cell if the mapping says so."""
        is_outside = fault.code is CellFaultCode.OUTSIDE and column.outside == MISSING
        costs_cell = is_outside or self.mapping.bad_cells == MISSING
        (row.left_out if costs_cell else row.faults).append(fault)


def _add(
    observations: Observations, code: str, value: float | str | bool | Bounded, unit: str
) -> None:
    if not isinstance(value, Bounded):
        observations[code] = (value, unit)
        return
    if value.value is not None:
        observations[code] = (value.value, unit)
    observations[code + BOUND_SUFFIX] = (value.text, unit)


def _trailing(names: list[str]) -> int:
    """Return how many columns without a name end the header."""
    count = 0
    while count < len(names) and not names[-1 - count]:
        count += 1
    return count
