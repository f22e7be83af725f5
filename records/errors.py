"""Errors of clinical data, grouped by what the reader can do about them."""

from __future__ import annotations


class RecordsError(Exception):
    """Every error of this package."""


class RecordsInvalid(RecordsError):
    """The input is wrong; the message says what to change (422)."""


class JsonInvalid(RecordsInvalid):
    """The text is not JSON that has one meaning."""


class FhirInvalid(RecordsInvalid):
    """The file is not FHIR that this platform can read."""


class DeclarationInvalid(RecordsInvalid):
    """A mapping or question file that cannot be used; the message names the key."""


class TableInvalid(RecordsInvalid):
    """A table with rows that cannot be deposited; `rows` names each row, column and reason."""

    def __init__(self, message: str, rows: tuple[tuple[int, str, str], ...] = ()) -> None:
        """Keep (row number from 1, column, what is wrong) of each bad cell."""
        super().__init__(message)
        self.rows = rows
