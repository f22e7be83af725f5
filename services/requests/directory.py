"""Keeps which hospital number is which subject: looked up by a keyed hash, sealed for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import sqlalchemy as sa

from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "directory"
AT_ONCE: Final = 500
MOST_OPENED: Final = 100_000

_PATIENTS: Final = sa.Table(
    "web_patients",
    METADATA,
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("number_key", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("number", sa.LargeBinary, nullable=False),
    sa.Column("added_at_s", sa.BigInteger, nullable=False),
)


class Directory:
    """The patients that this custodian knows; the database alone tells nobody's number."""

    def __init__(self, engine: sa.Engine, store: RecordStore, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._opened: dict[bytes, str] = {}

    def add(self, numbers: Iterable[tuple[str, bytes]]) -> int:
        """Write down (hospital number, subject); those that are here stay; return how many are new.

        Raises:
            VaultSealed (storage): the root key is absent.
        """
        key_of = self._store.pseudonyms(LABEL)
        now_s, added = int(self._clock()), 0
        rows = [
            {
                "subject": subject,
                "number_key": key_of(number.encode()),
                "number": self._store.seal_text(LABEL, number, subject),
                "added_at_s": now_s,
            }
            for number, subject in numbers
        ]
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            with self._engine.begin() as connection:
                mine = [row["subject"] for row in part]
                asked = sa.select(_PATIENTS.c.subject).where(_PATIENTS.c.subject.in_(mine))
                here = {bytes(row.subject) for row in connection.execute(asked)}
                fresh = [row for row in part if row["subject"] not in here]
                if fresh:
                    connection.execute(sa.insert(_PATIENTS), fresh)
                added += len(fresh)
        return added

    def find(self, number: str) -> bytes | None:
        """Return the subject of a hospital number."""
        key = self._store.pseudonyms(LABEL)(number.encode())
        asked = sa.select(_PATIENTS.c.subject).where(_PATIENTS.c.number_key == key)
        with self._engine.connect() as connection:
            found = connection.scalar(asked)
        return None if found is None else bytes(found)

    def numbers_of(self, subjects: Iterable[bytes]) -> dict[bytes, str]:
        """Return the hospital number of each subject that is here.

        A number never changes, so one that was opened is remembered while this process runs, which
        could open it again at any time.
        """
        asked_for, opened = list(subjects), self._opened
        wanted = [one for one in asked_for if one not in opened]
        fresh: dict[bytes, str] = {}
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            asked = sa.select(_PATIENTS.c.subject, _PATIENTS.c.number)
            with self._engine.connect() as connection:
                for row in connection.execute(asked.where(_PATIENTS.c.subject.in_(part))):
                    subject = bytes(row.subject)
                    fresh[subject] = self._store.open_text(LABEL, bytes(row.number), subject)
        if fresh and len(opened) < MOST_OPENED:
            opened.update(fresh)
        return {one: opened[one] for one in asked_for if one in opened} | fresh

    def number_of(self, subject: bytes) -> str | None:
        """Return the hospital number of a subject."""
        return self.numbers_of([subject]).get(subject)

    def size(self) -> int:
        """Return how many patients are here."""
        with self._engine.connect() as connection:
            asked = sa.select(sa.func.count()).select_from(_PATIENTS)
            return int(connection.scalar(asked) or 0)
