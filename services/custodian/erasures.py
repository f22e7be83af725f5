"""Decides on patients' requests to be erased; an approved one is carried out by a job."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from attrs import define

from services.custodian.approvals import MAX_REASON
from services.custodian.identity_checks import IDENTITY_CHECKS
from services.errors import Invalid, NotFound
from services.jobs.queue import JobQueue
from services.requests import PatientDirectory
from services.requests.erasures import REQUESTED, ErasureRequest, ErasureRequests
from services.text_lengths import require_length
from services.words import Words

LOG: Final = logging.getLogger("vouchsafe.custodian")


@dataclass(frozen=True, slots=True)
class PendingErasure:
    """A request, and the patient's hospital number; "" once that is erased."""

    request: ErasureRequest
    number: str

    @property
    def is_waiting(self) -> bool:
        """True until the custodian decides."""
        return self.request.state == REQUESTED


@define(eq=False, repr=False, kw_only=True)
class CustodianErasures:
    """Lists requests to be erased, records those made in person, and decides on them.

    NotFound is raised for a request that does not exist.
    """

    _requests: ErasureRequests
    _directory: PatientDirectory
    _jobs: JobQueue

    def list_all(self) -> list[PendingErasure]:
        """Return the newest requests, those that wait first."""
        requests = self._requests.list_newest()
        numbers = self._directory.numbers_of(request.subject for request in requests)
        return [PendingErasure(request, numbers.get(request.subject, "")) for request in requests]

    def get(self, identity: str) -> PendingErasure:
        """Return a request."""
        request = self._requests.get(identity)
        return PendingErasure(request, self._directory.number_of(request.subject) or "")

    def record(self, words: Words, number: str, identity: str, *, by: str) -> PendingErasure:
        """Record the request of a patient who asked in person; it waits as any other.

        Raises:
            Invalid: the number is nobody's, or the identity was not checked.
        """
        subject = self._directory.find_subject(number)
        errors = {} if subject is not None else {"number": [words("erasures-number-error")]}
        if identity not in IDENTITY_CHECKS:
            errors["identity"] = [words("invite-identity-error")]
        if subject is None or errors:
            raise Invalid(next(iter(errors.values()))[0], errors)
        request = self._requests.add(subject, by)
        LOG.info("erasure %s recorded by %s; identity checked: %s", request.id, by, identity)
        return self.get(request.id)

    def approve(self, identity: str, *, by: str) -> PendingErasure:
        """Have everything about the patient erased by a job; a decided request stays as it is."""
        self._requests.approve(self.get(identity).request.id, by)
        pending = self.get(identity)
        if pending.request.is_open:
            self._jobs.enqueue("erase", {"erasure": identity}, by)
        return pending

    def refuse(self, words: Words, identity: str, reason: str, *, by: str) -> PendingErasure:
        """Refuse a request with a reason that the patient reads; a decided one stays as it is.

        Raises:
            Invalid: the reason is empty or too long.
        """
        if not reason.strip():
            raise Invalid.of("reason", words("erasures-reason-error"))
        reason = require_length(words, "reason", reason.strip(), MAX_REASON)
        self._requests.refuse(self.get(identity).request.id, by, reason)
        return self.get(identity)

    def receipt(self, identity: str) -> dict[str, str]:
        """Return the signed receipt of a request that was carried out, as JSON.

        Raises:
            NotFound: there is none.
        """
        request = self.get(identity).request
        if request.receipt is None:
            raise NotFound
        return request.receipt.document()
