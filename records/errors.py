"""Define the errors of clinical data, grouped by what the caller can do about them."""

from __future__ import annotations

from collections.abc import Sequence

from records.faults import CellFault


class RecordsError(Exception):
    """Base of every error of this package."""


class RecordsInvalid(RecordsError):
    """The input is invalid; the message says what to change (422)."""


class JsonInvalid(RecordsInvalid):
    """The text is not JSON, or not with only one meaning."""


class FhirInvalid(RecordsInvalid):
    """The file is not a FHIR bundle that this platform can read."""


class DeclarationInvalid(RecordsInvalid):
    """A mapping or question file is invalid; the message names the key."""


class NamesItsPerson(RecordsInvalid):
    """The record holds a Patient resource, which says itself whose it is."""


class TableInvalid(RecordsInvalid):
    """A table cannot be deposited; `faults` lists the faults of its cells, if any."""

    def __init__(self, message: str, faults: Sequence[CellFault] = ()) -> None:
        """Keep the faults."""
        super().__init__(message)
        self.faults = tuple(faults)


class TableEmpty(RecordsError):
    """A table has a header, but no row: there is nothing to do."""
