"""Reads what the form of a page had signed, and shows a signature that the ledger refused."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Response, request

from consent import Outcome
from services.accounts import ProofInvalid
from web.current import words
from web.pages.guard import render

MAX_JSON_BYTES: Final = 16_384
CONFLICT: Final = 409

_REASONS: Final = {
    "stopped-since": "failed-stopped",
    "key-unknown": "failed-key",
    "key-ended": "failed-key",
    "time-in-future": "failed-clock",
    "paused": "failed-paused",
}


def signed_form() -> tuple[str, dict[str, Any]]:
    """Return the id of the message and the credential that the form sent.

    Raises:
        ProofInvalid: the form has no credential; the guard has a page that says so.
    """
    sent = request.form.get("credential", "")
    try:
        credential = orjson.loads(sent) if len(sent) <= MAX_JSON_BYTES else None
    except ValueError:
        credential = None
    if not isinstance(credential, dict):
        raise ProofInvalid("the form has no credential", "cancel")
    return request.form.get("signing", ""), credential


def refused(outcome: Outcome) -> Response:
    """Show why the ledger refused the signature; nothing is in force."""
    reason = words()(_REASONS.get(outcome.reason, "failed-other"))
    message = words()("failed", reason=reason)
    title = words()("down-title")
    return render("patient/message.html", title=title, message=message, status=CONFLICT)
