"""Profile the columns of a table that has no mapping yet: what their cells look like."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final

from records.cells import (
    APOSTROPHES,
    MEASURED,
    SPREADSHEET_ERRORS,
    USUAL_MISSING,
    NumberFormat,
    is_datum,
    is_row,
    normalised,
    shape,
)
from records.date_forms import DateForms, has_one_order, is_digits
from records.errors import TableEmpty
from records.faults import CellInvalid
from records.header_probe import with_header_rows
from records.header_rows import NamesPlace
from records.mapping import FileFormat
from records.row_sample import RowSample
from records.table_file import read_cells, require_columns, utf_16_of
from records.unit_row import PEEKED_ROWS, guess_units
from records.workbook import WORKBOOK_MAGIC, read_workbook

MAX_LEVELS: Final = 200
"""Different values of a column that are kept; more are only counted."""
MAX_DISTINCT: Final = 200_000
"""Different values of a column that are counted; a larger table has at least so many."""
MAX_UNITS: Final = 2
"""Different units of a column that are kept."""
SHAPED: Final = 300
"""Values whose shape is looked at, and every 64th after them."""
GIVEN_UP: Final = 200
"""Values after which a column without any number is no column of numbers."""
_PROBE_BYTES: Final = 65_536
_PROBE_LINES: Final = 30
_SEPARATORS: Final = (",", ";", "\t", "|")
_POINT_THEN_COMMA: Final = re.compile(r"[<>+-]?\s*\d{1,3}(\.\d{3})+,\d+")
_COMMA_THEN_POINT: Final = re.compile(r"[<>+-]?\s*\d{1,3}(,\d{3})+\.\d+")
_MARKED: Final = re.compile(
    r"[<>+-]?\s*\d{1,3}(?:(['\u2019 \u00a0\u202f\u2009])\d{3})+(?:[.,]\d+)?"
)
_MIN_MARKED: Final = 3
_NO_THOUSAND: Final = re.compile(r"-?\d++,(?!\d{3}$)\d++")
_LIKE_THOUSANDS: Final = re.compile(r"[<>+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
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
        units: what follows the number in the first of these.
        bounds: cells such as `<0.5`.
        distinct: hashes of different values.
        levels: how often each value occurs; empty once there are more than MAX_LEVELS.
        missing: the words of cells without a value.
        shapes: how cells look, with 9 for a digit and a for a letter.
        dates: the formats in which its cells may be dates.
        unit: that a row of units below the header states, "" if there is none.
        decimals: how many cells have a decimal sign.
        grouped: how many of these have three digits behind it.
        has_mark: whether the file separates its cells by another sign than a comma.
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
    dates: DateForms = field(default_factory=DateForms)
    is_counter: bool = True
    unit: str = ""
    decimals: int = 0
    grouped: int = 0
    has_mark: bool = False

    @property
    def is_ambiguous_number(self) -> bool:
        """Whether each decimal sign could also separate thousands, such as in 1,200."""
        return self.has_mark and self.decimals == self.grouped >= _MIN_MARKED

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
        """Whether day, month and year can be read in more than one order."""
        return not has_one_order(self.dates.best(self.name))

    @property
    def date_format(self) -> str | None:
        """The format of a column of dates, None if it holds others."""
        forms = self.dates.best(self.name)
        return forms[0] if forms and (is_digits(forms[0]) or not self.is_number) else None

    def see(self, cell: str, numbers: NumberFormat, row: int) -> None:
        """Count a cell."""
        text = normalised(cell)
        if text in USUAL_MISSING or text in SPREADSHEET_ERRORS:
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
        self.dates.see(text)

    def _see_number(self, text: str, cell: str, numbers: NumberFormat, row: int) -> None:
        if text[0] in "<>≤≥" and _BOUND.match(text):
            self.bounds += 1
            self._see_range(_number(cell, numbers))
            return
        if not self.numbers and not self.measured and self.count > GIVEN_UP:
            self.is_counter = False
            return
        number = _number(cell, numbers)
        if number is None:
            self.is_counter = False
            self._see_measured(cell, numbers)
            return
        self.numbers += 1
        self.decimals += numbers.decimal in cell
        self.grouped += _LIKE_THOUSANDS.fullmatch(cell) is not None
        self.whole += number.is_integer()
        self._see_range(number)
        is_next = number.is_integer() and number - row == self.minimum - 1
        self.is_counter = self.is_counter and is_next

    def _see_measured(self, cell: str, numbers: NumberFormat) -> None:
        match = MEASURED.match(cell)
        self.measured += match is not None or _GROUPED.fullmatch(cell) is not None
        number = _number(match[1], numbers) if match else None
        if match and number is not None:
            if len(self.units) < MAX_UNITS:  # one is the unit of the column, and several are none
                self.units[match[2]] += 1
            self._see_range(number)

    def _see_range(self, number: float | None) -> None:
        if number is not None:
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
        has_units: whether the row below the header was read as units.
    """

    file: FileFormat
    numbers: NumberFormat
    rows: int = 0
    columns: list[Profile] = field(default_factory=list)
    sample: list[list[str]] = field(default_factory=list)
    has_units: bool = False

    def numbers_in(self, place: int, rows: Sequence[Sequence[str]]) -> list[float]:
        """Return the numbers of a column in some of the rows."""
        cells = (row[place].strip() for row in rows)
        numbers = (_number(cell, self.numbers) for cell in cells if cell not in USUAL_MISSING)
        return [number for number in numbers if number is not None]


