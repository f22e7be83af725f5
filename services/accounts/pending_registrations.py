"""Stores registrations that have begun: the passkey a device created, before it is valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

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


class PendingRegistrations:
    """The rows of registrations that have begun; one for each invitation, so a crash loses none."""

    def __init__(
        self,
        *,
        engine: sa.Engine,
        clock: Callable[[], float],
        accounts: Accounts,
        invitations: Invitations,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._accounts = accounts
        self._invitations = invitations

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
        passkey that it created before and that never became valid.
        """
        pending = self.find(invitation)
        if pending is not None:
            return pending
        account_id = new_id()
        row = {"invitation": invitation.key, "account": account_id, "at_s": int(self._clock())}
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_REGISTRATIONS), row)
        except sa.exc.IntegrityError:  # the same link in another tab was faster
            return self.begin(invitation)
        return PendingRegistration(invitation, account_id, None)

    def find(self, invitation: Invitation) -> PendingRegistration | None:
        """Return the registration of an invitation, if it has begun."""
        query = sa.select(_REGISTRATIONS).where(_REGISTRATIONS.c.invitation == invitation.key)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        passkey = None
        if row.credential is not None:
            passkey = NewPasskey(bytes(row.credential), bytes(row.qx), bytes(row.qy))
        return PendingRegistration(invitation, row.account, passkey)

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
