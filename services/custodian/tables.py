"""Checks and reads the tables that a custodian sent; the worker runs this."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from records import (
    DeclarationInvalid,
    Mapping,
    ParsedRow,
    RecordsError,
    TableReport,
    check_table,
    read_table,
)
from records.description import describe_table
from records.header_rows import NamesPlace
from services.custodian.file_kinds import FileRefused
from services.custodian.upload_store import (
    DESCRIPTION,
    LEAVE,
    MAPPING,
    NAMES,
    Sent,
    Upload,
    UploadStore,
)

NAMES_PROBLEM: Final = "names_problem"
"""In the report of a table that cannot be read with the rows of names that were chosen."""


def layout_of(sent: Sent) -> Mapping:
    """Return the mapping that a table was sent with.

    Raises:
        FileRefused: it is invalid, or names another custodian.
    """
    try:
        layout = Mapping.parse(sent.mapping, "mapping")
    except DeclarationInvalid as exc:
        raise FileRefused("mapping", "deposit-mapping-error", why=str(exc)) from exc
    if layout.custodian not in ("", sent.party):
        raise FileRefused("mapping", "deposit-mapping-custodian")
    return layout


def check_sent_table(sent: Sent, body: bytes, today: datetime.date) -> TableReport:
    """Return what a table holds, with a summary of each column.

    Raises:
        TableInvalid (records): it cannot be used at all.
    """
    with as_path(body) as path:
        return check_table(path, layout_of(sent), today=today, has_summary=True)


def read_sent_table(sent: Sent, body: bytes, today: datetime.date) -> Iterator[ParsedRow]:
    """Yield the rows of a table that can be stored.

    Raises:
        TableInvalid (records): a row is bad, and the custodian chose to store nothing then.
    """
    with as_path(body) as path:
        yield from read_table(path, layout_of(sent), sent.on_bad == LEAVE, today)


def describe_waiting(uploads: UploadStore, upload: Upload, today: datetime.date) -> dict[str, Any]:
    """Describe a table that was sent without a mapping, and let it wait for one.

    If it cannot be read with the chosen rows of names, it waits as it was read before.

    Raises:
        TableInvalid, TableEmpty (records): it cannot be read as a table.
    """
    chosen = uploads.find_document(upload, NAMES)
    place = None if chosen is None else NamesPlace(**chosen)
    try:
        with as_path(uploads.body(upload)) as path:
            description = describe_table(path, upload.sent.name, today, place=place)
    except RecordsError:
        if place is None:
            raise
        uploads.report(upload, {NAMES_PROBLEM: True}, MAPPING)
        return {}
    uploads.keep_document(upload, DESCRIPTION, asdict(description))
    uploads.report(upload, {NAMES_PROBLEM: False}, MAPPING)
    return {"rows": description.rows}


def counts_of(report: TableReport) -> dict[str, int]:
    """Return the counts of a report by name."""
    names = ("rows", "good", "wrong", "people", "replaced", "left_out", "ignored")
    return {name: getattr(report, name) for name in names}


def why_unreadable(error: Exception) -> str:
    """Return why a table cannot be read, without the name of the open file that comes first."""
    return str(error).partition(": ")[2] or str(error)


@contextmanager
def as_path(body: bytes) -> Iterator[Path]:
    """Yield a path to read the file from, in memory alone: no plaintext reaches a disk."""
    handle = os.memfd_create("upload")
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(body)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
