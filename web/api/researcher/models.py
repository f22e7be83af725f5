"""A researcher's models: training jobs, cards, and what withdrawals did to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from models import Model
from services.jobs.queue import Job
from services.model_monitoring import ModelMonth
from services.researcher.models import ModelStatus, StudyModels
from services.researcher.study_runs import RunReport
from services.tokens import RESEARCHER
from web.api.researcher.schemas import (
    EvaluationBody,
    ModelsSchema,
    ModelStatusSchema,
    RunReportSchema,
    RunsSchema,
)
from web.api.resources import accepts, accepts_nothing, idempotent, returns, returns_file
from web.api.schemas import JobSchema, ModelMonthsSchema, ObjectAnswer
from web.current import current_caller, services
from web.responses import PDF, SVG, card_pdf, json_response, svg_response
from web.view_options import one_at_a_time, requires_role

bp = Blueprint("researcher_api_models", __name__)


@bp.post("/researcher/studies/<study>/training")
@requires_role(RESEARCHER)
@idempotent
@accepts_nothing
@returns(JobSchema, status=202)
def post_training(study: str) -> Job:
    """Train a model of a study; a training in progress is returned."""
    return _models().train(current_caller().party, study)


@bp.get("/researcher/studies/<study>/training/<job>")
@requires_role(RESEARCHER)
@returns(JobSchema)
def get_training(study: str, job: str) -> Job:
    """Return the progress of a training, or its result."""
    return _models().job(current_caller().party, study, job)


@bp.delete("/researcher/studies/<study>/training/<job>")
@requires_role(RESEARCHER)
@returns(JobSchema)
def delete_training(study: str, job: str) -> Job:
    """Cancel a training; one that has ended stays as it is."""
    return _models().cancel(current_caller().party, study, job)


@bp.get("/researcher/studies/<study>/runs")
@requires_role(RESEARCHER)
@returns(RunsSchema)
def get_study_runs(study: str) -> Sequence[RunReport]:
    """Return the training runs of a study, the newest first, refused ones too."""
    return services().researcher.study_runs.list(current_caller().party, study)


@bp.get("/researcher/studies/<study>/runs/<run>")
@requires_role(RESEARCHER)
@returns(RunReportSchema)
def get_study_run(study: str, run: str) -> RunReport:
    """Return a training run; of a refused one what was measured, and what would open the gate."""
    return services().researcher.study_runs.get(current_caller().party, study, run)


@bp.get("/researcher/studies/<study>/runs/<run>/card.pdf")
@requires_role(RESEARCHER)
@one_at_a_time
@returns_file(PDF)
def get_study_run_pdf(study: str, run: str) -> Response:
    """Return the report of a run that the gate refused as PDF."""
    return card_pdf(services().researcher.study_runs.files(current_caller().party, study, run))


@bp.get("/researcher/models")
@requires_role(RESEARCHER)
@returns(ModelsSchema)
def get_study_models() -> Sequence[Model]:
    """Return the models of the caller's studies, the newest first."""
    return _models().list(current_caller().party)


@bp.get("/researcher/models/<model>")
@requires_role(RESEARCHER)
@returns(ModelStatusSchema)
def get_study_model(model: str) -> ModelStatus:
    """Return a model, and whether withdrawals affect it."""
    return _models().get(current_caller().party, model)


@bp.post("/researcher/models/<model>/evaluations")
@requires_role(RESEARCHER)
@idempotent
@accepts(EvaluationBody)
@returns(JobSchema, status=202)
def post_evaluation(model: str, body: dict[str, Any]) -> Job:
    """Evaluate a model on the patients who permit another study of the caller to train."""
    return _models().evaluate(current_caller().party, model, body["study"])


@bp.get("/researcher/models/<model>/evaluations")
@requires_role(RESEARCHER)
@returns(ObjectAnswer)
def get_evaluations(model: str) -> Response:
    """Return the newest external validation of a model on each study."""
    validations = _models().external_validations(current_caller().party, model)
    return json_response({"evaluations": [validation.content for validation in validations]})


@bp.get("/researcher/models/<model>/evaluations/<study>/card.pdf")
@requires_role(RESEARCHER)
@one_at_a_time
@returns_file(PDF)
def get_evaluation_pdf(model: str, study: str) -> Response:
    """Return the newest external validation of a model on a study as PDF."""
    return card_pdf(_models().validation_files(current_caller().party, model, study))


@bp.get("/researcher/models/<model>/months")
@requires_role(RESEARCHER)
@returns(ModelMonthsSchema)
def get_months_of_model(model: str) -> Sequence[ModelMonth]:
    """Return the monthly reports of a model, the newest first: drift, and known outcomes."""
    return _models().months(current_caller().party, model)


@bp.get("/researcher/models/<model>/card")
@requires_role(RESEARCHER)
@returns(ObjectAnswer)
def get_study_model_card(model: str) -> Response:
    """Return how well a model performs, what it was trained on, and what it is not for."""
    return json_response(_models().get(current_caller().party, model).card.content)


@bp.get("/researcher/models/<model>/card.pdf")
@requires_role(RESEARCHER)
@one_at_a_time
@returns_file(PDF)
def get_study_model_card_pdf(model: str) -> Response:
    """Return a model's card as PDF, with its figures."""
    return card_pdf(_models().files(current_caller().party, model))


@bp.get("/researcher/models/<model>/pictures/<picture>")
@requires_role(RESEARCHER)
@returns_file(SVG)
def get_study_model_plot(model: str, picture: str) -> Response:
    """Return a plot of a model's card as SVG: calibration, decision, contributions, and others."""
    return svg_response(_models().files(current_caller().party, model).plot(picture))


@bp.post("/researcher/models/<model>/retraining")
@requires_role(RESEARCHER)
@idempotent
@accepts_nothing
@returns(JobSchema, status=202)
def post_retraining(model: str) -> Job:
    """Replace a model by one trained from scratch on what is permitted now."""
    return _models().retrain(current_caller().party, model)


@bp.post("/researcher/models/<model>/retirement")
@requires_role(RESEARCHER)
@accepts_nothing
@returns(ModelStatusSchema)
def post_retirement(model: str) -> ModelStatus:
    """Take a model out of service for good and destroy its file; its card stays."""
    return _models().retire(current_caller().party, model)


def _models() -> StudyModels:
    return services().researcher.models
