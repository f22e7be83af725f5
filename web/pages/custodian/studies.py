"""Says whether a study may ask patients: what it plans, whom it reaches, what they would read."""

from __future__ import annotations

from typing import Final

from flask import Response

from services.custodian import approvals as approving
from services.requests import PROPOSED, Proposal
from web.pages.page import Visit

_UNPROCESSABLE: Final = 422


def every(visit: Visit) -> Response:
    """The studies that wait, and those that were answered."""
    found = visit.platform.asking.proposals.list_all()
    return visit.show("custodian/studies.html", title=visit.words("may-studies-title"), found=found)


def show(visit: Visit) -> Response:
    """May this study ask?"""
    return _page(visit, _require(visit), {}, 200)


def answer(visit: Visit) -> Response:
    """Approve or refuse; pressed twice, the first answer stays."""
    study = _require(visit)
    wish, why = visit.form.get("wish", ""), visit.form.get("why", "").strip()
    if wish == "approve":
        approving.approve(visit.platform, study, visit.me.id)
    elif wish == "refuse":
        if not why and study.state == PROPOSED:
            return _page(visit, study, {"why": visit.words("may-study-why")}, _UNPROCESSABLE)
        approving.refuse(visit.platform, study, visit.me.id, why)
    return visit.go(f"/custodian/studies/{visit.names['slug']}")


def _require(visit: Visit) -> Proposal:
    return visit.platform.asking.proposals.get(f"study:{visit.names['slug']}")


def _page(visit: Visit, study: Proposal, errors: dict[str, str], status: int) -> Response:
    return visit.show(
        "custodian/study.html",
        title=visit.words("may-study-title"),
        status=status,
        study=study,
        errors=errors,
        values=visit.form,
        kinds=visit.words.listed(visit.words(f"category-{one}") for one in study.categories),
        many=approving.reach(visit.platform, study),
        sentences=approving.sentences(visit.platform, visit.words, study),
    )
