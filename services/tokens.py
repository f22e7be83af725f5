"""Stores the tokens of programs that use the API: hashed, with a role and an expiry."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from consent import DAY_S, read_rows
from services.tables import METADATA

CUSTODIAN: Final = "custodian"
RESEARCHER: Final = "researcher"
CLINICIAN: Final = "clinician"
AUDITOR: Final = "auditor"
ROLES: Final = (CUSTODIAN, RESEARCHER, CLINICIAN, AUDITOR)
SECRET_BYTES: Final = 32
PREFIX: Final = "vs_"

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

# Made once: each request of a program reads its token.
_BY_HASH: Final = sa.select(_TOKENS).where(_TOKENS.c.hash == sa.bindparam("secret_hash"))


@dataclass(frozen=True, slots=True)
class Token:
    """A token's role, party and times (UTC seconds); its `id` is not the secret."""

    id: str
    role: str
    party: str
    created_at_s: int
    expires_at_s: int
    is_revoked: bool


class Tokens:
    """The rows of all tokens; a secret is shown once, and only its SHA-256 is stored."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, role: str, party: str, days: int) -> tuple[Token, str]:
        """Return a new token and its secret, which cannot be shown again.

        Raises:
            ValueError: the role is not one of `ROLES`.
        """
        if role not in ROLES:
            raise ValueError(f"role {role!r} is unknown; use one of {', '.join(ROLES)}")
        secret, now_s = PREFIX + secrets.token_urlsafe(SECRET_BYTES), int(self._clock())
        token = Token(secrets.token_hex(8), role, party, now_s, now_s + days * DAY_S, False)
        row = {name: getattr(token, name) for name in Token.__slots__} | {"hash": _hash(secret)}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_TOKENS), row)
        return token, secret

    def find(self, secret: str) -> Token | None:
        """Return the valid token of this secret; None if it is unknown, expired or revoked."""
        rows = read_rows(self._engine, _BY_HASH, {"secret_hash": _hash(secret)})
        if not rows:
            return None
        token = _token(rows[0])
        return None if token.is_revoked or self._clock() >= token.expires_at_s else token

    def revoke(self, identity: str) -> bool:
        """Revoke a token; return whether one of this id exists."""
        mine = sa.update(_TOKENS).where(_TOKENS.c.id == identity).values(is_revoked=True)
        with self._engine.begin() as connection:
            return connection.execute(mine).rowcount == 1

    def is_revoked(self, identity: str) -> bool:
        """Return whether the token of this id was revoked; False where no token has this id."""
        query = sa.select(_TOKENS.c.is_revoked).where(_TOKENS.c.id == identity)
        with self._engine.connect() as connection:
            return bool(connection.scalar(query))

    @staticmethod
    def names_revoked(token_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Return the condition that this column names a revoked token."""
        return sa.exists().where(_TOKENS.c.id == token_id, _TOKENS.c.is_revoked)

    def all(self) -> list[Token]:
        """Return every token, oldest first."""
        with self._engine.connect() as connection:
            query = sa.select(_TOKENS).order_by(_TOKENS.c.created_at_s, _TOKENS.c.id)
            return [_token(row) for row in connection.execute(query)]


def _hash(secret: str) -> bytes:
    # 256 random bits need no salt and no stretching.
    return hashlib.sha256(secret.encode()).digest()


def _token(row: Any) -> Token:
    return Token(*(getattr(row, name) for name in Token.__slots__))
