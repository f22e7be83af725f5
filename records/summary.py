"""Summarise a table by column: how many values, which, and what is missing or bad."""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from records.columns import Column
from records.faults import CellFault
from records.mapping import Mapping as TableMapping
from records.rows import ReadRow
from records.values import BOUND_SUFFIX, NUMBER

MAX_SAMPLE: Final = 50_000
"""Numbers of a column from which its median is taken: in larger tables every second, fourth, …"""


@dataclass(frozen=True, slots=True)
class Level:
    """A value of a category or boolean, and how many rows have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSummary:
    """What a mapped column holds.

    Attributes:
        category: of the document that it is part of.
        count: cells with a value.
        missing: cells without a value.
        bad: cells that make their row bad.
        left_out: bad cells that the mapping leaves out.
        bounds: values such as `<0.5`.
        minimum: of the numbers; None if there are none. The same for median and maximum.
        levels: of a category or boolean, the most frequent first.
    """

    column: str
    code: str
    category: str
    kind: str
    unit: str
    count: int
    missing: int
    bad: int
    left_out: int
    bounds: int
    minimum: float | None
    median: float | None
    maximum: float | None
    levels: tuple[Level, ...]


def summary_from(stored: Mapping[str, Any]) -> ColumnSummary:
    """Return the summary whose fields were stored as JSON."""
    levels = tuple(Level(**level) for level in stored["levels"])
    return ColumnSummary(**{**stored, "levels": levels})


class _Counted:
    """The values of one column so far."""

    def __init__(self, column: Column, category: str) -> None:
        self.column = column
        self.category = category
        self.count = self.bad = self.left_out = self.bounds = 0
        self.levels: Counter[str] = Counter()
        self._numbers = array("d")
        self._step = 1
        self._minimum, self._maximum = float("inf"), float("-inf")

    def see(self, value: float | str | bool) -> None:
        self.count += 1
        if self.column.kind != NUMBER:
            words = {True: "true", False: "false"}
            self.levels[words[value] if isinstance(value, bool) else str(value)] += 1
            return
        number = float(value)
        self._minimum, self._maximum = min(self._minimum, number), max(self._maximum, number)
        if self.count % self._step == 0:
            self._numbers.append(number)
            if len(self._numbers) > MAX_SAMPLE:
                del self._numbers[::2]
                self._step *= 2

    def summary(self, rows: int) -> ColumnSummary:
        has_numbers = len(self._numbers) > 0
        return ColumnSummary(
            column=self.column.name,
            code=self.column.code,
            category=self.category,
            kind=self.column.kind,
            unit=self.column.unit,
            count=self.count,
            missing=max(rows - self.count - self.bad - self.left_out, 0),
            bad=self.bad,
            left_out=self.left_out,
            bounds=self.bounds,
            minimum=self._minimum if has_numbers else None,
            median=statistics.median(self._numbers) if has_numbers else None,
            maximum=self._maximum if has_numbers else None,
            levels=tuple(Level(value, count) for value, count in self.levels.most_common()),
        )


class TableSummary:
    """Counts every row of a table; the memory does not grow with the rows."""

    def __init__(self, mapping: TableMapping) -> None:
        self._is_long = mapping.long is not None
        self._rows = 0
        self._rows_of: Counter[str] = Counter()
        self._columns = {
            (document.category, column.code): _Counted(column, document.category)
            for document in mapping.documents
            for column in document.columns
        }
        document = mapping.documents[0]
        self._elsewhere = _Counted(document.columns[0], document.category)
        self._by_name = {each.column.name: each for each in self._columns.values()}
        self._by_code = {each.column.code: each for each in self._columns.values()}

    def see(self, row: ReadRow) -> None:
        """Count the cells of a row."""
        if row.is_ignored:
            return
        self._rows += 1
        self._rows_of[row.code] += 1
        for category, observations in row.documents:
            for code, (value, _) in observations.items():
                if code.endswith(BOUND_SUFFIX):
                    self._columns[category, code.removesuffix(BOUND_SUFFIX)].bounds += 1
                else:
                    self._columns[category, code].see(value)
        for fault in row.faults:
            self._counted(fault, row).bad += 1
        for fault in row.left_out:
            self._counted(fault, row).left_out += 1

    def columns(self) -> tuple[ColumnSummary, ...]:
        """Return the summary of each mapped column, in the mapping's order."""
        return tuple(
            each.summary(self._rows_of[each.column.code] if self._is_long else self._rows)
            for each in self._columns.values()
        )

    def _counted(self, fault: CellFault, row: ReadRow) -> _Counted:
        """Return the column of a fault; one outside all columns if it is the id or date's."""
        counted = self._by_code.get(row.code) if self._is_long else None
        return counted or self._by_name.get(fault.column, self._elsewhere)