def profile_table(path: Path, names: NamesPlace | None = None) -> TableProfile:
    """Return the profile of every column, in one pass.

    Raises:
        TableInvalid: the file cannot be read as a table.
        TableEmpty: it has no row.
    """
    file = with_header_rows(path, probe_format(path), names)
    profile = TableProfile(file, _probe_numbers(path, file))
    sample = RowSample()
    profile.sample = sample.rows
    rows = rows_of(path, file)
    header = next(rows, None)
    if header is not None:
        require_columns(path, header)
        has_mark = file.separator != "," or file.decimal == ","
        profile.columns = [Profile(name.strip(), has_mark=has_mark) for name in header]
        rows = _without_units(rows, profile)
    header = [column.name for column in profile.columns]
    for row in rows:
        cells = row[: len(profile.columns)] + [""] * (len(profile.columns) - len(row))
        if not is_row(cells, header):
            continue
        profile.rows += 1
        for column, cell in zip(profile.columns, cells, strict=True):
            column.see(cell, profile.numbers, profile.rows)
        sample.see(profile.rows, cells)
    if not profile.rows:
        has_header = "the table has a header, but no row below it"
        raise TableEmpty(f"{path.name}: {has_header if profile.columns else 'the file is empty'}")
    return profile


def _without_units(rows: Iterator[list[str]], profile: TableProfile) -> Iterator[list[str]]:
    """Return the rows without a first one of units, which the columns have on return."""
    first = list(islice(rows, PEEKED_ROWS))
    cells = first[0][: len(profile.columns)] if first else []
    units = guess_units(cells, first[1:])
    for place, unit in units.items():
        profile.columns[place].unit = unit
    profile.has_units = bool(units)
    return chain(first[1:] if units else first, rows)


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
        return _probe_workbook(path)
    elif head.startswith(b"PAR1"):
        return FileFormat()
    encoding, text = _decoded(head)
    lines = text.splitlines()[:_PROBE_LINES]
    above = int(bool(lines) and lines[0].lower().startswith("sep="))
    lines = lines[above:]
    tables = {separator: _rows(lines, separator) for separator in _SEPARATORS}
    separator = max(tables, key=lambda each: _fit([len(row) for _, row in tables[each]]))
    titles = _titles([row for _, row in tables[separator]])
    skip = tables[separator][titles - 1][0] if titles else 0
    cells = [cell.strip() for number, row in tables[separator] if number > skip + 1 for cell in row]
    # Between commas, 1,200 in quotes is as often a thousand; 18,1 is none.
    has_comma = separator != "," or any(map(_NO_THOUSAND.fullmatch, cells))
    decimal = _probe_decimal(cells) if has_comma else "."
    skip += above if skip else 0  # without titles, `sep=;` is read and not skipped
    return FileFormat(separator, encoding, skip, "", decimal)


