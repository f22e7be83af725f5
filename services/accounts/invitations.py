"""Stores invitations: links that work once, for one person, for seven days."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from consent import DAY_S
from services.accounts.accounts import PATIENT
from services.accounts.errors import InvitationInvalid
from services.tables import METADATA
from services.tokens import ROLES

VALID_DAYS: Final = 7
SECRET_BYTES: Final = 32

_INVITATIONS: Final = sa.Table(
    "web_invitations",
    METADATA,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("subject", sa.LargeBinary(32)),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("used_at_s", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is invited: a role, the party they speak for, and a patient's subject."""

    role: str
    party: str
    name: str
    subject: bytes | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A valid invitation; `key` names it inside and cannot be used to join."""

    key: bytes
    invitee: Invitee
    created_at_s: int
    expires_at_s: int


class Invitations:
    """The rows of all invitations; only the SHA-256 of each secret is stored."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, invitee: Invitee) -> str:
        """Store an invitation and return its secret, which cannot be read again.

        Raises:
            InvitationInvalid: unknown role, a patient without a subject, or a subject for another
                role.
        """
        if invitee.role not in (PATIENT, *ROLES):
            roles = ", ".join((PATIENT, *ROLES))
            raise InvitationInvalid(f"Unknown role {invitee.role!r}. Use one of: {roles}.")
        if (invitee.role == PATIENT) != (invitee.subject is not None):
            raise InvitationInvalid("A subject is required for a patient, and for nobody else.")
        secret, now_s = secrets.token_urlsafe(SECRET_BYTES), int(self._clock())
        row = {
            "hash": _hash(secret),
            "role": invitee.role,
            "party": invitee.party,
            "name": invitee.name,
            "subject": invitee.subject,
            "created_at_s": now_s,
            "expires_at_s": now_s + VALID_DAYS * DAY_S,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_INVITATIONS), row)
        return secret

    def find(self, secret: str) -> Invitation | None:
        """Return the invitation with this secret if it is unused and has not expired."""
        query = sa.select(_INVITATIONS).where(
            _INVITATIONS.c.hash == _hash(secret),
            _INVITATIONS.c.used_at_s.is_(None),
            _INVITATIONS.c.expires_at_s > self._clock(),
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _invitation(row)

    def use(self, connection: sa.Connection, key: bytes) -> bool:
        """Mark an invitation as used in the caller's transaction; False if it was used before."""
        update = sa.update(_INVITATIONS).where(
            _INVITATIONS.c.hash == key, _INVITATIONS.c.used_at_s.is_(None)
        )
        result = connection.execute(update.values(used_at_s=int(self._clock())))
        return bool(result.rowcount == 1)


def _hash(secret: str) -> bytes:
    # 256 random bits need no salt and no stretching.
    return hashlib.sha256(secret.encode()).digest()


def _invitation(row: Any) -> Invitation:
    subject = bytes(row.subject) if row.subject else None
    invitee = Invitee(row.role, row.party, row.name, subject)
    return Invitation(bytes(row.hash), invitee, row.created_at_s, row.expires_at_s)
