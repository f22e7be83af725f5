"""Keeps who is signed in: on the server, revocable, 15 minutes without use, 12 hours at most."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from services.tables import METADATA

IDLE_S: Final = 15 * 60
MOST_S: Final = 12 * 3_600
TOUCH_S: Final = 30
"""How much later a use must be to be written down; a row a click would be a write a click."""
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
)


@dataclass(frozen=True, slots=True)
class Session:
    """One device that is signed in; `id` names it and opens nothing."""

    id: str
    account: str
    device: str
    began_at_s: int
    used_at_s: int

    @property
    def ends_at_s(self) -> int:
        """When it ends if it is not used any more."""
        return min(self.used_at_s + IDLE_S, self.began_at_s + MOST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One device that is signed in, as its owner sees it; times are seconds UTC."""

    id: str
    device: str
    began_at_s: int
    used_at_s: int
    ends_at_s: int
    is_current: bool


class Sessions:
    """The rows of all sessions; of the secret only its SHA-256 is kept."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, account: str, device: str = "", instead_of: str = "") -> str:
        """Return the secret of a new session; one that it takes the place of has ended."""
        secret, now_s = secrets.token_urlsafe(SECRET_BYTES), int(self._clock())
        row = {
            "hash": _hash(secret),
            "id": secrets.token_hex(8),
            "account": account,
            "device": device[:128],
            "began_at_s": now_s,
            "used_at_s": now_s,
        }
        over = sa.or_(
            _SESSIONS.c.used_at_s <= now_s - IDLE_S,
            _SESSIONS.c.began_at_s <= now_s - MOST_S,
            _SESSIONS.c.hash == _hash(instead_of),
        )
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_SESSIONS).where(over))
            connection.execute(sa.insert(_SESSIONS), row)
        return secret

    def find(self, secret: str) -> Session | None:
        """Return the session of this secret if it is in force; having asked counts as a use."""
        asked = sa.select(_SESSIONS).where(_SESSIONS.c.hash == _hash(secret))
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        if row is None:
            return None
        now_s, session = int(self._clock()), _session(row)
        if not session.began_at_s <= now_s < session.ends_at_s:
            return None
        if now_s - session.used_at_s >= TOUCH_S:
            mine = sa.update(_SESSIONS).where(_SESSIONS.c.hash == _hash(secret))
            with self._engine.begin() as connection:
                connection.execute(mine.values(used_at_s=now_s))
        return session

    def peek(self, secret: str) -> Session | None:
        """Return the session of this secret if it is in force, without counting as a use."""
        asked = sa.select(_SESSIONS).where(_SESSIONS.c.hash == _hash(secret))
        with self._engine.connect() as connection:
            row = connection.execute(asked).first()
        session = None if row is None else _session(row)
        now_s = self._clock()
        return session if session and session.began_at_s <= now_s < session.ends_at_s else None

    def of(self, account: str) -> list[Session]:
        """Return where somebody is signed in, the newest first."""
        asked = sa.select(_SESSIONS).where(_SESSIONS.c.account == account)
        with self._engine.connect() as connection:
            rows = connection.execute(asked.order_by(_SESSIONS.c.began_at_s.desc()))
            found = [_session(row) for row in rows]
        return [one for one in found if self._clock() < one.ends_at_s]

    def list_for(self, account: str, current_id: str) -> list[SessionSummary]:
        """Return where somebody is signed in, the newest first; `current_id` is this session."""
        return [
            SessionSummary(
                id=session.id,
                device=session.device,
                began_at_s=session.began_at_s,
                used_at_s=session.used_at_s,
                ends_at_s=session.ends_at_s,
                is_current=session.id == current_id,
            )
            for session in self.of(account)
        ]

    def end(self, secret: str) -> None:
        """End a session."""
        self._delete(_SESSIONS.c.hash == _hash(secret))

    def end_one(self, account: str, identity: str) -> bool:
        """End one of an account's sessions by its id; False if it is none of theirs."""
        mine = sa.and_(_SESSIONS.c.account == account, _SESSIONS.c.id == identity)
        return self._delete(mine) == 1

    def end_all(self, account: str) -> None:
        """Sign somebody out everywhere."""
        self._delete(_SESSIONS.c.account == account)

    def _delete(self, which: Any) -> int:
        with self._engine.begin() as connection:
            return int(connection.execute(sa.delete(_SESSIONS).where(which)).rowcount)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _session(row: Any) -> Session:
    return Session(*(getattr(row, name) for name in Session.__slots__))
