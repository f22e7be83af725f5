"""What the clinician's API takes and answers."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from consent import CATEGORIES
from services.clinician.clinician import DAYS
from services.clinician.diagnosing import MOST_REASON
from services.requests.predictions import CHOICES
from services.schemas import Strict, Text
from web.api.schemas import Answer, anything, many, number, real, text, truth

_ANY: Final = ["string", "number", "boolean", "null"]


class SearchSchema(Strict):
    """A part of a hospital number, or nothing."""

    search = Text(128, 0, load_default="")


class CareRequestSchema(Strict):
    """Whom to ask, for which records, and for how many days."""

    number = Text(128, required=True)
    categories = fields.List(
        fields.String(validate=validate.OneOf(CATEGORIES)),
        required=True,
        validate=validate.Length(1, len(CATEGORIES)),
    )
    days = fields.Integer(required=True, strict=True, validate=validate.OneOf(DAYS))


class OwnDiagnosisSchema(Strict):
    """A patient by the list's key, and a question."""

    patient = Text(64, required=True)
    question = Text(64, required=True)


class DecisionSchema(Strict):
    """What was decided; a reason is needed unless it agrees."""

    decision = fields.String(required=True, validate=validate.OneOf(CHOICES))
    reason = fields.String(load_default="", validate=validate.Length(0, MOST_REASON))


class InCareAnswer(Answer):
    """One patient who permits it, by a key of this organisation's own."""

    patient = text()
    hospital_number = text()
    categories = fields.List(fields.String(), required=True)
    until_s = number()


class PatientsAnswer(Answer):
    """The first of them, and how many."""

    patients = many(InCareAnswer)
    total = number()


class FitsAnswer(Answer):
    """A question that can be asked."""

    id = text()
    title = text()


class PatientAnswer(InCareAnswer):
    """One patient, and what can be asked."""

    questions = many(FitsAnswer)


class SentAnswer(Answer):
    """That it was taken; nothing about whether anybody has the number."""

    is_sent = truth()


class ValueAnswer(Answer):
    """One value; `problem` is empty, missing, outside or unit, `accepts` what the model knows."""

    code = text()
    words = text()
    value = text()
    recorded_on = text()
    problem = text()
    accepts = text()


class ValuesAnswer(Answer):
    """What a model would be given."""

    model = text()
    values = many(ValueAnswer)


class SeenAnswer(Answer):
    """One value that the model was given, in words."""

    what = text()
    value = text()
    date = text()


class PulledAnswer(Answer):
    """How far one value moved the estimate; `points` of 100."""

    words = text()
    value = anything(_ANY)
    log_odds = real()
    points = number()


class OwnDiagnosisAnswer(Answer):
    """One diagnosis as it was given, and what was decided with it."""

    id = text()
    model = text()
    question = text()
    outcome = text()
    probability = real()
    interval = fields.List(fields.Float(), required=True)
    prevalence = real()
    affected = truth()
    contributions = many(PulledAnswer)
    inputs = many(SeenAnswer)
    input_commitment = text()
    not_for = fields.List(fields.String(), required=True)
    asked_at_s = number()
    decision = text()
    reason = text()
    decided_at_s = number(allow_none=True)
