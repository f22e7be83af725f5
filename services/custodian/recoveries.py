"""Proposes a new key for a patient who lost all, after their identity was checked again."""

from __future__ import annotations

import logging
from typing import Final

from consent import Enrolment
from records import JsonInvalid
from records.json_strict import loads
from services.custodian.overview import CHECKS, InviteWrong
from services.platform import Platform
from services.schemas import SignedEnrolments, ValidationError

LOG: Final = logging.getLogger("vouchsafe.custodian")


def propose(platform: Platform, number: str, identity: str, proof: bytes, by: str) -> None:
    """Propose the key that signed `proof` (JSON, as one of POST /enrolments) for a patient.

    It waits the recovery delay, is on the ledger for everybody, and any own key may veto it.

    Raises:
        InviteWrong: which field is missing or wrong; nothing was proposed.
        LedgerUnavailable (consent): the chain is away; nothing was proposed.
    """
    if identity not in CHECKS:
        raise InviteWrong("identity", "invite-identity-error")
    subject = platform.asking.directory.find_subject(number.strip()) if number.strip() else None
    if subject is None or not platform.ledger.is_enrolled(subject):
        raise InviteWrong("number", "recoveries-number-error")
    try:
        signed = SignedEnrolments().load({"signed": [loads(proof)]})["signed"][0]
    except (ValidationError, JsonInvalid) as exc:
        raise InviteWrong("proof", "recoveries-proof-error") from exc
    message = signed.message
    if not isinstance(message, Enrolment) or message.subject != subject:
        raise InviteWrong("proof", "recoveries-proof-error")
    outcome = platform.ledger.keys.propose_recovery(signed)
    if not outcome.ok:
        raise InviteWrong("proof", "recoveries-refused")
    LOG.info("recovery proposed for %s, identity %s, by %s", subject.hex(), identity, by)
