"""Stores which subjects have died, and whether their consents still count."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from storage.database import chunks, read_few, reading, writing
from storage.tables import METADATA

DECEASED: Final = "deceased"
"""The state of a mark, and the outcome of a record whose patient's consents ended with death."""
_UNDONE: Final = "undone"
BY_FILE: Final = "fhir"
CUSTODIAN: Final = "custodian"

_DECEASED = sa.Table(
    "storage_deceased",
    METADATA,
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("by", sa.String(128), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
)


_DEAD_AMONG: Final = sa.select(_DECEASED.c.subject).where(
    _DECEASED.c.subject.in_(sa.bindparam("subjects", expanding=True)),
    _DECEASED.c.state == DECEASED,
)
_IS_DEAD: Final = sa.select(_DECEASED.c.subject).where(
    _DECEASED.c.subject == sa.bindparam("of_subject"), _DECEASED.c.state == DECEASED
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """That a subject has died: ``fhir`` or ``custodian`` said so, at `at_s` (seconds UTC)."""

    subject: bytes
    source: str
    by: str
    at_s: int


class DeceasedSubjects:
    """Who is marked as deceased. `ends_consents`: their consents permit nothing any more."""

    def __init__(
        self, engine: sa.Engine, clock: Callable[[], float], *, ends_consents: bool = False
    ) -> None:
        self._engine = engine
        self._clock = clock
        self.ends_consents: Final = ends_consents

    def mark(self, subject: bytes, source: str, by: str) -> None:
        """Store that a subject has died; a file does not undo a custodian's unmarking."""
        if self.would_change(subject, source, has_died=True):
            self._write(subject, DECEASED, source, by)

    def unmark(self, subject: bytes, source: str, by: str) -> None:
        """Store that a marked subject is alive; a file takes back only what a file said."""
        if self.would_change(subject, source, has_died=False):
            self._write(subject, _UNDONE, source, by)

    def would_change(self, subject: bytes, source: str, *, has_died: bool) -> bool:
        """Return whether `mark`, or `unmark` if the subject is alive, changes anything."""
        state, said_by = self._mark(subject)
        if has_died:
            return state != DECEASED and not (source == BY_FILE and state == _UNDONE)
        return state == DECEASED and source in (said_by, CUSTODIAN)

    def find(self, subjects: Iterable[bytes]) -> set[bytes]:
        """Return those of these subjects that have died."""
        subjects, deceased = set(subjects), set[bytes]()
        if len(subjects) == 1:
            values = {"of_subject": next(iter(subjects))}
            return {bytes(row.subject) for row in read_few(self._engine, _IS_DEAD, values)}
        with reading(self._engine) as connection:
            for chunk in chunks(subjects):
                rows = connection.scalars(_DEAD_AMONG, {"subjects": chunk})
                deceased |= {bytes(subject) for subject in rows}
        return deceased

    def list_newest(self, limit: int) -> list[Death]:
        """Return the newest marks that are not undone."""
        query = sa.select(_DECEASED).where(_DECEASED.c.state == DECEASED)
        query = query.order_by(_DECEASED.c.at_s.desc(), _DECEASED.c.subject).limit(limit)
        with reading(self._engine) as connection:
            return [_death(row) for row in connection.execute(query)]

    def erase_subject(self, subject: bytes) -> None:
        """Delete the mark of a subject."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(_DECEASED).where(_DECEASED.c.subject == subject))

    def _mark(self, subject: bytes) -> tuple[str, str]:
        """Return state and source of a subject's mark; both "" if there is none."""
        query = sa.select(_DECEASED.c.state, _DECEASED.c.source)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(_DECEASED.c.subject == subject)).first()
        return (row.state, row.source) if row else ("", "")

    def _write(self, subject: bytes, state: str, source: str, by: str) -> None:
        values = {"state": state, "source": source, "by": by, "at_s": int(self._clock())}
        with writing(self._engine) as connection:
            connection.execute(sa.delete(_DECEASED).where(_DECEASED.c.subject == subject))
            connection.execute(sa.insert(_DECEASED), {"subject": subject, **values})


def _death(row: Any) -> Death:
    return Death(subject=bytes(row.subject), source=row.source, by=row.by, at_s=row.at_s)
