"""Find the rows and columns of a sheet that a spreadsheet program does not show."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from records.errors import TableInvalid
from records.workbook_errors import OPEN_DOCUMENT, UNREADABLE, part_of_sheet
from records.xls_errors import records_of_sheet

Span = tuple[int, int]
"""The first number, from 0, and the one after the last."""
Attributes = dict[str, str]
_XLS_ROW: Final = 0x0208
_XLS_COLUMNS: Final = 0x007D
_ROW_IS_HIDDEN: Final = 0x20
_GROUPS: Final = ("table-row-group", "table-column-group")
_LETTERS: Final = 26


@dataclass(slots=True)
class Hidden:
    """The hidden rows and columns of a sheet; filtered rows are hidden too."""

    rows: list[Span] = field(default_factory=list)
    columns: list[Span] = field(default_factory=list)


def find_hidden(path: Path, sheet: str) -> Hidden:
    """Return what is hidden on a sheet of an .xlsx, .xls or .ods; "" is the first sheet.

    Raises:
        TableInvalid: the sheet cannot be searched.
    """
    try:
        if not zipfile.is_zipfile(path):
            return _in_xls(path.read_bytes(), sheet)
        with zipfile.ZipFile(path) as archive:
            is_ods = OPEN_DOCUMENT in archive.namelist()
            name = OPEN_DOCUMENT if is_ods else part_of_sheet(archive, sheet)
            reader = _OdsReader(sheet) if is_ods else _XlsxReader()
            with archive.open(name) as part:
                return reader.read(part)
    except (*UNREADABLE, expat.ExpatError) as exc:
        problem = "it cannot be searched for hidden rows; save the table as CSV"
        raise TableInvalid(f"{path.name}: {problem}") from exc


def numbers_in(spans: Iterable[Span], first: int, end: int) -> set[int]:
    """Return the numbers of spans from `first` on and before `end`."""
    numbers: set[int] = set()
    for start, stop in spans:
        numbers.update(range(max(start, first), min(stop, end)))
    return numbers


def letters_of(column: int) -> str:
    """Return what a spreadsheet calls a column, of which the first is 0."""
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % _LETTERS) + letters
        column = column // _LETTERS - 1
    return letters


class _Reader:
    """Reads the starts and ends of elements; a prefix of a name does not matter."""

    def __init__(self) -> None:
        self.hidden = Hidden()

    def read(self, part: IO[bytes]) -> Hidden:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, values: self.start(_local(name), values)
        parser.EndElementHandler = lambda name: self.end(_local(name))
        parser.ParseFile(part)
        return self.hidden

    def start(self, name: str, values: Attributes) -> None: ...

    def end(self, name: str) -> None: ...


class _XlsxReader(_Reader):
    """Rows and columns say themselves that they are hidden, or have no height or width."""

    def __init__(self) -> None:
        super().__init__()
        self._row = -1

    def start(self, name: str, values: Attributes) -> None:
        if name == "row":
            number = values.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() else self._row + 1
            if _is_hidden(values, "ht"):
                self.hidden.rows.append((self._row, self._row + 1))
        elif name == "col" and _is_hidden(values, "width"):
            self.hidden.columns.append((int(values["min"]) - 1, int(values["max"])))


class _OdsReader(_Reader):
    """Rows and columns are hidden by themselves, by a filter, or with a group that is folded."""

    def __init__(self, sheet: str) -> None:
        super().__init__()
        self._sheet = sheet
        self._is_wanted = self._is_done = False
        self._row = self._column = 0
        self._folded: list[bool] = []

    def start(self, name: str, values: Attributes) -> None:
        if name not in ("table", "table-row", "table-column", *_GROUPS) or self._is_done:
            return
        texts = {_local(key): text for key, text in values.items()}
        if name == "table":
            self._is_wanted = self._is_wanted or self._sheet in ("", texts.get("name"))
        elif name in _GROUPS:
            self._folded.append(texts.get("display") == "false")
        elif self._is_wanted:
            is_hidden = any(self._folded) or texts.get("visibility") in ("collapse", "filter")
            kind = name.removeprefix("table-")
            repeated = int(texts.get(f"number-{kind}s-repeated", "1"))
            if kind == "row":
                spans, start, self._row = self.hidden.rows, self._row, self._row + repeated
            else:
                spans, start = self.hidden.columns, self._column
                self._column += repeated
            if is_hidden:
                spans.append((start, start + repeated))

    def end(self, name: str) -> None:
        if name == "table" and self._is_wanted:
            self._is_done = True
        elif name in _GROUPS and not self._is_done:
            self._folded.pop()


def _in_xls(body: bytes, sheet: str) -> Hidden:
    hidden = Hidden()
    for kind, data in records_of_sheet(body, sheet):
        if kind == _XLS_ROW and data[12] & _ROW_IS_HIDDEN:
            row = struct.unpack_from("<H", data)[0]
            hidden.rows.append((row, row + 1))
        elif kind == _XLS_COLUMNS:
            first, last, width, _, flags = struct.unpack_from("<5H", data)
            if flags & 1 or not width:
                hidden.columns.append((first, last + 1))
    return hidden


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _is_hidden(values: Attributes, size: str) -> bool:
    has_no_size = size in values and float(values[size]) == 0
    return values.get("hidden") in ("1", "true") or has_no_size
