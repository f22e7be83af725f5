"""Withdrawing a permission, stopping everything, and the research choice."""

from __future__ import annotations

from flask import Blueprint, Response, request

from models.pseudonymised import DELETION_DAYS
from services.accounts import PATIENT
from services.patient.signatures import OFF, ON
from web.current import current_account, current_subject, services, words
from web.pages.guard import render, see_other
from web.pages.signing import refused, signed_form, terms_rows
from web.view_options import requires_role

bp = Blueprint("patient_withdrawals", __name__)


@bp.get("/patient/consents/<id>/withdrawal")
@requires_role(PATIENT)
def withdrawal(id: str) -> Response:
    """Show what a withdrawal stops and what stays; no reason is needed."""
    withdrawals = services().patient.withdrawals
    review = withdrawals.prepare_withdrawal(current_account(), words(), id)
    if not review.consent.is_current:
        return see_other(review.consent.path)
    return render("patient/withdrawal.html", title=words()("withdraw-page"), review=review)


@bp.post("/patient/consents/<id>/withdrawal")
@requires_role(PATIENT)
def withdraw(id: str) -> Response:
    """Withdraw the permission: in force at once, whether the ledger can be reached or not."""
    patient = services().patient
    # Another patient's permission is not found, whatever the form contains.
    patient.consents.find(current_subject(), words(), id)
    result = patient.withdrawals.withdraw(current_account(), words(), id, *signed_form())
    if not result.submitted.is_in_force:
        return refused(result.submitted.outcome)
    title = words()("withdraw-done-title")
    return render("patient/withdrawn.html", title=title, result=result, deletion_days=DELETION_DAYS)


@bp.get("/patient/stop")
@requires_role(PATIENT)
def stop_form() -> Response:
    """Show which permissions a stop ends."""
    review = services().patient.withdrawals.prepare_stop(current_account(), words())
    return render("patient/stop.html", title=words()("stop-page"), review=review)


@bp.post("/patient/stop")
@requires_role(PATIENT)
def stop() -> Response:
    """End all permissions: in force at once, whether the ledger can be reached or not."""
    result = services().patient.withdrawals.stop(current_account(), *signed_form())
    if not result.submitted.is_in_force:
        return refused(result.submitted.outcome)
    return render("patient/stopped.html", title=words()("stop-done-title"), result=result)


@bp.get("/patient/opt-out")
@requires_role(PATIENT)
def research() -> Response:
    """Show whether research is on or off, and the form to change it.

    A patient who was erased is led to the page that says so: there is nothing to choose.
    """
    if services().patient.erasures.status(current_subject()).is_erased:
        return see_other("/patient/erasure")
    return _research_page({})


@bp.post("/patient/opt-out")
@requires_role(PATIENT)
def choose_research() -> Response:
    """Show the change of the research choice to sign, or that nothing changes."""
    choice = request.form.get("research", "")
    if choice not in (ON, OFF):
        return _research_page({"research": words()("opt-out-error")})
    withdrawals = services().patient.withdrawals
    review = withdrawals.prepare_research_choice(current_account(), words(), choice)
    if review is None:
        return _research_saved(choice)
    title = words()("opt-out-title")
    is_grant = review.terms_hash is None
    message = review.signature.typed_data["message"]
    rows = terms_rows(words(), message, "") if is_grant else []
    return render("patient/opt_out_sign.html", title=title, review=review, rows=rows)


@bp.post("/patient/opt-out/sign")
@requires_role(PATIENT)
def sign_research() -> Response:
    """Submit the change of the research choice to the ledger."""
    submitted = services().patient.signatures.submit(current_account(), *signed_form())
    if not submitted.is_in_force:
        return refused(submitted.outcome)
    choice = services().patient.withdrawals.research_choice(current_subject(), words())
    return _research_saved(choice)


def _research_page(errors: dict[str, str]) -> Response:
    choice = services().patient.withdrawals.research_choice(current_subject(), words())
    return render(
        "patient/opt_out.html",
        title=words()("opt-out-title"),
        errors=errors,
        values={"research": choice},
    )


def _research_saved(choice: str | None) -> Response:
    message = words()(f"opt-out-saved-{choice}" if choice else "notice-away")
    return render("patient/message.html", title=words()("opt-out-title"), message=message)
