"""Profile the columns of a table that has no mapping yet: what their cells look like."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from records.cells import MEASURED, USUAL_MISSING, NumberFormat, normalised
from records.dates import read_date
from records.errors import TableEmpty
from records.faults import CellInvalid
from records.mapping import FileFormat
from records.table_file import read_cells
from records.workbook import WORKBOOK_MAGIC, read_workbook

MAX_LEVELS: Final = 200
"""Different values of a column that are kept; more are only counted."""
MAX_SAMPLE: Final = 20_000
"""Rows of which every cell is kept: of larger tables every second, fourth, …"""
MAX_DISTINCT: Final = 200_000
"""Different values of a column that are counted; a larger table has at least so many."""
SHAPED: Final = 300
"""Values whose shape is looked at, and every 64th after them."""
GIVEN_UP: Final = 200
"""Values after which a column without any number is no column of numbers."""
DATE_FORMATS: Final = ("", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y")
_PROBE_BYTES: Final = 65_536
_PROBE_LINES: Final = 30
_SEPARATORS: Final = (",", ";", "\t", "|")
_POINT_THEN_COMMA: Final = re.compile(r"[<>+-]?\s*\d{1,3}(\.\d{3})+,\d+")
_COMMA_THEN_POINT: Final = re.compile(r"[<>+-]?\s*\d{1,3}(,\d{3})+\.\d+")
_GROUPED: Final = re.compile(r"[<>+-]?\s*\d++(?:[.,]\d++)++")
MIXED_SHARE: Final = 0.5
"""A column of which more cells begin with a number is one of numbers; the rest is a fault."""
PROBE_ROWS: Final = 2_000
_BOUND: Final = re.compile(r"\s*(<|>|≤|≥)=?\s*[0-9]")


@dataclass(slots=True)
class Profile:
    """What one column holds.

    Attributes:
        count: cells with a value.
        numbers: of them, cells that are numbers; `whole` of these are whole.
        measured: cells that begin with a number and are none, such as `5 mg/L` or `1.234,5`.
        units: what follows the number in these, and how often.
        bounds: cells such as `<0.5`.
        distinct: hashes of different values.
        levels: how often each value occurs; empty once there are more than MAX_LEVELS.
        missing: the words of cells without a value.
        shapes: how cells look, with 9 for a digit and a for a letter.
        date_formats: the formats in which every cell so far is a date.
    """

    name: str
    count: int = 0
    numbers: int = 0
    whole: int = 0
    measured: int = 0
    units: Counter[str] = field(default_factory=Counter)
    bounds: int = 0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    distinct: set[int] = field(default_factory=set)
    levels: Counter[str] = field(default_factory=Counter)
    is_open: bool = True
    missing: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    date_formats: tuple[str, ...] = DATE_FORMATS
    is_counter: bool = True

    @property
    def is_number(self) -> bool:
        """Whether nearly every value is a number or a bound."""
        return self.count > 0 and self.numbers + self.bounds >= 0.98 * self.count

    @property
    def is_mixed(self) -> bool:
        """Whether many of the values are numbers, and others are not."""
        numeric = self.numbers + self.bounds + self.measured
        return not self.is_number and numeric > MIXED_SHARE * self.count

    @property
    def is_ambiguous_date(self) -> bool:
        """Whether day and month can be read in either order."""
        return "" not in self.date_formats and {"%d/%m/%Y", "%m/%d/%Y"} <= set(self.date_formats)

    @property
    def date_format(self) -> str | None:
        """The format of a column of dates, None if it holds others."""
        has_dates = self.count > 0 and self.date_formats and not self.is_number
        return self.date_formats[0] if has_dates else None

    def see(self, cell: str, numbers: NumberFormat, row: int) -> None:
        """Count a cell."""
        text = normalised(cell)
        if text in USUAL_MISSING:
            self.missing[text] += 1
            return
        self.count += 1
        if len(self.distinct) < MAX_DISTINCT:
            self.distinct.add(hash(text))
        if self.is_open:
            self.levels[text] += 1
            self.is_open = len(self.levels) <= MAX_LEVELS
            if not self.is_open:
                self.levels.clear()
        if self.count <= SHAPED or self.count % 64 == 0:
            self.shapes[shape(text)] += 1
        self._see_number(text, cell.strip(), numbers, row)
        if self.date_formats:
            self.date_formats = tuple(each for each in self.date_formats if _is_date(text, each))

    def _see_number(self, text: str, cell: str, numbers: NumberFormat, row: int) -> None:
        if text[0] in "<>≤≥" and _BOUND.match(text):
            self.bounds += 1
            return
        if not self.numbers and self.count > GIVEN_UP:
            self.is_counter = False
            return
        number = _number(cell, numbers)
        if number is None:
            self.is_counter = False
            self._see_measured(cell, numbers)
            return
        self.numbers += 1
        self.whole += number.is_integer()
        self.minimum, self.maximum = min(self.minimum, number), max(self.maximum, number)
        self.is_counter = self.is_counter and number - row == self.minimum - 1

    def _see_measured(self, cell: str, numbers: NumberFormat) -> None:
        match = MEASURED.match(cell)
        self.measured += match is not None or _GROUPED.fullmatch(cell) is not None
        number = _number(match[1], numbers) if match else None
        if match and number is not None:
            self.units[match[2]] += 1
            self.minimum, self.maximum = min(self.minimum, number), max(self.maximum, number)


def _number(cell: str, numbers: NumberFormat) -> float | None:
    try:
        return numbers.read(cell)[0]
    except CellInvalid:
        return None


@dataclass(slots=True)
class TableProfile:
    """What a table without a mapping holds.

    Attributes:
        file: how the file is written, as far as it shows.
        sample: cells of some of the rows, in the order of `columns`.
    """

    file: FileFormat
    numbers: NumberFormat
    rows: int = 0
    columns: list[Profile] = field(default_factory=list)
    sample: list[list[str]] = field(default_factory=list)

    def numbers_in(self, place: int, rows: Sequence[Sequence[str]]) -> list[float]:
        """Return the numbers of a column in some of the rows."""
        cells = (row[place].strip() for row in rows)
        numbers = (_number(cell, self.numbers) for cell in cells if cell not in USUAL_MISSING)
        return [number for number in numbers if number is not None]


def profile_table(path: Path) -> TableProfile:
    """Return the profile of every column, in one pass.

    Raises:
        TableInvalid: the file cannot be read as a table.
        TableEmpty: it has no row.
    """
    file = probe_format(path)
    profile = TableProfile(file, _probe_numbers(path, file))
    step = 1
    for row in rows_of(path, file):
        if not profile.columns:
            profile.columns = [Profile(name.strip()) for name in row]
            continue
        cells = row[: len(profile.columns)] + [""] * (len(profile.columns) - len(row))
        if not any(map(str.strip, cells)):
            continue
        profile.rows += 1
        for column, cell in zip(profile.columns, cells, strict=True):
            column.see(cell, profile.numbers, profile.rows)
        if profile.rows % step == 0:
            profile.sample.append(cells)
            if len(profile.sample) > MAX_SAMPLE:
                del profile.sample[::2]
                step *= 2
    if not profile.rows:
        raise TableEmpty(f"{path.name}: the table has a header, but no row below it")
    return profile


def count_copies(path: Path, file: FileFormat, left_out: set[int]) -> int:
    """Return how many rows are equal to an earlier row but for the columns `left_out`."""
    seen: set[int] = set()
    copies = rows = 0
    for row in rows_of(path, file):
        rows += 1
        values = tuple(normalised(cell) for index, cell in enumerate(row) if index not in left_out)
        filled = sum(1 for value in values if value not in USUAL_MISSING)
        if rows == 1 or filled < 3:  # rows of few values are equal by chance
            continue
        mark = hash(values)
        copies += mark in seen
        seen.add(mark)
    return copies


def rows_of(path: Path, file: FileFormat) -> Iterator[list[str]]:
    """Yield the header and the rows, as lists of cells.

    Raises:
        TableInvalid: the file cannot be read as a table.
    """
    for _, cells in read_cells(path, file):
        if cells:
            yield cells


def probe_format(path: Path) -> FileFormat:
    """Return how a file seems to be written: encoding, separator, decimal mark, lines to skip."""
    with path.open("rb") as opened:
        head = opened.read(_PROBE_BYTES)
    if head.startswith(b"\x1f\x8b"):
        with gzip.open(path) as unpacked:
            head = unpacked.read(_PROBE_BYTES)
    elif head.startswith(WORKBOOK_MAGIC):
        return FileFormat(skip=_lines_above(path))
    elif head.startswith(b"PAR1"):
        return FileFormat()
    encoding, text = _decoded(head)
    lines = text.splitlines()[:_PROBE_LINES]
    if lines and lines[0].lower().startswith("sep="):
        lines = lines[1:]
    counts = {separator: _widths(lines, separator) for separator in _SEPARATORS}
    separator = max(counts, key=lambda each: _usual(counts[each]))
    widths = counts[separator]
    skip = next((n for n, width in enumerate(widths) if width >= _usual(widths)), 0)
    cells = [cell.strip() for line in lines[skip + 1 :] for cell in line.split(separator)]
    commas = sum(1 for cell in cells if re.fullmatch(r"-?\d+,\d+", cell))
    points = sum(1 for cell in cells if re.fullmatch(r"-?\d+\.\d+", cell))
    is_certain = any(_POINT_THEN_COMMA.fullmatch(cell) for cell in cells)
    decimal = "," if separator != "," and (commas > points or is_certain) else "."
    return FileFormat(separator, encoding, skip, "", decimal)


def _probe_numbers(path: Path, file: FileFormat) -> NumberFormat:
    """Return how numbers seem to be written: groups of thousands only where one is certain."""
    sign = {",": ".", ".": ","}[file.decimal]
    certain = _POINT_THEN_COMMA if file.decimal == "," else _COMMA_THEN_POINT
    cells = (cell.strip() for row in islice(rows_of(path, file), PROBE_ROWS) for cell in row)
    has_groups = any(certain.fullmatch(cell) for cell in cells)
    return NumberFormat(decimal=file.decimal, thousands=sign if has_groups else "")


def _lines_above(path: Path) -> int:
    """Return how many rows of a sheet, such as a title, stand above its header."""
    rows = list(islice(read_workbook(path, FileFormat()), _PROBE_LINES))
    widths = [sum(1 for cell in cells if cell.strip()) for _, cells in rows]
    usual = _usual([width for width in widths if width])
    header = next((n for n, width in enumerate(widths) if width >= usual), 0)
    return rows[header][0] - 1 if header else 0


def shape(text: str) -> str:
    """Return how a text looks: 9 for digits, a for letters; it says nothing about a person."""
    marks = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", text))
    return marks if len(marks) <= 24 else marks[:23] + "…"


def _decoded(head: bytes) -> tuple[str, str]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-8-sig", head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    for end in range(4):  # the last character may be cut
        try:
            return "utf-8-sig", head[: len(head) - end].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return "cp1252", head.decode("cp1252", errors="replace")


def _widths(lines: list[str], separator: str) -> list[int]:
    try:
        return [len(cells) for cells in csv.reader(lines, delimiter=separator)]
    except csv.Error:
        return []


def _usual(widths: list[int]) -> int:
    return Counter(widths).most_common(1)[0][0] if widths else 0


def _is_date(text: str, date_format: str) -> bool:
    try:
        return bool(read_date(text, date_format))
    except CellInvalid as exc:
        return exc.code.value == "date-outside"
