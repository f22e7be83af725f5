"""Stores challenges: each is for one purpose, works once, and expires after five minutes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.tables import METADATA

VALID_S: Final = 300
SIGN_IN: Final = "sign-in"
MAKE: Final = "make-passkey"
CHALLENGE_BYTES: Final = 64
"""Twice the length of a digest: the ledger's verifier accepts 32 bytes only, so a signature made to
sign in or to create a passkey can never be a consent."""

_CHALLENGES: Final = sa.Table(
    "web_challenges",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("about", sa.String(128), nullable=False),
    sa.Column("challenge", sa.LargeBinary(64), nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """64 random bytes, issued for one purpose."""

    id: str
    value: bytes


class Challenges:
    """The rows of all open challenges; taking one deletes it."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def new(self, purpose: str, about: str = "") -> Challenge:
        """Return a fresh challenge and delete expired ones; `about` binds it to an account."""
        challenge = Challenge(secrets.token_hex(16), secrets.token_bytes(CHALLENGE_BYTES))
        now_s = int(self._clock())
        row = {
            "id": challenge.id,
            "purpose": purpose,
            "about": about,
            "challenge": challenge.value,
            "expires_at_s": now_s + VALID_S,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_CHALLENGES).where(_CHALLENGES.c.expires_at_s <= now_s))
            connection.execute(sa.insert(_CHALLENGES), row)
        return challenge

    def take(self, challenge_id: str, purpose: str, about: str = "") -> bytes | None:
        """Return a challenge's bytes and delete it; None if unknown, expired or issued for else."""
        delete = (
            sa.delete(_CHALLENGES)
            .where(_CHALLENGES.c.id == challenge_id)
            .returning(
                _CHALLENGES.c.purpose,
                _CHALLENGES.c.about,
                _CHALLENGES.c.challenge,
                _CHALLENGES.c.expires_at_s,
            )
        )
        with self._engine.begin() as connection:
            row = connection.execute(delete).first()
        if row is None or (row.purpose, row.about) != (purpose, about):
            return None
        return bytes(row.challenge) if row.expires_at_s > self._clock() else None