def _titles(rows: list[list[str]]) -> int:
    """Return how many lines above the header are titles: short, or with hardly a cell filled."""
    widths = list(map(len, rows))
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    usual, usual_filled = _usual(widths), _usual(filled)
    least = 1  # a first line without any name is a header without names
    for number, (width, count) in enumerate(zip(widths, filled, strict=False)):
        if width >= usual and not least <= count <= usual_filled / 2:
            return number
        least = 0
    return 0


def _probe_decimal(cells: list[str]) -> str:
    digits = [re.sub(r"(?<=\d)['\u2019 \u00a0\u202f\u2009](?=\d{3})", "", cell) for cell in cells]
    commas = sum(1 for cell in digits if re.fullmatch(r"-?\d+,\d+", cell))
    points = sum(1 for cell in digits if re.fullmatch(r"-?\d+\.\d+", cell))
    return "," if commas > points or any(map(_POINT_THEN_COMMA.fullmatch, cells)) else "."


def _probe_numbers(path: Path, file: FileFormat) -> NumberFormat:
    """Return how numbers seem to be written: groups of thousands only where one is certain."""
    sign = {",": ".", ".": ","}[file.decimal]
    certain = _POINT_THEN_COMMA if file.decimal == "," else _COMMA_THEN_POINT
    cells = (cell.strip() for row in islice(rows_of(path, file), PROBE_ROWS) for cell in row)
    # Points or commas group digits where one cell leaves no doubt; other marks need some cells.
    marks: Counter[str] = Counter()
    for cell in cells:
        if certain.fullmatch(cell):
            return NumberFormat(decimal=file.decimal, thousands=sign)
        if match := _MARKED.fullmatch(cell):
            marks["'" if match[1] in APOSTROPHES else " "] += 1
    thousands = next((mark for mark, count in marks.most_common(1) if count >= _MIN_MARKED), "")
    return NumberFormat(decimal=file.decimal, thousands=thousands)


def _probe_workbook(path: Path) -> FileFormat:
    """Return how many rows, such as a title, stand above the header, and the sign of decimals."""
    rows = list(islice(read_workbook(path, FileFormat()), _PROBE_LINES))
    widths = [sum(1 for cell in cells if cell.strip()) for _, cells in rows]
    usual = _usual([width for width in widths if width])
    header = next((n for n, width in enumerate(widths) if width >= usual), 0)
    if _is_data(rows[header][1] if rows else []):
        # A name is missing, or the names are in several rows: a row of values is never a header.
        names = (n for n, width in enumerate(widths[:header]) if 2 * width > usual)
        header = next(names, header)
    texts = [cell.strip() for _, cells in rows[header + 1 :] for cell in cells]
    skip = rows[header][0] - 1 if header else 0
    return FileFormat(skip=skip, decimal=_probe_decimal(texts))


def _is_data(cells: Sequence[str]) -> bool:
    """Return whether a row holds numbers and days in at least half of its cells."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return 0 < len(filled) <= 2 * sum(map(is_datum, filled))


def _decoded(head: bytes) -> tuple[str, str]:
    if wide := utf_16_of(head):
        return "utf-8-sig", head[: len(head) // 2 * 2].decode(wide, errors="replace")
    for end in range(4):  # the last character may be cut
        try:
            return "utf-8-sig", head[: len(head) - end].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return "cp1252", head.decode("cp1252", errors="replace")


def _rows(lines: list[str], separator: str) -> list[tuple[int, list[str]]]:
    """Return the number of the last line of each row, and its cells."""
    rows = csv.reader(lines, delimiter=separator)
    try:
        return [(rows.line_num, cells) for cells in rows]
    except csv.Error:
        return []


def _fit(widths: list[int]) -> tuple[int, int]:
    """Return the usual width of rows, and how many have it: decimal commas are in no name."""
    return (usual := _usual(widths)), widths.count(usual)


def _usual(widths: list[int]) -> int:
    return Counter(widths).most_common(1)[0][0] if widths else 0
