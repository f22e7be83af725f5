"""Takes a custodian's file: recognises its kind, checks its rows, stores the good ones."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import IO, Any, Final

from attrs import define

from models import ModelsError
from records import (
    CellFaultCode,
    ColumnSummary,
    RecordsError,
    TableInvalid,
)
from records.outcomes import EntryOutcome
from records.summary import summary_from
from services.custodian.fhir_uploads import REMARKABLE, check_fhir, read_outcomes, store_fhir
from services.custodian.file_kinds import (
    FHIR,
    TABLE,
    FileRefused,
    kind_of,
    require_encoding,
    to_size,
)
from services.custodian.intake import FhirIntake
from services.custodian.records import CustodianRecords
from services.custodian.saved_mappings import list_saved
from services.custodian.tables import (
    NAMES_PROBLEM,
    check_sent_table,
    counts_of,
    describe_waiting,
    layout_of,
    read_sent_table,
    why_unreadable,
)
from services.custodian.upload_problems import BadCell, list_cells, list_problems
from services.custodian.upload_store import (
    CHECKED,
    CHECKING,
    DESCRIPTION,
    DROPPED,
    ENTRIES,
    LEAVE,
    MAPPING,
    MAX_WAITING_BYTES,
    OUTCOMES,
    STORED,
    STORING,
    SUMMARY,
    UNUSABLE,
    Sent,
    Upload,
    UploadsFull,
    UploadStore,
)
from services.dates import day_of
from services.errors import NotFound
from services.installation import Installation
from services.jobs.progress import Progress
from services.jobs.queue import CANCELLED, FAILED, Job, JobQueue
from services.words import Words

MISFITS: Final = {
    "missing": CellFaultCode.COLUMN_MISSING,
    "unmapped": CellFaultCode.COLUMN_UNMAPPED,
    "twice": CellFaultCode.COLUMN_TWICE,
}
"""How the header of a table can differ from its mapping."""
MAX_MAPPING: Final = 256 * 2**10
MAX_NAME: Final = 120
SLOW_S: Final = 60
EXAMPLES: Final = Path(__file__).resolve().parents[2] / "deploy" / "examples"
DRAFT: Final = "draft"
"""In place of a mapping's name: the columns are mapped on a page, from a draft."""
_NO_COUNTS: Final = ("bad", "notes", NAMES_PROBLEM, ENTRIES, REMARKABLE)
CHECK: Final = "check-upload"
_STORE: Final = "store-upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that is sent.

    Attributes:
        name: its name at the sender.
        file: its bytes, which can be read more than once.
        mapping: the name of an installed mapping, for a table; or DRAFT.
        own_mapping: the TOML text of another mapping, or None.
        on_bad: ``leave`` stores the good rows without the bad ones, ``none`` stores nothing then.
    """

    name: str
    file: IO[bytes]
    mapping: str
    own_mapping: bytes | None
    on_bad: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReport:
    """A file, what is in it, and what became of it.

    Attributes:
        is_working: True while a worker has it.
        can_store: whether storing its good rows is possible and wanted.
        can_map: whether its columns can be mapped, or mapped again after the check.
        problems: the first bad cells of rows that cannot be stored.
        notes: the first cells that the mapping leaves out, and what else to look at.
        columns: a summary of each column of a table that waits, for the custodian alone.
        job: the newest job about it.
        is_slow: True if that job was requested more than a minute ago.
    """

    upload: Upload
    is_working: bool
    can_store: bool
    can_map: bool
    problems: Sequence[BadCell]
    notes: Sequence[BadCell]
    columns: Sequence[ColumnSummary]
    job: Job | None
    is_slow: bool

    @property
    def counts(self) -> dict[str, Any]:
        """The numbers of its report, without the problems."""
        return {name: value for name, value in self.upload.report.items() if name not in _NO_COUNTS}


@define(eq=False, repr=False, kw_only=True)
class CustodianUploads:
    """Files wait sealed, a day at most, until they are stored or discarded.

    NotFound is raised for an upload that the party does not have.
    """

    _uploads: UploadStore
    _records: CustodianRecords
    _intake: FhirIntake
    _jobs: JobQueue
    _installation: Installation

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
            UploadsFull: the party's files that wait leave no room for it.
        """
        try:
            kind = kind_of(new.file)
            mapping = self._mapping_text(words, new) if kind == TABLE else ""
            sent = Sent(party, by, _name(new.name), kind, mapping, new.on_bad)
            if mapping:
                require_encoding(new.file, layout_of(sent).file.encoding)
        except FileRefused as exc:
            raise exc.in_words(words) from exc
        # FHIR is compared entry by entry: what was parked may have its patient by now.
        stored = self._uploads.find_stored(sent, new.file) if kind == TABLE else None
        if stored is not None:
            return self._report(words, stored)
        upload = self._add(words, sent, new.file)
        self.queue_check(upload)
        return self.get(words, party, upload.id)

    def queue_check(self, upload: Upload) -> None:
        """Have a worker check a file that waits for its check."""
        self._queue(CHECK, upload, CHECKING)

    def get(self, words: Words, party: str, upload_id: str) -> UploadReport:
        """Return one of a party's uploads and what was found in it."""
        return self._report(words, self._uploads.get(party, upload_id))

    def discard(self, words: Words, party: str, upload_id: str) -> UploadReport:
        """Delete a file that was checked or that no worker processes; any other does not change."""
        upload = self._uploads.get(party, upload_id)
        if upload.state in (CHECKED, MAPPING) or self.is_stuck(upload):
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
        if self._uploads.move(upload, CHECKED, STORING) or self.is_stuck(upload):
            self._queue(_STORE, upload, STORING)
        return self.get(words, party, upload_id)

    def run_check(self, upload_id: str, progress: Progress) -> dict[str, Any]:
        """Check a waiting file, for a worker; store counts and bad cells, never their content."""
        upload = self._uploads.require(upload_id)
        if upload.state != CHECKING:
            return {}
        progress("checking", 0, 1)
        try:
            if upload.sent.kind == TABLE and not upload.sent.mapping:
                return describe_waiting(self._uploads, upload, self._today())
            report, columns = self._check(upload, progress)
        except (ModelsError, RecordsError) as exc:
            self._uploads.report(upload, _why_unusable(exc), UNUSABLE)
            return {}
        self._uploads.keep_document(upload, SUMMARY, [asdict(column) for column in columns])
        self._uploads.report(upload, report, CHECKED)
        progress("checking", 1, 1)
        return {name: report[name] for name in ("rows", "good", "wrong")}

    def run_store(self, upload_id: str, progress: Progress) -> dict[str, Any]:
        """Store the good rows, for a worker; after a crash the next attempt completes it."""
        upload = self._uploads.require(upload_id)
        if upload.state != STORING:
            return {}
        try:
            result = self._store(upload, progress)
        except RecordsError as exc:
            self._uploads.report(upload, _why_unusable(exc), UNUSABLE)
            return {}
        result["anchored_at_s"] = int(self._installation.clock())
        self._uploads.report(upload, result, STORED)
        return {name: value for name, value in result.items() if name not in _NO_COUNTS}

    def _queue(self, kind: str, upload: Upload, state: str) -> None:
        job = self._jobs.enqueue(kind, {"upload": upload.id}, upload.sent.party)
        self._uploads.move(upload, state, state, job.id)

    def _add(self, words: Words, sent: Sent, file: IO[bytes]) -> Upload:
        try:
            return self._uploads.add(sent, file)
        except UploadsFull as exc:
            sizes = {"waiting": exc.waiting_bytes, "most": MAX_WAITING_BYTES}
            texts = {name: to_size(words, size) for name, size in sizes.items()}
            raise UploadsFull(exc.waiting_bytes, words("deposit-full", **texts)) from exc

    def _store(self, upload: Upload, progress: Progress) -> dict[str, Any]:
        body = self._uploads.body(upload)
        if upload.sent.kind == FHIR:
            return store_fhir(self._intake, upload, body, progress)
        rows = read_sent_table(upload.sent, body, self._today())
        summary = self._records.deposit_rows(rows, progress, upload.report["good"])
        return {**summary.counts, "affected_models": list(summary.affected_models)}

    def import_fhir(
        self, words: Words, party: str, new: NewUpload, *, sender: str, by: str
    ) -> UploadReport:
        """Keep a FHIR file and queue its storing, without a check that somebody confirms.

        What cannot be stored is left out, with a line in the report. `sender` is the system whose
        ids the file uses, or "" for the custodian's only one.

        Raises:
            Invalid: the file is empty, too large or no FHIR as JSON; nothing is kept.
            UploadsFull: as `submit`.
        """
        try:
            if kind_of(new.file) != FHIR:
                raise FileRefused("file", "deposit-wrong-kind")
        except FileRefused as exc:
            raise exc.in_words(words) from exc
        sent = Sent(party, by, new.name[:MAX_NAME], FHIR, sender, LEAVE)
        upload = self._add(words, sent, new.file)
        self._uploads.move(upload, CHECKING, STORING)
        self._queue(_STORE, upload, STORING)
        return self.get(words, party, upload.id)

    def outcomes(self, party: str, upload_id: str) -> Iterator[EntryOutcome]:
        """Return what became of each entry of one of a party's FHIR files.

        Raises:
            NotFound: the party has no such upload, or it is a table.
        """
        upload = self._uploads.get(party, upload_id)
        if upload.sent.kind != FHIR:
            raise NotFound
        stored = self._uploads.find_document(upload, OUTCOMES)
        return read_outcomes(stored or upload.report.get(ENTRIES, ""))

    def delete_expired(self) -> int:
        """Delete every file that has waited longer than a day; return how many.

        One whose storing was cancelled, or failed, waits for nothing either.
        """
        return self._uploads.delete_expired(self._is_stored_by_a_job)

    def _is_stored_by_a_job(self, upload: Upload) -> bool:
        job = self._jobs.find(upload.job)
        return job is not None and job.is_active

    def _check(
        self, upload: Upload, progress: Progress
    ) -> tuple[dict[str, Any], Sequence[ColumnSummary]]:
        body = self._uploads.body(upload)
        if upload.sent.kind == FHIR:
            return check_fhir(self._intake, upload, body, progress), ()
        table = check_sent_table(upload.sent, body, self._today())
        notes = [fault.to_stored() for fault in table.notes]
        bad = [fault.to_stored() for fault in table.faults]
        return {**counts_of(table), "bad": bad, "notes": notes}, table.columns

    def _summary(self, upload: Upload) -> list[ColumnSummary]:
        stored = self._uploads.find_document(upload, SUMMARY) or []
        return [summary_from(column) for column in stored]

    def _today(self) -> datetime.date:
        return day_of(self._installation.clock())

    def _report(self, words: Words, upload: Upload) -> UploadReport:
        job = self._jobs.find(upload.job) if upload.job else None
        is_active = upload.state in (CHECKING, STORING)
        return UploadReport(
            upload=upload,
            is_working=is_active and not self.is_stuck(upload),
            can_store=_can_store(upload),
            can_map=upload.state in (MAPPING, CHECKED)
            and self._uploads.find_document(upload, DESCRIPTION) is not None,
            problems=list_problems(words, upload),
            notes=list_cells(words, upload.report.get("notes", [])),
            columns=self._summary(upload),
            job=job,
            is_slow=job is not None and self._installation.clock() - job.requested_at_s > SLOW_S,
        )

    def is_stuck(self, upload: Upload) -> bool:
        """Return whether no worker has a file that needs one: its job failed or never existed."""
        if upload.state not in (CHECKING, STORING):
            return False
        job = self._jobs.find(upload.job) if upload.job else None
        return job is None or job.state in (FAILED, CANCELLED)

    def _mappings(self) -> dict[str, Path]:
        examples = sorted(EXAMPLES.glob("*/mapping.toml"))
        return list_saved(self._installation.home) | {
            f"example {path.parent.name}": path for path in examples
        }

    def _mapping_text(self, words: Words, new: NewUpload) -> str:
        if new.own_mapping is not None:
            if len(new.own_mapping) > MAX_MAPPING:
                why = words("deposit-mapping-long", most=MAX_MAPPING)
                raise FileRefused("mapping", "deposit-mapping-error", why=why)
            try:
                return new.own_mapping.decode("utf-8-sig")
            except UnicodeDecodeError as exc:
                why = words("deposit-mapping-text")
                raise FileRefused("mapping", "deposit-mapping-error", why=why) from exc
        if new.mapping == DRAFT:
            return ""
        path = self._mappings().get(new.mapping)
        if path is None:
            raise FileRefused("mapping", "deposit-mapping-choose")
        return path.read_text(encoding="utf-8")


def _name(sent: str) -> str:
    """Return a file's name without folders, and without characters that would hide others."""
    return "".join(filter(str.isprintable, PurePath(sent).name))[:MAX_NAME]


def _can_store(upload: Upload) -> bool:
    is_wanted = upload.sent.on_bad == LEAVE or not upload.report.get("wrong")
    return bool(upload.report.get("good")) and is_wanted


def _why_unusable(error: ModelsError | RecordsError) -> dict[str, Any]:
    """Return the report of a file that cannot be read; a table that misfits names its columns."""
    faults = error.faults if isinstance(error, TableInvalid) else ()
    if faults:
        codes = [fault.code for fault in faults]
        counts = {name: codes.count(code) for name, code in MISFITS.items()}
        if any(counts.values()):
            return {"misfit": counts, "bad": [fault.to_stored() for fault in faults]}
    return {"why": why_unreadable(error)}
