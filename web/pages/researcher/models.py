"""Training with its progress, and a researcher's models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from services.cards import CardFiles
from services.tokens import RESEARCHER
from web.current import current_account, services, words
from web.pages.guard import is_fragment, render, see_other
from web.pages.researcher.counts import count_text
from web.responses import card_json, card_pdf, svg_response
from web.view_options import one_at_a_time, picture, requires_role

SLOW_S = 600
"""A training longer than this is said to take longer than usual."""

bp = Blueprint("researcher_models", __name__)


@bp.post("/researcher/studies/<slug>/cohort")
@requires_role(RESEARCHER)
def train(slug: str) -> Response:
    """Train a model of a study; a training in progress is shown instead."""
    job = services().researcher.models.train(current_account().party, slug)
    return see_other(f"/researcher/studies/{slug}/jobs/{job.id}")


@bp.get("/researcher/studies/<slug>/jobs/<job>")
@requires_role(RESEARCHER)
def progress(slug: str, job: str) -> Response:
    """Show the progress of a training, or its result; a trained model has its own page."""
    training = services().researcher.models.job(current_account().party, slug, job)
    model = training.result.get("model") if training.result else None
    if is_fragment() and not training.is_active:
        return Response(b"", 204, {"HX-Redirect": request.path})
    if model:
        return see_other(f"/researcher/models/{model}")
    return render(
        "researcher/progress_part.html" if is_fragment() else "researcher/progress.html",
        title=words()("training-title"),
        slug=slug,
        job=training,
        is_slow=services().installation.clock() - training.requested_at_s > SLOW_S,
    )


@bp.post("/researcher/studies/<slug>/jobs/<job>")
@requires_role(RESEARCHER)
def cancel(slug: str, job: str) -> Response:
    """Cancel a training; one that has ended stays as it is."""
    services().researcher.models.cancel(current_account().party, slug, job)
    return see_other(f"/researcher/studies/{slug}/jobs/{job}")


@bp.get("/researcher/studies/<slug>/models")
@requires_role(RESEARCHER)
def compare(slug: str) -> Response:
    """Show the versions of a study's model side by side."""
    return render(
        "researcher/compare.html",
        title=words()("compare-title"),
        slug=slug,
        cards=services().researcher.models.compare(current_account().party, slug),
    )


@bp.get("/researcher/studies/<slug>/runs/<run>")
@requires_role(RESEARCHER)
def run(slug: str, run: str) -> Response:
    """Show a training run: if the gate refused it, what was measured and what would help."""
    report = services().researcher.study_runs.get(current_account().party, slug, run)
    return render(
        "researcher/run.html",
        title=words()("run-title", run=report.id),
        slug=slug,
        run=report,
        party_name=services().information.party_name,
    )


@bp.get("/researcher/models/<id>")
@requires_role(RESEARCHER)
def model(id: str) -> Response:
    """Show a model: its state, what withdrawals did to it, its gate and its card."""
    details = services().researcher.models.get(current_account().party, id)
    return render(
        "researcher/model.html",
        title=words()("model-title", model=id),
        details=details,
        model=details.model,
        months=services().researcher.models.months(current_account().party, id),
        evaluations=services().researcher.models.external_validations(current_account().party, id),
        party_name=services().information.party_name,
        withdrawals=count_text(details.withdrawals),
        gates=_gates(details.card.content),
        pictures=f"/researcher/models/{id}/pictures",
    )


@bp.get("/researcher/models/<id>/evaluations/<slug>")
@requires_role(RESEARCHER)
def evaluation(id: str, slug: str) -> Response:
    """Show how well a model predicts for the patients of another study."""
    models, party = services().researcher.models, current_account().party
    document = models.external_validation(party, id, slug).document()
    return render(
        "researcher/evaluation.html",
        title=words()("evaluation-title", model=id),
        model=id,
        document=document,
        study=services().information.party_name(document.content["study"]),
        path=f"/researcher/models/{id}/evaluations/{slug}",
    )


