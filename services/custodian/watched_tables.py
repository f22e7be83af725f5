"""Stores a table of the watched folder by the saved mapping that fits it, or says why it cannot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from records import (
    CellFault,
    Mapping,
    RecordsError,
    TableInvalid,
    TableReport,
    check_table,
    read_table,
)
from records.coded import RemedyCode
from services.custodian.file_kinds import TABLE, FileRefused, kind_of
from services.custodian.records import CustodianRecords
from services.custodian.saved_mappings import find_fitting
from services.custodian.tables import as_path, counts_of, why_unreadable
from services.custodian.upload_store import MAX_BYTES
from services.dates import day_of
from services.installation import Installation
from services.jobs.progress import Progress

_MAX_LISTED: Final = 1_000


class RefusalCode(RemedyCode):
    """Why nothing of a table was stored, and what to do."""

    NO_TABLE = (
        "no-table",
        f"the file is empty, larger than {MAX_BYTES // 10**6} MB, or no table",
        "Leave a CSV, TSV or Excel file; a larger one goes through vouchsafe deposit --mapping",
    )
    NO_MAPPING = (
        "no-mapping",
        "no saved mapping fits the header exactly",
        "Deposit one such table on the page and save its mapping there, then leave the file again",
    )
    SEVERAL_MAPPINGS = (
        "several-mappings",
        "several saved mappings fit the header",
        "Remove the mappings that are not meant, then leave the file again",
    )
    UNREADABLE = (
        "unreadable",
        "the table cannot be read with its mapping",
        "Correct what the report lists, then leave the file again",
    )
    BAD_ROWS = (
        "bad-rows",
        "rows of the table cannot be stored, so none of them was",
        "Correct the cells that the report lists, then leave the file again",
    )
    NO_ROWS = (
        "no-rows",
        "the table has no row",
        "Leave a table with rows below its header",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOutcome:
    """What became of a table.

    Attributes:
        refusal: why nothing was stored; None if every row was.
        report: JSON for the file beside the table; it has no content of a cell.
    """

    refusal: RefusalCode | None
    report: bytes


class WatchedTables:
    """Tables are stored whole or not at all; the same table again changes nothing."""

    def __init__(self, *, records: CustodianRecords, installation: Installation) -> None:
        self._records = records
        self._installation = installation

    def store(self, file: BinaryIO, progress: Progress) -> TableOutcome:
        """Store every row of a table by the one saved mapping that fits its header exactly.

        Raises:
            StorageError, ConsentError: record store or ledger are unavailable; nothing or a part
                is stored, and the next call completes it.
        """
        body = file.read(MAX_BYTES + 1)
        try:
            is_table = kind_of(io.BytesIO(body)) == TABLE
        except FileRefused:
            is_table = False
        if not is_table:
            return _refused(RefusalCode.NO_TABLE, {})
        with as_path(body) as path:
            return self._store(path, progress)

    def _store(self, path: Path, progress: Progress) -> TableOutcome:
        home, party = self._installation.home, self._installation.organisation
        fitting = find_fitting(home, path, party)
        if len(fitting) != 1:
            code = RefusalCode.SEVERAL_MAPPINGS if fitting else RefusalCode.NO_MAPPING
            return _refused(code, {"mappings": sorted(fitting)})
        ((name, mapping),) = fitting.items()
        try:
            return self._store_rows(path, name, mapping, progress)
        except RecordsError as exc:
            faults = exc.faults if isinstance(exc, TableInvalid) else ()
            facts = {"mapping": name, "why": why_unreadable(exc), "problems": _listed(faults)}
            return _refused(RefusalCode.UNREADABLE, facts)

    def _store_rows(
        self, path: Path, name: str, mapping: Mapping, progress: Progress
    ) -> TableOutcome:
        today = day_of(self._installation.clock())
        table = check_table(path, mapping, today=today)
        facts = {"mapping": name, **_facts(table)}
        if table.wrong:
            return _refused(RefusalCode.BAD_ROWS, facts)
        if not table.good:
            return _refused(RefusalCode.NO_ROWS, facts)
        rows = read_table(path, mapping, today=today)
        summary = self._records.deposit_rows(rows, progress, table.good)
        facts |= {**summary.counts, "affected_models": list(summary.affected_models)}
        return TableOutcome(refusal=None, report=_to_json({"outcome": "stored", **facts}))


def _facts(table: TableReport) -> dict[str, Any]:
    return {**counts_of(table), "problems": _listed(table.faults), "notes": _listed(table.notes)}


def _refused(code: RefusalCode, facts: dict[str, Any]) -> TableOutcome:
    reason = {"code": code.value, "problem": code.problem, "remedy": code.remedy}
    return TableOutcome(refusal=code, report=_to_json({"outcome": "refused", **reason, **facts}))


def _listed(faults: Sequence[CellFault]) -> list[dict[str, Any]]:
    """Return faults without the cells' values."""
    without = [CellFault.from_stored(fault.to_stored()) for fault in faults[:_MAX_LISTED]]
    return [
        {
            "row": fault.row,
            "line": fault.line,
            "column": fault.column,
            "code": fault.code.value,
            "problem": fault.problem,
            "remedy": fault.code.remedy,
        }
        for fault in without
    ]


def _to_json(content: dict[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"
