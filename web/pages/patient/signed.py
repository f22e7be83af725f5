"""Check and sign: every term with the words that are signed, then the register's answer."""

from __future__ import annotations

from typing import Any

from flask import Response

from consent import Outcome
from services.patient.asked import chosen_of, grant_of
from services.patient.bringing import prepare
from services.requests import WAITING, ConsentRequest
from services.requests.choices import Choice
from services.requests.wording import format_categories, format_day, format_period, format_purposes
from web.pages.page import Visit
from web.pages.patient.asked import over
from web.pages.signing import bring


def check(visit: Visit) -> Response:
    """Is this what I want? The page shows every term; the device signs just these words."""
    one = visit.platform.asking.requests.get(visit.subject, visit.names["id"])
    if one.state != WAITING:
        return over(visit, one)
    choice = chosen_of(visit, one)
    if choice is None:
        return visit.go(f"/patient/requests/{one.id}")
    grant = grant_of(visit, one, choice)
    return visit.show(
        "patient/check.html",
        title=visit.words("check-title"),
        one=one,
        rows=_rows(visit, one, choice),
        statement=grant.terms.statement,
        prepared=prepare(visit, grant, request=one.id),
    )


def sign(visit: Visit) -> Response:
    """Bring the signed permission to the register, once; then show how it stands."""
    visit.platform.asking.requests.get(visit.subject, visit.names["id"])
    brought = bring(visit)
    if not brought.is_known:
        return failed(visit, brought.outcome)
    consent_id = (brought.outcome.consent_id or b"").hex()
    return visit.go(f"/patient/consents/{consent_id}?new={'again' if brought.is_again else 'yes'}")


def failed(visit: Visit, outcome: Outcome) -> Response:
    """Say in words why the register refused it; nothing is in force."""
    reasons = {
        "stopped-since": "failed-stopped",
        "key-unknown": "failed-key",
        "key-ended": "failed-key",
        "time-in-future": "failed-clock",
        "paused": "failed-paused",
    }
    why = visit.words(reasons.get(outcome.reason, "failed-other"))
    said = visit.words("failed", reason=why)
    title = visit.words("down-title")
    return visit.show("patient/over.html", title=title, said=said, status=409)


def _rows(visit: Visit, one: ConsentRequest, choice: Choice) -> list[Any]:
    words, change = visit.words, f"/patient/requests/{one.id}/limits"
    span = format_period(words, choice.data_from, choice.data_to)
    copies = words("check-copies-yes" if choice.may_copy else "check-copies-no")
    rows = [
        (words("check-who"), visit.platform.asking.party_name(one.details.party)),
        (words("check-purposes"), format_purposes(words, choice.purposes), change),
        (words("check-categories"), format_categories(words, choice.categories), change),
        (words("check-dates"), span, change),
        (words("check-end"), format_day(words, choice.ends_on), change),
    ]
    return [*rows, (words("check-copies"), copies, change)] if one.details.wants_copy else rows
