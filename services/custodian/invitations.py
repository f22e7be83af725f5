"""Invites people to the pages: patients by hospital number, staff by name and organisation."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from consent import DAY_S
from services.accounts import PATIENT, IdentityService, Invitee
from services.accounts.invitations import JOIN, VALID_DAYS
from services.custodian.identity_checks import IDENTITY_CHECKS, IdentityChecks
from services.errors import Invalid
from services.installation import Installation
from services.parties import ORGANISATION_PREFIX
from services.requests import PatientDirectory
from services.tokens import CLINICIAN, CUSTODIAN, ROLES
from services.words import Words

LOG: Final = logging.getLogger("vouchsafe.custodian")
MAX_NUMBER: Final = 64
MAX_NAME: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest:
    """Who is to be invited.

    Attributes:
        role: a patient, or one of the roles of staff.
        number: a patient's hospital number.
        name: what pages call a member of staff.
        party: the organisation they speak for; "" is the operator of this installation.
        identity: how their identity was checked; None if the caller has no form that asks it.
    """

    role: str
    number: str = ""
    name: str = ""
    party: str = ""
    identity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedInvitation:
    """A link that works once; it cannot be shown again. `until_s` is in seconds UTC."""

    link: str
    until_s: int
    days: int = VALID_DAYS


class CustodianInvitations:
    """The one way to invite anybody, for pages, API and command line."""

    def __init__(
        self,
        *,
        identity: IdentityService,
        directory: PatientDirectory,
        checks: IdentityChecks,
        installation: Installation,
    ) -> None:
        self._identity = identity
        self._checks = checks
        self._directory = directory
        self._installation = installation

    def ends_at_s(self) -> int:
        """Return when a link that is issued now stops working, seconds UTC."""
        return int(self._installation.clock()) + VALID_DAYS * DAY_S

    def invite(self, words: Words, request: InvitationRequest, *, by: str) -> IssuedInvitation:
        """Return the link of a new invitation.

        A patient whose number is new gets a subject and an entry in the directory. The journal has
        the identity check and the account `by` that made it, before the link is returned.

        Raises:
            Invalid: its fields say what is missing, or that the patient has an account already.
            VaultSealed (storage): the directory cannot be read without the root key.
            LedgerUnavailable, ViewRefused (consent): the check cannot be recorded now.
        """
        if request.role not in (PATIENT, *ROLES):
            raise _invalid(words, "role", "invite-role-error")
        is_patient = request.role == PATIENT
        is_stated = is_patient or request.identity is not None
        if is_stated and request.identity not in IDENTITY_CHECKS:
            raise _invalid(words, "identity", "invite-identity-error")
        invitee = self._patient(words, request) if is_patient else self._staff(words, request)
        if self._identity.has_account(invitee):
            raise _invalid(words, "number", "invite-has-account")
        self._checks.record(JOIN, request.identity, by=by, subject=invitee.subject)
        link = self._identity.invite(invitee, by)
        subject = f" {invitee.subject.hex()}" if invitee.subject else f" of {invitee.party}"
        LOG.info("invited %s%s, identity %s, by %s", request.role, subject, request.identity, by)
        return IssuedInvitation(link=link, until_s=self.ends_at_s())

    def _patient(self, words: Words, request: InvitationRequest) -> Invitee:
        number = require_number(words, request.number)
        return Invitee(PATIENT, "", "", self._directory.get_or_add([number])[number])

    def _staff(self, words: Words, request: InvitationRequest) -> Invitee:
        own = self._installation.organisation
        name, party = request.name.strip(), request.party.strip() or own
        if request.number:
            raise _invalid(words, "number", "invite-number-staff")
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise _invalid(words, "name", "invite-name-error")
        if not _is_organisation(party):
            raise _invalid(words, "party", "invite-party-error")
        if request.role in (CUSTODIAN, CLINICIAN) and party != own:
            raise _invalid(words, "party", "invite-party-own")
        return Invitee(request.role, party, name)


def require_number(words: Words, text: str) -> str:
    """Return a hospital number without surrounding space.

    Raises:
        Invalid: it is empty, longer than 64 characters, or not printable.
    """
    number = text.strip()
    if not 0 < len(number) <= MAX_NUMBER or not number.isprintable():
        raise _invalid(words, "number", "invite-number-error")
    return number


def _is_organisation(party: str) -> bool:
    is_plain = party.isascii() and party.isprintable() and " " not in party
    has_name = len(ORGANISATION_PREFIX) < len(party) <= MAX_NAME
    return party.startswith(ORGANISATION_PREFIX) and is_plain and has_name


def _invalid(words: Words, field: str, text: str) -> Invalid:
    return Invalid(words(text), {field: [words(text)]})
