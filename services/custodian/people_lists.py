"""Reads a list of patients to invite: CSV with hospital number, e-mail, name and language."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.words import LANGUAGES

MAX_PEOPLE: Final = 1_000
MAX_LIST_BYTES: Final = 512 * 2**10
MAX_NUMBER: Final = 64
MAX_NAME: Final = 128
MAX_EMAIL: Final = 254
"""RFC 5321 leaves this much of a path to the address."""
COLUMNS: Final = ("number", "email", "name", "language")
_HEADS: Final = {
    **{head: "number" for head in ("number", "hospital number", "patient number", "mrn")},
    **{head: "email" for head in ("email", "e-mail", "mail")},
    "name": "name",
    **{head: "language" for head in ("language", "lang")},
}
_SEPARATORS: Final = ",;\t"
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++")


class ListFault(StrEnum):
    """Why a list as a whole cannot be read."""

    EMPTY = "empty"
    LONG = "long"
    ENCODING = "encoding"
    HEADER = "header"
    QUOTES = "quotes"


class LineFault(StrEnum):
    """What is wrong with one line."""

    NUMBER = "number"
    EMAIL = "email"
    NAME = "name"
    LANGUAGE = "language"
    TWICE = "twice"
    CELLS = "cells"


class ListUnreadable(ValueError):
    """The list cannot be read at all; `fault` says why."""

    def __init__(self, fault: ListFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A patient as a line of the list names them; what it leaves out is ""."""

    line: int
    number: str
    email: str = ""
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """A line of which nobody is invited, and why; it holds nothing of the line's text."""

    line: int
    fault: LineFault


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleList:
    """What a list says: the people of good lines, and the problems of the others."""

    people: Sequence[ListedPerson]
    problems: Sequence[LineProblem]


def is_hospital_number(text: str) -> bool:
    """Return whether a text can be a hospital number: printable, 1 to 64 characters."""
    return 0 < len(text) <= MAX_NUMBER and text.isprintable()


def read_people(content: bytes) -> PeopleList:
    """Return what a list says.

    Cells are separated by comma, semicolon or tab. A first line that names its columns gives their
    order; without one it is number, e-mail, name, language.

    Raises:
        ListUnreadable: it is empty, not UTF-8, has more than 1,000 people, names a column that is
            not known, or has an open quotation mark.
    """
    rows = list(_rows(content))
    if not rows:
        raise ListUnreadable(ListFault.EMPTY)
    columns = _columns(rows[0][1])
    if columns:
        rows = rows[1:]
    if not rows:
        raise ListUnreadable(ListFault.EMPTY)
    return _people(rows, columns or COLUMNS)


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line that is not empty."""
    if len(content) > MAX_LIST_BYTES:
        raise ListUnreadable(ListFault.LONG)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ListUnreadable(ListFault.ENCODING) from exc
    first = text.lstrip().partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    lines, count = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 0
    try:
        for row in lines:
            cells = [cell.strip() for cell in row]
            if any(cells):
                count += 1
                if count > MAX_PEOPLE + 1:  # one may be the line of columns
                    raise ListUnreadable(ListFault.LONG)
                yield lines.line_num, cells
    except csv.Error as exc:
        raise ListUnreadable(ListFault.QUOTES) from exc


def _columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a first line names; () if it is a person's line."""
    names = [_HEADS.get(" ".join(cell.casefold().replace("_", " ").split())) for cell in cells]
    if "number" not in names:
        return ()
    known = [name for name in names if name is not None]
    if len(known) != len(names) or len(set(known)) != len(known):
        raise ListUnreadable(ListFault.HEADER)
    return tuple(known)


def _people(rows: Sequence[tuple[int, list[str]]], columns: Sequence[str]) -> PeopleList:
    if len(rows) > MAX_PEOPLE:
        raise ListUnreadable(ListFault.LONG)
    people, problems, numbers = list[ListedPerson](), list[LineProblem](), set[str]()
    for line, cells in rows:
        values = dict(zip(columns, cells, strict=False))
        fault = _fault(values, cells[len(columns) :], numbers)
        if fault is not None:
            problems.append(LineProblem(line=line, fault=fault))
            continue
        numbers.add(values["number"])
        values["language"] = values.get("language", "").casefold()
        people.append(ListedPerson(line=line, **values))
    return PeopleList(people=people, problems=problems)


def _fault(values: dict[str, str], surplus: Sequence[str], numbers: set[str]) -> LineFault | None:
    email, name = values.get("email", ""), values.get("name", "")
    language = values.get("language", "").casefold()
    is_wrong = {
        LineFault.CELLS: any(surplus),
        LineFault.NUMBER: not is_hospital_number(values.get("number", "")),
        LineFault.TWICE: values.get("number", "") in numbers,
        LineFault.EMAIL: bool(email) and not is_email(email),
        LineFault.NAME: len(name) > MAX_NAME or not name.isprintable(),
        LineFault.LANGUAGE: bool(language) and language not in LANGUAGES,
    }
    return next((fault for fault, applies in is_wrong.items() if applies), None)


def is_email(text: str) -> bool:
    """Return whether a text can be an e-mail address; one of ASCII characters, without a name."""
    return len(text) <= MAX_EMAIL and _EMAIL.fullmatch(text) is not None
