"""Define how the columns of a table become documents, with which codes and units."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent import CATEGORIES
from records.faults import CellFaultCode, CellInvalid
from records.strict_toml import Section, read_declaration
from records.values import BOOLEAN, CATEGORY, KINDS, NUMBER, is_code

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
DUPLICATES: Final = ("refuse", "latest")


def normalised(cell: str) -> str:
    """Return the cell in Unicode NFC without outer spaces, and a whole number without `.0`.

    Data frames write 1 as 1.0, and macOS writes ü as two characters.
    """
    cell = unicodedata.normalize("NFC", cell.strip())
    if cell.endswith(".0") and cell[:-2].lstrip("-").isdigit():
        return cell[:-2]
    return cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the meaning of its cells, and which cells count as missing."""

    name: str
    code: str
    kind: str
    unit: str
    minimum: float
    maximum: float
    missing: frozenset[str]
    values: dict[str, str | bool]

    def read(self, cell: str, decimal: str) -> float | str | bool | None:
        """Return the value of a cell, or None if it is missing.

        Raises:
            CellInvalid: the cell is not a value of this column, or outside its range.
        """
        text = normalised(cell)
        if text in self.missing:
            return None
        if self.kind == NUMBER:
            return self._number(cell.strip(), decimal)
        if self.values:
            if text not in self.values:
                raise CellInvalid(CellFaultCode.UNKNOWN_VALUE)
            return self.values[text]
        if text.lower() not in _BOOLEANS:
            raise CellInvalid(CellFaultCode.NOT_A_BOOLEAN)
        return _BOOLEANS[text.lower()]

    def _number(self, text: str, decimal: str) -> float:
        # With a decimal comma 1.000 may mean a thousand, so that a point is refused.
        if decimal != ".":
            text = "" if "." in text else text.replace(decimal, ".")
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(number):
            raise CellInvalid(CellFaultCode.NOT_A_NUMBER)
        if not self.minimum <= number <= self.maximum:
            raise CellInvalid(
                CellFaultCode.OUTSIDE,
                value=f"{number:g}",
                minimum=f"{self.minimum:g}",
                maximum=f"{self.maximum:g}",
                unit=f" {self.unit}" if self.unit != "1" else "",
            )
        return number


@dataclass(frozen=True, slots=True)
class Document:
    """The columns that become one record of one category."""

    name: str
    category: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How each row of a table becomes records; written by a custodian's data team as a file.

    `custodian` is "" if the file leaves it to the install that deposits.
    """

    id_column: str
    custodian: str
    date: str
    date_column: str
    separator: str
    decimal: str
    encoding: str
    on_duplicate: str
    ignore: tuple[str, ...]
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
        missing = frozenset(normalised(text) for text in table.texts("missing", ("", "NA", "NaN")))
        mapping = cls(
            id_column=table.text("id"),
            custodian=table.text("custodian", ""),
            date=_date(table),
            date_column=table.text("date_column", ""),
            separator=_one_character(table, "separator", ","),
            decimal=_one_character(table, "decimal", "."),
            encoding=table.text("encoding", "utf-8-sig"),
            on_duplicate=table.text("on_duplicate", "refuse"),
            ignore=table.texts("ignore", ()),
            documents=tuple(_document(section, missing) for section in top.sections("documents")),
        )
        _require_consistent(mapping, table)
        table.close()
        top.close()
        return mapping

    def columns(self) -> list[str]:
        """Return every column that the mapping reads, in order."""
        names = [column.name for document in self.documents for column in document.columns]
        return [self.id_column, *([self.date_column] if self.date_column else []), *names]


def read_date(text: str) -> str:
    """Return the ISO date that a text starts with.

    Raises:
        CellInvalid: it does not start with one.
    """
    try:
        return datetime.date.fromisoformat(text[:10]).isoformat()
    except ValueError as exc:
        raise CellInvalid(CellFaultCode.NOT_A_DATE) from exc


def _date(table: Section) -> str:
    text = table.text("date", "")
    if bool(text) == table.has("date_column"):
        raise table.error("date", "give either date or date_column")
    try:
        return read_date(text) if text else ""
    except CellInvalid as exc:
        raise table.error("date", exc.code.problem) from exc


def _one_character(table: Section, key: str, default: str) -> str:
    character = table.text(key, default)
    if len(character) != 1 or character.isalnum():
        raise table.error(key, "must be one character such as ';', not a letter or digit")
    return character


def _document(section: Section, missing: frozenset[str]) -> Document:
    category = section.text("category")
    if category not in CATEGORIES:
        raise section.error(
            "category", f"unknown category {category!r}; known: {', '.join(CATEGORIES)}"
        )
    columns = tuple(_column(each, missing) for each in section.sections("columns"))
    document = Document(section.text("name"), category, columns)
    section.close()
    codes = [column.code for column in columns]
    if len(set(codes)) != len(codes):
        raise section.error("columns", "two columns of this document have the same code")
    return document


def _column(section: Section, missing: frozenset[str]) -> Column:
    kind = section.text("kind")
    if kind not in KINDS:
        raise section.error("kind", f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    low, high = section.find_number("minimum"), section.find_number("maximum")
    code = section.text("code")
    if not is_code(code):
        raise section.error("code", "must be system|code, e.g. http://loinc.org|39156-5")
    column = Column(
        name=section.text("column"),
        code=code,
        kind=kind,
        unit=section.text("unit") if kind == NUMBER else "",
        minimum=-math.inf if low is None else low,
        maximum=math.inf if high is None else high,
        missing=missing | {normalised(text) for text in section.texts("missing", ())},
        values={} if kind == NUMBER else _values(section, kind),
    )
    section.close()
    return column


def _values(section: Section, kind: str) -> dict[str, str | bool]:
    values = {normalised(key): value for key, value in section.text_table("values").items()}
    expected = bool if kind == BOOLEAN else str
    if any(not isinstance(value, expected) or value == "" for value in values.values()):
        name = "true or false" if kind == BOOLEAN else "a text"
        raise section.error("values", f"each value must be mapped to {name}")
    if kind == CATEGORY and not values:
        raise section.error("values", "missing; a category needs at least one value")
    return values


def _require_consistent(mapping: Mapping, table: Section) -> None:
    columns = mapping.columns()
    duplicates = {name for name in columns if columns.count(name) > 1}
    if duplicates:
        raise table.error("id", f"column {min(duplicates)!r} is mapped twice")
    for name in mapping.ignore:
        if name in columns:
            raise table.error("ignore", f"column {name!r} is mapped, so it cannot be ignored")
    if mapping.on_duplicate not in DUPLICATES:
        raise table.error(
            "on_duplicate", f"unknown {mapping.on_duplicate!r}; known: {', '.join(DUPLICATES)}"
        )
    if mapping.decimal == mapping.separator:
        raise table.error("decimal", "must differ from the separator")
