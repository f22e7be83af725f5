"""The first page, and a request: read, answered, restricted, checked and signed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from models.pseudonymised import DELETION_DAYS
from services.accounts import PATIENT
from services.errors import Invalid
from services.patient.requests import LESS, NO, YES, RequestDetail
from services.requests import COOLING_OFF_DAYS, DECLINED, LAPSED
from services.requests.choices import Choice
from web.current import current_account, current_subject, services, words
from web.pages.forms import date_parts, first_errors
from web.pages.guard import render, see_other
from web.pages.signing import refused, signed_form, terms_rows
from web.view_options import requires_role

FIELDS = {"data_from": "from", "data_to": "to", "ends_on": "end"}

bp = Blueprint("patient_requests", __name__)


@bp.get("/patient")
@requires_role(PATIENT)
def home() -> Response:
    """Show what waits for an answer, what is in force, and the newest history lines."""
    summary = services().patient.home(current_subject(), words())
    erasures = services().patient.erasures.status(current_subject())
    return render(
        "patient/start.html", title=words()("patient-title"), summary=summary, erasures=erasures
    )


@bp.get("/patient/requests/<id>")
@requires_role(PATIENT)
def consent_request(id: str) -> Response:
    """Show a request in full, and the form to answer it."""
    detail = _get(id)
    return _request_page(detail, {}) if detail.is_waiting else _ended(detail)


@bp.post("/patient/requests/<id>")
@requires_role(PATIENT)
def answer(id: str) -> Response:
    """Take the answer: a yes leads on, less leads to the limits, a no is stored."""
    detail, given = _get(id), request.form.get("answer", "")
    if not detail.is_waiting:
        return _ended(detail)
    if given not in (YES, LESS, NO):
        return _request_page(detail, {"answer": words()("request-error")})
    if given == NO:
        return see_other(f"{detail.path}/decline")
    services().patient.requests.answer(current_subject(), words(), id, given)
    after_yes = "/copy" if detail.request.details.wants_copy else "/understand"
    return see_other(detail.path + (after_yes if given == YES else "/limits"))


@bp.get("/patient/requests/<id>/decline")
@requires_role(PATIENT)
def decline_form(id: str) -> Response:
    """Ask once more before a no is stored, and say what it means."""
    detail = _get(id)
    if not detail.is_waiting:
        return _ended(detail)
    title = words()("decline-title")
    return render("patient/decline.html", title=title, detail=detail, days=COOLING_OFF_DAYS)


@bp.post("/patient/requests/<id>/decline")
@requires_role(PATIENT)
def decline(id: str) -> Response:
    """Store the no; the page of the request then offers to change it."""
    detail = _get(id)
    if detail.is_waiting:
        services().patient.requests.answer(current_subject(), words(), id, NO)
    return see_other(detail.path)


@bp.post("/patient/requests/<id>/reconsider")
@requires_role(PATIENT)
def reconsider(id: str) -> Response:
    """Open a declined request again, so that it can be answered."""
    detail = services().patient.requests.reconsider(current_subject(), words(), id)
    return see_other(detail.path)


@bp.get("/patient/requests/<id>/copy")
@requires_role(PATIENT)
def copy_form(id: str) -> Response:
    """Ask for the copy, which a yes to the request does not include."""
    detail = _get(id)
    if not detail.is_waiting:
        return _ended(detail)
    if detail.choice is None or not detail.request.details.wants_copy:
        return see_other(detail.path)
    title, chosen = words()("grant-title-copy"), "yes" if detail.choice.may_copy else ""
    return render(
        "patient/copy.html",
        title=title,
        detail=detail,
        deletion_days=DELETION_DAYS,
        values={"copy": chosen},
        errors={},
    )


@bp.post("/patient/requests/<id>/copy")
@requires_role(PATIENT)
def choose_copy(id: str) -> Response:
    """Store whether a copy is allowed; without the tick it is not."""
    may_copy = request.form.get("copy") == "yes"
    requests = services().patient.requests
    detail = requests.choose_copy(current_subject(), words(), id, may_copy=may_copy)
    return see_other(f"{detail.path}/understand")


@bp.get("/patient/requests/<id>/limits")
@requires_role(PATIENT)
def limits(id: str) -> Response:
    """Show the form to allow less; nothing is ticked that the patient did not tick."""
    detail = _get(id)
    if not detail.is_waiting:
        return _ended(detail)
    return _limits_page(detail, _form_values(detail.choice) if detail.choice else {}, {})


@bp.post("/patient/requests/<id>/limits")
@requires_role(PATIENT)
def save_limits(id: str) -> Response:
    """Store what is allowed, or say what is missing."""
    detail = _get(id)
    if not detail.is_waiting:
        return _ended(detail)
    choice = _form_choice(detail)
    try:
        services().patient.requests.answer(current_subject(), words(), id, LESS, choice)
    except Invalid as exc:
        return _limits_page(detail, request.form, first_errors(exc, **FIELDS))
    return see_other(f"{detail.path}/understand")


@bp.get("/patient/requests/<id>/understand")
@requires_role(PATIENT)
def understand(id: str) -> Response:
    """Ask two questions about the request; the answers are explained, and not stored."""
    detail = _get(id)
    if not detail.is_waiting:
        return _ended(detail)
    return render(
        "patient/understand.html",
        title=words()("understand-title", n=2 if detail.request.details.wants_copy else 1),
        detail=detail,
        answers={name: request.form.get(name, "") for name in ("ask-1", "ask-2")},
        is_sent=request.method == "POST",
        values=request.form,
        errors={},
    )


@bp.post("/patient/requests/<id>/understand")
@requires_role(PATIENT)
def explain(id: str) -> Response:
    """Explain the answers to the two questions."""
    return understand(id)


@bp.get("/patient/requests/<id>/check")
@requires_role(PATIENT)
def check(id: str) -> Response:
    """Show every term and the sentences, for the device to sign just these."""
    detail = _get(id)
    if not detail.is_waiting:
        return _ended(detail)
    if detail.choice is None:
        return see_other(detail.path)
    patient = services().patient
    review = patient.requests.prepare_grant(current_account(), words(), id)
    message = review.signature.typed_data["message"]
    records = message["terms"]["records"]
    return render(
        "patient/check.html",
        title=words()("check-title"),
        detail=detail,
        rows=terms_rows(
            words(),
            message,
            detail.party_name,
            f"{detail.path}/limits",
            wants_copy=detail.request.details.wants_copy,
            record_names=patient.records.name_few(current_subject(), words(), records),
        ),
        review=review,
    )


@bp.post("/patient/requests/<id>/check")
@requires_role(PATIENT)
def sign(id: str) -> Response:
    """Submit the signed permission to the ledger, once; then show its state."""
    _get(id)
    submitted = services().patient.signatures.submit(current_account(), *signed_form())
    if not submitted.is_granted:
        return refused(submitted.outcome)
    consent_id = (submitted.outcome.consent_id or b"").hex()
    new = "again" if submitted.is_repeated else "yes"
    return see_other(f"/patient/consents/{consent_id}?new={new}")


def _get(request_id: str) -> RequestDetail:
    return services().patient.requests.get(current_subject(), words(), request_id)


def _request_page(detail: RequestDetail, errors: dict[str, str]) -> Response:
    return render(
        "patient/request.html",
        title=words()("request-title", study=detail.party_name),
        detail=detail,
        errors=errors,
        values={"answer": detail.answer},
    )


def _limits_page(detail: RequestDetail, values: Any, errors: dict[str, str]) -> Response:
    records = services().patient.requests.requested_records(current_subject(), words(), detail)
    return render(
        "patient/limits.html",
        title=words()("limits-title"),
        detail=detail,
        records=records,
        errors=errors,
        values=values,
    )


def _ended(detail: RequestDetail) -> Response:
    """Show the result of a request that is not waiting."""
    consent_id, state = detail.request.consent_id, detail.request.state
    if state not in (DECLINED, LAPSED):
        return see_other(f"/patient/consents/{consent_id.hex()}" if consent_id else "/patient")
    key = "declined" if state == DECLINED else "lapsed"
    return render("patient/closed.html", title=words()(f"{key}-title"), detail=detail, key=key)


def _form_choice(detail: RequestDetail) -> Choice:
    form = request.form
    return Choice(
        purposes=tuple(form.getlist("purposes")),
        categories=tuple(form.getlist("categories")),
        data_from=_date_text("from"),
        data_to=_date_text("to"),
        ends_on=_date_text("end") or detail.latest_end,
        may_copy=form.get("copy") == "yes",
        left_out=tuple(form.getlist("left_out")),
    )


def _date_text(name: str) -> str:
    """Return the three inputs of a date as YYYY-MM-DD, a date or not; "" if all are empty."""
    year, month, day = date_parts(request.form, name)
    return f"{year:0>4}-{month:0>2}-{day:0>2}" if year or month or day else ""


def _form_values(choice: Choice) -> dict[str, object]:
    values: dict[str, object] = {
        "purposes": choice.purposes,
        "categories": choice.categories,
        "left_out": choice.left_out,
        "copy": "yes" if choice.may_copy else "",
    }
    for name, iso in (("from", choice.data_from), ("to", choice.data_to), ("end", choice.ends_on)):
        parts = iso.split("-") if iso else ("", "", "")
        values |= dict(zip((f"{name}-year", f"{name}-month", f"{name}-day"), parts, strict=True))
    return values
