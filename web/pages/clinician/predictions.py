"""Predictions: the input values, the result with its limits, the decision, and the model card."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from services.clinician.predictions import (
    PatientQuestion,
    PredictionModelRetired,
    PredictionRefused,
)
from services.clinician.reports import PredictionReport, input_line
from services.errors import Invalid
from services.tokens import CLINICIAN
from web.current import current_account, services, words
from web.pages.forms import first_errors
from web.pages.guard import render, see_other
from web.responses import card_pdf, svg_response
from web.view_options import one_at_a_time, opens_records, picture, requires_role

bp = Blueprint("clinician_predictions", __name__)


@bp.get("/clinician/diagnoses/new")
@requires_role(CLINICIAN)
@opens_records
def inputs() -> Response:
    """Show the values that the model would be given; opening the records is journalled."""
    account, query = current_account(), _query(request.args)
    try:
        values = services().clinician.predictions.inputs(account.party, account.id, query, words())
    except PredictionRefused as exc:
        return _no_prediction(exc, query)
    return render(
        "clinician/values.html",
        title=words()("values-title"),
        inputs=values,
        rows=[input_line(words(), value) for value in values.values],
    )


@bp.post("/clinician/diagnoses/new")
@requires_role(CLINICIAN)
def predict() -> Response:
    """Ask the model; the prediction is stored, sealed, and has a page of its own."""
    account, query = current_account(), _query(request.form)
    try:
        report = services().clinician.predictions.predict(account.party, account.id, query, words())
    except (PredictionRefused, PredictionModelRetired) as exc:
        return _no_prediction(exc, query)
    return see_other(f"/clinician/diagnoses/{report.id}")


@bp.get("/clinician/diagnoses")
@requires_role(CLINICIAN)
def predictions() -> Response:
    """Show the clinician's newest predictions that are still permitted."""
    account = current_account()
    return render(
        "clinician/estimates.html",
        title=words()("menu-clinician-estimates"),
        predictions=services().clinician.predictions.list_mine(account.party, account.id),
    )


@bp.get("/clinician/diagnoses/<id>")
@requires_role(CLINICIAN)
def prediction(id: str) -> Response:
    """Show a prediction with its interval, its reasons and its limits."""
    report = services().clinician.predictions.get(current_account().party, id, words())
    return _prediction(report, {})


@bp.post("/clinician/diagnoses/<id>")
@requires_role(CLINICIAN)
def decide(id: str) -> Response:
    """Store what the clinician decided, with the reason."""
    service, party = services().clinician.predictions, current_account().party
    decision, reason = request.form.get("decision", ""), request.form.get("reason", "")
    try:
        service.decide(party, id, decision, reason, words())
    except Invalid as exc:
        return _prediction(service.get(party, id, words()), first_errors(exc))
    return see_other(f"/clinician/diagnoses/{id}#decision")


@bp.get("/clinician/diagnoses/<id>/contributions.svg")
@requires_role(CLINICIAN)
def plot(id: str) -> Response:
    """Return the plot of a prediction's contributions."""
    return svg_response(services().clinician.predictions.plot(current_account().party, id, words()))


@bp.get("/clinician/models/<id>")
@requires_role(CLINICIAN)
def model_card(id: str) -> Response:
    """Show the card of a model."""
    return render(
        "clinician/card.html",
        title=words()("card-title"),
        card=services().clinician.cards.get(id),
        pictures=f"/clinician/models/{id}/pictures",
    )


@bp.get("/clinician/models/<id>/card.pdf")
@requires_role(CLINICIAN)
@one_at_a_time
def card_printout(id: str) -> Response:
    """Return the card of a model as PDF."""
    return card_pdf(services().clinician.cards.files(id))


@bp.get("/clinician/models/<id>/pictures/<name>")
@requires_role(CLINICIAN)
@picture
def card_plot(id: str, name: str) -> Response:
    """Return a plot of a model's card."""
    return svg_response(services().clinician.cards.files(id).plot(name.removesuffix(".svg")))


def _query(fields: Mapping[str, str]) -> PatientQuestion:
    return PatientQuestion(
        patient_key=fields.get("patient", ""), question_id=fields.get("question", "")
    )


def _prediction(report: PredictionReport, errors: Mapping[str, str]) -> Response:
    name_of, custodians = services().information.party_name, report.card["data"]["custodians"]
    return render(
        "clinician/prediction.html",
        title=words()("prediction-title", question=report.question.title),
        report=report,
        places=[name_of(custodian, words().language) for custodian in custodians],
        site=services().installation.site.origin,
        now=words().moment(services().installation.clock()),
        values=request.form or {"decision": report.decision, "reason": report.reason},
        errors=errors,
    )


def _no_prediction(
    error: PredictionRefused | PredictionModelRetired, query: PatientQuestion
) -> Response:
    return render(
        "clinician/no_prediction.html",
        title=words()("no-prediction-title"),
        message=str(error),
        patient_key=query.patient_key,
        status=422,
    )
