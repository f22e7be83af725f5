"""Stores passkeys: which device's key belongs to which account."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.accounts.webauthn import NewPasskey
from services.tables import METADATA

_PASSKEYS: Final = sa.Table(
    "web_passkeys",
    METADATA,
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("account", sa.String(32), nullable=False, index=True),
    sa.Column("qx", sa.LargeBinary(32), nullable=False),
    sa.Column("qy", sa.LargeBinary(32), nullable=False),
    sa.Column("label", sa.String(128), nullable=False),
    sa.Column("made_at_s", sa.BigInteger, nullable=False),
    sa.Column("used_at_s", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One device's P-256 key: credential id and point (32 bytes each); times are seconds UTC."""

    id: bytes
    account: str
    qx: bytes
    qy: bytes
    label: str
    made_at_s: int
    used_at_s: int


class Passkeys:
    """The rows of all passkeys."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def insert(
        self, connection: sa.Connection, account_id: str, passkey: NewPasskey, *, label: str
    ) -> None:
        """Add a passkey to an account in the caller's transaction.

        Raises:
            sa.exc.IntegrityError: the passkey belongs to an account already.
        """
        now_s = int(self._clock())
        row = {
            "id": passkey.credential_id,
            "account": account_id,
            "qx": passkey.qx,
            "qy": passkey.qy,
            "label": label,
            "made_at_s": now_s,
            "used_at_s": now_s,
        }
        connection.execute(sa.insert(_PASSKEYS), row)

    def add(self, account_id: str, passkey: NewPasskey, *, label: str) -> None:
        """Add a passkey to an account; one that is stored already does not change."""
        if self.find(passkey.credential_id) is None:
            with self._engine.begin() as connection:
                self.insert(connection, account_id, passkey, label=label)

    def find(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey with this credential id."""
        query = sa.select(_PASSKEYS).where(_PASSKEYS.c.id == credential_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _passkey(row)

    def of(self, account_id: str) -> list[Passkey]:
        """Return an account's passkeys, oldest first."""
        query = sa.select(_PASSKEYS).where(_PASSKEYS.c.account == account_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_PASSKEYS.c.made_at_s, _PASSKEYS.c.id))
            return [_passkey(row) for row in rows]

    def last_uses(self, account_ids: Collection[str]) -> dict[str, int]:
        """Return when each of these accounts last used a passkey, seconds UTC, by account id."""
        newest, is_theirs = sa.func.max(_PASSKEYS.c.used_at_s), _PASSKEYS.c.account.in_(account_ids)
        query = sa.select(_PASSKEYS.c.account, newest).where(is_theirs)
        query = query.group_by(_PASSKEYS.c.account)
        with self._engine.connect() as connection:
            return {account: int(at_s) for account, at_s in connection.execute(query)}

    def touch(self, credential_id: bytes) -> None:
        """Record that a passkey was used now."""
        update = sa.update(_PASSKEYS).where(_PASSKEYS.c.id == credential_id)
        with self._engine.begin() as connection:
            connection.execute(update.values(used_at_s=int(self._clock())))

    def rename(self, account_id: str, credential_id: bytes, label: str) -> None:
        """Give a passkey of an account another name."""
        update = sa.update(_PASSKEYS).where(
            _PASSKEYS.c.id == credential_id, _PASSKEYS.c.account == account_id
        )
        with self._engine.begin() as connection:
            connection.execute(update.values(label=label))

    def remove(self, account_id: str, credential_id: bytes) -> bool:
        """Delete a passkey of an account; False if the account has no such passkey."""
        delete = sa.delete(_PASSKEYS).where(
            _PASSKEYS.c.id == credential_id, _PASSKEYS.c.account == account_id
        )
        with self._engine.begin() as connection:
            return bool(connection.execute(delete).rowcount == 1)


def _passkey(row: Any) -> Passkey:
    key = bytes(row.id), row.account, bytes(row.qx), bytes(row.qy)
    return Passkey(*key, row.label, row.made_at_s, row.used_at_s)