@bp.get("/researcher/models/<id>/card.json")
@bp.get("/researcher/models/<id>/evaluations/<slug>/card.json")
@bp.get("/researcher/studies/<slug>/runs/<run>/card.json")
@requires_role(RESEARCHER)
def card_file(**path: str) -> Response:
    """Return a card, an external validation, or the report of a refused run as a JSON file."""
    return card_json(_card(**path))


@bp.get("/researcher/models/<id>/card.pdf")
@bp.get("/researcher/models/<id>/evaluations/<slug>/card.pdf")
@bp.get("/researcher/studies/<slug>/runs/<run>/card.pdf")
@requires_role(RESEARCHER)
@one_at_a_time
def card_printout(**path: str) -> Response:
    """Return a card, an external validation, or the report of a refused run as PDF."""
    return card_pdf(_card(**path))


@bp.get("/researcher/models/<id>/pictures/<name>")
@bp.get("/researcher/models/<id>/evaluations/<slug>/pictures/<name>")
@bp.get("/researcher/studies/<slug>/runs/<run>/pictures/<name>")
@requires_role(RESEARCHER)
@picture
def plot(name: str, **path: str) -> Response:
    """Return a plot of a card, of an external validation, or of the report of a refused run."""
    return svg_response(_card(**path).plot(name.removesuffix(".svg")))


def _card(id: str = "", slug: str = "", run: str = "") -> CardFiles:
    """Return the files of what a path names: a run of a study, a validation on one, or a model."""
    party, researcher = current_account().party, services().researcher
    if run:
        return researcher.study_runs.files(party, slug, run)
    if slug:
        return researcher.models.validation_files(party, id, slug)
    return researcher.models.files(party, id)


@bp.get("/researcher/models/<id>/retirement")
@requires_role(RESEARCHER)
def retirement_form(id: str) -> Response:
    """Show what retiring a model means, before it is done."""
    details = services().researcher.models.get(current_account().party, id)
    return render("researcher/retire.html", title=words()("retire-title"), model=details.model)


@bp.post("/researcher/models/<id>/retirement")
@requires_role(RESEARCHER)
def retire(id: str) -> Response:
    """Take a model out of service for good; one that has ended stays as it is."""
    services().researcher.models.retire(current_account().party, id)
    return see_other(f"/researcher/models/{id}")


@bp.post("/researcher/models/<id>/retraining")
@requires_role(RESEARCHER)
def retrain(id: str) -> Response:
    """Train the successor of a model on what is permitted now; if there is one, show it."""
    models, party = services().researcher.models, current_account().party
    details = models.get(party, id)
    if details.model.successor is not None:
        return see_other(f"/researcher/models/{details.model.successor}")
    job = models.retrain(party, id)
    return see_other(f"/researcher/studies/{details.study_name}/jobs/{job.id}")


def _gates(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what, required, measured) of each condition of publication."""
    say = words()
    gate, data, attack, evaluation = (
        card[name] for name in ("gate", "data", "attack", "evaluation")
    )
    slope = f"{gate['min_slope']:g} – {gate['max_slope']:g}"
    return [
        (say("gate-cohort"), f"≥ {gate['min_patients']}", say.number(data["patients"])),
        (say("gate-attack"), f"≤ {gate['max_attack_auroc']:g}", f"{_attack_area(attack):z.3f}"),
        (say("gate-attack-low"), f"≤ {gate['max_attack_tpr']:g}", f"{_attack_share(attack):z.3f}"),
        (say("gate-calibration"), slope, f"{evaluation['slope']:z.2f}"),
    ]


def _attack_area(attack: Mapping[str, Any]) -> float:
    """Return what the gate compared: the upper bound; cards of the first format have none."""
    return float(attack.get("auroc_high", attack["auroc"]))


def _attack_share(attack: Mapping[str, Any]) -> float:
    return float(attack.get("tpr_high", attack["tpr_at_1_percent_fpr"]))
