"""Invites people to the pages: patients by hospital number, staff by name and organisation."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from attrs import define

from services.accounts import PATIENT, IdentityService, Invitee
from services.accounts.invitations import JOIN, VALID_DAYS, ends_at_s
from services.custodian.identity_checks import IDENTITY_CHECKS, IdentityChecks
from services.custodian.people_lists import MAX_NAME, is_hospital_number
from services.errors import Invalid
from services.installation import Installation
from services.parties import ORGANISATION_PREFIX
from services.requests import PatientDirectory
from services.tokens import CLINICIAN, CUSTODIAN, ROLES
from services.words import Words
from storage import RecordStore

LOG: Final = logging.getLogger("vouchsafe.custodian")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest:
    """Who is to be invited.

    Attributes:
        role: a patient, or one of the roles of staff.
        number: a patient's hospital number.
        name: what pages call a member of staff.
        party: the organisation they speak for; "" is the operator of this installation.
        identity: how their identity was checked; None if the caller has no form that asks it.
        new_patient: whether a patient of whom no records are stored may be invited.
    """

    role: str
    number: str = ""
    name: str = ""
    party: str = ""
    identity: str | None = None
    new_patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedInvitation:
    """A link that works once; it cannot be shown again.

    Attributes:
        until_s: when it stops working, seconds UTC.
        has_key: whether the patient has a key on the ledger, so that the link cannot create a
            passkey; False while the ledger cannot be read.
    """

    link: str
    until_s: int
    has_key: bool = False
    days: int = VALID_DAYS


@define(eq=False, repr=False, kw_only=True)
class CustodianInvitations:
    """The one way to invite anybody, for pages, API and command line."""

    _identity: IdentityService
    _store: RecordStore
    _directory: PatientDirectory
    _checks: IdentityChecks
    _installation: Installation

    def ends_at_s(self) -> int:
        """Return when a link that is issued now stops working, seconds UTC."""
        return ends_at_s(self._installation.clock())

    def invite(self, words: Words, request: InvitationRequest, *, by: str) -> IssuedInvitation:
        """Return the link of a new invitation.

        A patient whose number is new gets a subject and an entry in the directory. The journal has
        the identity check and the account `by` that made it, before the link is returned.

        Raises:
            Invalid: its fields say what is missing, that the patient has an account already, or
                (``new_patient``) that no records are stored of them and nobody confirmed that.
            VaultSealed (storage): the directory cannot be read without the root key.
            LedgerUnavailable, ViewRefused (consent): the check cannot be recorded now.
        """
        problems = self._problems(request)
        if problems:
            fields = {field: [words(text)] for field, text in problems.items()}
            raise Invalid(" ".join(texts[0] for texts in fields.values()), fields)
        is_patient = request.role == PATIENT
        if is_patient and not request.new_patient and not self._is_known(request.number.strip()):
            raise Invalid.of("new_patient", words("invite-no-records"))
        invitee = self._patient(words, request) if is_patient else self._staff(request)
        if self._identity.has_account(invitee):
            raise Invalid.of("number", words("invite-has-account"))
        self._checks.record(JOIN, request.identity, by=by, subject=invitee.subject)
        link = self._identity.invite(invitee, by)
        subject = f" {invitee.subject.hex()}" if invitee.subject else f" of {invitee.party}"
        LOG.info("invited %s%s, identity %s, by %s", request.role, subject, request.identity, by)
        has_key = self._has_key(link) if is_patient else False
        return IssuedInvitation(link=link, until_s=self.ends_at_s(), has_key=has_key)

    def _has_key(self, link: str) -> bool:
        registrations = self._identity.registrations
        invitation = registrations.find_invitation(link.rpartition("/")[2])
        return invitation is not None and registrations.has_other_key(invitation)

    def _patient(self, words: Words, request: InvitationRequest) -> Invitee:
        number = require_number(words, request.number)
        return Invitee(PATIENT, "", "", self._directory.get_or_add([number])[number])

    def _is_known(self, number: str) -> bool:
        """Return whether records of this patient are stored, or they have an account."""
        subject = self._directory.find_subject(number)
        if subject is None:
            return False
        has_records = bool(self._store.find_recorded([subject]))
        return has_records or self._identity.has_account(Invitee(PATIENT, "", "", subject))

    def _staff(self, request: InvitationRequest) -> Invitee:
        party = request.party.strip() or self._installation.organisation
        return Invitee(request.role, party, request.name.strip())

    def _problems(self, request: InvitationRequest) -> dict[str, str]:
        """Return the key of a text for each field that is wrong, in the order of the form."""
        problems = {}
        is_patient = request.role == PATIENT
        if not is_patient and request.role not in ROLES:
            problems["role"] = "invite-role-error"
        is_stated = is_patient or request.identity is not None
        if is_stated and request.identity not in IDENTITY_CHECKS:
            problems["identity"] = "invite-identity-error"
        if is_patient and not is_hospital_number(request.number.strip()):
            problems["number"] = "invite-number-error"
        return problems | (self._staff_problems(request) if request.role in ROLES else {})

    def _staff_problems(self, request: InvitationRequest) -> dict[str, str]:
        own, problems = self._installation.organisation, {}
        name, party = request.name.strip(), request.party.strip() or own
        if request.number:
            problems["number"] = "invite-number-staff"
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            problems["name"] = "invite-name-error"
        if not _is_organisation(party):
            problems["party"] = "invite-party-error"
        elif request.role in (CUSTODIAN, CLINICIAN) and party != own:
            problems["party"] = "invite-party-own"
        return problems


def require_number(words: Words, text: str) -> str:
    """Return a hospital number without surrounding space.

    Raises:
        Invalid: it is empty, longer than 64 characters, or not printable.
    """
    number = text.strip()
    if not is_hospital_number(number):
        raise Invalid.of("number", words("invite-number-error"))
    return number


def _is_organisation(party: str) -> bool:
    is_plain = party.isascii() and party.isprintable() and " " not in party
    has_name = len(ORGANISATION_PREFIX) < len(party) <= MAX_NAME
    return party.startswith(ORGANISATION_PREFIX) and is_plain and has_name
