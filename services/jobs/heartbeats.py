"""Stores a heartbeat row for each worker, which shows whether one is there to run jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from consent import DAY_S
from services.tables import METADATA

BEAT_S: Final = 5
STALE_S: Final = 20
FORGOTTEN_S: Final = DAY_S

_WORKERS: Final = sa.Table(
    "web_workers",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("beat_at_s", sa.BigInteger, nullable=False),
)


class Workers:
    """The heartbeat rows of all workers, on any machine."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def beat(self, identity: str) -> None:
        """Record that a worker claims jobs; it must do so every `BEAT_S` seconds."""
        now_s = int(self._clock())
        mine = _WORKERS.c.id == identity
        is_forgotten = _WORKERS.c.beat_at_s < now_s - FORGOTTEN_S
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_WORKERS).where(mine | is_forgotten))
            connection.execute(sa.insert(_WORKERS).values(id=identity, beat_at_s=now_s))

    def leave(self, identity: str) -> None:
        """Record that a worker claims no further jobs."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_WORKERS).where(_WORKERS.c.id == identity))

    def is_any_alive(self) -> bool:
        """Tell whether any worker's heartbeat is at most `STALE_S` seconds old."""
        fresh = _WORKERS.c.beat_at_s >= int(self._clock()) - STALE_S
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(_WORKERS.c.id).where(fresh).limit(1)) is not None
