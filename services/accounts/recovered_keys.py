"""Stores keys that were proposed for patients who lost theirs, until they can sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from attrs import define

from services.accounts.accounts import PATIENT, Account, Accounts, new_id
from services.accounts.errors import ProofInvalid
from services.accounts.invitations import Invitation, Invitations
from services.accounts.passkeys import Passkeys
from services.accounts.sessions import Sessions
from services.accounts.wallets import Wallets
from services.accounts.webauthn import NewPasskey
from services.tables import METADATA

_KEYS: Final = sa.Table(
    "web_recovered_keys",
    METADATA,
    sa.Column("signer", sa.LargeBinary(84), primary_key=True),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("invitation", sa.LargeBinary(32), unique=True),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("credential", sa.LargeBinary),
    sa.Column("label", sa.String(128), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("proposed_at_s", sa.BigInteger),
    sa.Column("is_open", sa.Boolean, nullable=False, index=True),
    sa.Column("by", sa.String(32), nullable=False, server_default=""),
    sa.Column("sending_since_s", sa.BigInteger),
)
_POINT: Final = 32
_SENDING_S: Final = 600
"""A process that ended while it sent a key to the ledger blocks its link no longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredKey:
    """A proposed key: a passkey with its credential id, or a wallet, whose `signer` is its address.

    Attributes:
        signer: as the ledger names it, 84 or 20 bytes.
        subject: the patient, 32 bytes.
        account_id: the patient's account, or the one that is opened with the key.
        credential_id: of a passkey; None for a wallet.
        label: the device's name.
        at_s: when the key was created, seconds UTC.
        proposed_at_s: when the ledger got it, seconds UTC; None before that.
        is_open: True until the key can sign in, or never will.
        by: the account or token that issued the link or proposed the wallet; "" if not known.
    """

    signer: bytes
    subject: bytes
    account_id: str
    credential_id: bytes | None
    label: str
    at_s: int
    proposed_at_s: int | None
    is_open: bool
    by: str = ""

    @property
    def passkey(self) -> NewPasskey | None:
        """The passkey; None for a wallet."""
        if self.credential_id is None:
            return None
        qx, qy = self.signer[-2 * _POINT : -_POINT], self.signer[-_POINT:]
        return NewPasskey(self.credential_id, qx, qy)


