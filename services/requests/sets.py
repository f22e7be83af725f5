"""Keeps which training sets left: who accepted the duties, what was in them, what was deleted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "set"

_SETS: Final = sa.Table(
    "web_sets",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("study", sa.String(128), nullable=False, index=True),
    sa.Column("release", sa.String(32), nullable=False),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("ends_at_s", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("names", sa.LargeBinary, nullable=False),
    sa.Column("deleted_at_s", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A copy that is about to leave: whose, under which name, who took it, and its end."""

    study: str
    release: str
    account: str
    ends_at_s: int


@dataclass(frozen=True, slots=True)
class Taken:
    """One copy that left; `names` are its pseudonyms, `deleted_at_s` when deletion was said."""

    id: str
    study: str
    release: str
    at_s: int
    ends_at_s: int
    rows: int
    names: tuple[str, ...]
    deleted_at_s: int | None


class Sets:
    """The rows of copies that left."""

    def __init__(self, engine: sa.Engine, store: RecordStore, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    def release_of(self, study: str) -> str:
        """Return the name under which a study's pseudonyms are made; it stays the same."""
        asked = sa.select(_SETS.c.release).where(_SETS.c.study == study)
        with self._engine.connect() as connection:
            found = connection.scalar(asked.order_by(_SETS.c.at_s))
        return str(found) if found else secrets.token_hex(16)

    def keep(self, leaving: Leaving, names: Iterable[str]) -> str:
        """Write down a copy before it leaves; return its id."""
        identity, held = secrets.token_hex(16), tuple(names)
        sealed = self._store.seal_text(LABEL, orjson.dumps(held).decode(), identity.encode())
        row = {
            "id": identity,
            "study": leaving.study,
            "release": leaving.release,
            "account": leaving.account,
            "at_s": int(self._clock()),
            "ends_at_s": leaving.ends_at_s,
            "rows": len(held),
            "names": sealed,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_SETS), row)
        return identity

    def of_study(self, study: str) -> list[Taken]:
        """Return the copies that a study took, the newest first."""
        asked = sa.select(_SETS).where(_SETS.c.study == study).order_by(_SETS.c.at_s.desc())
        with self._engine.connect() as connection:
            return [self._taken(row) for row in connection.execute(asked)]

    def confirm(self, study: str, identity: str) -> bool:
        """Write down that a study says it deleted a copy; False if it is none of theirs."""
        mine = sa.update(_SETS).where(
            _SETS.c.id == identity, _SETS.c.study == study, _SETS.c.deleted_at_s.is_(None)
        )
        with self._engine.begin() as connection:
            done = connection.execute(mine.values(deleted_at_s=int(self._clock())))
        return bool(done.rowcount == 1)

    def _taken(self, row: Any) -> Taken:
        names = orjson.loads(self._store.open_text(LABEL, bytes(row.names), row.id.encode()))
        told = row.id, row.study, row.release, row.at_s, row.ends_at_s, row.rows
        return Taken(*told, tuple(names), row.deleted_at_s)
