"""Stores sessions: revocable, 15 minutes without use, at most 12 hours."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.tables import METADATA

IDLE_S: Final = 15 * 60
MAX_AGE_S: Final = 12 * 3_600
TOUCH_INTERVAL_S: Final = 30
"""Uses closer together than this are not stored, to avoid a database write for each click."""
SECRET_BYTES: Final = 32

_SESSIONS: Final = sa.Table(
    "web_sessions",
    METADATA,
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("id", sa.String(16), nullable=False, unique=True),
    sa.Column("account", sa.String(32), nullable=False, index=True),
    sa.Column("device", sa.String(128), nullable=False),
    sa.Column("began_at_s", sa.BigInteger, nullable=False),
    sa.Column("used_at_s", sa.BigInteger, nullable=False),
    sa.Column("passkey", sa.LargeBinary),
)


@dataclass(frozen=True, slots=True)
class Session:
    """One device that is signed in; `id` names it and is no secret; `passkey` opened it, if any."""

    id: str
    account: str
    device: str
    began_at_s: int
    used_at_s: int
    passkey: bytes | None = None

    @property
    def ends_at_s(self) -> int:
        """When it ends unless it is used again."""
        return min(self.used_at_s + IDLE_S, self.began_at_s + MAX_AGE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One device that is signed in, as its owner sees it."""

    session: Session
    is_current: bool


class Sessions:
    """The rows of all sessions; only the SHA-256 of each secret is stored."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(
        self, account: str, device: str = "", instead_of: str = "", passkey: bytes | None = None
    ) -> str:
        """Return the secret of a new session; the session that it replaces has ended."""
        secret, now_s = secrets.token_urlsafe(SECRET_BYTES), int(self._clock())
        row = {
            "hash": _hash(secret),
            "id": secrets.token_hex(8),
            "account": account,
            "device": device[:128],
            "began_at_s": now_s,
            "used_at_s": now_s,
            "passkey": passkey,
        }
        ended = sa.or_(
            _SESSIONS.c.used_at_s <= now_s - IDLE_S,
            _SESSIONS.c.began_at_s <= now_s - MAX_AGE_S,
            _SESSIONS.c.hash == _hash(instead_of),
        )
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_SESSIONS).where(ended))
            connection.execute(sa.insert(_SESSIONS), row)
        return secret

    def find(self, secret: str) -> Session | None:
        """Return the session with this secret if it is valid; the call counts as use of it."""
        session, now_s = self.peek(secret), int(self._clock())
        if session is None:
            return None
        if now_s - session.used_at_s >= TOUCH_INTERVAL_S:
            update = sa.update(_SESSIONS).where(_SESSIONS.c.hash == _hash(secret))
            with self._engine.begin() as connection:
                connection.execute(update.values(used_at_s=now_s))
        return session

    def peek(self, secret: str) -> Session | None:
        """Return the session with this secret if it is valid; the call does not count as use."""
        query = sa.select(_SESSIONS).where(_SESSIONS.c.hash == _hash(secret))
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        session, now_s = None if row is None else _session(row), int(self._clock())
        return session if session and session.began_at_s <= now_s < session.ends_at_s else None

    def of(self, account: str) -> list[Session]:
        """Return the valid sessions of an account, newest first."""
        query = sa.select(_SESSIONS).where(_SESSIONS.c.account == account)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_SESSIONS.c.began_at_s.desc()))
            sessions = [_session(row) for row in rows]
        return [session for session in sessions if self._clock() < session.ends_at_s]

    def list_for(self, account: str, current_id: str) -> list[SessionSummary]:
        """Return an account's sessions, newest first; `current_id` is the session that asks."""
        return [
            SessionSummary(session=session, is_current=session.id == current_id)
            for session in self.of(account)
        ]

    def end(self, secret: str) -> None:
        """End a session."""
        self._delete(_SESSIONS.c.hash == _hash(secret))

    def end_one(self, account: str, session_id: str) -> bool:
        """End one of an account's sessions; False if the account has no such session."""
        is_own = sa.and_(_SESSIONS.c.account == account, _SESSIONS.c.id == session_id)
        return self._delete(is_own) == 1

    def end_all(self, account: str) -> None:
        """End every session of an account."""
        self._delete(_SESSIONS.c.account == account)

    def _delete(self, condition: sa.ColumnElement[bool]) -> int:
        with self._engine.begin() as connection:
            return int(connection.execute(sa.delete(_SESSIONS).where(condition)).rowcount)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _session(row: Any) -> Session:
    return Session(*(getattr(row, name) for name in Session.__slots__))
