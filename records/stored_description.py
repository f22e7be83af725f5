"""Read the description of a table that was stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from records.description import ColumnDescription, TableDescription
from records.draft import ColumnDraft, MappingDraft
from records.faults import CellFault, CellFaultCode
from records.flags import Flag
from records.mapping import FileFormat

_CODES: Final = {str(code): code for code in CellFaultCode}


def description_from(stored: Mapping[str, Any]) -> TableDescription:
    """Return the description whose fields were stored as JSON."""
    return TableDescription(
        **{
            **stored,
            "draft": _draft_from(stored["draft"]),
            "columns": tuple(_column_from(column) for column in stored["columns"]),
            "notes": tuple(_note_from(note) for note in stored.get("notes", ())),
        }
    )


def _draft_from(stored: Mapping[str, Any]) -> MappingDraft:
    columns = [ColumnDraft(**column) for column in stored["columns"]]
    return MappingDraft(**{**stored, "file": FileFormat(**stored["file"]), "columns": columns})


def _column_from(stored: Mapping[str, Any]) -> ColumnDescription:
    return ColumnDescription(
        **{
            **stored,
            "draft": ColumnDraft(**stored["draft"]),
            "shapes": tuple(stored["shapes"]),
            "levels": tuple((value, count) for value, count in stored["levels"]),
            "flags": tuple(map(Flag, stored["flags"])),
        }
    )


def _note_from(stored: Mapping[str, Any]) -> CellFault:
    return CellFault(**{**stored, "code": _CODES[stored["code"]]})
