"""Define what can be wrong with a cell of a table or an entry of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class CellFaultCode(StrEnum):
    """A code with the sentence that states the fault, and one that says what to do about it.

    The sentences are format strings whose fields are the fault's value and facts.
    """

    problem: str
    remedy: str

    def __new__(cls, code: str, problem: str, remedy: str) -> Self:
        """Make a member whose value is the code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.problem, member.remedy = problem, remedy
        return member

    # The header of a table.
    COLUMN_TWICE = ("column-twice", "the header names this column twice", "Rename one of them")
    COLUMN_MISSING = (
        "column-missing",
        "the table has no such column",
        "Add it, or remove it from the mapping",
    )
    COLUMN_UNMAPPED = (
        "column-unmapped",
        "the mapping does not name this column",
        "Map it, or list it under ignore",
    )
    # A row of a table.
    CELL_COUNT = (
        "cell-count",
        "{found} cells, expected {expected}",
        "Check for a missing or extra separator",
    )
    INVALID_ID = (
        "invalid-id",
        "the id must be 1 to {maximum} printable characters",
        "Enter the hospital number",
    )
    DUPLICATE_PERSON = (
        "duplicate-person",
        "the person of row {first} again",
        'Keep one of the two, or set on_duplicate = "latest" in the mapping',
    )
    NOT_A_DATE = ("not-a-date", "not a date such as 2024-05-31", "Write it as year-month-day")
    NOT_A_NUMBER = ("not-a-number", "not a number", "Enter a number, or leave the cell empty")
    OUTSIDE = (
        "outside",
        "{value} is outside {minimum}–{maximum}{unit}",
        "Check the unit and correct it, or change the range in the mapping",
    )
    NOT_A_BOOLEAN = (
        "not-a-boolean",
        "neither true nor false",
        "Correct it, or map other words under values in the mapping",
    )
    UNKNOWN_VALUE = (
        "unknown-value",
        "not among the values of the mapping",
        "Correct it, or add it under values in the mapping",
    )
    # An entry of a FHIR bundle.
    RESOURCE_MISSING = ("resource-missing", "the entry has no resource", "Remove the entry")
    UNSUPPORTED_RESOURCE = (
        "unsupported-resource",
        "this resource type cannot be stored",
        "Remove the entry",
    )
    NOT_IN_FORCE = (
        "not-in-force",
        "the status says that the entry is not valid",
        "Remove the entry",
    )
    IDENTIFIER_COUNT = (
        "identifier-count",
        "{found} hospital numbers of 1 to {maximum} characters, expected 1",
        "Give exactly one identifier",
    )
    UNKNOWN_SUBJECT = (
        "unknown-subject",
        "the subject is not a Patient of this bundle",
        "Add the Patient to the bundle",
    )
    DUPLICATE_CODE = (
        "duplicate-code",
        "the same code twice for this person and day",
        "Keep one of the two",
    )
    NO_CATEGORY = (
        "no-category",
        "no category that a consent can name",
        "Add a category of the vocabulary",
    )
    NO_CODE = ("no-code", "no coding with system and code", "Add a coding")
    NO_VALUE = ("no-value", "no value", "Add a value, or remove the entry")
    UNSUPPORTED_VALUE = (
        "unsupported-value",
        "this type of value cannot be stored",
        "Use a Quantity, CodeableConcept, string, boolean or integer",
    )
    WRONG_TYPE = ("wrong-type", "not a value of the expected type", "Correct the value")


@dataclass(frozen=True, slots=True)
class CellFault:
    """A fault in a table or bundle.

    Attributes:
        row: number of the row or entry from 1, the header not counted; 0 for the header.
        column: name of the column, or path of the element.
        code: what is wrong.
        value: the number of a cell that is outside its range. It is empty for every other fault,
            since such a cell may hold anything, such as a name; and in stored reports.
        facts: the other values that the sentence needs.
    """

    row: int
    column: str
    code: CellFaultCode
    value: str = field(default="", repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """What is wrong, without where."""
        return self.code.problem.format(value=self.value or "the value", **self.facts)

    @property
    def message(self) -> str:
        """What is wrong, where, and what to do."""
        places = [f"row {self.row}"] if self.row else []
        places += [f"column {self.column}"] if self.column else []
        return f"{self.problem} ({', '.join(places)}). {self.code.remedy}."

    def to_json(self) -> dict[str, Any]:
        """Return the fault as JSON for the person who has the file."""
        place = {"row": self.row, "column": self.column}
        return {**place, "code": self.code.value, "message": self.message}

    def to_stored(self) -> list[Any]:
        """Return the fault as JSON without the cell's value."""
        return [self.row, self.column, self.code.value, dict(self.facts)]

    @classmethod
    def from_stored(cls, stored: list[Any]) -> CellFault:
        """Return the fault that `to_stored` wrote."""
        row, column, code, facts = stored
        codes = {str(each): each for each in CellFaultCode}
        return cls(row, column, codes[code], "", facts)


class CellInvalid(ValueError):
    """A cell or element with a fault; its row, and for cells its column, are not known yet."""

    def __init__(
        self, code: CellFaultCode, column: str = "", value: str = "", **facts: Any
    ) -> None:
        """Keep what a fault consists of."""
        super().__init__(code.value)
        self.code = code
        self.column = column
        self.value = value
        self.facts = facts

    def at(self, row: int, column: str = "") -> CellFault:
        """Return the fault in this row and column."""
        return CellFault(row, column or self.column, self.code, self.value, self.facts)
