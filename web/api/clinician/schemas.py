"""What the clinician's API accepts and returns."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from consent import CATEGORIES
from services.clinician.patients import REQUEST_DAYS
from services.clinician.predictions import MAX_REASON
from services.requests.predictions import CHOICES
from services.schemas import Strict
from web.api.schemas import (
    Answer,
    QuestionLinkSchema,
    Text,
    anything,
    many,
    number,
    real,
    text,
    truth,
)

MAX_JOURNAL_REASON: Final = 500
_ANY: Final = ["string", "number", "boolean", "null"]


class SearchBody(Strict):
    """A part of a hospital number, or nothing."""

    search = Text(128, 0, load_default="")


class CareRequestBody(Strict):
    """Whom to ask for access, to which categories of records, and for how many days."""

    number = Text(128, required=True)
    categories = fields.List(
        fields.String(validate=validate.OneOf(CATEGORIES)),
        required=True,
        validate=validate.Length(1, len(CATEGORIES)),
    )
    days = fields.Integer(required=True, strict=True, validate=validate.OneOf(REQUEST_DAYS))


class PredictionBody(Strict):
    """A patient by the key of the list, a question, and a reason for the journal."""

    patient = Text(64, required=True, attribute="patient_key")
    question = Text(64, required=True, attribute="question_id")
    reason = Text(MAX_JOURNAL_REASON, 0, load_default="")


class DecisionBody(Strict):
    """What was decided; a reason is required unless the clinician agrees."""

    decision = fields.String(required=True, validate=validate.OneOf(CHOICES))
    reason = fields.String(load_default="", validate=validate.Length(0, MAX_REASON))


class PatientSchema(Answer):
    """A patient who permits a prediction, by a key that only this organisation has."""

    patient = text(attribute="key")
    hospital_number = text(attribute="number")
    categories = fields.List(fields.String(), required=True)
    until_s = number()


class PatientsSchema(Answer):
    """The first patients, and how many there are."""

    patients = many(PatientSchema)
    total = number()


class PatientDetailsSchema(Answer):
    """A patient, and the questions that the permissions allow."""

    patient = text(attribute="patient.key")
    hospital_number = text(attribute="patient.number")
    categories = fields.List(fields.String(), required=True, attribute="patient.categories")
    until_s = number(attribute="patient.until_s")
    questions = many(QuestionLinkSchema)


class SentSchema(Answer):
    """That the request was accepted; nothing about whether the person exists."""

    is_sent = truth()


class InputSchema(Answer):
    """An input value; `problem` is empty, missing, outside or unit; `accepts` the model's range."""

    code = text()
    words = text()
    value = text()
    recorded_on = text()
    problem = text()
    accepts = text()


class InputsSchema(Answer):
    """What a model would be given."""

    model = text(attribute="model.id")
    values = many(InputSchema)


class InputLineSchema(Answer):
    """An input value that the model was given, in words."""

    what = text()
    value = text()
    date = text()


class ContributionSchema(Answer):
    """How far one value moved the estimate; `points` of 100."""

    words = text()
    value = anything(_ANY)
    log_odds = real()
    points = number()


class PredictionSchema(Answer):
    """A prediction as it was made, and what was decided with it."""

    id = text()
    model = text()
    question = text(attribute="question.id")
    outcome = text()
    probability = real()
    interval = fields.List(fields.Float(), required=True)
    prevalence = real()
    affected = fields.Boolean(required=True, attribute="is_affected")
    contributions = many(ContributionSchema)
    inputs = many(InputLineSchema)
    input_commitment = text()
    not_for = fields.List(fields.String(), required=True, attribute="limits")
    asked_at_s = number(attribute="predicted_at_s")
    decision = text()
    reason = text()
    decided_at_s = number(allow_none=True)


class ModelLinkSchema(Answer):
    """A model in service."""

    model = text(attribute="id")
    study = text()
    question = text()
    state = text()
    trained_at_s = number()


class ModelLinksSchema(Answer):
    """Models in service, the newest first."""

    models = many(ModelLinkSchema)
