"""Makes the complete copy of what is stored about a patient: a job, sealed until its download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from attrs import define

from consent import DAY_S
from services.accounts import Account
from services.accounts.accounts import Accounts
from services.accounts.passkeys import Passkeys
from services.errors import NotFound
from services.jobs.progress import Progress
from services.jobs.queue import ACTIVE, CANCELLED, DONE, FAILED, Job, JobCancelled, JobQueue
from services.patient.consents import PatientConsents, terms_document
from services.patient.history import HistoryLine, PatientHistory
from services.patient.messages import PatientMessages
from services.patient.records import PatientRecords
from services.patient.requests import PatientRequests
from services.patient.signatures import subject_of
from services.words import LANGUAGES, Words
from storage import sync_folder

KIND: Final = "export"
LABEL: Final = "export"
KEPT_DAYS: Final = 7
Seal = Callable[[str, str, bytes], bytes]
Open = Callable[[str, bytes, bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportStatus:
    """A patient's newest export.

    Attributes:
        job: its job; None if none was requested, or its file was deleted.
    """

    job: Job | None
    is_ready: bool
    has_failed: bool


def no_progress(step: str, done: int, of: int) -> None:
    """Report to nobody."""


@define(eq=False, repr=False, kw_only=True)
class PatientExports:
    """The whole of what is stored about a patient, as a sealed file that is kept for seven days."""

    _jobs: JobQueue
    _accounts: Accounts
    _passkeys: Passkeys
    _records: PatientRecords
    _consents: PatientConsents
    _requests: PatientRequests
    _history: PatientHistory
    _messages: PatientMessages
    _folder: Path
    _seal: Seal
    _unseal: Open
    _clock: Callable[[], float]
    _is_erased: Callable[[bytes], bool]

    def request(self, account: Account, words: Words) -> Job:
        """Queue an export in the patient's language; while one is active, return that one."""
        arguments = {"subject": subject_of(account).hex(), "language": words.language}
        return self._jobs.enqueue(KIND, arguments, account.id)

    def status(self, account: Account) -> ExportStatus:
        """Return the newest export of a patient."""
        job = self._jobs.find_newest(kind=KIND, requested_by=account.id)
        is_ready = job is not None and job.state == DONE and self._path(job.id).is_file()
        has_failed = job is not None and job.state in (FAILED, CANCELLED)
        is_over = job is not None and not job.is_active
        return ExportStatus(
            job=None if is_over and not is_ready else job, is_ready=is_ready, has_failed=has_failed
        )

    def read(self, account: Account) -> dict[str, Any]:
        """Return the newest export as one document.

        Raises:
            NotFound: none is ready.
        """
        status = self.status(account)
        if not status.is_ready or status.job is None:
            raise NotFound
        name = status.job.id
        text = self._unseal(LABEL, self._path(name).read_bytes(), name.encode())
        document: dict[str, Any] = orjson.loads(text)
        return document

    def run(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Write an export; return how many things of each kind it has. The job calls it.

        Raises:
            JobCancelled (services.jobs): the patient is being erased, or a record moved away, since
                the records were read; no file is left.
        """
        subject = bytes.fromhex(job.arguments["subject"])
        language = job.arguments["language"]
        words = Words(language if language in LANGUAGES else LANGUAGES[0])
        document = self.document(subject, words, progress)
        body = self._seal(LABEL, orjson.dumps(document).decode(), job.id.encode())
        self._folder.mkdir(mode=0o700, exist_ok=True)
        partial = self._partial(job.id)
        partial.write_bytes(body)
        try:
            partial.rename(self._path(job.id))
        except FileNotFoundError as exc:  # an erasure deleted it
            raise JobCancelled from exc
        # After writing: an erasure or a moved record that comes later deletes the file itself.
        current = self._jobs.find(job.id)
        if self._is_erased(subject) or (current is not None and current.is_cancelling):
            self._delete_file(job.id)
            raise JobCancelled
        sync_folder(self._folder)
        return {name: len(part) for name, part in document.items() if isinstance(part, list)}

    def erase_subject(self, subject: bytes) -> None:
        """Cancel the exports of a patient, then delete the files that were made."""
        account = self._accounts.of_subject(subject)
        jobs = self._jobs.newest(kind=KIND, requested_by=account.id, limit=1_000) if account else []
        for job in jobs:
            if job.state in ACTIVE:
                self._jobs.cancel(job.id)
            self._delete_file(job.id)

    def delete_expired(self) -> int:
        """Delete the files that are older than seven days; return how many."""
        limit_s = self._clock() - KEPT_DAYS * DAY_S
        expired = [path for path in self._folder.glob("*") if path.stat().st_mtime < limit_s]
        for path in expired:
            path.unlink(missing_ok=True)
        return len(expired)

    def _path(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.sealed"

    def _partial(self, job_id: str) -> Path:
        return self._folder / f"{job_id}.half"

    def _delete_file(self, job_id: str) -> None:
        self._path(job_id).unlink(missing_ok=True)
        self._partial(job_id).unlink(missing_ok=True)

    def document(
        self, subject: bytes, words: Words, progress: Progress = no_progress
    ) -> dict[str, Any]:
        """Return everything that is stored about a patient; opening records is in the history."""
        consents = self._consents.list_all(subject, words).consents
        return {
            "made_at_s": int(self._clock()),
            "language": words.language,
            "account": self._account(subject),
            "records": self._records.export_all(subject, words, progress),
            "permissions": [
                {
                    "state": consent.state,
                    "is_overridden": consent.is_overridden,
                    "recipient": consent.recipient_name,
                    "says": consent.sentence,
                    "signed_at_s": consent.signed_at_s,
                    "ended_at_s": consent.ended_at_s,
                    "terms": terms_document(consent.terms) if consent.terms else None,
                }
                for consent in consents
            ],
            "receipts": [
                self._consents.receipt(subject, words, consent.consent_id.hex())
                for consent in consents
                if consent.terms is not None
            ],
            "requests": [
                {
                    "from": request.party_name,
                    "state": request.request.state,
                    "sent_at_s": request.request.sent_at_s,
                    "answered_at_s": request.request.answered_at_s,
                    "purposes": list(request.request.details.purposes),
                    "categories": list(request.request.details.categories),
                }
                for request in self._requests.list_all(subject, words)
            ],
            "messages": [
                {
                    "about": each.about,
                    "text": each.message.text,
                    "sent_at_s": each.message.at_s,
                    "outcome": each.message.outcome,
                    "answer": each.message.answer,
                }
                for each in self._messages.list_all(subject, words)
            ],
            "history": self._whole_history(subject, words, progress),
        }

    def _account(self, subject: bytes) -> Mapping[str, Any]:
        account = self._accounts.of_subject(subject)
        if account is None:
            return {}
        return {
            "joined_at_s": account.created_at_s,
            "language": account.language,
            "time_zone": account.time_zone,
            "passkeys": [
                {"name": p.label, "created_at_s": p.made_at_s, "used_at_s": p.used_at_s}
                for p in self._passkeys.of(account.id)
            ],
        }

    def _whole_history(
        self, subject: bytes, words: Words, progress: Progress
    ) -> list[dict[str, Any]]:
        """Return every line, the newest first, from all pages of the journal."""
        lines: list[dict[str, Any]] = []
        page = self._history.page(subject, words)
        while True:
            lines += map(_line, page.lines)
            progress("history", len(lines), 0)
            if page.older_before is None:
                return lines
            page = self._history.page(subject, words, page.older_before)


def _line(line: HistoryLine) -> dict[str, Any]:
    return {
        "at_s": line.entry.at_s,
        "day": line.day,
        "time": line.time,
        "line": line.text,
        "row": line.entry.seq or None,
        "party": line.entry.party,
        "outcome": line.entry.outcome,
    }
