"""Offers what an auditor can do: read the status, anchors and journal, verify, export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from consent import ANCHOR_KINDS, ConsentError, ConsentLedger, Finding, View
from models import Diagnostics, Model
from services.auditor.bundle import Bundle, bundle_path, delete_bundles, write_bundle
from services.auditor.journal import (
    JournalPage,
    JournalPeriod,
    JournalSearch,
    read_period,
    search_journal,
)
from services.auditor.verification import (
    AGREES,
    DIFFERS,
    UNCHECKED,
    Verification,
    Verifier,
    results_as_json,
)
from services.cards import ModelCards
from services.errors import NotFound
from services.jobs.progress import Progress
from services.jobs.queue import ACTIVE, DONE, Job, JobQueue
from services.subjects import SubjectConsents, SubjectRecords, SubjectUses
from storage import BlockReader, Receipt, RecordStore, StorageError

VERIFY: Final = "verify"
EVIDENCE: Final = "evidence"
ANCHORS: Final = 50
VERIFICATIONS: Final = 5


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part: its number of entries, the newest one's time (UTC seconds), and its state."""

    part: Literal["ledger", "mirror", "journal", "anchors"]
    count: int | None
    at_s: int | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStatus:
    """A first look, without a full verification.

    Attributes:
        parts: ledger, mirror, journal and anchors; an unavailable part is unchecked.
        view: the verified view of the ledger; None while it is unavailable.
        contract, finality: which contract, and how its chain agrees on blocks.
    """

    parts: list[PartStatus]
    view: View | None
    contract: str
    finality: str
    verifications: list[Job]


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """One Merkle root on the chain; its time is None while the chain is unavailable."""

    kind: str
    root: bytes
    count: int
    block_number: int
    at_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceStatus:
    """The bundle that is being written, the newest one that is ready, and whether one failed."""

    active: Job | None
    ready: Bundle | None
    has_failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCheck:
    """Whether a receipt of an erasure is signed by the key, and what it states."""

    is_valid: bool
    what: str
    at_s: int
    blocks: int


