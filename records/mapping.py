"""Define how the columns of a table become documents, with which codes and units."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping as Units
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from consent import CATEGORIES
from records.cells import NumberFormat, normalised
from records.columns import (
    BOUND_RULES,
    MISSING,
    OUTSIDE_RULES,
    REFUSE,
    Column,
    Defaults,
    choice,
    read_column,
)
from records.dates import (
    FIRST_YEAR_PROBLEM,
    FIRST_YEARS,
    date_format_problem,
    has_two_digit_year,
    read_date,
)
from records.faults import CellInvalid
from records.header_rows import MAX_HEADER_ROWS
from records.strict_toml import Section, read_declaration
from records.values import BOOLEAN

LATEST: Final = "latest"
DUPLICATES: Final = (REFUSE, LATEST)
BAD_CELL_RULES: Final = (REFUSE, MISSING)
ANY: Final = "*"
MAX_SKIPPED_LINES: Final = 1000
# Python has codecs of other kinds: some unpack a file of a few bytes to all of the memory.
_ENCODING: Final = re.compile(
    r"(?:ascii|big5\w*+|cp\d++|euc_\w++|gb\d++|gbk|hp-roman8|hz|iso2022_\w++|iso8859-\d++|johab|"
    r"koi8-\w|kz1048|mac-\w++|palmos|ptcp154|shift_jis\w*+|tis-620|utf-(?:8|16|32)\S*+)"
)
"""Of characters, as Python names them: `latin-1` is iso8859-1."""


@dataclass(frozen=True, slots=True)
class Document:
    """The columns that become one record of one category."""

    name: str
    category: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a table's file is written.

    Attributes:
        separator: between the cells of a CSV file; a first line `sep=;` takes precedence.
        encoding: of a CSV file; a byte order mark of UTF-8 or UTF-16 takes precedence.
        skip: how many lines are above the header.
        sheet: of a workbook; "" for the first one.
        decimal: the decimal separator that numbers of binary formats are written with.
        header_rows: how many rows hold the names of the columns; they are joined.
    """

    separator: str = ","
    encoding: str = "utf-8-sig"
    skip: int = 0
    sheet: str = ""
    decimal: str = "."
    header_rows: int = 1


