"""Stores which resource is filed in which record, by keyed hashes of identity and content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from services.chunks import chunks
from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "fhir-identity"
CONTENT_LABEL: Final = "fhir-content"

_ITEMS: Final = sa.Table(
    "custodian_items",
    METADATA,
    sa.Column("identity", sa.LargeBinary(32), primary_key=True),
    sa.Column("record_id", sa.LargeBinary(16), nullable=False),
    sa.Column("content", sa.LargeBinary(32), nullable=False, index=True),
    # When the sender last changed it; NULL: the sender does not say.
    sa.Column("updated_us", sa.BigInteger, nullable=True),
    sa.Column("is_deleted", sa.Boolean, nullable=False),
)
# Made once: each chunk of a delivery runs them many times.
_HAS_KEY: Final = _ITEMS.c.identity.in_(sa.bindparam("keys", expanding=True))
_FIND: Final = sa.select(_ITEMS).where(_HAS_KEY)
_DELETE: Final = sa.delete(_ITEMS).where(_HAS_KEY)
_FIND_CONTENTS: Final = (
    sa.select(_ITEMS.c.content, _ITEMS.c.identity)
    .where(_ITEMS.c.content.in_(sa.bindparam("contents", expanding=True)))
    .where(sa.not_(_ITEMS.c.is_deleted))
    .order_by(_ITEMS.c.identity)
)


class Item(NamedTuple):
    """A resource that arrived.

    Attributes:
        record_id: of the document that it is filed in; b"" if it was deleted before it arrived.
        content: keyed hash of its subject and content.
        updated_us: meta.lastUpdated of its newest version (microseconds UTC), or None.
        is_deleted: True after its sender deleted it.
    """

    record_id: bytes
    content: bytes
    updated_us: int | None
    is_deleted: bool


class ItemIndex:
    """The table of arrived resources; it reveals neither a name nor a value.

    Documents are what counts: a row is written after its document, so that a crash between the two
    only costs the comparison of the next delivery.
    """

    def __init__(self, engine: sa.Engine, store: RecordStore) -> None:
        self._engine = engine
        self._store = store

    def hash_contents(self, contents: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """Return the keyed hash of each (subject, content)."""
        content_hash = self._store.pseudonyms(CONTENT_LABEL)
        return [content_hash(subject + content) for subject, content in contents]

    def keys(self, identities: Sequence[str]) -> list[bytes]:
        """Return the keyed hash under which each identity is stored."""
        key_of = self._store.pseudonyms(LABEL)
        return [key_of(identity.encode()) for identity in identities]

    def find_records(self, keys: Iterable[bytes]) -> dict[bytes, str]:
        """Return by its key the record id of each item that is stored and not deleted."""
        records: dict[bytes, str] = {}
        with self._engine.connect() as connection:
            for part in chunks(list(dict.fromkeys(keys))):
                for row in connection.execute(_FIND, {"keys": part}):
                    if row.record_id and not row.is_deleted:
                        records[bytes(row.identity)] = bytes(row.record_id).hex()
        return records

    def find(self, identities: Iterable[str]) -> dict[str, Item]:
        """Return the item of each of these identities that arrived before."""
        key_of = self._store.pseudonyms(LABEL)
        by_key = {key_of(identity.encode()): identity for identity in identities}
        items: dict[str, Item] = {}
        with self._engine.connect() as connection:
            for part in chunks(list(by_key)):
                for key, *fields in connection.execute(_FIND, {"keys": part}):
                    items[by_key[bytes(key)]] = _item(*fields)
        return items

    def find_contents(self, contents: Iterable[bytes]) -> dict[bytes, list[bytes]]:
        """Return, for each content hash, the keys of the items that have it and are not deleted."""
        keys: dict[bytes, list[bytes]] = {}
        with self._engine.connect() as connection:
            for part in chunks(list(dict.fromkeys(contents))):
                for content, key in connection.execute(_FIND_CONTENTS, {"contents": part}):
                    keys.setdefault(bytes(content), []).append(bytes(key))
        return keys

    def write(self, items: Mapping[str, Item]) -> None:
        """Store the items of these identities; older rows of them are replaced."""
        key_of = self._store.pseudonyms(LABEL)
        rows = [
            {
                "identity": key_of(name.encode()),
                "record_id": record_id,
                "content": content,
                "updated_us": updated_us,
                "is_deleted": is_deleted,
            }
            for name, (record_id, content, updated_us, is_deleted) in items.items()
        ]
        if not rows:
            return
        with self._engine.begin() as connection:
            for part in chunks(rows):
                connection.execute(_DELETE, {"keys": [row["identity"] for row in part]})
                connection.execute(sa.insert(_ITEMS), list(part))


def _item(record_id: bytes, content: bytes, updated_us: int | None, is_deleted: bool) -> Item:
    return Item(bytes(record_id), bytes(content), updated_us, is_deleted)
