"""Clinical data: tables and FHIR into records, and what each column or code means."""

from records.errors import (
    DeclarationInvalid,
    FhirInvalid,
    JsonInvalid,
    RecordsError,
    RecordsInvalid,
    TableInvalid,
)
from records.mapping import Mapping
from records.table import ParsedRow, TableReport, check_table, read_table

__all__ = [
    "DeclarationInvalid",
    "FhirInvalid",
    "JsonInvalid",
    "Mapping",
    "RecordsError",
    "RecordsInvalid",
    "ParsedRow",
    "TableInvalid",
    "TableReport",
    "check_table",
    "read_table",
]