@define(eq=False, repr=False, kw_only=True)
class RecoveredKeys:
    """The rows of proposed keys; each is stored before the ledger gets it: a crash loses none."""

    _engine: sa.Engine
    _clock: Callable[[], float]
    _accounts: Accounts
    _passkeys: Passkeys
    _wallets: Wallets
    _invitations: Invitations
    _sessions: Sessions

    def add(  # noqa: PLR0913 - the columns of a row, by keyword
        self,
        *,
        subject: bytes,
        signer: bytes,
        credential_id: bytes | None = None,
        label: str = "",
        invitation: Invitation | None = None,
        by: str = "",
    ) -> None:
        """Store a key before it is proposed, in place of an earlier one of the same invitation.

        Raises:
            ProofInvalid: it signs in already, or is proposed, for this or another patient; or the
                earlier one is being sent to the ledger.
        """
        account = self._accounts.of_subject(subject)
        row = {
            "signer": signer,
            "subject": subject,
            "invitation": invitation.key if invitation else None,
            "account": account.id if account else new_id(),
            "credential": credential_id,
            "label": label,
            "at_s": int(self._clock()),
            "is_open": True,
            "by": invitation.by if invitation else by,
        }
        delete = sa.delete(_KEYS).where(_KEYS.c.signer == signer)
        if invitation is not None:
            # One that is being sent stays: without its row, the key that the ledger gets is lost.
            is_earlier = sa.and_(
                _KEYS.c.invitation == invitation.key,
                _KEYS.c.proposed_at_s.is_(None),
                sa.not_(self._is_sending()),
            )
            delete = sa.delete(_KEYS).where(sa.or_(_KEYS.c.signer == signer, is_earlier))
        if credential_id is None and self._wallets.find_account(signer) is not None:
            raise ProofInvalid("The wallet is registered already; use another one.")
        is_taken = sa.or_(_KEYS.c.subject != subject, _KEYS.c.proposed_at_s.is_not(None))
        taken = sa.select(_KEYS.c.signer).where(_KEYS.c.signer == signer, _KEYS.c.is_open, is_taken)
        refusal = ProofInvalid("The key is proposed already; use another one.")
        try:
            with self._engine.begin() as connection:
                if connection.scalar(taken) is not None:
                    raise refusal
                connection.execute(delete)
                connection.execute(sa.insert(_KEYS), row)
        except sa.exc.IntegrityError as exc:  # the same link in another tab was faster
            raise refusal from exc

    def begin_sending(self, signer: bytes) -> None:
        """Record that a key is now sent to the ledger: its link replaces it by no other meanwhile.

        Raises:
            ProofInvalid: another tab with the same link has replaced it.
        """
        if not self._set_sending(signer, int(self._clock())):
            raise ProofInvalid("Another window created a key with this link. Open the link again.")

    def end_sending(self, signer: bytes) -> None:
        """Record that the ledger did not get a key; its link can make another one."""
        self._set_sending(signer, None)

    def is_sending(self, invitation: Invitation) -> bool:
        """Return whether a key that was created with an invitation is being sent to the ledger."""
        is_theirs = _KEYS.c.invitation == invitation.key
        return bool(self._select(sa.and_(is_theirs, self._is_sending())))

    def of_invitation(self, invitation: Invitation) -> RecoveredKey | None:
        """Return the key that was created with an invitation."""
        keys = self._select(_KEYS.c.invitation == invitation.key)
        return keys[0] if keys else None

    def has_credential(self, credential_id: bytes) -> bool:
        """Return whether a passkey is on its way to sign in."""
        return bool(self._select(sa.and_(_KEYS.c.credential == credential_id, _KEYS.c.is_open)))

    def list_open(self) -> list[RecoveredKey]:
        """Return the keys that cannot sign in yet, the oldest first."""
        return self._select(_KEYS.c.is_open)

    def of_signer(self, signer: bytes) -> RecoveredKey | None:
        """Return the key with this signer; None for one that was proposed elsewhere."""
        keys = self._select(_KEYS.c.signer == signer)
        return keys[0] if keys else None

    def has_open(self, subject: bytes) -> bool:
        """Return whether a key is proposed for a patient and cannot sign in yet."""
        is_proposed = _KEYS.c.proposed_at_s.is_not(None)
        return bool(self._select(sa.and_(_KEYS.c.subject == subject, _KEYS.c.is_open, is_proposed)))

    def mark_proposed(self, signer: bytes) -> None:
        """Record that the ledger has the key; the link that it was created with is used up."""
        now_s = int(self._clock())
        update = sa.update(_KEYS).where(_KEYS.c.signer == signer, _KEYS.c.proposed_at_s.is_(None))
        with self._engine.begin() as connection:
            rows = connection.execute(
                update.values(proposed_at_s=now_s).returning(_KEYS.c.invitation)
            )
            for row in rows.all():
                if row.invitation is not None:
                    self._invitations.use(connection, bytes(row.invitation))

    def close(self, key: RecoveredKey) -> None:
        """Record that a key will never sign in: it was refused, or replaced by another."""
        with self._engine.begin() as connection:
            self._close(connection, key)

    def is_in_use(self, key: RecoveredKey) -> bool:
        """Return whether a key signs in already."""
        if key.credential_id is None:
            return self._wallets.find_account(key.signer) is not None
        return self._passkeys.find(key.credential_id) is not None

    def admit(self, key: RecoveredKey) -> None:
        """Let a key sign in, in one transaction; a patient without an account gets one.

        Raises:
            sa.exc.IntegrityError: the key signs in already, or another process was faster.
        """
        account = self._accounts.of_subject(key.subject)
        if account is not None:  # the person who has the lost phone may be signed in
            self._sessions.end_all(account.id)
        now_s = int(self._clock())
        with self._engine.begin() as connection:
            if account is None:
                new = Account(key.account_id, PATIENT, "", "", key.subject, "", now_s)
                self._accounts.add(connection, new)
            account_id = account.id if account else key.account_id
            if key.passkey is None:
                self._wallets.add(connection, key.signer, account_id)
            else:
                self._passkeys.insert(connection, account_id, key.passkey, label=key.label)
            self._close(connection, key)

    def _close(self, connection: sa.Connection, key: RecoveredKey) -> None:
        update = sa.update(_KEYS).where(_KEYS.c.signer == key.signer)
        connection.execute(update.values(is_open=False))

    def _set_sending(self, signer: bytes, since_s: int | None) -> bool:
        update = sa.update(_KEYS).where(_KEYS.c.signer == signer)
        with self._engine.begin() as connection:
            return bool(connection.execute(update.values(sending_since_s=since_s)).rowcount)

    def _is_sending(self) -> sa.ColumnElement[bool]:
        since_s = sa.func.coalesce(_KEYS.c.sending_since_s, 0)
        return since_s > int(self._clock()) - _SENDING_S

    def _select(self, condition: sa.ColumnElement[bool]) -> list[RecoveredKey]:
        query = sa.select(_KEYS).where(condition).order_by(_KEYS.c.at_s, _KEYS.c.signer)
        with self._engine.connect() as connection:
            return [_key(row) for row in connection.execute(query)]


def _key(row: Any) -> RecoveredKey:
    return RecoveredKey(
        signer=bytes(row.signer),
        subject=bytes(row.subject),
        account_id=row.account,
        credential_id=bytes(row.credential) if row.credential else None,
        label=row.label,
        at_s=row.at_s,
        proposed_at_s=row.proposed_at_s,
        is_open=row.is_open,
        by=row.by,
    )
