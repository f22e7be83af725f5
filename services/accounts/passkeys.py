"""Keeps the passkeys of accounts: which device's key belongs to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

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
    """One device's P-256 key; times are seconds UTC."""

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

    def add(self, connection: sa.Connection, wanted: Passkey) -> None:
        """Write down a passkey in the caller's transaction.

        Raises:
            sa.exc.IntegrityError: this key is somebody's already.
        """
        row = {name: getattr(wanted, name) for name in Passkey.__slots__}
        connection.execute(sa.insert(_PASSKEYS), row)

    def keep(self, account: str, identity: bytes, point: tuple[bytes, bytes], label: str) -> None:
        """Write down a passkey that counts from now on; one that is here stays as it is."""
        now_s = int(self._clock())
        if self.find(identity) is None:
            with self._engine.begin() as connection:
                self.add(connection, Passkey(identity, account, *point, label, now_s, now_s))

    def find(self, identity: bytes) -> Passkey | None:
        """Return the passkey of a credential id."""
        asked = sa.select(_PASSKEYS).where(_PASSKEYS.c.id == identity)
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        return None if row is None else _passkey(row)

    def of(self, account: str) -> list[Passkey]:
        """Return an account's passkeys, oldest first."""
        asked = sa.select(_PASSKEYS).where(_PASSKEYS.c.account == account)
        with self._engine.connect() as connection:
            rows = connection.execute(asked.order_by(_PASSKEYS.c.made_at_s, _PASSKEYS.c.id))
            return [_passkey(row) for row in rows]

    def touch(self, identity: bytes) -> None:
        """Remember that a passkey was used now."""
        mine = sa.update(_PASSKEYS).where(_PASSKEYS.c.id == identity)
        with self._engine.begin() as connection:
            connection.execute(mine.values(used_at_s=int(self._clock())))

    def remove(self, account: str, identity: bytes) -> bool:
        """Forget a passkey of an account; False if it is none of theirs."""
        mine = sa.delete(_PASSKEYS).where(
            _PASSKEYS.c.id == identity, _PASSKEYS.c.account == account
        )
        with self._engine.begin() as connection:
            return bool(connection.execute(mine).rowcount == 1)


def _passkey(row: Any) -> Passkey:
    key = bytes(row.id), row.account, bytes(row.qx), bytes(row.qy)
    return Passkey(*key, row.label, row.made_at_s, row.used_at_s)
