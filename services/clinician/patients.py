"""The patients who permit an organisation something, and requests for such permissions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from consent import CATEGORIES, DAY_S, TREAT, TREATDS
from models import Diagnostics, ModelsNotFound, Question
from records.patient_identity import PatientIdentity
from services.clinician.names import NamesInCare
from services.errors import Invalid
from services.requests import (
    ConsentRequests,
    PatientDirectory,
    PatientInCare,
    PatientsInCare,
    RequestDetails,
    SentRequest,
    StoredPredictions,
)
from services.requests.patients_in_care import BY_END, BY_NUMBER
from services.words import Words

MAX_SHOWN: Final = 50
ORDERS: Final = (BY_NUMBER, BY_END)
PURPOSES: Final = (TREATDS, TREAT)
"""What a clinician may ask for: an estimate by a model, and reading the records."""
REQUEST_DAYS: Final = (30, 90, 365)
"""For how long a clinician may ask for access."""
MAX_REASON: Final = 500
MIN_REQUEST_S: Final = 0.05
"""A request takes at least this long, so that its time does not tell whether the person exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientQuery:
    """Which patients a list shows.

    Attributes:
        search: a part of the hospital number.
        page: from 1; one page has 50 patients.
        order: one of `ORDERS`.
        is_today: whether only patients appear about whom the clinician had an estimate today (UTC).
        shows_names: whether the names of this page are opened, which is journalled.
    """

    search: str = ""
    page: int = 1
    order: str = BY_NUMBER
    is_today: bool = False
    shows_names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPatient:
    """A patient of a list; `identity` is None unless it was asked for and is permitted."""

    patient: PatientInCare
    identity: PatientIdentity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientList:
    """One page of a list of patients.

    Attributes:
        total: how many patients all pages have.
        page, pages: from 1, and how many there are.
        estimated_at_s: when the newest estimate about a patient was made, by the patient's key.
        identities: name and date of birth, by the patient's key, of those who permit it.
    """

    patients: Sequence[PatientInCare]
    total: int
    page: int
    pages: int
    estimated_at_s: Mapping[str, int]
    identities: Mapping[str, PatientIdentity]

    @property
    def named(self) -> list[NamedPatient]:
        """Each patient of this page with what may be shown of who they are."""
        return [
            NamedPatient(patient=patient, identity=self.identities.get(patient.key))
            for patient in self.patients
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDetails:
    """A patient, and the questions with a model in service whose required records are permitted."""

    patient: PatientInCare
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRequest:
    """Whom a clinician asks for access, to which categories of records, for how many days.

    Attributes:
        categories: codes of the vocabulary.
        days: one of `REQUEST_DAYS`.
        reason: what the clinician tells the patient; or "".
        question: the id of the question to answer; "" if it is open.
        purposes: of `PURPOSES`.
    """

    number: str
    categories: Sequence[str]
    days: int
    reason: str = ""
    question: str = ""
    purposes: Sequence[str] = (TREATDS,)


@define(eq=False, repr=False, kw_only=True)
class ClinicianPatients:
    """What a clinician's organisation may see of patients; `party` is its party id."""

    _care: PatientsInCare
    _directory: PatientDirectory
    _requests: ConsentRequests
    _diagnostics: Diagnostics
    _predictions: StoredPredictions
    _names: NamesInCare
    _clock: Callable[[], float]

    def search(self, party: str, account_id: str, query: PatientQuery) -> PatientList:
        """Return one page of the patients who permit something now; after the last, the last.

        Raises:
            LedgerUnavailable (consent): permissions cannot be checked now.
            JournalUnavailable, StoreUnavailable (storage): no name can be opened now.
        """
        among = self._estimated_today(party, account_id) if query.is_today else None
        page = max(1, query.page)
        patients, total = self._page(party, query, page, among)
        pages = max(1, math.ceil(total / MAX_SHOWN))
        if page > pages:
            page = pages
            patients, total = self._page(party, query, page, among)
        identities = self._names.open(party, account_id, patients) if query.shows_names else {}
        times = self._predictions.newest_times(party, [patient.subject for patient in patients])
        return PatientList(
            patients=patients,
            total=total,
            page=page,
            pages=pages,
            identities=identities,
            estimated_at_s={
                patient.key: times[patient.subject]
                for patient in patients
                if patient.subject in times
            },
        )

    def _page(
        self, party: str, query: PatientQuery, page: int, among: set[bytes] | None
    ) -> tuple[list[PatientInCare], int]:
        return self._care.search(
            party,
            query.search.strip(),
            MAX_SHOWN,
            offset=(page - 1) * MAX_SHOWN,
            order=query.order,
            among=among,
        )

    def _estimated_today(self, party: str, account_id: str) -> set[bytes]:
        midnight_s = int(self._clock()) // DAY_S * DAY_S
        return self._predictions.subjects_since(party, account_id, midnight_s)

    def get(self, party: str, key: str) -> PatientDetails:
        """Return a patient by the key that the list shows.

        Raises:
            NotFound: no patient of this key permits anything now, or none exists.
        """
        patient = self._care.get(party, key)
        questions = [
            question
            for question in self.list_questions()
            if set(question.required) <= set(patient.categories)
        ]
        return PatientDetails(patient=patient, questions=questions)

    def list_questions(self) -> list[Question]:
        """Return the questions that a model in service answers."""
        return [question for question in self._diagnostics.questions() if self._is_served(question)]

    def _is_served(self, question: Question) -> bool:
        try:
            self._diagnostics.serving_model(question.id)
        except ModelsNotFound:
            return False
        return True

    def list_requests(self, party: str, account_id: str) -> list[SentRequest]:
        """Return the newest fifty requests of a clinician; `note` is the hospital number."""
        return self._requests.list_sent(party, account_id)

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
            purposes=tuple(code for code in PURPOSES if code in request.purposes),
            categories=tuple(code for code in CATEGORIES if code in request.categories),
            data_from="",
            data_to="",
            days=request.days,
            condition=self._condition(request, words),
            reason=request.reason.strip(),
        )
        _in_min_time(lambda: self._send(details, request.number.strip(), account_id))

    def _send(self, details: RequestDetails, number: str, account_id: str) -> None:
        subject = self._directory.find_subject(number)
        self._requests.send(details, [subject] if subject else [], account_id, number)

    def _condition(self, request: CareRequest, words: Words) -> str:
        questions = {question.id: question for question in self.list_questions()}
        question = questions.get(request.question)
        return question.label.words if question else words("ask-condition")


def _require_complete(request: CareRequest, words: Words) -> None:
    errors = {}
    if not request.number.strip():
        errors["number"] = [words("ask-error-number")]
    if not set(request.purposes) & set(PURPOSES):
        errors["purposes"] = [words("error-choose", what=words("ask-purpose-what"))]
    if not set(request.categories) & set(CATEGORIES):
        errors["categories"] = [words("error-choose", what=words("records-kinds"))]
    if request.days not in REQUEST_DAYS:
        errors["days"] = [words("error-choose", what=words("ask-end-what"))]
    if len(request.reason) > MAX_REASON:
        errors["reason"] = [words("ask-error-reason", most=MAX_REASON)]
    if errors:
        raise Invalid(fields=errors)


def _in_min_time(action: Callable[[], None]) -> None:
    started_s = time.monotonic()
    action()
    time.sleep(max(0.0, MIN_REQUEST_S - (time.monotonic() - started_s)))
