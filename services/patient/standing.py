"""Says how a permission stands, in the words and pictures of the pages; in doubt: unknown."""

from __future__ import annotations

from dataclasses import dataclass

from consent import Consent, ConsentError, Terms
from services.errors import NotFound
from services.patient.asker import Asker
from services.requests import ACCEPTED

ACTIVE = "active"
KINDS = {
    "active": "active",
    "withdrawn": "withdrawn",
    "stopped": "withdrawn",
    "expired": "ended",
    "not-yet": "recording",
}


@dataclass(frozen=True, slots=True)
class ConsentSummary:
    """One permission as it is shown.

    Attributes:
        consent_id: 32 bytes.
        terms: what was agreed; None where the terms cannot be read.
        kind: active, recording, ended, withdrawn or unknown.
        state: the ledger's own word, or "".
        signed_at_s, not_after_s: when it was signed and when it ends; 0 if not known now.
    """

    consent_id: bytes
    terms: Terms | None
    kind: str
    state: str
    signed_at_s: int
    not_after_s: int

    @property
    def path(self) -> str:
        """The permission's own page."""
        return f"/patient/consents/{self.consent_id.hex()}"

    @property
    def terms_hash_known(self) -> bool:
        """True when the terms can be read."""
        return self.terms is not None


def standings(asker: Asker) -> tuple[list[ConsentSummary], bool]:
    """Return a patient's permissions, the newest first, and whether they could be checked now.

    What waits for the register is `recording`; with the register away, all are `unknown`.
    """
    ledger, subject = asker.platform.ledger, asker.subject
    kept = ledger.consent_terms.of_subject(subject)
    try:
        consents = ledger.consents_of(subject)
    except ConsentError:
        found = [ConsentSummary(one, terms, "unknown", "", 0, 0) for one, terms in kept.items()]
        return found, False
    found = [_of(one) for one in consents]
    known = {one.consent_id for one in consents}
    accepted = {
        one.consent_id
        for one in asker.platform.asking.requests.list_by_subject(subject)
        if one.state == ACCEPTED and one.consent_id is not None
    }
    waiting = [one for one in kept if one in accepted and one not in known]
    found += [ConsentSummary(one, kept[one], "recording", "", 0, 0) for one in waiting]
    return sorted(found, key=lambda one: -one.signed_at_s), True


def standing(asker: Asker, name: str) -> ConsentSummary:
    """Return one of a patient's permissions by its id in hex.

    Raises:
        NotFound: it is not there, or another's.
    """
    for one in standings(asker)[0]:
        if one.consent_id.hex() == name:
            return one
    raise NotFound


def is_deny(one: ConsentSummary) -> bool:
    """Tell whether it forbids, as the research opt-out does."""
    return one.terms is not None and one.terms.decision == "deny"


def _of(consent: Consent) -> ConsentSummary:
    return ConsentSummary(
        consent.consent_id,
        consent.terms,
        KINDS.get(consent.state, "unknown"),
        consent.state,
        consent.signed_at_s,
        consent.not_after_s,
    )
