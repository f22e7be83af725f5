"""The first decision on a file counts: it is stored or discarded, never both; no nodes."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from consent import DAY_S
from services.custodian.upload_store import (
    CHECKED,
    CHECKING,
    DROPPED,
    ENTRIES,
    OUTCOMES,
    STORED,
    STORING,
    Sent,
    Upload,
    UploadsFull,
    UploadStore,
)

SENT = Sent("organisation:here", "a", "t.csv", "table", "", "leave")


class PlainStore:
    """A record store that seals nothing."""

    def seal_bytes(self, _label: str, body: bytes, _about: bytes) -> bytes:
        return body

    def open_bytes(self, _label: str, body: bytes, _about: bytes) -> bytes:
        return body

    def pseudonyms(self, _label: str) -> Any:
        return lambda mark: mark[:32]


@pytest.fixture
def times() -> list[float]:
    return [1_700_000_000.0]


@pytest.fixture
def uploads(engine: sa.Engine, times: list[float]) -> UploadStore:
    return UploadStore(engine, PlainStore(), lambda: times[-1])  # type: ignore[arg-type]


@pytest.fixture
def checked(uploads: UploadStore) -> Upload:
    upload = uploads.add(SENT, io.BytesIO(b"who,v\n1,2\n"))
    assert uploads.report(upload, {"good": 1}, CHECKED)
    return uploads.require(upload.id)


def test_a_file_that_is_being_stored_is_not_discarded_by_an_older_page(
    uploads: UploadStore, checked: Upload
) -> None:
    assert uploads.move(checked, CHECKED, STORING)
    assert not uploads.report(checked, {}, DROPPED)
    storing = uploads.require(checked.id)
    assert storing.state == STORING
    assert uploads.body(storing) == b"who,v\n1,2\n"
    assert uploads.report(storing, {"records": 1}, STORED)
    assert uploads.require(checked.id).report == {"good": 1, "records": 1}


def test_a_file_that_was_discarded_is_not_stored(uploads: UploadStore, checked: Upload) -> None:
    assert uploads.report(checked, {}, DROPPED)
    assert not uploads.move(checked, CHECKED, STORING)
    assert not uploads.report(checked, {"good": 1}, CHECKED)
    assert uploads.require(checked.id).state == DROPPED


def test_a_file_whose_storing_begins_at_this_moment_does_not_expire(
    uploads: UploadStore, checked: Upload, times: list[float]
) -> None:
    storing = uploads.add(SENT, io.BytesIO(b"x"))
    assert uploads.move(storing, CHECKING, STORING)
    times.append(times[-1] + DAY_S + 1)
    # Whether the other one is active is asked after the files were listed.
    assert uploads.delete_expired(lambda _: uploads.move(checked, CHECKED, STORING)) == 0
    assert uploads.require(checked.id).state == STORING
    assert uploads.body(checked) == b"who,v\n1,2\n"


def test_files_of_an_organisation_that_wait_have_a_limit_together(
    uploads: UploadStore, checked: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.custodian.upload_store.MAX_WAITING_BYTES", checked.size + 3)
    waiting = uploads.add(SENT, io.BytesIO(b"abc"))
    with pytest.raises(UploadsFull) as full:
        uploads.add(SENT, io.BytesIO(b"d"))
    assert full.value.waiting_bytes == checked.size + 3
    assert len(uploads.of_party(SENT.party)) == 2
    uploads.add(replace(SENT, party="organisation:there"), io.BytesIO(b"d"))
    assert uploads.report(waiting, {}, DROPPED)  # what is stored or discarded no longer waits
    uploads.add(SENT, io.BytesIO(b"d"))


def test_a_list_of_files_reads_none_of_their_entries(
    uploads: UploadStore, checked: Upload, engine: sa.Engine
) -> None:
    """The entries of fifty large files would fill the memory of the pages."""
    outcomes = "e" * 50_000
    assert uploads.report(checked, {ENTRIES: outcomes, "rows": 9}, STORED)
    (listed,) = uploads.of_party(SENT.party)
    assert listed.report == {"good": 1, "rows": 9}
    with engine.connect() as connection:
        (stored,) = connection.scalars(sa.text("SELECT report FROM web_uploads"))
    assert len(stored) < 100
    assert uploads.find_document(listed, OUTCOMES) == outcomes  # although the file is deleted


@pytest.mark.parametrize("state", [DROPPED, STORED])
def test_entries_that_an_earlier_release_kept_in_the_report_leave_it(
    uploads: UploadStore, checked: Upload, engine: sa.Engine, state: str
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("""UPDATE web_uploads SET report = '{"entries": "old"}'"""))
    assert uploads.report(uploads.require(checked.id), {}, state)
    upload = uploads.require(checked.id)
    assert (upload.report, uploads.find_document(upload, OUTCOMES)) == ({}, "old")
