"""Define what can be wrong with a cell of a table or an entry of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from records.coded import RemedyCode


class CellFaultCode(RemedyCode):
    """A code with the sentence that states the fault, and one that says what to do about it.

    The sentences are format strings whose fields are the fault's value and facts.
    """

    # The header of a table.
    COLUMN_TWICE = ("column-twice", "the header names this column twice", "Rename one of them")
    COLUMN_MISSING = (
        "column-missing",
        "the table has no such column{hint}",
        "Add it, or correct the name in the mapping",
    )
    HEADER_BELOW = (
        "header-below",
        "the names of the columns are in line {first}, below {found} other lines",
        "Set skip in the mapping to the number of lines above the names",
    )
    HEADER_ROWS = (
        "header-rows",
        "the names of the columns are in {found} rows, from line {first} on; joined they are "
        "{names}",
        "Set header_rows in the mapping to the number of these rows, skip to the number of lines "
        "above them, and use the joined names",
    )
    ROW_OF_NAMES = (
        "row-of-names",
        "no cell of the row below the header fits its column, as in a second row of names",
        "Set header_rows in the mapping to the number of rows of names, such as 2, and use the "
        "joined names, such as 'Blood / crp'; else correct the row",
    )
    COLUMN_UNMAPPED = (
        "column-unmapped",
        "the mapping does not name this column",
        "Map it, or list it under ignore",
    )
    IDENTIFYING_COLUMN = (
        "identifying-column",
        "{found} different values in {rows} rows, so they identify people",
        'Remove the column from the mapping, or say why it may be stored: reviewed = "why"',
    )
    ROW_NUMBERS = (
        "row-numbers",
        "the values count the rows, so they say nothing about people",
        'Remove the column from the mapping, or say why it may be stored: reviewed = "why"',
    )
    # What the reader of a table should look at; no row is refused for it.
    IDS_REPEAT = (
        "ids-repeat",
        "{found} people in {rows} rows",
        "Check that it is the hospital number; for several rows a person set visits = true",
    )
    ID_SPELLINGS = (
        "id-spellings",
        "ids that differ from another id in leading zeros, capitals, or kinds of dash or blank"
        " alone: {found}",
        "Write each id in one way, or two people are stored",
    )
    UNNAMED_VALUES = (
        "unnamed-values",
        "{found} cells below a header without a name were left out",
        "Name the column to map it",
    )
    OTHER_SHEETS = (
        "other-sheets",
        "the workbook has further sheets that were not read: {names}",
        'Deposit each by a mapping of its own that names it: sheet = "…"',
    )
    HIDDEN_SHEET = (
        "hidden-sheet",
        "the sheet that was read, {names}, is hidden in the workbook",
        'Nothing, if it is the right one; else name the other one in the mapping: sheet = "…"',
    )
    HIDDEN_SHEETS = (
        "hidden-sheets",
        "the workbook has hidden sheets that were not read: {names}",
        "Nothing, if they are not meant",
    )
    HIDDEN_ROWS = (
        "hidden-rows",
        "rows that are hidden or filtered out in the workbook were read like the others: {found} "
        "(lines: {lines})",
        "Delete the rows in the file if they are not meant",
    )
    HIDDEN_COLUMNS = (
        "hidden-columns",
        "columns that are hidden in the workbook were read like the others: {names}",
        "List them under ignore in the mapping if they are not meant",
    )
    UNIT_ROW = (
        "unit-row",
        "the row below the header was read as units, not as data ({names})",
        "Check the units: they are used where the mapping gives none",
    )
    UNIT_CONFLICT = (
        "unit-conflict",
        "the row of units below the header says {found}, the mapping {unit}",
        "Correct the unit in the mapping, or the row in the file",
    )
    NOTE_ROW = (
        "note-row",
        "a line with a remark in one cell, and nothing else, was left out",
        "Nothing, if it is about the table; an id needs a value beside it",
    )
    HEADER_AGAIN = (
        "header-again",
        "a line repeats the names of the columns, and was left out",
        "Nothing, if the rows below it belong to the same table",
    )
    TOTAL_ROW = ("total-row", "a line of totals was left out", "Remove it from the file")
    # A row of a table.
    OTHER_TABLE = (
        "other-table",
        "this row has the name of the column of ids as its id: another table may begin here",
        "Put each table into a file of its own",
    )
    CELL_COUNT = (
        "cell-count",
        "{found} cells, expected {expected}",
        "Check for a missing or extra separator",
    )
    ROUNDED_ID = (
        "rounded-id",
        "a number that a spreadsheet rounded, such as 1.2E+11",
        "Export the column as text",
    )
    DUPLICATE_VISIT = (
        "duplicate-visit",
        "the person and time of row {first} again",
        'Keep one of the two, add a time_column, or set on_duplicate = "latest" in the mapping',
    )
    DUPLICATE_VALUE = (
        "duplicate-value",
        "the person, time and code of row {first} again, with another value",
        'Keep one of the two, add a time_column, or set on_duplicate = "latest" in the mapping',
    )
    UNKNOWN_CODE = (
        "unknown-code",
        "the mapping names no column for this code",
        "Add it under columns, or list it under ignore_codes in the mapping",
    )
    INVALID_ID = (
        "invalid-id",
        "the id must be 1 to {maximum} printable characters",
        "Enter the hospital number",
    )
    DUPLICATE_PERSON = (
        "duplicate-person",
        "the person of row {first} again",
        'Keep one of the two, or set visits = true or on_duplicate = "latest" in the mapping',
    )
    NOT_A_DATE = (
        "not-a-date",
        "not a date such as 2024-05-31",
        "Write it as year-month-day, or set date_format in the mapping, e.g. '%d.%m.%Y'",
    )
    NOT_IN_DATE_FORMAT = (
        "not-in-date-format",
        "neither a date in the mapping's date_format '{expected}' nor one such as 2024-05-31",
        "Correct the date, or date_format in the mapping",
    )
    TWO_DIGIT_YEAR = (
        "two-digit-year",
        "a date with a year of two digits, which can mean several years",
        "Set date_format with %y, such as '%d.%m.%y', and two_digit_years_from in the mapping, the "
        "first of the hundred years that two digits mean; or write four digits",
    )
    DATE_OUTSIDE = (
        "date-outside",
        "a day before 1900 or in the future",
        "Correct the year",
    )
    NOT_A_TIME = ("not-a-time", "not a time such as 08:30", "Write it as hour:minute")
    UNIT_DIFFERS = (
        "unit-differs",
        "the unit is not {unit}",
        "Convert the value, or add the spelling under units in the mapping",
    )
    BOUND = (
        "bound",
        "a bound such as <0.5, not a number",
        'Set bounds = "limit", "half" or "missing" in the mapping',
    )
    SPREADSHEET_ERROR = (
        "spreadsheet-error",
        "an error of the spreadsheet, such as #DIV/0!, not a value",
        "Correct the formula; if it means that there is no value, clear the cell or list the error "
        "under missing in the mapping",
    )
    NOT_A_NUMBER = (
        "not-a-number",
        "not a number",
        "Enter a number, or leave the cell empty; for 1,5 or 1.234 set decimal or thousands in the "
        "mapping, for a word missing",
    )
    CELL_UNIT = (
        "cell-unit",
        "what follows the number is not the column's unit, {unit}",
        "Convert the value to that unit, or write the number alone",
    )
    OUTSIDE = (
        "outside",
        "{value} is outside {minimum}–{maximum}{unit}",
        'Check the unit, change the range, or set outside = "missing" in the mapping',
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
        line: number of the line in the file, the header counted; 0 if the file has no lines.
    """

    row: int
    column: str
    code: CellFaultCode
    value: str = field(default="", repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    @property
    def problem(self) -> str:
        """What is wrong, without where."""
        facts = {"hint": ""} | dict(self.facts)
        return self.code.problem.format(value=self.value or "the value", **facts)

    @property
    def message(self) -> str:
        """What is wrong, where, and what to do."""
        places = [f"line {self.line}"] if self.line else []
        places += [f"row {self.row}"] if self.row else []
        places += [f"column {self.column}"] if self.column else []
        where = f" ({', '.join(places)})" if places else ""
        return f"{self.problem}{where}. {self.code.remedy}."

    def to_json(self) -> dict[str, Any]:
        """Return the fault as JSON for the person who has the file."""
        place = {"row": self.row, "line": self.line, "column": self.column}
        return {**place, "code": self.code.value, "message": self.message}

    def to_stored(self) -> list[Any]:
        """Return the fault as JSON without the cell's value."""
        return [self.row, self.column, self.code.value, dict(self.facts), self.line]

    @classmethod
    def from_stored(cls, stored: list[Any]) -> CellFault:
        """Return the fault that `to_stored` wrote."""
        row, column, code, facts, *line = stored  # without a line before release 0.2
        codes = {str(each): each for each in CellFaultCode}
        return cls(row, column, codes[code], "", facts, line[0] if line else 0)


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

    def at(self, row: int, column: str = "", line: int = 0) -> CellFault:
        """Return the fault in this row, column and line of the file."""
        return CellFault(row, column or self.column, self.code, self.value, self.facts, line)