class AuditorService:
    """What an auditor can do; it opens no record, and changes no more than `evidence` says."""

    def __init__(  # noqa: PLR0913 - six ports, by keyword
        self,
        *,
        ledger: ConsentLedger,
        store: RecordStore,
        diagnostics: Diagnostics,
        cards: ModelCards,
        jobs: JobQueue,
        folder: Path,
    ) -> None:
        """Keep the ports; evidence bundles are files in `folder`, and `cards` are of all models."""
        self.cards = cards
        self._ledger = ledger
        self._store = store
        self._diagnostics = diagnostics
        self._jobs = jobs
        self._folder = folder
        self._subjects = SubjectRecords(ledger=ledger, store=store)
        self._verifier = Verifier(ledger=ledger, store=store, diagnostics=diagnostics)

    def status(self) -> LedgerStatus:
        """Return the state of ledger, mirror, journal and anchors."""
        try:
            view = self._ledger.view()
        except ConsentError:
            view = None
        return LedgerStatus(
            parts=[
                *_ledger_status(view),
                _part_status("journal", self._journal_status),
                _part_status("anchors", self._anchor_status),
            ],
            view=view,
            contract=self._ledger.deployment.contract,
            finality=self._ledger.deployment.finality,
            verifications=self._jobs.newest(kind=VERIFY, limit=VERIFICATIONS),
        )

    def anchors(self, limit: int = ANCHORS) -> list[AnchorRow]:
        """Return the newest `limit` anchors of each kind, newest first."""
        anchors = [anchor for kind in ANCHOR_KINDS for anchor in self._ledger.anchors(kind, limit)]
        anchors.sort(key=lambda anchor: -anchor.block_number)
        try:
            times = self._ledger.block_times([anchor.block_number for anchor in anchors])
        except ConsentError:
            times = [None] * len(anchors)
        return [
            AnchorRow(anchor.kind, anchor.root, anchor.count, anchor.block_number, at_s)
            for anchor, at_s in zip(anchors, times, strict=True)
        ]

    def journal(self, search: JournalSearch, before: int | None = None) -> JournalPage:
        """Return the newest fifty rows below `before` that match; see `search_journal`."""
        return search_journal(self._store, search, before)

    def journal_period(self, search: JournalSearch) -> JournalPeriod:
        """Return every row of the days of a search that matches, with totals; see `read_period`.

        Raises:
            Invalid: the days have more rows than can be read at once.
        """
        return read_period(self._store, search)

    def models(self) -> list[Model]:
        """Return every model, oldest first."""
        return self._diagnostics.models()

    def model(self, model_id: str) -> Model:
        """Return a model.

        Raises:
            ModelsNotFound (models): there is no model of this id.
        """
        return self._diagnostics.model(model_id)

    def subject_consents(self, subject: bytes) -> SubjectConsents:
        """Return every consent of a subject with its state now.

        Raises:
            NotFound: this organisation has not enrolled the subject.
        """
        self._require_enrolled(subject)
        return self._subjects.consents_of(subject)

    def subject_uses(self, subject: bytes, limit: int, before: int | None) -> SubjectUses:
        """Return at most `limit` uses and refusals before journal row `before`, newest first.

        Raises:
            NotFound: this organisation has not enrolled the subject.
        """
        self._require_enrolled(subject)
        return self._subjects.uses_of(subject, limit, before)

    def start_verification(self, requested_by: str) -> Job:
        """Return the job that verifies everything; one that is active is returned as it is."""
        return self._jobs.enqueue(VERIFY, {}, requested_by)

    def verification(self, job_id: str) -> Verification:
        """Return a verification and its seven results; they are unchecked until it has ended.

        Raises:
            NotFound: there is no verification of this id.
        """
        return Verification.of(self._get_job(VERIFY, job_id))

    def stop_verification(self, job_id: str) -> None:
        """Cancel a verification; what it has not checked is then listed as not checked.

        Raises:
            NotFound: there is no verification of this id.
        """
        self._jobs.cancel(self._get_job(VERIFY, job_id).id)

    def verify(self, progress: Progress, blocks: BlockReader | None = None) -> list[Finding]:
        """Return every difference between the parts; an empty list means no problems.

        See `Verifier.find_all`.
        """
        return self._verifier.find_all(progress, blocks)

    def run_verification(self, progress: Progress) -> dict[str, Any]:
        """Verify all seven parts; return the result of a verification job."""
        return results_as_json(self._verifier.check_parts(progress))

    def evidence(self) -> Iterator[dict[str, Any]]:
        """Yield everything that a third party needs to verify it: docs/spec/evidence.md.

        It describes one point of the ledger, which its first line names, whatever is written
        meanwhile. Rows and models from before that point rest on nothing of later; rows that were
        anchored up to it are all there. Models that lost consent are marked as affected first, as
        the worker does each minute.
        """
        models = {model.id for model in self._diagnostics.models()}
        last_row = self._store.journal.size()
        for line in self._ledger.evidence():
            last_row = max(last_row, _rows_anchored_by(line))
            yield line
        with suppress(ConsentError):  # a model may have lost consent a moment ago
            self._diagnostics.apply_withdrawals()
        yield from self._store.evidence(last_row)
        yield from self._diagnostics.evidence(models)

    def copy_blocks(self, folder: Path, progress: Progress, *, only_missing: bool = False) -> int:
        """Copy the sealed documents into a folder, for who checks the evidence; return how many.

        With `only_missing`, only those of which the folder has no file.

        Raises:
            StorageError (storage): the IPFS node does not answer, or the folder is not writable.
        """
        return self._store.copy_blocks(folder, progress, only_missing=only_missing)

    def start_bundle(self, requested_by: str) -> Job:
        """Return the job that writes an evidence bundle; an active one is returned as it is."""
        return self._jobs.enqueue(EVIDENCE, {}, requested_by)

    def write_bundle(self, job_id: str, progress: Progress) -> dict[str, Any]:
        """Write a job's bundle; return the job's result: lines and bytes of each kind."""
        return write_bundle(self._folder, job_id, self.evidence(), progress)

    def check_receipt(
        self, document: Mapping[str, Any], public_key: bytes | None = None
    ) -> ReceiptCheck:
        """Check a receipt of an erasure against this installation's key, or another one's.

        Raises:
            StorageInvalid (storage): the document is not a receipt.
        """
        receipt = Receipt.from_document(document)
        key = self._store.receipt_key() if public_key is None else public_key
        content = receipt.content()
        return ReceiptCheck(
            is_valid=receipt.verifies(key),
            what=str(content["what"]),
            at_s=receipt.at_s,
            blocks=len(content["blocks"]),
        )

    def delete_bundles(self) -> None:
        """Delete every evidence bundle on this machine, because a patient is erased."""
        delete_bundles(self._folder)

    def evidence_status(self) -> EvidenceStatus:
        """Return which bundle is being written and which is ready."""
        newest = self._jobs.find_newest(kind=EVIDENCE)
        done = self._jobs.find_newest(kind=EVIDENCE, states=(DONE,))
        return EvidenceStatus(
            active=self._jobs.find_newest(kind=EVIDENCE, states=ACTIVE),
            ready=Bundle.of(self._folder, done) if done else None,
            has_failed=newest is not None and not newest.is_active and newest.state != DONE,
        )

    def bundle_path(self, job_id: str) -> Path:
        """Return the file of a bundle that is ready.

        Raises:
            NotFound: there is no such job, or its file is not written yet or deleted.
        """
        path = bundle_path(self._folder, self._get_job(EVIDENCE, job_id).id)
        if self._jobs.get(job_id).state != DONE or not path.is_file():
            raise NotFound
        return path

    def _require_enrolled(self, subject: bytes) -> None:
        if not self._subjects.is_enrolled(subject):
            raise NotFound

    def _get_job(self, kind: str, job_id: str) -> Job:
        job = self._jobs.find(job_id)
        if job is None or job.kind != kind:
            raise NotFound
        return job

    def _journal_status(self) -> PartStatus:
        journal, (seq, _) = self._store.journal, self._store.journal.head()
        agrees = seq == journal.size() and journal.anchored() <= seq
        newest = search_journal(self._store, JournalSearch()).rows[:1]
        at_s = newest[0].at_s if newest else None
        return PartStatus("journal", seq, at_s, AGREES if agrees else DIFFERS)

    def _anchor_status(self) -> PartStatus:
        count = sum(len(self._ledger.anchors(kind)) for kind in ANCHOR_KINDS)
        newest = self.anchors(1)
        at_s = newest[0].at_s if newest else None
        return PartStatus("anchors", count, at_s, AGREES if at_s or not newest else UNCHECKED)


def _rows_anchored_by(line: Mapping[str, Any]) -> int:
    """Return how many rows of the journal an operation of the evidence anchors; 0 if none."""
    if line.get("op") != "anchored":
        return 0
    kind, _, count = (bytes.fromhex(word.removeprefix("0x")) for word in line["words"])
    return int.from_bytes(count) if kind.rstrip(b"\0") == b"journal" else 0


def _ledger_status(view: View | None) -> list[PartStatus]:
    if view is None:
        return [
            PartStatus("ledger", None, None, UNCHECKED),
            PartStatus("mirror", None, None, UNCHECKED),
        ]
    # A view exists only when the mirror's head and count equal the contract's at that block.
    return [
        PartStatus("ledger", view.count, view.block_time_s, AGREES),
        PartStatus("mirror", view.count, view.seen_at_s, AGREES),
    ]


def _part_status(part: Literal["journal", "anchors"], read: Callable[[], PartStatus]) -> PartStatus:
    try:
        return read()
    except ConsentError:
        return PartStatus(part, None, None, UNCHECKED)
    except StorageError:
        return PartStatus(part, None, None, DIFFERS)
