"""Proposes a recovery for a patient who lost every key, and shows those that wait."""

from __future__ import annotations

from typing import Final

from flask import Response

from services.custodian import overview as keeping
from services.custodian.recoveries import propose as begin
from web.pages.page import Visit

MOST_PROOF: Final = 32_768
_UNPROCESSABLE: Final = 422


def show(visit: Visit) -> Response:
    """Who lost a key?"""
    return _page(visit, {}, 200)


def propose(visit: Visit) -> Response:
    """Bring the new key's own proof to the ledger; then the delay begins."""
    form, sent = visit.form, visit.files.get("proof")
    proof = sent.read(MOST_PROOF) if sent is not None else b""
    number, identity = form.get("number", ""), form.get("identity", "")
    try:
        begin(visit.platform, number, identity, proof, visit.me.id)
    except keeping.InviteWrong as exc:
        return _page(visit, {exc.field: visit.words(exc.word)}, _UNPROCESSABLE)
    return visit.go("/custodian/recoveries?done=yes")


def _page(visit: Visit, errors: dict[str, str], status: int) -> Response:
    waiting = visit.platform.ledger.keys.open_recoveries()
    numbers = visit.platform.asking.directory.numbers_of([one.subject for one in waiting])
    return visit.show(
        "custodian/recoveries.html",
        title=visit.words("recoveries-title"),
        status=status,
        errors=errors,
        values=visit.form if errors else {},
        done=visit.query.get("done") == "yes",
        waiting=[(numbers.get(one.subject, ""), one) for one in waiting],
    )