@dataclass(frozen=True, slots=True)
class LongColumns:
    """The columns of a table with one value a row; `value` and `unit` may be ""."""

    code: str
    value: str
    unit: str
    ignored_codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How each row of a table becomes records; written by a custodian's data team as a file.

    Attributes:
        id_column: tells people apart.
        custodian: "" if the file leaves it to the install that deposits.
        date: the day of every row, or "" if `date_column` has it.
        date_format: see `records.dates.read_date`.
        first_year: of the hundred that years of two digits mean; 0 if they have four.
        time_column: the time of the day, or "".
        on_duplicate: what a second row of the same person (or visit) does: `refuse` or `latest`.
        ignore: columns that are left out.
        has_visits: whether a person may have several rows, each of its own day.
        bad_cells: `missing` if a bad cell costs the cell alone, `refuse` if it costs the row.
        long: the columns of a table with one value a row, else None.
    """

    id_column: str
    custodian: str
    date: str
    date_column: str
    date_format: str
    first_year: int
    time_column: str
    file: FileFormat
    on_duplicate: str
    ignore: tuple[str, ...]
    has_visits: bool
    bad_cells: str
    long: LongColumns | None
    documents: tuple[Document, ...]

    @classmethod
    def load(cls, path: Path) -> Mapping:
        """Return the mapping in a file.

        Raises:
            DeclarationInvalid: the file is missing or invalid; the message names the key.
        """
        return cls.parse(read_declaration(path), path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> Mapping:
        """Return the mapping in a text; errors refer to it by `name`.

        Raises:
            DeclarationInvalid: see `load`.
        """
        top = Section.of_text(unicodedata.normalize("NFC", text), name)
        table = top.section("table")
        defaults = _defaults(table)
        long = _long(table)
        date_format = _date_format(table)
        mapping = cls(
            id_column=table.text("id"),
            custodian=table.text("custodian", ""),
            date=_date(table),
            date_column=table.text("date_column", ""),
            date_format=date_format,
            first_year=_first_year(table, date_format),
            time_column=table.text("time_column", ""),
            file=_file(table, defaults.numbers.decimal),
            on_duplicate=choice(table, "on_duplicate", DUPLICATES, REFUSE),
            ignore=table.texts("ignore", ()),
            has_visits=table.boolean("visits", default=False),
            bad_cells=choice(table, "bad_cells", BAD_CELL_RULES, REFUSE),
            long=long,
            documents=tuple(_document(section, defaults) for section in top.sections("documents")),
        )
        _require_consistent(mapping, table)
        table.close()
        top.close()
        return mapping

    @property
    def is_grouped(self) -> bool:
        """Whether the values of a person and day may come from several rows."""
        return self.long is not None or self.has_visits

    def columns(self) -> list[str]:
        """Return every column of the file that the mapping reads, in order."""
        names = [self.id_column, self.date_column, self.time_column]
        if self.long is not None:
            names += [self.long.code, self.long.value, self.long.unit]
        else:
            names += [column.name for column in self.mapped()]
        return [name for name in names if name]

    def with_units(self, units: Units[str, str]) -> Mapping:
        """Return the mapping with these units of columns."""
        documents = tuple(
            replace(document, columns=tuple(_with_unit(c, units) for c in document.columns))
            for document in self.documents
        )
        return replace(self, documents=documents)

    def mapped(self) -> list[Column]:
        """Return the columns of all documents, in order."""
        return [column for document in self.documents for column in document.columns]


def _with_unit(column: Column, units: Units[str, str]) -> Column:
    return replace(column, unit=units[column.name]) if column.name in units else column


def _defaults(table: Section) -> Defaults:
    numbers = NumberFormat(
        decimal=_one_character(table, "decimal", "."),
        thousands=_one_character(table, "thousands", "") if table.has("thousands") else "",
        below=table.text("below", "<"),
        above=table.text("above", ">"),
    )
    if numbers.decimal == numbers.thousands:
        raise table.error("thousands", "must differ from the decimal separator")
    return Defaults(
        numbers=numbers,
        missing=frozenset(normalised(text) for text in table.texts("missing", ())),
        outside=choice(table, "outside", OUTSIDE_RULES, REFUSE),
        bounds=choice(table, "bounds", BOUND_RULES, REFUSE),
    )


def _long(table: Section) -> LongColumns | None:
    if not table.has("code_column"):
        for key in ("value_column", "unit_column", "ignore_codes"):
            if table.has(key):
                raise table.error(key, "needs code_column: it is for tables of one value a row")
        return None
    return LongColumns(
        code=table.text("code_column"),
        value=table.text("value_column", ""),
        unit=table.text("unit_column", ""),
        ignored_codes=frozenset(map(normalised, table.texts("ignore_codes", ()))),
    )


def _file(table: Section, decimal: str) -> FileFormat:
    skip = table.integer("skip", 0)
    if not 0 <= skip <= MAX_SKIPPED_LINES:
        raise table.error("skip", f"must be 0 to {MAX_SKIPPED_LINES} lines")
    separator = _one_character(table, "separator", ",")
    # In a file separated by commas, 18,1 is one cell in quotes; without them the row has too many.
    if separator == decimal != ",":
        problem = "must differ from the separator; export the table with ; or tabs between cells"
        raise table.error("decimal", problem)
    encoding = _encoding(table)
    header_rows = table.integer("header_rows", 1)
    if not 1 <= header_rows <= MAX_HEADER_ROWS:
        raise table.error("header_rows", f"must be 1 to {MAX_HEADER_ROWS} rows of names")
    return FileFormat(separator, encoding, skip, table.text("sheet", ""), decimal, header_rows)


def _encoding(table: Section) -> str:
    encoding = table.text("encoding", "utf-8-sig")
    try:
        is_known = _ENCODING.fullmatch(codecs.lookup(encoding).name) is not None
    except (LookupError, ValueError):
        is_known = False
    if not is_known:
        raise table.error("encoding", f"unknown encoding {encoding!r}; write utf-8 or cp1252")
    return encoding


def _date(table: Section) -> str:
    text = table.text("date", "")
    if bool(text) == table.has("date_column"):
        raise table.error("date", "give either date or date_column")
    try:
        return read_date(text).day if text else ""
    except CellInvalid as exc:
        raise table.error("date", exc.code.problem) from exc


def _date_format(table: Section) -> str:
    date_format = table.text("date_format", "")
    problem = date_format_problem(date_format)
    if problem:
        raise table.error("date_format", problem)
    return date_format


def _first_year(table: Section, date_format: str) -> int:
    first_year = table.integer("two_digit_years_from", 0)
    if has_two_digit_year(date_format):
        if not FIRST_YEARS[0] <= first_year <= FIRST_YEARS[1]:
            raise table.error("two_digit_years_from", FIRST_YEAR_PROBLEM)
    elif table.has("two_digit_years_from"):
        problem = "is for a date_format with %y, such as '%d.%m.%y'; set that too, or leave it out"
        raise table.error("two_digit_years_from", problem)
    return first_year


def _one_character(table: Section, key: str, default: str) -> str:
    character = table.text(key, default)
    if len(character) != 1 or character.isalnum():
        raise table.error(key, "must be one character such as ';', not a letter or digit")
    return character


def _document(section: Section, defaults: Defaults) -> Document:
    category = section.text("category")
    if category not in CATEGORIES:
        raise section.error(
            "category", f"unknown category {category!r}; known: {', '.join(CATEGORIES)}"
        )
    columns = tuple(read_column(each, defaults) for each in section.sections("columns"))
    document = Document(section.text("name"), category, columns)
    section.close()
    codes = [column.code for column in columns]
    if len(set(codes)) != len(codes):
        raise section.error("columns", "two columns of this document have the same code")
    return document


def _require_consistent(mapping: Mapping, table: Section) -> None:
    _require_modes(mapping, table)
    mapped = [normalised(column.name) for column in mapping.mapped()]
    for names in (mapping.columns(), mapped):
        duplicates = {name for name, count in Counter(names).items() if count > 1}
        if duplicates:
            raise table.error("id", f"column {min(duplicates)!r} is mapped twice")
    if both := set(mapping.ignore) & set(mapping.columns()):
        raise table.error("ignore", f"column {min(both)!r} is mapped; remove it from ignore")


def _require_modes(mapping: Mapping, table: Section) -> None:
    if mapping.has_visits and not mapping.date_column:
        raise table.error("visits", "needs date_column: each visit has a day of its own")
    if mapping.time_column and not mapping.date_column:
        raise table.error("time_column", "needs date_column")
    if mapping.long is None:
        return
    if mapping.has_visits:
        raise table.error("visits", "is for one row a visit; leave it out with code_column")
    if not mapping.long.value and any(each.kind != BOOLEAN for each in mapping.mapped()):
        raise table.error("value_column", 'missing; without it every column has kind = "boolean"')
