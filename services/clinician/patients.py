"""The patients who permit an organisation a prediction, and requests for such permissions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from consent import CATEGORIES, TREATDS
from models import Diagnostics, Question
from services.errors import Invalid
from services.requests import (
    ConsentRequests,
    PatientDirectory,
    PatientInCare,
    PatientsInCare,
    RequestDetails,
)
from services.words import Words

MAX_SHOWN: Final = 50
REQUEST_DAYS: Final = (30, 90, 365)
"""For how long a clinician may ask for access."""
MIN_REQUEST_S: Final = 0.05
"""A request takes at least this long, so that its time does not tell whether the person exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientList:
    """The first patients of a list, and how many there are."""

    patients: Sequence[PatientInCare]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDetails:
    """A patient, and the questions whose required records the patient permits."""

    patient: PatientInCare
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRequest:
    """Whom a clinician asks for access, to which categories of records, for how many days."""

    number: str
    categories: Sequence[str]
    days: int


class ClinicianPatients:
    """What a clinician's organisation may see of patients; `party` is its party id."""

    def __init__(
        self,
        *,
        care: PatientsInCare,
        directory: PatientDirectory,
        requests: ConsentRequests,
        diagnostics: Diagnostics,
    ) -> None:
        self._care = care
        self._directory = directory
        self._requests = requests
        self._diagnostics = diagnostics

    def search(self, party: str, text: str) -> PatientList:
        """Return the first patients who permit a prediction now, by a part of the hospital number.

        Raises:
            LedgerUnavailable (consent): permissions cannot be checked now.
        """
        patients, total = self._care.search(party, text.strip(), MAX_SHOWN)
        return PatientList(patients=patients, total=total)

    def get(self, party: str, key: str) -> PatientDetails:
        """Return a patient by the key that the list shows.

        Raises:
            NotFound: no patient of this key permits a prediction now, or none exists.
        """
        patient = self._care.get(party, key)
        questions = [
            question
            for question in self._diagnostics.questions()
            if set(question.required) <= set(patient.categories)
        ]
        return PatientDetails(patient=patient, questions=questions)

    def number_of(self, subject: bytes) -> str:
        """Return a patient's hospital number; "" if it is not known here."""
        return self._directory.number_of(subject) or ""

    def request_access(
        self, party: str, account_id: str, request: CareRequest, words: Words
    ) -> None:
        """Ask the person with this hospital number for access, if there is one.

        The caller cannot see whether the person exists: the time is the same as well.

        Raises:
            Invalid: a field is missing; each is named.
        """
        _require_complete(request, words)
        details = RequestDetails(
            party=party,
            kind="care",
            purposes=(TREATDS,),
            categories=tuple(code for code in CATEGORIES if code in request.categories),
            data_from="",
            data_to="",
            days=request.days,
            condition=words("ask-condition"),
        )
        _in_min_time(lambda: self._send(details, request.number.strip(), account_id))

    def _send(self, details: RequestDetails, number: str, account_id: str) -> None:
        subject = self._directory.find_subject(number)
        self._requests.send(details, [subject] if subject else [], account_id)


def _require_complete(request: CareRequest, words: Words) -> None:
    errors = {}
    if not request.number.strip():
        errors["number"] = [words("ask-error-number")]
    if not set(request.categories) & set(CATEGORIES):
        errors["categories"] = [words("error-choose", what=words("records-kinds"))]
    if request.days not in REQUEST_DAYS:
        errors["days"] = [words("error-choose", what=words("ask-end-what"))]
    if errors:
        raise Invalid(fields=errors)


def _in_min_time(action: Callable[[], None]) -> None:
    started_s = time.monotonic()
    action()
    time.sleep(max(0.0, MIN_REQUEST_S - (time.monotonic() - started_s)))
