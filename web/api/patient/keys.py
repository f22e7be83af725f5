"""The keys that can sign for a patient: passkeys added and removed, a proposed key refused."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from services.accounts import PATIENT, DeviceRequest
from services.patient.keys import KeyList
from web.api.patient.schemas import (
    CreationSchema,
    KeysSchema,
    PasskeyBody,
    PasskeyProofBody,
    ProofRequestSchema,
    ReviewSchema,
)
from web.api.resources import accepts, accepts_nothing, returns
from web.current import current_account, services, words
from web.view_options import requires_role

bp = Blueprint("patient_keys", __name__)


@bp.get("/patient/keys")
@requires_role(PATIENT)
@returns(KeysSchema)
def get_own_keys() -> KeyList:
    """Return the passkeys, the delegates' keys, and every new key that was proposed."""
    return services().patient.keys.list_all(current_account())


@bp.post("/patient/keys")
@requires_role(PATIENT)
@accepts_nothing
@returns(CreationSchema)
def post_key() -> DeviceRequest:
    """Return the first request to the new device: to create a passkey."""
    return services().patient.keys.begin_addition(current_account())


@bp.post("/patient/keys/passkey")
@requires_role(PATIENT)
@accepts(PasskeyBody)
@returns(ProofRequestSchema)
def post_passkey(body: dict[str, Any]) -> DeviceRequest:
    """Store the passkey that the device created; return what it is to prove."""
    keys, label = services().patient.keys, words()("keys-new")
    return keys.add_passkey(current_account(), body["challenge"], body["credential"], label)


@bp.post("/patient/keys/proof")
@requires_role(PATIENT)
@accepts(PasskeyProofBody)
@returns(ReviewSchema)
def post_key_proof(body: dict[str, Any]) -> dict[str, Any]:
    """Store the proof of the new passkey; return its addition, for an earlier key to sign."""
    keys = services().patient.keys
    signature = keys.prove_passkey(current_account(), body["signing"], body["credential"])
    return {"signature": signature, "statement": words()("keys-add-sign-title")}


@bp.post("/patient/keys/<key>/removal")
@requires_role(PATIENT)
@accepts_nothing
@returns(ReviewSchema)
def post_key_removal(key: str) -> dict[str, Any]:
    """Return the removal of a passkey to sign."""
    review = services().patient.keys.prepare_removal(current_account(), key)
    return {"signature": review.signature, "statement": words()("keys-remove-title")}


@bp.post("/patient/keys/<signer>/veto")
@requires_role(PATIENT)
@accepts_nothing
@returns(ReviewSchema)
def post_key_veto(signer: str) -> dict[str, Any]:
    """Return the refusal of a proposed key to sign."""
    signature = services().patient.keys.prepare_veto(current_account(), signer)
    return {"signature": signature, "statement": words()("keys-veto-title")}
