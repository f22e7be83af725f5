"""Keeps a row for each worker, by which everybody sees whether one is there to do jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from services.tables import METADATA

BEAT_S: Final = 5
STALE_S: Final = 20
FORGOTTEN_S: Final = 86_400

_WORKERS: Final = sa.Table(
    "web_workers",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("beat_at_s", sa.BigInteger, nullable=False),
)


class Workers:
    """The rows of all workers, on whatever machine."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def beat(self, identity: str) -> None:
        """Say that a worker takes jobs up; it is to do so every `BEAT_S` seconds."""
        now_s = int(self._clock())
        mine = _WORKERS.c.id == identity
        gone = _WORKERS.c.beat_at_s < now_s - FORGOTTEN_S
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_WORKERS).where(mine | gone))
            connection.execute(sa.insert(_WORKERS).values(id=identity, beat_at_s=now_s))

    def leave(self, identity: str) -> None:
        """Say that a worker takes no more jobs up."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_WORKERS).where(_WORKERS.c.id == identity))

    def is_any_alive(self) -> bool:
        """Tell whether a worker has been heard of lately."""
        fresh = _WORKERS.c.beat_at_s >= int(self._clock()) - STALE_S
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_WORKERS.c.id).where(fresh).limit(1)) is not None
