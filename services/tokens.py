"""Keeps the tokens of people and programs that use the API: hashed, with a role, with an end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.tables import METADATA

CUSTODIAN: Final = "custodian"
RESEARCHER: Final = "researcher"
CLINICIAN: Final = "clinician"
AUDITOR: Final = "auditor"
ROLES: Final = (CUSTODIAN, RESEARCHER, CLINICIAN, AUDITOR)
SECRET_BYTES: Final = 32
PREFIX: Final = "vs_"
DAY_S: Final = 86_400

_TOKENS: Final = sa.Table(
    "web_tokens",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("party", sa.String(128), nullable=False),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("is_revoked", sa.Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Token:
    """Who may ask for what, until when; `id` names the token and opens nothing."""

    id: str
    role: str
    party: str
    created_at_s: int
    expires_at_s: int
    is_revoked: bool


class Tokens:
    """The rows of all tokens; a secret is shown once, and only its SHA-256 is kept."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, role: str, party: str, days: int) -> tuple[Token, str]:
        """Return a new token and its secret, which nobody can be told again.

        Raises:
            ValueError: there is no such role.
        """
        if role not in ROLES:
            raise ValueError(f"a role is one of {', '.join(ROLES)}")
        secret, now_s = PREFIX + secrets.token_urlsafe(SECRET_BYTES), int(self._clock())
        token = Token(secrets.token_hex(8), role, party, now_s, now_s + days * DAY_S, False)
        row = {name: getattr(token, name) for name in Token.__slots__} | {"hash": _hash(secret)}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_TOKENS), row)
        return token, secret

    def find(self, secret: str) -> Token | None:
        """Return the token of this secret, if it counts now."""
        asked = sa.select(_TOKENS).where(_TOKENS.c.hash == _hash(secret))
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        if row is None:
            return None
        token = _token(row)
        return None if token.is_revoked or self._clock() >= token.expires_at_s else token

    def revoke(self, identity: str) -> bool:
        """Let a token count no more; return whether there is one of this id."""
        mine = sa.update(_TOKENS).where(_TOKENS.c.id == identity).values(is_revoked=True)
        with self._engine.begin() as connection:
            return connection.execute(mine).rowcount == 1

    def all(self) -> list[Token]:
        """Return every token, oldest first."""
        with self._engine.connect() as connection:
            asked = sa.select(_TOKENS).order_by(_TOKENS.c.created_at_s, _TOKENS.c.id)
            return [_token(row) for row in connection.execute(asked)]


def _hash(secret: str) -> bytes:
    # 256 random bits need no salt and no stretching.
    return hashlib.sha256(secret.encode()).digest()


def _token(row: Any) -> Token:
    return Token(*(getattr(row, name) for name in Token.__slots__))
