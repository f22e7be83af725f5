"""Says which columns of a table become which documents, in which codes and units."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consent import CATEGORIES
from records.errors import DeclarationInvalid
from records.strict_toml import Section
from records.values import BOOLEAN, CATEGORY, KINDS, NUMBER, is_code

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_TRUTHS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
DUPLICATES: Final = ("refuse", "latest")


class CellWrong(ValueError):
    """A cell that means nothing; the message says why, without the cell."""


def plain(cell: str) -> str:
    """Return the cell without outer blanks, in Unicode's NFC, and a whole number without ``.0``.

    A table that went through a data frame writes 1 as 1.0, one that went through a Mac writes ü as
    two signs: both are the same cell.
    """
    cell = unicodedata.normalize("NFC", cell.strip())
    if cell.endswith(".0") and cell[:-2].lstrip("-").isdigit():
        return cell[:-2]
    return cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what its cells mean, and which of them mean nothing."""

    name: str
    code: str
    kind: str
    unit: str
    minimum: float
    maximum: float
    missing: frozenset[str]
    values: dict[str, str | bool]

    def read(self, cell: str, decimal: str) -> float | str | bool | None:
        """Return the value of a cell, or None where it is missing.

        Raises:
            CellWrong: the cell is no such value, or out of range.
        """
        text = plain(cell)
        if text in self.missing:
            return None
        if self.kind == NUMBER:
            return self._number(cell.strip(), decimal)
        if self.values:
            if text not in self.values:
                raise CellWrong("is none of the values that the mapping knows")
            return self.values[text]
        if text.lower() not in _TRUTHS:
            raise CellWrong("is neither true nor false; other words belong into values")
        return _TRUTHS[text.lower()]

    def _number(self, text: str, decimal: str) -> float:
        # Where the decimal sign is a comma, 1.000 may be a thousand: it is not read as one.
        if decimal != ".":
            text = "" if "." in text else text.replace(decimal, ".")
        found = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(found):
            raise CellWrong("is not a number")
        if not self.minimum <= found <= self.maximum:
            raise CellWrong(f"is out of range {self.minimum:g} to {self.maximum:g} {self.unit}")
        return found


@dataclass(frozen=True, slots=True)
class Document:
    """The columns that become one record of one category."""

    name: str
    category: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How each row of a table becomes records; made by a custodian's data team as a file.

    `custodian` is "" where the file leaves it to the install that deposits.
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
        """Return the mapping of a file.

        Raises:
            DeclarationInvalid: the file is not there, or makes no sense; the message names the key.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise DeclarationInvalid(f"{path.name}: cannot be read as UTF-8 text") from exc
        return cls.parse(text, path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> Mapping:
        """Return the mapping that the text holds; `name` is what errors call it.

        Raises:
            DeclarationInvalid: see `load`.
        """
        top = Section.of_text(unicodedata.normalize("NFC", text), name)
        table = top.section("table")
        missing = frozenset(plain(one) for one in table.texts("missing", ("", "NA", "NaN")))
        found = cls(
            id_column=table.text("id"),
            custodian=table.text("custodian", ""),
            date=_date(table),
            date_column=table.text("date_column", ""),
            separator=_one_letter(table, "separator", ","),
            decimal=_one_letter(table, "decimal", "."),
            encoding=table.text("encoding", "utf-8-sig"),
            on_duplicate=table.text("on_duplicate", "refuse"),
            ignore=table.texts("ignore", ()),
            documents=tuple(_document(one, missing) for one in top.sections("documents")),
        )
        _require_sense(found, table)
        table.close()
        top.close()
        return found

    def columns(self) -> list[str]:
        """Return every column that the mapping reads, in its order."""
        read = [column.name for document in self.documents for column in document.columns]
        return [self.id_column, *([self.date_column] if self.date_column else []), *read]


def read_date(text: str) -> str:
    """Return an ISO date as it is.

    Raises:
        CellWrong: it is no ISO date.
    """
    try:
        return datetime.date.fromisoformat(text[:10]).isoformat()
    except ValueError as exc:
        raise CellWrong("is not a date like 2024-05-31") from exc


def _date(table: Section) -> str:
    text = table.text("date", "")
    if bool(text) == table.has("date_column"):
        raise table.wrong("date", "either date or date_column is needed")
    try:
        return read_date(text) if text else ""
    except CellWrong as exc:
        raise table.wrong("date", str(exc)) from exc


def _one_letter(table: Section, key: str, default: str) -> str:
    found = table.text(key, default)
    if len(found) != 1 or found.isalnum():
        raise table.wrong(key, "one sign is needed, e.g. ';'")
    return found


def _document(section: Section, missing: frozenset[str]) -> Document:
    category = section.text("category")
    if category not in CATEGORIES:
        raise section.wrong("category", f"is unknown; known: {', '.join(CATEGORIES)}")
    columns = tuple(_column(one, missing) for one in section.sections("columns"))
    found = Document(section.text("name"), category, columns)
    section.close()
    codes = [column.code for column in columns]
    if len(set(codes)) != len(codes):
        raise section.wrong("columns", "two columns of a document have one code")
    return found


def _column(section: Section, missing: frozenset[str]) -> Column:
    kind = section.text("kind")
    if kind not in KINDS:
        raise section.wrong("kind", f"is unknown; known: {', '.join(KINDS)}")
    low, high = section.find_number("minimum"), section.find_number("maximum")
    code = section.text("code")
    if not is_code(code):
        raise section.wrong("code", "system|code is needed, e.g. http://loinc.org|39156-5")
    found = Column(
        name=section.text("column"),
        code=code,
        kind=kind,
        unit=section.text("unit") if kind == NUMBER else "",
        minimum=-math.inf if low is None else low,
        maximum=math.inf if high is None else high,
        missing=missing | {plain(one) for one in section.texts("missing", ())},
        values={} if kind == NUMBER else _values(section, kind),
    )
    section.close()
    return found


def _values(section: Section, kind: str) -> dict[str, str | bool]:
    found = {plain(key): value for key, value in section.words("values").items()}
    wanted = bool if kind == BOOLEAN else str
    if any(not isinstance(value, wanted) or value == "" for value in found.values()):
        needed = "true or false" if kind == BOOLEAN else "a text"
        raise section.wrong("values", f"each value must become {needed}")
    if kind == CATEGORY and not found:
        raise section.wrong("values", "a category needs its values")
    return found


def _require_sense(mapping: Mapping, table: Section) -> None:
    columns = mapping.columns()
    twice = {name for name in columns if columns.count(name) > 1}
    if twice:
        raise table.wrong("id", f"column {min(twice)!r} is read twice")
    for name in mapping.ignore:
        if name in columns:
            raise table.wrong("ignore", f"column {name!r} is read, so it cannot be ignored")
    if mapping.on_duplicate not in DUPLICATES:
        raise table.wrong("on_duplicate", f"is unknown; known: {', '.join(DUPLICATES)}")
    if mapping.decimal == mapping.separator:
        raise table.wrong("decimal", "cannot be the separator too")
