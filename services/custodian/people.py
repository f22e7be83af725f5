"""Lists staff accounts and open invitations; disables accounts, revokes links, ends sessions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.accounts import PATIENT, Account, IdentityService
from services.accounts.invitations import MAX_OPEN, Invitation
from services.accounts.sessions import Session
from services.errors import Invalid, NotFound
from services.requests import PatientDirectory
from services.tokens import CUSTODIAN
from services.words import Words

LOG: Final = logging.getLogger("vouchsafe.custodian")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccount:
    """A person of staff who joined here; times are seconds UTC.

    Attributes:
        name, role, party: as invited.
        joined_at_s: when the account was opened.
        last_used_at_s: when one of its passkeys last signed in; None if it has none.
        sessions: where the person is signed in now, the newest first.
    """

    id: str
    name: str
    role: str
    party: str
    joined_at_s: int
    last_used_at_s: int | None
    is_disabled: bool
    sessions: Sequence[Session]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """A link that still works.

    Attributes:
        id: names the link; it cannot be used to join.
        kind: ``join``, or ``recover`` for a new key of a patient.
        name: of staff; the hospital number of a patient, "" if the directory has none.
        issued_by: the name of the account that issued it; "" if it is not known.
    """

    id: str
    kind: str
    role: str
    name: str
    party: str
    issued_by: str
    issued_at_s: int
    until_s: int


class CustodianPeople:
    """Who can sign in here apart from patients, and which links are open; each change is logged.

    NotFound is raised for an account that does not exist or is a patient's.
    """

    def __init__(self, *, identity: IdentityService, directory: PatientDirectory) -> None:
        self._identity = identity
        self._directory = directory

    def list_staff(self) -> list[StaffAccount]:
        """Return every staff account, by name, disabled ones too."""
        staff = self._identity.accounts.list_staff()
        last_uses = self._identity.passkeys.last_uses([account.id for account in staff])
        return [self._staff(account, last_uses.get(account.id)) for account in staff]

    def get(self, account_id: str) -> StaffAccount:
        """Return one staff account."""
        account = self._identity.accounts.find(account_id)
        if account is None or account.role == PATIENT:
            raise NotFound("No staff account has this id; `person list` shows all ids.")
        passkeys = self._identity.passkeys.of(account_id)
        return self._staff(account, max((key.used_at_s for key in passkeys), default=None))

    def disable(self, words: Words, account_id: str, *, by: str) -> StaffAccount:
        """Lock a person out at once: sessions end, passkeys are refused, issued links are revoked.

        Repeating it changes nothing. To let the person in again, invite them again.

        Raises:
            Invalid: it is the caller's own account, or the last custodian who can sign in.
        """
        self.get(account_id)
        if account_id == by:
            raise Invalid.of("account", words("people-own-error"))
        if not self._identity.disable(account_id, CUSTODIAN):
            raise Invalid.of("account", words("people-last-error"))
        LOG.info("account %s disabled by %s", account_id, by)
        return self.get(account_id)

    def end_sessions(self, account_id: str, *, by: str) -> StaffAccount:
        """Sign a person out everywhere; they can sign in again."""
        self.get(account_id)
        self._identity.sessions.end_all(account_id)
        LOG.info("sessions of account %s ended by %s", account_id, by)
        return self.get(account_id)

    def list_invitations(self) -> list[OpenInvitation]:
        """Return the links that still work, the newest first, 1,000 at most."""
        invitations = self._identity.invitations.list_open(MAX_OPEN)
        subjects = [i.invitee.subject for i in invitations if i.invitee.subject is not None]
        numbers = self._directory.numbers_of(subjects)
        issuers = {account.id: account.name for account in self._identity.accounts.list_staff()}
        return [_open_invitation(each, numbers, issuers) for each in invitations]

    def revoke_invitation(self, invitation_id: str, *, by: str) -> list[OpenInvitation]:
        """End a link; return those that still work.

        Raises:
            NotFound: no open link has this id.
        """
        if not self._identity.invitations.revoke(invitation_id):
            raise NotFound("No open link has this id; `person invitations` shows all ids.")
        LOG.info("invitation %s revoked by %s", invitation_id, by)
        return self.list_invitations()

    def _staff(self, account: Account, last_used_at_s: int | None) -> StaffAccount:
        return StaffAccount(
            id=account.id,
            name=account.name,
            role=account.role,
            party=account.party,
            joined_at_s=account.created_at_s,
            last_used_at_s=last_used_at_s,
            is_disabled=account.is_disabled,
            sessions=self._identity.sessions.of(account.id),
        )


def _open_invitation(
    invitation: Invitation, numbers: dict[bytes, str], issuers: dict[str, str]
) -> OpenInvitation:
    invitee = invitation.invitee
    return OpenInvitation(
        id=invitation.id,
        kind=invitation.kind,
        role=invitee.role,
        name=numbers.get(invitee.subject, "") if invitee.subject else invitee.name,
        party=invitee.party,
        issued_by=issuers.get(invitation.by, ""),
        issued_at_s=invitation.created_at_s,
        until_s=invitation.expires_at_s,
    )
