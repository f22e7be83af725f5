"""What a clinician does on the pages, for programs: patients, predictions, model cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from models import Model
from services.clinician.patients import CareRequest, PatientDetails, PatientList, PatientQuery
from services.clinician.predictions import PastPrediction, PatientQuestion, PredictionInputs
from services.clinician.records import PatientSeries, PatientTimeline, RecordQuery
from services.clinician.reports import PredictionReport
from services.clinician.service import ClinicianService
from services.requests import SentRequest
from services.tokens import CLINICIAN
from web.api.clinician.schemas import (
    CareRequestBody,
    DecisionBody,
    InputsSchema,
    ModelLinksSchema,
    PastPredictionsSchema,
    PatientDetailsSchema,
    PatientSeriesSchema,
    PatientsSchema,
    PredictionBody,
    PredictionSchema,
    SearchBody,
    SentRequestsSchema,
    SentSchema,
    TimelineBody,
    TimelineSchema,
    ValueBody,
)
from web.api.resources import accepts, returns, returns_file
from web.api.schemas import ObjectAnswer
from web.current import current_caller, services, words
from web.responses import PDF, SVG, card_pdf, json_response, svg_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("clinician_api", __name__)


@bp.get("/clinician/patients")
@requires_role(CLINICIAN)
@accepts(SearchBody)
@returns(PatientsSchema)
def get_patients(body: PatientQuery) -> PatientList:
    """Return a page of 50 patients who permit something now, and how many there are."""
    caller = current_caller()
    return _clinician().patients.search(caller.party, caller.id, body)


@bp.get("/clinician/patients/<patient>")
@requires_role(CLINICIAN)
@returns(PatientDetailsSchema)
def get_patient(patient: str) -> PatientDetails:
    """Return one of these patients, and the questions that the permissions allow."""
    return _clinician().patients.get(current_caller().party, patient)


@bp.get("/clinician/patients/<patient>/records")
@requires_role(CLINICIAN)
@accepts(TimelineBody)
@returns(TimelineSchema)
def get_timeline(patient: str, body: dict[str, Any]) -> PatientTimeline:
    """Return 100 lines of the records that a patient lets one read; the access is journalled."""
    caller, query = current_caller(), RecordQuery(patient_key=patient, **body)
    return _clinician().records.timeline(caller.party, caller.id, query, words())


@bp.get("/clinician/patients/<patient>/values")
@requires_role(CLINICIAN)
@accepts(ValueBody)
@returns(PatientSeriesSchema)
def get_value(patient: str, body: dict[str, str]) -> PatientSeries:
    """Return one value of a patient over time; the access is journalled."""
    caller, query = current_caller(), RecordQuery(patient_key=patient, category=body["category"])
    return _clinician().records.series(caller.party, caller.id, query, body["code"], words())


@bp.post("/clinician/requests")
@requires_role(CLINICIAN)
@accepts(CareRequestBody)
@returns(SentSchema, status=202)
def post_care_request(body: dict[str, Any]) -> dict[str, bool]:
    """Ask the person with a hospital number for access; the response never shows if one exists."""
    caller = current_caller()
    _clinician().patients.request_access(caller.party, caller.id, CareRequest(**body), words())
    return {"is_sent": True}


@bp.get("/clinician/requests")
@requires_role(CLINICIAN)
@returns(SentRequestsSchema)
def get_sent_requests() -> list[SentRequest]:
    """Return the newest 50 requests of the caller; only a yes shows as a reply."""
    caller = current_caller()
    return _clinician().patients.list_requests(caller.party, caller.id)


@bp.get("/clinician/patients/<patient>/values/<question>")
@requires_role(CLINICIAN)
@returns(InputsSchema)
def get_inputs(patient: str, question: str) -> PredictionInputs:
    """Return what a model would be given about a patient; the access is journalled."""
    caller = current_caller()
    query = PatientQuestion(patient_key=patient, question_id=question)
    return _clinician().predictions.inputs(caller.party, caller.id, query, words())


@bp.post("/clinician/diagnoses")
@requires_role(CLINICIAN)
@accepts(PredictionBody)
@returns(PredictionSchema, status=201)
def post_prediction(body: dict[str, str]) -> PredictionReport:
    """Ask the model in service about a patient; the prediction is stored, sealed."""
    caller = current_caller()
    query = PatientQuestion(**body)
    return _clinician().predictions.predict(caller.party, caller.id, query, words())


@bp.get("/clinician/diagnoses")
@requires_role(CLINICIAN)
@returns(PastPredictionsSchema)
def get_predictions() -> list[PastPrediction]:
    """Return the newest 50 predictions of the caller that are still permitted."""
    caller = current_caller()
    return _clinician().predictions.list_mine(caller.party, caller.id)


@bp.get("/clinician/diagnoses/<prediction>")
@requires_role(CLINICIAN)
@returns(PredictionSchema)
def get_prediction(prediction: str) -> PredictionReport:
    """Return a prediction, while every record that it used is permitted."""
    return _clinician().predictions.get(current_caller().party, prediction, words())


@bp.get("/clinician/diagnoses/<prediction>/contributions")
@requires_role(CLINICIAN)
@returns_file(SVG)
def get_prediction_plot(prediction: str) -> Response:
    """Return the plot of a prediction's contributions, as SVG."""
    return svg_response(_clinician().predictions.plot(current_caller().party, prediction, words()))


@bp.post("/clinician/diagnoses/<prediction>/decision")
@requires_role(CLINICIAN)
@accepts(DecisionBody)
@returns(PredictionSchema)
def post_decision(prediction: str, body: dict[str, str]) -> PredictionReport:
    """Store what was decided with a prediction; against the model, with a reason."""
    return _clinician().predictions.decide(
        current_caller().party, prediction, words=words(), **body
    )


@bp.get("/clinician/models")
@requires_role(CLINICIAN)
@returns(ModelLinksSchema)
def get_models() -> Sequence[Model]:
    """Return the models in service, the newest first."""
    return _clinician().cards.list_in_service()


@bp.get("/clinician/models/<model>/card")
@requires_role(CLINICIAN)
@returns(ObjectAnswer)
def get_model_card(model: str) -> Response:
    """Return how well a model performs, what it was trained on, and what it is not for."""
    return json_response(_clinician().cards.get(model).content)


@bp.get("/clinician/models/<model>/card.pdf")
@requires_role(CLINICIAN)
@one_at_a_time
@returns_file(PDF)
def get_card_pdf(model: str) -> Response:
    """Return a model's card as PDF, with its figures."""
    return card_pdf(_clinician().cards.files(model))


@bp.get("/clinician/models/<model>/pictures/<picture>")
@requires_role(CLINICIAN)
@returns_file(SVG)
def get_card_plot(model: str, picture: str) -> Response:
    """Return a plot of a model's card as SVG: calibration, decision, contributions, and others."""
    return svg_response(_clinician().cards.files(model).plot(picture))


def _clinician() -> ClinicianService:
    return services().clinician
