"""Notice columns whose values identify people: mostly unique ones, and numbers of rows."""

from __future__ import annotations

from array import array
from typing import Final

from records.columns import Column
from records.faults import CellFault, CellFaultCode
from records.mapping import Mapping
from records.rows import ReadRow
from records.values import BOOLEAN, NUMBER

MIN_ROWS: Final = 20
MAX_UNIQUE_SHARE: Final = 0.5
"""A category of which more values differ than this share of the rows."""
MAX_UNIQUE_NUMBERS: Final = 0.95
MIN_NUMBER: Final = 1000
"""Whole numbers below it, such as ages, may differ in a small table by nature."""
_COUNTS: Final = ("1", "{count}", "{score}")
_LEAST: Final = 4096


class _Numbers:
    """The different numbers of a column, in an eighth of the memory of a set of them."""

    def __init__(self) -> None:
        self._seen = array("d")
        self._least = _LEAST

    def add(self, number: float | str) -> None:
        self._seen.append(float(number))
        if len(self._seen) >= 2 * self._least:
            self._least = max(len(self), _LEAST)

    def __len__(self) -> int:
        self._seen = array("d", set(self._seen))
        return len(self._seen)


class IdentifierWatch:
    """Sees every row of a table, of the few columns that could identify people."""

    def __init__(self, mapping: Mapping) -> None:
        self._values: dict[str, set[str | float | bool] | _Numbers] = {}
        self._offsets: dict[str, float | None] = {}
        self._names: dict[str, Column] = {}
        for column in mapping.mapped() if mapping.long is None else ():
            if column.reviewed or column.kind == BOOLEAN:
                continue
            if column.kind == NUMBER and column.unit in _COUNTS:
                self._offsets[column.code] = None
                self._values[column.code] = _Numbers()
            elif len(column.values) >= MIN_ROWS:
                self._values[column.code] = set()
            self._names[column.code] = column
        self._rows = 0

    def see(self, row: ReadRow) -> None:
        """Look at the watched values of a row."""
        self._rows += 1
        if not self._values and not self._offsets:
            return
        for _, observations in row.documents:
            for code in self._values.keys() & observations.keys():
                self._see(code, observations[code][0], row.number)

    def _see(self, code: str, value: float | str | bool, row: int) -> None:
        column = self._names[code]
        if column.kind == NUMBER:
            number = float(value)
            offset = self._offsets.get(code)
            if code in self._offsets and offset is None:
                self._offsets[code] = number - row
            elif offset is not None and number != row + offset:
                del self._offsets[code]
            if abs(number) < MIN_NUMBER or not number.is_integer():
                if code not in self._offsets:
                    del self._values[code]
                return
        self._values[code].add(value)

    def faults(self) -> list[CellFault]:
        """Return a fault for each column that identifies people."""
        if self._rows < MIN_ROWS:
            return []
        faults = []
        for code, values in self._values.items():
            column = self._names[code]
            if self._offsets.get(code) is not None:
                faults.append(CellFault(0, column.name, CellFaultCode.ROW_NUMBERS))
                continue
            share = MAX_UNIQUE_NUMBERS if column.kind == NUMBER else MAX_UNIQUE_SHARE
            if len(values) > share * self._rows:
                facts = {"found": len(values), "rows": self._rows}
                code_of_fault = CellFaultCode.IDENTIFYING_COLUMN
                faults.append(CellFault(0, column.name, code_of_fault, facts=facts))
        return faults
