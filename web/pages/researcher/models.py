"""A researcher's models: the card with its plots, what withdrawals did, and the successor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from models import Model
from services.researcher import training
from web.pages.clinician.card import shown_picture
from web.pages.page import Visit
from web.pages.researcher import mine
from web.pages.researcher.mine import told


def model(visit: Visit) -> Response:
    """How good is it?"""
    one, diagnostics = _model(visit), visit.platform.diagnostics
    content = diagnostics.card(one.id).content
    gone = training.gone_from(mine.researcher(visit), one)
    return visit.show(
        "researcher/model.html",
        title=visit.words("model-card-title", model=one.id),
        model=one,
        card=content,
        pictures=f"/researcher/models/{one.id}/pictures",
        study=visit.platform.asking.party_name(one.study),
        slug=one.study.removeprefix("study:"),
        gone=told(visit, gone),
        is_touched=gone > 0,
        gates=_gates(visit, content),
    )


def picture(visit: Visit) -> Response:
    """One of the card's plots."""
    return shown_picture(visit, _model(visit).id, visit.names["name"])


def retrain(visit: Visit) -> Response:
    """Have the worker train a successor on what is permitted now."""
    one = _model(visit)
    if one.successor is not None:
        return visit.go(f"/researcher/models/{one.successor}")
    job = training.retrain(mine.researcher(visit), one)
    return visit.go(f"/researcher/studies/{one.study.removeprefix('study:')}/jobs/{job.id}")


def _model(visit: Visit) -> Model:
    return mine.researcher(visit).model(visit.names["id"])


def _gates(visit: Visit, card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what, bound, found) of the publish gate."""
    say = visit.words
    gate, data, attack, found = (card[name] for name in ("gate", "data", "attack", "evaluation"))
    slope = f"{gate['min_slope']:g} – {gate['max_slope']:g}"
    return [
        (say("gate-cohort"), f"≥ {gate['min_patients']}", say.number(data["patients"])),
        (say("gate-attack"), f"≤ {gate['max_attack_auroc']:g}", f"{attack['auroc']:.3f}"),
        (
            say("gate-attack-low"),
            f"≤ {gate['max_attack_tpr']:g}",
            f"{attack['tpr_at_1_percent_fpr']:.3f}",
        ),
        (say("gate-calibration"), slope, f"{found['slope']:.2f}"),
    ]
