"""Takes a custodian's file: recognises its kind, checks its rows, stores the good ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, Final

from models import ModelsError
from records import (
    CellFault,
    CellFaultCode,
    DeclarationInvalid,
    Mapping,
    ParsedRow,
    RecordsError,
    TableInvalid,
    check_table,
    read_table,
)
from records.fhir import read_bundle
from services.custodian.file_kinds import FHIR, TABLE, FileRefused, kind_of, require_encoding
from services.custodian.records import CustodianRecords
from services.custodian.remedies import remedy
from services.custodian.upload_store import (
    CHECKED,
    CHECKING,
    DROPPED,
    LEAVE,
    STORED,
    STORING,
    UNUSABLE,
    Sent,
    Upload,
    UploadStore,
)
from services.errors import NotFound
from services.installation import Installation
from services.jobs.queue import CANCELLED, FAILED, Job, JobQueue
from services.words import Words

MISFITS: Final = {
    "missing": CellFaultCode.COLUMN_MISSING,
    "unmapped": CellFaultCode.COLUMN_UNMAPPED,
    "twice": CellFaultCode.COLUMN_TWICE,
}
"""How the header of a table can differ from its mapping."""
Progress = Callable[[str, int, int], None]
MAX_MAPPING: Final = 256 * 2**10
MAX_NAME: Final = 120
EXAMPLES: Final = Path(__file__).resolve().parents[2] / "deploy" / "examples"
_CHECK: Final = "check-upload"
_STORE: Final = "store-upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that is sent.

    Attributes:
        name: its name at the sender.
        file: its bytes, which can be read more than once.
        mapping: the name of an installed mapping, for a table.
        own_mapping: the TOML text of another mapping, or None.
        on_bad: ``leave`` stores the good rows without the bad ones, ``none`` stores nothing then.
    """

    name: str
    file: IO[bytes]
    mapping: str
    own_mapping: bytes | None
    on_bad: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """One problem of a file, in words; never the content of a cell."""

    row: int
    column: str
    problem: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReport:
    """A file, what is in it, and what became of it.

    Attributes:
        upload: the file, its state and its counts.
        is_working: True while a worker has it.
        can_store: whether storing its good rows is possible and wanted.
        problems: the first bad cells.
        job: the newest job about it.
        is_slow: True if that job was requested more than a minute ago.
    """

    upload: Upload
    is_working: bool
    can_store: bool
    problems: Sequence[BadCell]
    job: Job | None
    is_slow: bool

    @property
    def counts(self) -> dict[str, Any]:
        """The numbers of its report, without the problems."""
        return {name: value for name, value in self.upload.report.items() if name != "bad"}


