"""The custodian's directory of patients: hospital numbers, looked up by a keyed hash and sealed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from consent import read_rows
from services.chunks import chunks
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "directory"
MAX_CACHED: Final = 100_000
SUBJECT_BYTES: Final = 32

_PATIENTS: Final = sa.Table(
    "web_patients",
    METADATA,
    sa.Column("subject", sa.LargeBinary(32), primary_key=True),
    sa.Column("number_key", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("number", sa.LargeBinary, nullable=False),
    sa.Column("added_at_s", sa.BigInteger, nullable=False),
)

# Made once: each answer about a patient names them.
_NUMBER_OF: Final = sa.select(_PATIENTS.c.number).where(
    _PATIENTS.c.subject == sa.bindparam("of_subject")
)


class PatientDirectory:
    """The patients that this custodian knows; the database alone reveals no number."""

    def __init__(self, engine: sa.Engine, store: RecordStore, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._cache: dict[bytes, str] = {}

    def add(self, numbers: Iterable[tuple[str, bytes]]) -> int:
        """Store (hospital number, subject) pairs and return how many subjects are new.

        A subject that is known keeps its number.

        Raises:
            VaultSealed (storage): the root key is absent.
            sqlalchemy.exc.IntegrityError: a number belongs to another subject.
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
        for part in chunks(rows):
            subjects = [row["subject"] for row in part]
            query = sa.select(_PATIENTS.c.subject).where(_PATIENTS.c.subject.in_(subjects))
            with self._engine.begin() as connection:
                known = {bytes(row.subject) for row in connection.execute(query)}
                new_rows = [row for row in part if row["subject"] not in known]
                if new_rows:
                    connection.execute(sa.insert(_PATIENTS), new_rows)
                added += len(new_rows)
        return added

    def find_subject(self, number: str) -> bytes | None:
        """Return the subject of a hospital number as somebody entered it, or None."""
        number = number.strip()
        if not number:
            return None
        key = self._store.pseudonyms(LABEL)(number.encode())
        query = sa.select(_PATIENTS.c.subject).where(_PATIENTS.c.number_key == key)
        with self._engine.connect() as connection:
            subject = connection.scalar(query)
        return None if subject is None else bytes(subject)

    def get_or_add(
        self, numbers: Iterable[str], known: Mapping[str, bytes] = MappingProxyType({})
    ) -> dict[str, bytes]:
        """Return the subject of each hospital number.

        A number that is new is entered with its `known` subject, or a random one.

        Raises:
            VaultSealed (storage): the root key is absent.
        """
        numbers = list(dict.fromkeys(numbers))
        subjects = self.find_subjects(numbers)
        missing = [number for number in numbers if number not in subjects]
        try:
            self.add(
                (number, known.get(number) or secrets.token_bytes(SUBJECT_BYTES))
                for number in missing
            )
        except sa.exc.IntegrityError:  # another caller added one of them first: it has a subject
            return self.get_or_add(numbers, known)
        return subjects | self.find_subjects(missing)

    def find_subjects(self, numbers: Iterable[str]) -> dict[str, bytes]:
        """Return the subject of each of these hospital numbers that is known."""
        key_of = self._store.pseudonyms(LABEL)
        by_key = {key_of(number.encode()): number for number in numbers}
        subjects = dict[str, bytes]()
        columns = sa.select(_PATIENTS.c.number_key, _PATIENTS.c.subject)
        for part in chunks(list(by_key)):
            query = columns.where(_PATIENTS.c.number_key.in_(part))
            with self._engine.connect() as connection:
                for row in connection.execute(query):
                    subjects[by_key[bytes(row.number_key)]] = bytes(row.subject)
        return subjects

    def numbers_of(self, subjects: Iterable[bytes]) -> dict[bytes, str]:
        """Return the hospital number of each of these subjects that has one.

        Opened numbers are cached in this process, which could open them again at any time; a
        number that was erased is not returned any more.
        """
        opened = dict[bytes, str]()
        columns = sa.select(_PATIENTS.c.subject, _PATIENTS.c.number)
        for part in chunks(list(dict.fromkeys(subjects))):
            with self._engine.connect() as connection:
                for row in connection.execute(columns.where(_PATIENTS.c.subject.in_(part))):
                    opened[bytes(row.subject)] = self._open(bytes(row.number), bytes(row.subject))
        return opened

    def _open(self, sealed: bytes, subject: bytes) -> str:
        number = self._cache.get(sealed)
        if number is None:
            number = self._store.open_text(LABEL, sealed, subject)
            if len(self._cache) < MAX_CACHED:
                self._cache[sealed] = number
        return number

    def remove(self, subject: bytes) -> None:
        """Delete a subject's hospital number; the number gets a new subject if it comes again."""
        with self._engine.begin() as connection:
            sealed = connection.scalar(
                sa.select(_PATIENTS.c.number).where(_PATIENTS.c.subject == subject)
            )
            connection.execute(sa.delete(_PATIENTS).where(_PATIENTS.c.subject == subject))
        if sealed is not None:
            self._cache.pop(bytes(sealed), None)

    def number_of(self, subject: bytes) -> str | None:
        """Return the hospital number of a subject."""
        rows = read_rows(self._engine, _NUMBER_OF, {"of_subject": subject})
        return self._open(bytes(rows[0].number), subject) if rows else None

    def count(self) -> int:
        """Return the number of patients."""
        with self._engine.connect() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(_PATIENTS)) or 0)
