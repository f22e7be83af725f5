"""What the clinician's API accepts and returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import fields, post_load, validate

from consent import CATEGORIES
from models import InputValue, Model
from services.clinician.patients import MAX_REASON as MAX_REQUEST_REASON
from services.clinician.patients import (
    ORDERS,
    PURPOSES,
    REQUEST_DAYS,
    NamedPatient,
    PatientDetails,
    PatientList,
    PatientQuery,
)
from services.clinician.predictions import MAX_REASON, PastPrediction, PredictionInputs
from services.clinician.records import PatientSeries, PatientTimeline, TimelineDay
from services.clinician.reports import (
    ContributionLine,
    InputLine,
    InputWarnings,
    Likeness,
    PredictionReport,
    UnusualLine,
)
from services.requests import SentRequest
from services.requests.predictions import CHOICES
from services.schemas import Strict
from web.api.lines import LineSchema, SeriesSchema
from web.api.schemas import QuestionLinkSchema, Text, listing, schema_of

MAX_JOURNAL_REASON: Final = 500
_ANY: Final = ["string", "number", "boolean", "null"]


class SearchBody(Strict):
    """A part of a hospital number or nothing, the page, the order, only of today, with names."""

    search = Text(128, 0, load_default="")
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10**6))
    order = fields.String(load_default=ORDERS[0], validate=validate.OneOf(ORDERS))
    today = fields.Boolean(load_default=False, attribute="is_today")
    names = fields.Boolean(load_default=False, attribute="shows_names")

    @post_load
    def _to_query(self, data: Mapping[str, Any], **_: Any) -> PatientQuery:
        return PatientQuery(**data)


class CareRequestBody(Strict):
    """Whom to ask for access, to which categories of records, and for how many days."""

    number = Text(128, required=True)
    categories = fields.List(
        fields.String(validate=validate.OneOf(CATEGORIES)),
        required=True,
        validate=validate.Length(1, len(CATEGORIES)),
    )
    days = fields.Integer(required=True, strict=True, validate=validate.OneOf(REQUEST_DAYS))
    reason = Text(MAX_REQUEST_REASON, 0, load_default="")
    question = Text(64, 0, load_default="")
    purposes = fields.List(
        fields.String(validate=validate.OneOf(PURPOSES)),
        load_default=lambda: [PURPOSES[0]],
        validate=validate.Length(1, len(PURPOSES)),
    )


class TimelineBody(Strict):
    """A kind of records, or "" for all, and the page."""

    kind = Text(64, 0, load_default="", attribute="category")
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10**6))


class ValueBody(Strict):
    """A kind of records, or "" for all, and the code of a value as `system|code`."""

    kind = Text(64, 0, load_default="", attribute="category")
    code = Text(256, required=True)


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
    "PatientSchema",
    NamedPatient,
    "patient.categories patient.readable patient.until_s identity.name identity.birth_date",
    patient="patient.key",
    hospital_number="patient.number",
)
PatientsSchema = schema_of(
    "PatientsSchema", PatientList, "total page pages", patients=("named", PatientSchema)
)
SentRequestSchema = schema_of(
    "SentRequestSchema",
    SentRequest,
    "details.categories details.reason state sent_at_s lapses_at_s answered_at_s",
    hospital_number="note",
)
SentRequestsSchema = listing("SentRequestsSchema", "requests", SentRequestSchema)
PatientDetailsSchema = schema_of(
    "PatientDetailsSchema",
    PatientDetails,
    "patient.categories patient.readable patient.until_s",
    patient="patient.key",
    hospital_number="patient.number",
    questions=QuestionLinkSchema,
)


TimelineDaySchema = schema_of("TimelineDaySchema", TimelineDay, "day", lines=LineSchema)
TimelineSchema = schema_of(
    "TimelineSchema",
    PatientTimeline,
    "patient.readable duties total page pages",
    patient="patient.key",
    kind="category",
    days=TimelineDaySchema,
    earlier=LineSchema,
)
PatientSeriesSchema = schema_of(
    "PatientSeriesSchema", PatientSeries, patient="patient.key", series=SeriesSchema
)


class SentSchema(Strict):
    """That the request was accepted; nothing about whether the person exists."""

    is_sent = fields.Boolean(required=True)


InputSchema = schema_of(
    "InputSchema", InputValue, "code words value recorded_on problem accepts source rule"
)
WarningsSchema = schema_of("WarningsSchema", InputWarnings, "missing total old oldest_on newest_on")
InputsSchema = schema_of(
    "InputsSchema",
    PredictionInputs,
    model="model.id",
    values=InputSchema,
    warnings=WarningsSchema,
)
InputLineSchema = schema_of("InputLineSchema", InputLine, "what value date")
ContributionSchema = schema_of(
    "ContributionSchema",
    ContributionLine,
    "words points",
    value=fields.Raw(required=True, metadata={"type": _ANY}),
)
UnusualSchema = schema_of("UnusualSchema", UnusualLine, "words value low high")
LikenessSchema = schema_of(
    "LikenessSchema", Likeness, "similar events is_unlike site", unusual=UnusualSchema
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
    warnings=fields.Nested(WarningsSchema, required=True, allow_none=True),
    likeness=fields.Nested(LikenessSchema, required=True, allow_none=True),
    not_for="limits",
    asked_at_s="predicted_at_s",
)
PastPredictionSchema = schema_of(
    "PastPredictionSchema",
    PastPrediction,
    "id probability low high decision",
    hospital_number="patient_number",
    question="question.id",
    asked_at_s="predicted_at_s",
)
PastPredictionsSchema = listing("PastPredictionsSchema", "predictions", PastPredictionSchema)
ModelLinkSchema = schema_of(
    "ModelLinkSchema", Model, "study question state trained_at_s", model="id"
)
ModelLinksSchema = listing("ModelLinksSchema", "models", ModelLinkSchema)