class CustodianUploads:
    """Files wait sealed, a day at most, until they are stored or discarded."""

    SLOW_S: Final = 60

    def __init__(
        self,
        *,
        uploads: UploadStore,
        records: CustodianRecords,
        jobs: JobQueue,
        installation: Installation,
    ) -> None:
        self._uploads = uploads
        self._records = records
        self._jobs = jobs
        self._installation = installation

    def mapping_names(self) -> list[str]:
        """Return the names of the installed mappings, and of those that come with the software."""
        return sorted(self._mappings())

    def list_newest(self, party: str) -> list[Upload]:
        """Return a party's uploads, newest first, at most fifty."""
        return self._uploads.of_party(party)

    def submit(self, words: Words, party: str, new: NewUpload, *, by: str) -> UploadReport:
        """Keep a file and queue its check; a file that was stored before gives that upload.

        Raises:
            Invalid: its fields say why the file or the mapping cannot be used.
        """
        try:
            kind = kind_of(new.file)
            mapping = self._mapping_text(new) if kind == TABLE else ""
            name = PurePath(new.name).name[:MAX_NAME]
            sent = Sent(party, by, name, kind, mapping, new.on_bad)
            require_encoding(new.file, _layout(sent).encoding if kind == TABLE else "utf-8-sig")
        except FileRefused as exc:
            raise exc.in_words(words) from exc
        stored = self._uploads.find_stored(sent, new.file)
        if stored is not None:
            return self._report(words, stored)
        upload = self._uploads.add(sent, new.file)
        job = self._jobs.enqueue(_CHECK, {"upload": upload.id}, party)
        self._uploads.move(upload, CHECKING, CHECKING, job.id)
        return self.get(words, party, upload.id)

    def get(self, words: Words, party: str, upload_id: str) -> UploadReport:
        """Return one of a party's uploads and what was found in it.

        Raises:
            NotFound: the party has no such upload.
        """
        return self._report(words, self._uploads.get(party, upload_id))

    def discard(self, words: Words, party: str, upload_id: str) -> UploadReport:
        """Delete a checked file; one that is being stored, or was, does not change.

        Raises:
            NotFound: the party has no such upload.
        """
        upload = self._uploads.get(party, upload_id)
        if upload.state == CHECKED:
            self._uploads.report(upload, {}, DROPPED)
        return self.get(words, party, upload_id)

    def store(self, words: Words, party: str, upload_id: str) -> UploadReport:
        """Queue the storing of a checked file's good rows; a repeated call stores them once.

        Raises:
            NotFound: the party has no such upload, it is not checked, or nothing may be stored.
        """
        upload = self._uploads.get(party, upload_id)
        if not _can_store(upload) or upload.state in (DROPPED, UNUSABLE):
            raise NotFound
        if self._uploads.move(upload, CHECKED, STORING) or self._is_stuck(upload):
            job = self._jobs.enqueue(_STORE, {"upload": upload.id}, party)
            self._uploads.move(upload, STORING, STORING, job.id)
        return self.get(words, party, upload_id)

    def run_check(self, upload_id: str, progress: Progress) -> dict[str, Any]:
        """Check a waiting file, for a worker; store counts and bad cells, never their content."""
        upload = self._uploads.require(upload_id)
        if upload.state != CHECKING:
            return {}
        progress("checking", 0, 1)
        try:
            report = _check(upload, self._uploads.body(upload))
        except (ModelsError, RecordsError) as exc:
            self._uploads.report(upload, _why_unusable(exc), UNUSABLE)
            return {}
        self._uploads.report(upload, report, CHECKED)
        progress("checking", 1, 1)
        return {name: report[name] for name in ("rows", "good", "wrong")}

    def run_store(self, upload_id: str, progress: Progress) -> dict[str, Any]:
        """Store the good rows, for a worker; after a crash the next attempt completes it."""
        upload = self._uploads.require(upload_id)
        if upload.state != STORING:
            return {}
        rows = _rows(upload, self._uploads.body(upload))
        source = "fhir\0" if upload.sent.kind == FHIR else ""
        summary = self._records.deposit_rows(rows, progress, source=source)
        result = {
            "records": summary.records,
            "new": summary.new,
            "anchored_at_s": int(self._installation.clock()),
        }
        self._uploads.report(upload, result, STORED)
        return result

    def delete_expired(self) -> int:
        """Delete every file that has waited longer than a day; return how many."""
        return self._uploads.delete_expired()

    def _report(self, words: Words, upload: Upload) -> UploadReport:
        job = self._jobs.find(upload.job) if upload.job else None
        is_active = upload.state in (CHECKING, STORING)
        return UploadReport(
            upload=upload,
            is_working=is_active and not self._is_stuck(upload),
            can_store=_can_store(upload),
            problems=[
                _bad_cell(words, CellFault.from_stored(stored))
                for stored in upload.report.get("bad", [])
            ],
            job=job,
            is_slow=job is not None
            and self._installation.clock() - job.requested_at_s > self.SLOW_S,
        )

    def _is_stuck(self, upload: Upload) -> bool:
        """Return whether no worker has a file that needs one: its job failed or never existed."""
        if upload.state not in (CHECKING, STORING):
            return False
        job = self._jobs.find(upload.job) if upload.job else None
        return job is None or job.state in (FAILED, CANCELLED)

    def _mappings(self) -> dict[str, Path]:
        own = sorted((self._installation.home / "mappings").glob("*.toml"))
        examples = sorted(EXAMPLES.glob("*/mapping.toml"))
        return {path.stem: path for path in own} | {
            f"example {path.parent.name}": path for path in examples
        }

    def _mapping_text(self, new: NewUpload) -> str:
        if new.own_mapping is not None:
            try:
                return new.own_mapping.decode()
            except UnicodeDecodeError as exc:
                raise FileRefused("mapping", "deposit-mapping-error") from exc
        path = self._mappings().get(new.mapping)
        if path is None:
            raise FileRefused("mapping", "deposit-mapping-choose")
        return path.read_text(encoding="utf-8")


def _can_store(upload: Upload) -> bool:
    is_wanted = upload.sent.on_bad == LEAVE or not upload.report.get("wrong")
    return bool(upload.report.get("good")) and is_wanted


def _layout(sent: Sent) -> Mapping:
    try:
        layout = Mapping.parse(sent.mapping, "mapping")
    except DeclarationInvalid as exc:
        raise FileRefused("mapping", "deposit-mapping-error") from exc
    if layout.custodian not in ("", sent.party):
        raise FileRefused("mapping", "deposit-mapping-custodian")
    return layout


def _check(upload: Upload, body: bytes) -> dict[str, Any]:
    if upload.sent.kind == FHIR:
        bundle = read_bundle(body)
        counts = {"rows": bundle.entries, "good": bundle.entries - bundle.wrong}
        wrong, faults = bundle.wrong, bundle.faults
    else:
        with _as_path(body) as path:
            table = check_table(path, _layout(upload.sent))
        counts = {"rows": table.rows, "good": table.good}
        wrong, faults = table.wrong, table.faults
    return {**counts, "wrong": wrong, "bad": [fault.to_stored() for fault in faults]}


def _why_unusable(error: ModelsError | RecordsError) -> dict[str, Any]:
    """Return the report of a file that cannot be read; a table that misfits names its columns."""
    faults = error.faults if isinstance(error, TableInvalid) else ()
    if faults:
        codes = [fault.code for fault in faults]
        counts = {name: codes.count(code) for name, code in MISFITS.items()}
        return {"misfit": counts, "bad": [fault.to_stored() for fault in faults]}
    return {"why": str(error).partition(": ")[2] or str(error)}


def _bad_cell(words: Words, fault: CellFault) -> BadCell:
    return BadCell(
        row=fault.row,
        column=fault.column,
        problem=fault.problem,
        cure=remedy(words, fault.code),
    )


def _rows(upload: Upload, body: bytes) -> list[ParsedRow]:
    if upload.sent.kind == FHIR:
        return read_bundle(body).rows
    with _as_path(body) as path:
        return list(read_table(path, _layout(upload.sent), upload.sent.on_bad == LEAVE))


@contextmanager
def _as_path(body: bytes) -> Iterator[Path]:
    """Yield a path to read the file from, in memory alone: no plaintext reaches a disk."""
    handle = os.memfd_create("upload")
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(body)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
