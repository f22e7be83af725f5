"""Says whether a study may ask patients: what it plans, whom it reaches, what they would read."""

from __future__ import annotations

from typing import Any, Final

from flask import Response

from web.asking import PROPOSED, Proposal
from web.pages.page import Visit

_UNPROCESSABLE: Final = 422
_MOST_REASON: Final = 2_000
_DAY_S: Final = 86_400


def every(visit: Visit) -> Response:
    """The studies that wait, and those that were answered."""
    found = visit.platform.asking.proposals.all()
    return visit.show("custodian/studies.html", title=visit.words("may-studies-title"), found=found)


def show(visit: Visit) -> Response:
    """May this study ask?"""
    return _page(visit, _require(visit), {}, 200)


def answer(visit: Visit) -> Response:
    """Approve or refuse; pressed twice, the first answer stays."""
    study, proposals = _require(visit), visit.platform.asking.proposals
    wish, why = visit.form.get("wish", ""), visit.form.get("why", "").strip()[:_MOST_REASON]
    if study.state == PROPOSED and wish == "approve":
        proposals.approve(study.study, visit.me.id)
    elif study.state == PROPOSED and wish == "refuse":
        if not why:
            return _page(visit, study, {"why": visit.words("may-study-why")}, _UNPROCESSABLE)
        proposals.refuse(study.study, visit.me.id, why)
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
        many=len(visit.platform.asking.eligible(study.categories)),
        sentences=_sentences(visit, study),
    )


def _sentences(visit: Visit, study: Proposal) -> list[str]:
    """Return what patients will read, in their words and order."""
    say, asking = visit.words, visit.platform.asking
    keeper = asking.party_name(visit.platform.organisation)
    days = {"from": study.data_from, "to": study.data_to}
    always = not (study.data_from and study.data_to)
    told: dict[str, Any] = {
        "study": study.title,
        "organisation": asking.party_name(study.owner),
        "board": study.board,
        "categories": say.listed(say(f"category-{code}") for code in study.categories),
        "condition": study.condition,
        "operator": keeper,
        "custodian": keeper,
        "date": say.day(visit.platform.clock() + study.days * _DAY_S),
        "n": round(visit.platform.diagnostics.grace_s / _DAY_S),
    }
    keys = ["who", "free", "what-always" if always else "what", "why", "access", "end", "means"]
    keys += ["not", "risk", "withdraw", "limits", *(["copy"] if study.wants_copy else [])]
    return [say(f"grant-{key}", **told, **days) for key in keys]
