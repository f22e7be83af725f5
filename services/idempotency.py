"""Gives a request that comes twice under one Idempotency-Key the answer that it had."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.errors import Conflict, Invalid, Malformed
from services.tables import METADATA

MAX_KEY_LETTERS: Final = 255
KEPT_S: Final = 86_400
GIVEN_UP_AFTER_S: Final = 600

_ANSWERS: Final = sa.Table(
    "web_answers",
    METADATA,
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("body", sa.LargeBinary(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("answer", sa.LargeBinary, nullable=True),
)


class InProgress(Conflict):
    """The same request is being carried out at this moment (409); try again in a second."""


class KeyReused(Invalid):
    """An Idempotency-Key came again with another body (422)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that a request had."""

    status: int
    answer: bytes


class StoredResponses:
    """The answers of a day, by the hash of who asked, what for, and under which key."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, key: bytes, body: bytes) -> Kept | None:
        """Return the answer that is kept, or None: then do the request, and `keep` or `forget` it.

        Raises:
            KeyReused: the key came before with another body.
            InProgress: the same request is being done now.
        """
        now_s, hashed = int(self._clock()), hashlib.sha256(body).digest()
        with self._engine.begin() as connection:
            stale = (_ANSWERS.c.at_s < now_s - KEPT_S) | (
                _ANSWERS.c.status.is_(None) & (_ANSWERS.c.at_s < now_s - GIVEN_UP_AFTER_S)
            )
            connection.execute(sa.delete(_ANSWERS).where(stale))
            row = connection.execute(sa.select(_ANSWERS).where(_ANSWERS.c.key == key)).first()
            if row is None:
                _claim(connection, {"key": key, "body": hashed, "at_s": now_s})
                return None
        if row.body != hashed:
            raise KeyReused("this Idempotency-Key came before with another body")
        if row.status is None:
            raise InProgress("the same request is being done now")
        return Kept(row.status, row.answer)

    def keep(self, key: bytes, status: int, answer: bytes) -> None:
        """Note the answer of a request that has begun."""
        mine = sa.update(_ANSWERS).where(_ANSWERS.c.key == key)
        with self._engine.begin() as connection:
            connection.execute(mine.values(status=status, answer=answer))

    def forget(self, key: bytes) -> None:
        """Let a request that came to nothing be tried again."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_ANSWERS).where(_ANSWERS.c.key == key))


def key_of(caller: str, path: str, key: str) -> bytes:
    """Return under what an answer is kept: nobody meets another caller's, or another route's.

    Raises:
        Malformed: the key is empty, too long, or not printable ASCII.
    """
    if not (0 < len(key) <= MAX_KEY_LETTERS and key.isascii() and key.isprintable()):
        raise Malformed(f"an Idempotency-Key has 1 to {MAX_KEY_LETTERS} printable ASCII characters")
    return hashlib.sha256("\0".join((caller, path, key)).encode()).digest()


def _claim(connection: sa.Connection, row: dict[str, object]) -> None:
    try:
        connection.execute(sa.insert(_ANSWERS), row)
    except sa.exc.IntegrityError as exc:  # another process was faster by a moment
        raise InProgress("the same request is being done now") from exc
