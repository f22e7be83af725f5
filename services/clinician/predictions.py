"""Predictions about a clinician's patients: inputs, results, and what was decided with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from attrs import define

from consent import TREATDS, ConsentError, DecisionRequest
from models import (
    Diagnostics,
    InputMissing,
    InputOutOfRange,
    InputValue,
    Model,
    ModelRetired,
    ModelsNotFound,
    PatientIneligible,
    Prediction,
    PredictionRequest,
    Question,
    UnitMismatch,
    draw_contributions,
    format_unit,
)
from services.clinician.reports import (
    InputWarnings,
    PredictionReport,
    body_of,
    values_of,
    warnings_of,
)
from services.errors import Forbidden, Invalid, NotFound
from services.requests import (
    PatientDirectory,
    PatientInCare,
    PatientsInCare,
    StoredPrediction,
    StoredPredictions,
)
from services.requests.predictions import AGREE, CHOICES
from services.text_lengths import require_length
from services.words import Words
from storage import RecordStore, StorageNotFound

MAX_REASON: Final = 2_000
_PART: Final = 500
"""Predictions that are decided on together, so that few are in memory."""
NOBODY: Final = bytes(32)
BLOCKING: Final = ("outside", "unit")
"""Problems with which no prediction is made."""


class PredictionRefused(Invalid):
    """No prediction can be made about this patient.

    Attributes:
        code: no-model, missing, outside, ineligible or unit.
    """

    def __init__(self, code: str, words: Words, **facts: str) -> None:
        """Keep the code; the message is the text of the code with its facts."""
        super().__init__(words(f"no-prediction-{code}", **facts))
        self.code = code


class PredictionModelRetired(Forbidden):
    """The model does not make predictions since `retired_at_s`."""

    def __init__(self, retired_at_s: int, words: Words) -> None:
        """Keep when the model was retired."""
        super().__init__(words("no-prediction-retired", date=words.day(retired_at_s)))
        self.retired_at_s = retired_at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientQuestion:
    """A question about a patient of the list.

    Attributes:
        patient_key: from the list.
        question_id: of the question.
        reason: a sentence for the journal, if the clinician gave one.
    """

    patient_key: str
    question_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectQuestion:
    """A question about a person whose subject the caller knows: at the command line."""

    subject: bytes
    question_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionInputs:
    """What a model would be given about a patient."""

    patient: PatientInCare
    question: Question
    model: Model
    values: Sequence[InputValue]
    warnings: InputWarnings

    @property
    def unaccepted(self) -> Sequence[InputValue]:
        """The values with which the model makes no prediction; missing values are accepted.

        In a question of format 2 a value that cannot be read is missing, as in the training.
        """
        if self.question.timeline is not None:
            return ()
        return [value for value in self.values if value.problem in BLOCKING]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPrediction:
    """One earlier prediction in a list; `decision` is "" until the clinician decided."""

    id: str
    patient_number: str
    question: Question
    probability: float
    low: float
    high: float
    predicted_at_s: int
    decision: str


@define(eq=False, repr=False, kw_only=True)
class ClinicianPredictions:
    """Predictions for a clinician's organisation; `party` is its id, `account_id` the caller's."""

    _care: PatientsInCare
    _directory: PatientDirectory
    _diagnostics: Diagnostics
    _store: RecordStore
    _predictions: StoredPredictions
    _clock: Callable[[], float]

    def inputs(
        self, party: str, account_id: str, query: PatientQuestion, words: Words
    ) -> PredictionInputs:
        """Return what the model in service would be given; the access is journalled.

        Raises:
            NotFound: the patient permits no prediction or does not exist.
            ModelsNotFound (models): there is no such question.
            PredictionRefused: no model is in service for the question.
        """
        patient = self._in_care(party, query.patient_key)
        model = self._model(query.question_id, words)
        request = PredictionRequest(
            party, patient.subject, model.id, "review of input values", f"clinician:{account_id}"
        )
        values = self._diagnostics.input_values(request)
        return PredictionInputs(
            patient=patient,
            question=self._diagnostics.question(query.question_id),
            model=model,
            values=values,
            warnings=warnings_of(values, self._clock()),
        )

    def predict(
        self, party: str, account_id: str, query: PatientQuestion, words: Words
    ) -> PredictionReport:
        """Ask the model in service about a patient; the prediction is stored, sealed.

        Raises:
            NotFound: the patient permits no prediction or does not exist.
            ModelsNotFound (models): there is no such question.
            PredictionRefused: there is no model, or it does not accept a value.
            PredictionModelRetired: the model lost too much to make predictions.
        """
        question = SubjectQuestion(
            subject=self._care.require_estimate(party, query.patient_key),
            question_id=query.question_id,
            reason=query.reason or "prediction",
        )
        return self.predict_about(party, account_id, question, words)

    def predict_about(
        self, party: str, account_id: str, query: SubjectQuestion, words: Words
    ) -> PredictionReport:
        """Ask the model in service about a person; a refusal is journalled.

        Raises:
            NotFound, PredictionRefused, PredictionModelRetired: as `predict`.
        """
        model = self._model(query.question_id, words)
        request = PredictionRequest(
            party, query.subject, model.id, query.reason, f"clinician:{account_id}"
        )
        body = body_of(words, self._predicted(request, words), self._clock())
        prediction = self._predictions.add(party, account_id, query.subject, body)
        try:
            return self._report(self._require_permitted(party, prediction), words)
        except (NotFound, ConsentError):  # the job that deletes such ones may have run before
            self._predictions.erase([prediction.id])
            raise

    def list_mine(self, party: str, account_id: str) -> list[PastPrediction]:
        """Return the newest fifty predictions of one clinician that are still permitted."""
        return self._past(self._predictions.list_newest(party, account=account_id))

    def list_about(self, party: str, patient_key: str) -> list[PastPrediction]:
        """Return the newest fifty predictions about a patient that are still permitted.

        Raises:
            NotFound: the patient permits no prediction or does not exist.
        """
        subject = self._care.get(party, patient_key).subject
        return self._past(self._predictions.list_newest(party, subject=subject))

    def get(self, party: str, prediction_id: str, words: Words) -> PredictionReport:
        """Return a prediction of this organisation, while every record that it used is permitted.

        A prediction that does not exist costs the same decision as one that is not permitted.

        Raises:
            NotFound: there is none, or not for this organisation, or no longer.
        """
        return self._report(self._require(party, prediction_id), words)

    def plot(self, party: str, prediction_id: str, words: Words) -> bytes:
        """Return the plot of a prediction's contributions, in points of 100, as SVG.

        Raises:
            NotFound: as `get`.
        """
        lines = self.get(party, prediction_id, words).contributions
        bars = [(f"{line.words} {line.value}".strip(), line.points) for line in lines]
        return draw_contributions(bars, "svg")

    def decide(
        self, party: str, prediction_id: str, decision: str, reason: str, words: Words
    ) -> PredictionReport:
        """Store what the clinician decided; deciding again replaces it.

        Raises:
            NotFound: as `get`.
            Invalid: no decision; a reason that is too long; or none, though the clinician did not
                agree.
        """
        self._require(party, prediction_id)
        reason = require_length(words, "reason", reason.strip(), MAX_REASON)
        if decision not in CHOICES:
            raise Invalid(fields={"decision": [words("decision-error")]})
        if decision != AGREE and not reason:
            raise Invalid(fields={"reason": [words("decision-error-reason")]})
        self._predictions.decide(party, prediction_id, decision, reason)
        return self.get(party, prediction_id, words)

    def erase_refused(self, subject: bytes) -> None:
        """Delete the predictions about a person that rest on a record that is not permitted now.

        Called after a patient took something back; what was made of it is erased, not hidden.

        Raises:
            LedgerUnavailable (consent): nothing can be decided now; call it again.
        """
        predictions = self._predictions.read_of_person(subject)
        while part := list(islice(predictions, _PART)):
            for party in {prediction.party for prediction in part}:
                theirs = [prediction for prediction in part if prediction.party == party]
                answers = zip(theirs, self._are_permitted(party, theirs), strict=True)
                self._predictions.erase([each.id for each, answer in answers if not answer])

    def _in_care(self, party: str, key: str) -> PatientInCare:
        """Return a patient who permits an estimate; permission to read is not enough."""
        patient = self._care.get(party, key)
        if not patient.categories:
            raise NotFound
        return patient

    def _model(self, question_id: str, words: Words) -> Model:
        question = self._diagnostics.question(question_id)
        try:
            return self._diagnostics.serving_model(question.id)
        except ModelsNotFound as exc:
            raise PredictionRefused("no-model", words) from exc

    def _predicted(self, request: PredictionRequest, words: Words) -> Prediction:
        try:
            return self._diagnostics.predict(request)
        except StorageNotFound as exc:
            raise NotFound("Patient not found, or you do not have access.") from exc
        except ModelRetired as exc:
            model = self._diagnostics.model(request.model_id)
            retired_at_s = model.ended_at_s or model.affected_at_s or model.trained_at_s
            raise PredictionModelRetired(retired_at_s, words) from exc
        except (InputMissing, InputOutOfRange, UnitMismatch) as exc:
            raise PredictionRefused(exc.code, words, **_facts(exc, words)) from exc

    def _require(self, party: str, prediction_id: str) -> StoredPrediction:
        return self._require_permitted(party, self._predictions.find(party, prediction_id))

    def _require_permitted(
        self, party: str, prediction: StoredPrediction | None
    ) -> StoredPrediction:
        # One that does not exist is decided on as well, so that its time does not tell.
        (is_permitted,) = self._are_permitted(party, [prediction])
        if prediction is None or not is_permitted:
            raise NotFound
        return prediction

    def _are_permitted(
        self, party: str, predictions: Sequence[StoredPrediction | None]
    ) -> list[bool]:
        """Return for each whether every record that it used is permitted now, by one view."""
        requests = [self._requests_for(party, prediction) for prediction in predictions]
        flat = [request for group in requests for request in group]
        decisions = iter(self._store.vault.are_permitted(flat) if flat else ())
        answers = [all([next(decisions) for _ in group]) for group in requests]
        return [
            answer and prediction is not None and len(group) == len(set(prediction.body["records"]))
            for answer, group, prediction in zip(answers, requests, predictions, strict=True)
        ]

    def _requests_for(
        self, party: str, prediction: StoredPrediction | None
    ) -> list[DecisionRequest]:
        subject = prediction.subject if prediction else NOBODY
        record_ids = set(prediction.body["records"]) if prediction else set()
        nothing = DecisionRequest(party, TREATDS, NOBODY, "0" * 32, "condition", "2000-01-01")
        return [
            DecisionRequest(
                party,
                TREATDS,
                record.subject,
                record.record_id.hex(),
                record.category,
                record.recorded_on,
            )
            for linked in self._store.linked_subjects(subject)
            for record in self._store.records_of(linked)
            if record.record_id.hex() in record_ids
        ] or [nothing]

    def _past(self, predictions: Sequence[StoredPrediction]) -> list[PastPrediction]:
        answers = self._are_permitted(predictions[0].party, predictions) if predictions else []
        return [
            PastPrediction(
                id=prediction.id,
                patient_number=self._directory.number_of(prediction.subject) or "",
                question=self._diagnostics.question(prediction.body["question"]),
                probability=prediction.body["probability"],
                low=prediction.body["low"],
                high=prediction.body["high"],
                predicted_at_s=prediction.at_s,
                decision=prediction.decision,
            )
            for prediction, answer in zip(predictions, answers, strict=True)
            if answer
        ]

    def _report(self, prediction: StoredPrediction, words: Words) -> PredictionReport:
        body = prediction.body
        model = self._diagnostics.model(body["model"])
        return PredictionReport(
            id=prediction.id,
            patient_number=self._directory.number_of(prediction.subject) or "",
            question=self._diagnostics.question(body["question"]),
            card=self._diagnostics.card(model.id).content,
            model_state=model.state,
            model_ended_at_s=model.ended_at_s,
            predicted_at_s=prediction.at_s,
            decision=prediction.decision,
            reason=prediction.reason,
            decided_at_s=prediction.decided_at_s,
            **values_of(words, body),
        )


def _facts(error: InputMissing | InputOutOfRange | UnitMismatch, words: Words) -> dict[str, str]:
    if isinstance(error, InputMissing):
        return {"category": words(f"category-{error.category}")}
    if isinstance(error, UnitMismatch):
        feature = error.feature
        units = {"unit": format_unit(error.unit), "expected": format_unit(feature.unit)}
        return {"value": feature.words} | units
    if isinstance(error, PatientIneligible):
        return {"value": error.feature.words, "accepted": error.rule.bounds}
    return {"value": error.feature.words, "accepted": error.feature.accepted}
