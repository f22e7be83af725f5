"""Remembers which stored resources refer to which medicine, and in which version they have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa

from services.chunks import chunks
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "awaited-medicine"
NO_MEDICINE: Final = bytes(32)
"""The content beside a resource whose medicine has not arrived, or was deleted."""
BATCH_NAMES: Final = 200

_USES: Final = sa.Table(
    "custodian_medicine_uses",
    METADATA,
    # What the medicine may be called.
    sa.Column("name", sa.LargeBinary(32), primary_key=True),
    # The identity of the resource that refers to it, as custodian_items has it.
    sa.Column("item", sa.LargeBinary(32), primary_key=True, index=True),
    # Keyed hash of the medicine as it is filed beside that resource.
    sa.Column("content", sa.LargeBinary(32), nullable=False),
)


class Use(NamedTuple):
    """That a stored resource calls its medicine by a name, both as keyed hashes."""

    name: bytes
    item: bytes


class MedicineUses:
    """The table of uses; it reveals neither a name nor a patient."""

    def __init__(self, engine: sa.Engine, store: RecordStore) -> None:
        self._engine = engine
        self._store = store

    def hash_names(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the keyed hash of each name of a medicine."""
        key_of = self._store.pseudonyms(LABEL)
        return {name: key_of(name.encode()) for name in names}

    def write(self, contents: Mapping[Use, bytes]) -> None:
        """Remember which content of the medicine each use has; equal rows are left as they are."""
        known = self._known({use.item for use in contents})
        rows = [
            {"name": use.name, "item": use.item, "content": content}
            for use, content in sorted(contents.items())
            if known.get(use) != content
        ]
        for part in chunks(rows):
            keys = [key for row in part if (key := Use(row["name"], row["item"])) in known]
            old = sa.tuple_(_USES.c.name, _USES.c.item).in_(keys)
            with self._engine.begin() as connection:
                if keys:
                    connection.execute(sa.delete(_USES).where(old))
                connection.execute(sa.insert(_USES), list(part))

    def find_outdated(self, contents: Mapping[bytes, bytes]) -> list[Use]:
        """Return the uses of medicines, by hashed name, that have another content than this."""
        uses: list[Use] = []
        with self._engine.connect() as connection:
            if connection.scalar(sa.select(_USES.c.name).limit(1)) is None:
                return []
            for part in chunks(sorted(contents.items()), BATCH_NAMES):
                outdated = (
                    sa.and_(_USES.c.name == name, _USES.c.content != content)
                    for name, content in part
                )
                query = sa.select(_USES.c.name, _USES.c.item).where(sa.or_(*outdated))
                uses += [Use(bytes(n), bytes(i)) for n, i in connection.execute(query)]
        return sorted(uses)

    def _known(self, items: Iterable[bytes]) -> dict[Use, bytes]:
        known: dict[Use, bytes] = {}
        with self._engine.connect() as connection:
            for part in chunks(sorted(items)):
                query = sa.select(_USES).where(_USES.c.item.in_(part))
                for name, item, content in connection.execute(query):
                    known[Use(bytes(name), bytes(item))] = bytes(content)
        return known
