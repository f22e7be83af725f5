"""A patient's permissions: the list, each one with its receipt, and taking one back."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from consent import PENDING
from services.patient import held
from services.patient.changes import to_withdraw
from services.patient.lines import shown
from services.patient.standing import ConsentSummary, is_deny, standing, standings
from services.requests.choices import COPY
from services.requests.wording import format_categories, format_purposes, summarise
from web.pages.page import Visit
from web.pages.patient.signed import failed
from web.pages.signing import bring

DAY_S = 86_400


def permissions(visit: Visit) -> Response:
    """Who may use my records?"""
    found, is_checked = standings(visit)
    asking = visit.platform.asking
    rows = [
        (
            one,
            asking.party_name(one.terms.recipient),
            summarise(visit.words, asking.party_name(one.terms.recipient), one.terms),
        )
        for one in found
        if one.terms is not None and not is_deny(one)
    ]
    current = ("active", "recording", "unknown")
    return visit.show(
        "patient/permissions.html",
        title=visit.words("consents-title"),
        active=[row for row in rows if row[0].kind in current],
        ended=[row for row in rows if row[0].kind not in current],
        is_checked=is_checked,
    )


def permission(visit: Visit) -> Response:
    """Is it in force? What it allows, the receipt, and the uses under it."""
    one = standing(visit, visit.names["id"])
    party = _party(visit, one)
    terms = one.terms
    lines = visit.platform.asking.history.list_by_consent(visit.subject, one.consent_id)
    return visit.show(
        "patient/permission.html",
        title=visit.words("consent-title"),
        one=one,
        party=party,
        says=summarise(visit.words, party, terms) if terms else "",
        purposes=format_purposes(visit.words, terms.purposes) if terms else "",
        categories=format_categories(visit.words, terms.categories) if terms else "",
        lines=[shown(visit, line) for line in lines],
        is_again=visit.query.get("new") == "again",
    )


def state(visit: Visit) -> Response:
    """The status alone, for the page that waits for the register."""
    one = standing(visit, visit.names["id"])
    return visit.show("patient/permission_state.html", title="", one=one, party=_party(visit, one))


def receipt(visit: Visit) -> Response:
    """The patient's own copy: every term as signed, and where it stands in the register."""
    one = standing(visit, visit.names["id"])
    told = held.receipt(visit, one)
    body = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    name = f'attachment; filename="permission-{one.consent_id.hex()[:8]}.json"'
    headers = {"Content-Disposition": name}
    return Response(body, 200, headers, content_type="application/json")


def withdrawal(visit: Visit) -> Response:
    """What stops, what stays? One touch takes it back; no reason is asked."""
    one = standing(visit, visit.names["id"])
    if one.kind in ("withdrawn", "ended"):
        return visit.go(one.path)
    return visit.show(
        "patient/withdrawal.html",
        title=visit.words("withdraw-page"),
        one=one,
        party=_party(visit, one),
        prepared=to_withdraw(visit, one),
        has_models=bool(_models(visit, one)),
        may_copy=one.terms is not None and COPY in one.terms.purposes,
        days=visit.words.number(visit.platform.diagnostics.grace_s // DAY_S),
    )


def withdraw(visit: Visit) -> Response:
    """Take it back: at once in force, whether the register can be reached or not."""
    one = standing(visit, visit.names["id"])
    brought = bring(visit)
    if not brought.is_in_force:
        return failed(visit, brought.outcome)
    return visit.show(
        "patient/withdrawn.html",
        title=visit.words("withdraw-done-title"),
        one=one,
        party=_party(visit, one),
        models=_models(visit, one),
        at=visit.words.time(visit.platform.clock()),
        ends=visit.words.day(visit.platform.clock() + visit.platform.diagnostics.grace_s),
        is_waiting=brought.outcome.reason == PENDING,
        is_again=brought.is_again,
        may_copy=one.terms is not None and COPY in one.terms.purposes,
    )


def _party(visit: Visit, one: ConsentSummary) -> str:
    return visit.platform.asking.party_name(one.terms.recipient) if one.terms else ""


def _models(visit: Visit, one: ConsentSummary) -> list[Any]:
    found = visit.platform.diagnostics.models_trained_under([one.consent_id])
    return [model for model in found if model.ended_at_s is None]
