"""Takes what the form of a page had signed, and brings it to the ledger once."""

from __future__ import annotations

from typing import Any, Final

import orjson

from services.accounts import ProofInvalid
from services.patient import bringing
from services.patient.bringing import Brought
from web.pages.page import Visit

MOST_JSON_BYTES: Final = 16_384


def bring(visit: Visit) -> Brought:
    """Bring what the form's device or wallet signed to the ledger.

    Raises:
        SignatureExpired, ProofInvalid: the door has a page that says so.
    """
    credential = _credential(visit.form.get("credential", ""))
    return bringing.bring(visit, visit.form.get("signing", ""), credential)


def _credential(sent: str) -> dict[str, Any]:
    try:
        found = orjson.loads(sent) if len(sent) <= MOST_JSON_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProofInvalid("the device sent no credential", "cancel")
    return found
