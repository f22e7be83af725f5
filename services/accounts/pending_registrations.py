"""Stores registrations that have begun: the passkey a device created, before it is valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from attrs import define

from services.accounts.accounts import Account, Accounts, new_id
from services.accounts.errors import InvitationExpired
from services.accounts.invitations import Invitation, Invitations
from services.accounts.webauthn import NewPasskey
from services.tables import METADATA

_REGISTRATIONS: Final = sa.Table(
    "web_joinings",
    METADATA,
    sa.Column("invitation", sa.LargeBinary(32), primary_key=True),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("credential", sa.LargeBinary),
    sa.Column("qx", sa.LargeBinary(32)),
    sa.Column("qy", sa.LargeBinary(32)),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PendingRegistration:
    """One person between invitation and account; `passkey` is None until the device created one."""

    invitation: Invitation
    account_id: str
    passkey: NewPasskey | None


@define(eq=False, repr=False, kw_only=True)
class PendingRegistrations:
    """The rows of registrations that have begun; one for each invitation, so a crash loses none."""

    _engine: sa.Engine
    _clock: Callable[[], float]
    _accounts: Accounts
    _invitations: Invitations

    def find_invitation(self, secret: str) -> Invitation | None:
        """Return the invitation with this secret if it is valid.

        A patient's is not once the subject has an account.
        """
        invitation = self._invitations.find(secret)
        if invitation is None or invitation.invitee.subject is None:
            return invitation
        has_account = self._accounts.of_subject(invitation.invitee.subject) is not None
        return None if has_account else invitation

    def get_invitation(self, secret: str) -> Invitation:
        """Return the invitation with this secret.

        Raises:
            InvitationExpired: as `find_invitation` returns None.
        """
        invitation = self.find_invitation(secret)
        if invitation is None:
            raise InvitationExpired("The link has expired or was already used. Ask for a new one.")
        return invitation

    def begin(self, invitation: Invitation) -> PendingRegistration:
        """Return the registration of an invitation; a repeated call returns the same one.

        Its account id is the WebAuthn user handle: with the same handle a device replaces the
        passkey that it created before and that never became valid. A newer link of a patient
        continues what an earlier one began: its passkey may be on its way to the ledger.
        """
        pending = self.find(invitation)
        if pending is not None:
            return pending
        row: dict[str, Any] = {"account": new_id(), "credential": None, "qx": None, "qy": None}
        try:
            with self._engine.begin() as connection:
                row |= self._take_earlier(connection, invitation)
                row |= {"invitation": invitation.key, "at_s": int(self._clock())}
                connection.execute(sa.insert(_REGISTRATIONS), row)
        except sa.exc.IntegrityError:  # the same link in another tab was faster
            return self.begin(invitation)
        return _registration(invitation, row)

    def _take_earlier(self, connection: sa.Connection, invitation: Invitation) -> Mapping[str, Any]:
        """Return account and passkey of the registration by another link of a patient.

        Its row is deleted, since its link has ended. So a patient never has two registrations with
        a passkey, of which only a clock could tell the newer one.
        """
        subject = invitation.invitee.subject
        if subject is None:
            return {}
        is_theirs = _REGISTRATIONS.c.invitation.in_(self._invitations.keys_of(subject))
        earlier = is_theirs, _REGISTRATIONS.c.credential.is_not(None)
        columns = (_REGISTRATIONS.c[name] for name in ("account", "credential", "qx", "qy"))
        query = sa.select(*columns).where(*earlier).order_by(_REGISTRATIONS.c.at_s.desc())
        row = connection.execute(query).first()
        connection.execute(sa.delete(_REGISTRATIONS).where(*earlier))
        return {} if row is None else row._asdict()

    def find(self, invitation: Invitation) -> PendingRegistration | None:
        """Return the registration of an invitation, if it has begun."""
        query = sa.select(_REGISTRATIONS).where(_REGISTRATIONS.c.invitation == invitation.key)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _registration(invitation, row._asdict())

    def set_passkey(self, invitation: Invitation, passkey: NewPasskey) -> None:
        """Store which passkey the device created, before it is used for anything."""
        update = sa.update(_REGISTRATIONS).where(_REGISTRATIONS.c.invitation == invitation.key)
        values = {"credential": passkey.credential_id, "qx": passkey.qx, "qy": passkey.qy}
        with self._engine.begin() as connection:
            connection.execute(update.values(**values))

    def complete(
        self, pending: PendingRegistration, add_key: Callable[[sa.Connection], None]
    ) -> Account:
        """Open the account, add its key and use up the invitation, in one transaction.

        Raises:
            InvitationExpired: the invitation was used meanwhile.
        """
        invitation, invitee = pending.invitation, pending.invitation.invitee
        account = Account(
            pending.account_id,
            invitee.role,
            invitee.party,
            invitee.name,
            invitee.subject,
            "",
            int(self._clock()),
        )
        with self._engine.begin() as connection:
            if not self._invitations.use(connection, invitation.key):
                raise InvitationExpired("The link was already used. Ask for a new one.")
            self._accounts.add(connection, account)
            add_key(connection)
            delete = sa.delete(_REGISTRATIONS).where(_REGISTRATIONS.c.invitation == invitation.key)
            connection.execute(delete)
        return account


def _registration(invitation: Invitation, row: Mapping[str, Any]) -> PendingRegistration:
    passkey = None
    if row["credential"] is not None:
        passkey = NewPasskey(*(bytes(row[name]) for name in ("credential", "qx", "qy")))
    return PendingRegistration(invitation, row["account"], passkey)
