"""What a patient signs, prepared for their device, and what became of the signature."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from services.accounts import SignatureRequest
from services.patient.bringing import Brought, bring
from services.patient.changes import opt_out_of, to_opt_out, to_stop
from web.api.route import Call
from web.cookies import with_new_session

KEY_CHANGES = ("KeyAddition", "KeyRemoval")


def prepared_shown(prepared: SignatureRequest, statement: str = "") -> dict[str, Any]:
    """Return as JSON what a device or a wallet needs to sign, good for ten minutes."""
    return {
        "signing": prepared.id,
        "kind": prepared.kind,
        "statement": statement,
        "typed_data": dict(prepared.typed_data),
        "digest": "0x" + prepared.digest.hex(),
        "options": dict(prepared.options),
    }


def post_signing(call: Call) -> Response:
    """Bring what was signed to the ledger, once; the same again is told the first result.

    After a change of keys every session of the patient has ended; the answer carries a new one.
    """
    people = call.platform.identity
    brought = bring(call, call.names["signing"], call.body)
    answer = Response(orjson.dumps(_brought(brought)), content_type="application/json")
    is_change = brought.prepared.kind in KEY_CHANGES and brought.is_in_force
    if is_change and not brought.is_again and people.passkeys.of(call.me.id):
        return with_new_session(call.platform.identity, answer, call.me)
    return answer


def post_stop(call: Call) -> dict[str, Any]:
    """What is to be signed to stop everything."""
    return prepared_shown(to_stop(call)[0], call.words("stop-page"))


def get_opt_out(call: Call) -> dict[str, Any]:
    """Whether research is turned off; a no beats every permission for research."""
    return {"research": "off" if opt_out_of(call) else "on"}


def post_opt_out(call: Call) -> dict[str, Any]:
    """What is to be signed to turn research off or on; nothing, if it is so already."""
    found = to_opt_out(call, call.body["research"])
    return {"to_sign": prepared_shown(*found) if found else None}


def _brought(brought: Brought) -> dict[str, Any]:
    consent_id = brought.outcome.consent_id
    return {
        "kind": brought.prepared.kind,
        "is_in_force": brought.is_in_force,
        "is_again": brought.is_again,
        "reason": brought.outcome.reason,
        "consent": "0x" + consent_id.hex() if consent_id else None,
        "transaction_hash": brought.outcome.transaction_hash or None,
    }
