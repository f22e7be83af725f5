"""Checks and reads the tables that a custodian sent; the worker runs this."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from records import DeclarationInvalid, Mapping, ParsedRow, TableReport, check_table, read_table
from records.description import TableDescription, describe_table
from records.header_rows import NamesPlace
from services.custodian.file_kinds import FileRefused
from services.custodian.upload_store import LEAVE, Sent


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


def today_of(clock_s: float) -> datetime.date:
    """Return the day at a time, in UTC."""
    return datetime.datetime.fromtimestamp(clock_s, datetime.UTC).date()


def check_sent_table(sent: Sent, body: bytes, today: datetime.date) -> TableReport:
    """Return what a table holds, with a summary of each column.

    Raises:
        TableInvalid (records): it cannot be used at all.
    """
    with as_path(body) as path:
        return check_table(path, layout_of(sent), today=today, has_summary=True)


def read_sent_table(sent: Sent, body: bytes, today: datetime.date) -> list[ParsedRow]:
    """Return the rows of a table that can be stored.

    Raises:
        TableInvalid (records): a row is bad, and the custodian chose to store nothing then.
    """
    with as_path(body) as path:
        return list(read_table(path, layout_of(sent), sent.on_bad == LEAVE, today))


def describe_sent_table(
    sent: Sent, body: bytes, today: datetime.date, place: NamesPlace | None
) -> TableDescription:
    """Return the description of a table that was sent without a mapping.

    `place` says where the names of its columns are; None finds them.

    Raises:
        TableInvalid, TableEmpty (records): it cannot be read as a table.
    """
    with as_path(body) as path:
        return describe_table(path, sent.name, today, place=place)


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
