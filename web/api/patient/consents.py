"""A patient's permissions, their withdrawal, the stop, and the research choice."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from services.accounts import PATIENT
from services.errors import NotFound
from services.patient.consents import ConsentDetail, ConsentList
from web.api.patient.schemas import (
    ConsentDetailSchema,
    ConsentsSchema,
    ResearchBody,
    ResearchReviewSchema,
    ResearchSchema,
    ReviewSchema,
    SignatureBody,
    SubmittedSchema,
)
from web.api.resources import accepts, accepts_nothing, returns
from web.api.schemas import ObjectAnswer
from web.cookies import current_passkey, with_new_session
from web.current import current_account, current_subject, services, words
from web.responses import json_response
from web.view_options import requires_role

bp = Blueprint("patient_consents", __name__)


@bp.get("/patient/consents")
@requires_role(PATIENT)
@returns(ConsentsSchema)
def get_own_consents() -> ConsentList:
    """Return every permission, the newest first, and whether they could be checked now."""
    return services().patient.consents.list_all(current_subject(), words())


@bp.get("/patient/consents/<consent>")
@requires_role(PATIENT)
@returns(ConsentDetailSchema)
def get_own_consent(consent: str) -> ConsentDetail:
    """Return one permission, and the uses under it."""
    return services().patient.consents.get(current_subject(), words(), consent)


@bp.get("/patient/consents/<consent>/receipt")
@requires_role(PATIENT)
@returns(ObjectAnswer)
def get_receipt(consent: str) -> Response:
    """Return the patient's own proof: every term as signed, and the ledger."""
    consents = services().patient.consents
    return json_response(consents.receipt(current_subject(), words(), consent))


@bp.post("/patient/consents/<consent>/withdrawal")
@requires_role(PATIENT)
@accepts_nothing
@returns(ReviewSchema)
def post_withdrawal(consent: str) -> dict[str, Any]:
    """Return the withdrawal of a permission to sign; no reason is needed."""
    withdrawals = services().patient.withdrawals
    review = withdrawals.prepare_withdrawal(current_account(), words(), consent)
    if review.signature is None:
        raise NotFound
    return {"signature": review.signature, "statement": words()("withdraw-page")}


@bp.post("/patient/stop")
@requires_role(PATIENT)
@accepts_nothing
@returns(ReviewSchema)
def post_stop() -> dict[str, Any]:
    """Return the end of all permissions to sign."""
    review = services().patient.withdrawals.prepare_stop(current_account(), words())
    return {"signature": review.signature, "statement": words()("stop-page")}


@bp.get("/patient/opt-out")
@requires_role(PATIENT)
@returns(ResearchSchema)
def get_opt_out() -> dict[str, str | None]:
    """Return whether research is on or off; off overrides every permission for research."""
    choice = services().patient.withdrawals.research_choice(current_subject(), words())
    return {"research": choice}


@bp.post("/patient/opt-out")
@requires_role(PATIENT)
@accepts(ResearchBody)
@returns(ResearchReviewSchema)
def post_opt_out(body: dict[str, str]) -> dict[str, Any]:
    """Return the change of the research choice to sign; null if nothing is to be changed."""
    withdrawals = services().patient.withdrawals
    account, choice = current_account(), body["research"]
    return {"to_sign": withdrawals.prepare_research_choice(account, words(), choice)}


@bp.post("/patient/signings/<signing>")
@requires_role(PATIENT)
@accepts(SignatureBody)
@returns(SubmittedSchema)
def post_signing(signing: str, body: dict[str, Any]) -> Response:
    """Submit a signature to the ledger, once; the same again returns the first result.

    A change of keys ends every session of the patient; the response carries a new one.
    """
    patient, account = services().patient, current_account()
    passkey = current_passkey(services().identity)  # of the session, which the change ends
    submitted = patient.signatures.submit(account, signing, body)
    response = json_response(SubmittedSchema().dump(submitted))
    if submitted.ends_sessions and patient.keys.has_passkeys(account):
        return with_new_session(services().identity, response, account, passkey)
    return response
