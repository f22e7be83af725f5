"""Makes what a patient signs to change their mind: take back, stop everything, research off."""

from __future__ import annotations

from typing import Final

from consent import Grant, Stop, Withdrawal, terms_hash
from models import Model
from services.accounts import SignatureRequest
from services.patient.asker import Asker
from services.patient.bringing import prepare
from services.patient.standing import ConsentSummary, is_deny, standings
from services.requests.choices import COPY
from services.statement import RequestedTerms, terms_for

FOR_EVER_S: Final = 100 * 365 * 86_400


def to_withdraw(asker: Asker, one: ConsentSummary) -> SignatureRequest | None:
    """Return what is signed to take a permission back; None where its terms cannot be read."""
    if one.terms is None:
        return None
    return prepare(asker, Withdrawal(asker.subject, terms_hash(one.terms)))


def to_stop(asker: Asker) -> tuple[SignatureRequest, list[ConsentSummary]]:
    """Return what is signed to stop everything, and the permissions that it ends."""
    ended = [
        one
        for one in standings(asker)[0]
        if one.kind in ("active", "recording") and not is_deny(one)
    ]
    message = Stop(asker.subject, int(asker.platform.clock()))
    return prepare(asker, message, n=len(ended)), ended


def opt_out_of(asker: Asker) -> ConsentSummary | None:
    """Return the patient's no to research that is in force, or None."""
    for one in standings(asker)[0]:
        if one.kind == "active" and is_deny(one) and one.terms and COPY in one.terms.purposes:
            return one
    return None


def to_opt_out(asker: Asker, wanted: str) -> tuple[SignatureRequest, str] | None:
    """Return what is signed to turn research ``off`` or ``on``, and its sentence; None if it is so.

    A no beats every permission for research.
    """
    off = opt_out_of(asker)
    if (wanted == "off") == (off is not None):
        return None
    message: Grant | Withdrawal
    if off is None or off.terms is None:
        now_s, said = int(asker.platform.clock()), asker.words("statement-opt-out")
        terms = terms_for(RequestedTerms("deny", "*", ("HRESCH",)), said)
        message = Grant(asker.subject, terms, now_s, now_s + FOR_EVER_S)
    else:
        said = asker.words("opt-out-on")
        message = Withdrawal(asker.subject, terms_hash(off.terms))
    return prepare(asker, message, research=wanted), said


def learned(asker: Asker, consents: list[bytes]) -> list[Model]:
    """Return the published models that learned under these consents, with what became of each."""
    found = asker.platform.diagnostics.models_trained_under(consents) if consents else []
    return [one for one in found if one.published_at_s is not None]
