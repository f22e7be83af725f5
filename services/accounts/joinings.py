"""Keeps who is on the way in: the passkey that a device made, before it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.accounts.accounts import new_id
from services.accounts.webauthn import NewPasskey
from services.tables import METADATA

_JOININGS: Final = sa.Table(
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
class Joining:
    """One person between invitation and account; `passkey` is None until the device made one."""

    invitation: bytes
    account: str
    passkey: NewPasskey | None


class Joinings:
    """The rows of those on their way in; one an invitation, so that a crash is gone on from."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, invitation: bytes) -> Joining:
        """Return the way in of an invitation; asked again, it is the same one.

        Its account is the WebAuthn user handle: the same handle again lets a device replace the
        passkey that it made before and that never counted.
        """
        found = self.find(invitation)
        if found is not None:
            return found
        row = {"invitation": invitation, "account": new_id(), "at_s": int(self._clock())}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_JOININGS), row)
        return Joining(invitation, str(row["account"]), None)

    def find(self, invitation: bytes) -> Joining | None:
        """Return the way in of an invitation, if it was begun."""
        asked = sa.select(_JOININGS).where(_JOININGS.c.invitation == invitation)
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        if row is None:
            return None
        made = row.credential is not None
        point = (bytes(row.credential), bytes(row.qx), bytes(row.qy)) if made else None
        return Joining(invitation, row.account, NewPasskey(*point) if point else None)

    def keep(self, invitation: bytes, made: NewPasskey) -> None:
        """Remember which passkey the device made, before anything is done with it."""
        mine = sa.update(_JOININGS).where(_JOININGS.c.invitation == invitation)
        values = {"credential": made.credential_id, "qx": made.qx, "qy": made.qy}
        with self._engine.begin() as connection:
            connection.execute(mine.values(**values))

    def forget(self, connection: sa.Connection, invitation: bytes) -> None:
        """Delete the row in the caller's transaction: its passkey counts now."""
        connection.execute(sa.delete(_JOININGS).where(_JOININGS.c.invitation == invitation))
