"""Stores which resource is filed in which record, by keyed hashes of identity and content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

import sqlalchemy as sa

from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "fhir-identity"
CONTENT_LABEL: Final = "fhir-content"
BATCH_SIZE: Final = 500
_Value = TypeVar("_Value")

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

    def find(self, identities: Iterable[str]) -> dict[str, Item]:
        """Return the item of each of these identities that arrived before."""
        key_of = self._store.pseudonyms(LABEL)
        by_key = {key_of(identity.encode()): identity for identity in identities}
        items: dict[str, Item] = {}
        for part in _parts(list(by_key)):
            query = sa.select(_ITEMS).where(_ITEMS.c.identity.in_(part))
            with self._engine.connect() as connection:
                for key, *fields in connection.execute(query):
                    items[by_key[bytes(key)]] = _item(*fields)
        return items

    def find_contents(self, contents: Iterable[bytes]) -> dict[bytes, list[bytes]]:
        """Return, for each content hash, the keys of the items that have it and are not deleted."""
        keys: dict[bytes, list[bytes]] = {}
        for part in _parts(list(dict.fromkeys(contents))):
            query = sa.select(_ITEMS.c.content, _ITEMS.c.identity)
            query = query.where(_ITEMS.c.content.in_(part), sa.not_(_ITEMS.c.is_deleted))
            with self._engine.connect() as connection:
                for content, key in connection.execute(query.order_by(_ITEMS.c.identity)):
                    keys.setdefault(bytes(content), []).append(bytes(key))
        return keys

    def write(self, items: Mapping[str, Item]) -> None:
        """Store the items of these identities; older rows of them are replaced."""
        key_of = self._store.pseudonyms(LABEL)
        rows = [
            {"identity": key_of(name.encode()), **item._asdict()} for name, item in items.items()
        ]
        for part in _parts(rows):
            keys = [row["identity"] for row in part]
            with self._engine.begin() as connection:
                connection.execute(sa.delete(_ITEMS).where(_ITEMS.c.identity.in_(keys)))
                connection.execute(sa.insert(_ITEMS), list(part))


def _parts(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), BATCH_SIZE):
        yield values[start : start + BATCH_SIZE]


def _item(record_id: bytes, content: bytes, updated_us: int | None, is_deleted: bool) -> Item:
    return Item(bytes(record_id), bytes(content), updated_us, is_deleted)
