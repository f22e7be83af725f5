"""Invites somebody to the pages; a patient by hospital number, whose subject is found or made."""

from __future__ import annotations

import secrets
from typing import Final

from services.accounts import PATIENT, Invitee
from services.errors import Invalid
from services.platform import Platform
from services.tokens import CLINICIAN, CUSTODIAN

SUBJECT_BYTES: Final = 32
ORGANISATION: Final = "organisation:"


class NotInvited(Invalid):
    """Nobody can be invited like this; the message says what is asked wrongly (422)."""


def invite(platform: Platform, role: str, party: str = "", name: str = "", number: str = "") -> str:
    """Return the link of an invitation; it works once, for seven days.

    Who looks after records here or treats patients here speaks for this organisation; a researcher
    or an auditor may be of another one. A patient gets no name: the hospital number finds them.

    Raises:
        NotInvited: no such role, a party that is no organisation, a patient without a number, or
            who has an account already.
        VaultSealed (storage): the directory cannot be read without the root key.
    """
    party = party or platform.organisation
    subject = None
    if role == PATIENT:
        subject, party, name = _subject(platform, number), "", ""
    elif number:
        raise NotInvited("only a patient has a hospital number")
    elif not party.startswith(ORGANISATION):
        raise NotInvited(f"people speak for an organisation: {ORGANISATION}NAME")
    elif role in (CUSTODIAN, CLINICIAN) and party != platform.organisation:
        raise NotInvited(f"a {role} here speaks for {platform.organisation}")
    try:
        return platform.identity.invite(Invitee(role, party, name, subject))
    except ValueError as exc:
        raise NotInvited(str(exc)) from exc


def _subject(platform: Platform, number: str) -> bytes:
    if not number:
        raise NotInvited("a patient is invited by their hospital number")
    directory = platform.asking.directory
    found = directory.find_subject(number)
    if found is None:
        directory.add([(number, secrets.token_bytes(SUBJECT_BYTES))])
        # Of two invitations at once only one has added it.
        found = directory.find_subject(number)
    if found is None:
        raise NotInvited("this hospital number could not be written down")
    return found
