"""Stores responses, so that a request repeated under one Idempotency-Key gets the first one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from consent import DAY_S
from services.errors import Conflict, Invalid, Malformed
from services.tables import METADATA

MAX_KEY_LENGTH: Final = 255
MAX_AGE_S: Final = DAY_S
ABANDONED_AFTER_S: Final = 600
"""A request without a response after this time failed; it may be sent again."""

_RESPONSES: Final = sa.Table(
    "web_answers",
    METADATA,
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("body", sa.LargeBinary(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("answer", sa.LargeBinary, nullable=True),
)


class InProgress(Conflict):
    """The same request is in progress (409); try again in a second."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The response to an earlier request."""

    status: int
    body: bytes


class StoredResponses:
    """The responses of a day, by the hash of caller, path and Idempotency-Key."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, key: bytes, body: bytes) -> StoredResponse | None:
        """Return the stored response; if it is None, carry out the request, then `add` or `delete`.

        Raises:
            Invalid: the key was used for another body.
            InProgress: the same request is in progress.
        """
        now_s, hashed = int(self._clock()), hashlib.sha256(body).digest()
        with self._engine.begin() as connection:
            stale = (_RESPONSES.c.at_s < now_s - MAX_AGE_S) | (
                _RESPONSES.c.status.is_(None) & (_RESPONSES.c.at_s < now_s - ABANDONED_AFTER_S)
            )
            connection.execute(sa.delete(_RESPONSES).where(stale))
            row = connection.execute(sa.select(_RESPONSES).where(_RESPONSES.c.key == key)).first()
            if row is None:
                _claim(connection, {"key": key, "body": hashed, "at_s": now_s})
                return None
        if row.body != hashed:
            raise Invalid("Idempotency-Key was used for another body; choose a new key")
        if row.status is None:
            raise InProgress("the same request is in progress; send it again in a second")
        return StoredResponse(row.status, row.answer)

    def add(self, key: bytes, status: int, body: bytes) -> None:
        """Store the response to a request that has begun."""
        update = sa.update(_RESPONSES).where(_RESPONSES.c.key == key)
        with self._engine.begin() as connection:
            connection.execute(update.values(status=status, answer=body))

    def delete(self, key: bytes) -> None:
        """Let a request that failed be sent again."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_RESPONSES).where(_RESPONSES.c.key == key))


def key_of(caller: str, path: str, key: str) -> bytes:
    """Return the key of a response; callers and paths never share one.

    Raises:
        Malformed: the key is empty, too long, or not printable ASCII.
    """
    if not (0 < len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        raise Malformed(f"an Idempotency-Key has 1 to {MAX_KEY_LENGTH} printable ASCII characters")
    return hashlib.sha256("\0".join((caller, path, key)).encode()).digest()


def _claim(connection: sa.Connection, row: dict[str, object]) -> None:
    try:
        connection.execute(sa.insert(_RESPONSES), row)
    except sa.exc.IntegrityError as exc:  # another process was faster
        raise InProgress("the same request is in progress; send it again in a second") from exc
