"""The researchers' and clinicians' part: questions, studies, cohorts, models, answers."""

from __future__ import annotations

from typing import Any

from models import Model, PredictionRequest, Study, suppress
from services.errors import NotFound
from services.jobs.kinds import model_facts
from services.tokens import CUSTODIAN, RESEARCHER
from web.api.jobs import job_shown
from web.api.ledger import view_shown
from web.api.route import Call


def get_questions(call: Call) -> dict[str, Any]:
    """The questions that can be asked."""
    known = call.platform.diagnostics.questions()
    return {"questions": [{"id": one.id, "title": one.title} for one in known]}


def get_studies(call: Call) -> dict[str, Any]:
    """Every study that is registered."""
    known = call.platform.diagnostics.studies()
    return {"studies": [_study(one) for one in known]}


def post_studies(call: Call) -> dict[str, Any]:
    """Register the study that the token speaks for; the same again changes nothing."""
    study = Study(call.party, call.body["title"], call.body["protocol"], call.body["until_s"])
    call.platform.diagnostics.add_study(study)
    return _study(study)


def post_cohorts(call: Call) -> dict[str, Any]:
    """How many the study may learn from now, and how many not, by reason; 1 to 10 is not told."""
    question, party = call.body["question"], call.party
    cohort = call.platform.diagnostics.gather(party, question)
    patients = len({line.patient for line in cohort.manifest.lines})

    def told(name: str, count: int) -> int | str:
        # A change of fewer than 11 waits, so that no two answers tell what one person did.
        steady = call.platform.asking.feasibility.stable
        return suppress(steady(f"{party} {question} cohort {name}", count))

    return {
        "patients": told("patients", patients),
        "records": told("records", len(cohort.records)),
        "refused_records": {why: told(f"refused {why}", n) for why, n in cohort.refused.items()},
        "left_out_patients": {why: told(f"left {why}", n) for why, n in cohort.excluded.items()},
        "view": view_shown(cohort.view),
    }


def get_models(call: Call) -> dict[str, Any]:
    """The models that are the caller's business, oldest first."""
    known = call.platform.diagnostics.models()
    return {"models": [_model(one) for one in known if _may_see(call, one)]}


def get_model(call: Call) -> dict[str, Any]:
    """One model and how it stands."""
    return _model(_require_model(call))


def get_card(call: Call) -> dict[str, Any]:
    """How good a model is, what it learned from, and what it must not be used for."""
    return dict(call.platform.diagnostics.card(_require_model(call).id).content)


def post_models(call: Call) -> dict[str, Any]:
    """Train a model on what the study may learn from; the job says what came of it."""
    question = call.platform.diagnostics.question(call.body["question"]).id
    if call.party not in {one.id for one in call.platform.diagnostics.studies()}:
        raise NotFound
    return job_shown(
        call.platform.jobs.enqueue("train", {"study": call.party, "question": question}, call.party)
    )


def post_retraining(call: Call) -> dict[str, Any]:
    """Replace a model by one trained from scratch on what is permitted now."""
    return job_shown(
        call.platform.jobs.enqueue("retrain", {"model": _require_model(call).id}, call.party)
    )


def post_diagnoses(call: Call) -> dict[str, Any]:
    """Ask the newest model about one patient who permits it, with the reasons of its answer."""
    diagnostics, asked = call.platform.diagnostics, call.body
    model = diagnostics.serving_model(asked["question"])
    answer = diagnostics.predict(
        PredictionRequest(call.party, asked["subject"], model.id, asked["why"], call.id)
    )
    return {
        "model": answer.model_id,
        "outcome": answer.outcome,
        "probability": answer.probability,
        "interval": [answer.low, answer.high],
        "prevalence": answer.prevalence,
        "contributions": [
            {"code": one.code, "words": one.words, "value": one.value, "log_odds": one.log_odds}
            for one in answer.contributions
        ],
        "input_commitment": answer.input_commitment.hex(),
        "affected": answer.is_affected,
        "view": view_shown(answer.view),
        "note": "An estimate from a statistical model, not a diagnosis.",
    }


def _may_see(call: Call, model: Model) -> bool:
    """Researchers see their own study's models, other organisations' custodians see none."""
    if call.role == RESEARCHER:
        return model.study == call.party
    return call.role != CUSTODIAN or call.party == call.platform.organisation


def _require_model(call: Call) -> Model:
    model = call.platform.diagnostics.model(call.names["model"])
    if not _may_see(call, model):
        raise NotFound
    return model


def _model(model: Model) -> dict[str, Any]:
    rest = ("trained_at_s", "affected_at_s", "ended_at_s", "predecessor", "successor")
    return model_facts(model) | {name: getattr(model, name) for name in rest}


def _study(study: Study) -> dict[str, Any]:
    return {name: getattr(study, name) for name in Study.__slots__}
