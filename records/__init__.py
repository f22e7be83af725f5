"""Clinical data: tables and FHIR into records, and what each column or code means."""

from records.errors import (
    DeclarationInvalid,
    FhirInvalid,
    JsonInvalid,
    RecordsError,
    RecordsInvalid,
    TableEmpty,
    TableInvalid,
)
from records.faults import CellFault, CellFaultCode
from records.mapping import Mapping
from records.summary import ColumnSummary, Level
from records.table import (
    ParsedRow,
    TableReport,
    check_table,
    compare_header,
    read_table,
    to_records,
)

__all__ = [
    "CellFault",
    "CellFaultCode",
    "ColumnSummary",
    "DeclarationInvalid",
    "FhirInvalid",
    "JsonInvalid",
    "Level",
    "Mapping",
    "RecordsError",
    "RecordsInvalid",
    "ParsedRow",
    "TableEmpty",
    "TableInvalid",
    "TableReport",
    "check_table",
    "compare_header",
    "read_table",
    "to_records",
]
