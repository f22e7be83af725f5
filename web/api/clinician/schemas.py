"""What the clinician's API accepts and returns."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from consent import CATEGORIES
from models import InputValue, Model
from services.clinician.patients import REQUEST_DAYS, PatientDetails, PatientList
from services.clinician.predictions import MAX_REASON, PredictionInputs
from services.clinician.reports import ContributionLine, InputLine, PredictionReport
from services.requests import PatientInCare
from services.requests.predictions import CHOICES
from services.schemas import Strict
from web.api.schemas import QuestionLinkSchema, Text, listing, schema_of

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


PatientSchema = schema_of(
    "PatientSchema", PatientInCare, "categories until_s", patient="key", hospital_number="number"
)
PatientsSchema = schema_of("PatientsSchema", PatientList, "total", patients=PatientSchema)
PatientDetailsSchema = schema_of(
    "PatientDetailsSchema",
    PatientDetails,
    "patient.categories patient.until_s",
    patient="patient.key",
    hospital_number="patient.number",
    questions=QuestionLinkSchema,
)


class SentSchema(Strict):
    """That the request was accepted; nothing about whether the person exists."""

    is_sent = fields.Boolean(required=True)


InputSchema = schema_of(
    "InputSchema", InputValue, "code words value recorded_on problem accepts source rule"
)
InputsSchema = schema_of("InputsSchema", PredictionInputs, model="model.id", values=InputSchema)
InputLineSchema = schema_of("InputLineSchema", InputLine, "what value date")
ContributionSchema = schema_of(
    "ContributionSchema",
    ContributionLine,
    "words points",
    value=fields.Raw(required=True, metadata={"type": _ANY}),
)
PredictionSchema = schema_of(
    "PredictionSchema",
    PredictionReport,
    "id model outcome probability interval prevalence start input_commitment decision reason "
    "decided_at_s",
    question="question.id",
    affected="is_affected",
    contributions=ContributionSchema,
    inputs=InputLineSchema,
    not_for="limits",
    asked_at_s="predicted_at_s",
)
ModelLinkSchema = schema_of(
    "ModelLinkSchema", Model, "study question state trained_at_s", model="id"
)
ModelLinksSchema = listing("ModelLinksSchema", "models", ModelLinkSchema)
