"""Keeps the invitations: a link that works once, for one person, for seven days."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.accounts.account import PATIENT
from services.tables import METADATA
from services.tokens import ROLES

DAY_S: Final = 86_400
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
class Invited:
    """Who is to be invited: a role, for whom they speak, and a patient's subject."""

    role: str
    party: str
    name: str
    subject: bytes | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that still counts; `key` names it inside and opens nothing."""

    key: bytes
    invited: Invited
    created_at_s: int
    expires_at_s: int


class Invitations:
    """The rows of all invitations; of the secret only its SHA-256 is kept."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, wanted: Invited) -> str:
        """Write down an invitation and return its secret, which nobody can be told again.

        Raises:
            ValueError: no such role, a patient without a subject, or a subject of another role.
        """
        if wanted.role not in (PATIENT, *ROLES):
            raise ValueError(f"a role is one of {', '.join((PATIENT, *ROLES))}")
        if (wanted.role == PATIENT) != (wanted.subject is not None):
            raise ValueError("a patient, and nobody else, is invited for a subject")
        secret, now_s = secrets.token_urlsafe(SECRET_BYTES), int(self._clock())
        row = {
            "hash": _hash(secret),
            "role": wanted.role,
            "party": wanted.party,
            "name": wanted.name,
            "subject": wanted.subject,
            "created_at_s": now_s,
            "expires_at_s": now_s + VALID_DAYS * DAY_S,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_INVITATIONS), row)
        return secret

    def find(self, secret: str) -> Invitation | None:
        """Return the invitation of this secret, if it counts now."""
        asked = sa.select(_INVITATIONS).where(
            _INVITATIONS.c.hash == _hash(secret),
            _INVITATIONS.c.used_at_s.is_(None),
            _INVITATIONS.c.expires_at_s > self._clock(),
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        return None if row is None else _invitation(row)

    def use(self, connection: sa.Connection, key: bytes) -> bool:
        """Let an invitation count no more, in the caller's transaction; False if it did not."""
        mine = sa.update(_INVITATIONS).where(
            _INVITATIONS.c.hash == key, _INVITATIONS.c.used_at_s.is_(None)
        )
        done = connection.execute(mine.values(used_at_s=int(self._clock())))
        return bool(done.rowcount == 1)


def _hash(secret: str) -> bytes:
    # 256 random bits need no salt and no stretching.
    return hashlib.sha256(secret.encode()).digest()


def _invitation(row: Any) -> Invitation:
    subject = bytes(row.subject) if row.subject else None
    invited = Invited(row.role, row.party, row.name, subject)
    return Invitation(bytes(row.hash), invited, row.created_at_s, row.expires_at_s)
