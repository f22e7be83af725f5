"""Stores what senders call their patients: keyed hashes of ids and URLs, and whom they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from services.chunks import chunks
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "patient-name"

_NAMES: Final = sa.Table(
    "custodian_patient_names",
    METADATA,
    sa.Column("name", sa.LargeBinary(32), primary_key=True),
    # NULL: the name was used for two people, so it names nobody.
    sa.Column("subject", sa.LargeBinary(32), nullable=True, index=True),
)


class PatientNames:
    """The names by which files refer to patients; a name of two people names nobody."""

    def __init__(self, engine: sa.Engine, store: RecordStore) -> None:
        self._engine = engine
        self._store = store

    def hash_names(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the keyed hash of each name."""
        hash_name = self._store.pseudonyms(LABEL)
        return {name: hash_name(name.encode()) for name in names}

    def add(self, subjects: Mapping[str, bytes | None]) -> None:
        """Store that each name stands for a subject; one that stood for another names nobody.

        None: the name was used for two people.
        """
        known = self.find(subjects)
        changed = {
            name: subject if name not in known else None
            for name, subject in subjects.items()
            if name not in known or known[name] not in (subject, None)
        }
        keys = self.hash_names(changed)
        for part in chunks(list(changed)):
            rows = [{"name": keys[name], "subject": changed[name]} for name in part]
            with self._engine.begin() as connection:
                old = _NAMES.c.name.in_([row["name"] for row in rows])
                connection.execute(sa.delete(_NAMES).where(old))
                connection.execute(sa.insert(_NAMES), rows)

    def hashes_of(self, subject: bytes) -> list[bytes]:
        """Return the keyed hash of every name of a subject."""
        query = sa.select(_NAMES.c.name).where(_NAMES.c.subject == subject)
        with self._engine.connect() as connection:
            return [bytes(name) for name in connection.scalars(query)]

    def erase_subject(self, subject: bytes) -> None:
        """Delete every name of a subject."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_NAMES).where(_NAMES.c.subject == subject))

    def find(self, names: Iterable[str]) -> dict[str, bytes | None]:
        """Return the subject of each name that is known; None if it names nobody."""
        by_key = {key: name for name, key in self.hash_names(names).items()}
        keys, subjects = list(by_key), dict[str, bytes | None]()
        for part in chunks(keys):
            query = sa.select(_NAMES).where(_NAMES.c.name.in_(part))
            with self._engine.connect() as connection:
                for key, subject in connection.execute(query):
                    subjects[by_key[bytes(key)]] = None if subject is None else bytes(subject)
        return subjects
