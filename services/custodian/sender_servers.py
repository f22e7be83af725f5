"""Remembers which servers a sender's resources have addresses at, sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from services.tables import METADATA
from storage import RecordStore

LABEL: Final = "sender-server"
MAX_SERVERS: Final = 100
"""Of one sender; more are not remembered, and their deletions need a fullUrl."""

_SERVERS: Final = sa.Table(
    "custodian_sender_servers",
    METADATA,
    sa.Column("id", sa.LargeBinary(32), primary_key=True),
    sa.Column("sender", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)


class SenderServers:
    """The table of servers by sender; it reveals neither."""

    def __init__(self, engine: sa.Engine, store: RecordStore) -> None:
        self._engine = engine
        self._store = store

    def add(self, sender: str, bases: Iterable[str]) -> None:
        """Remember that a sender's resources have addresses at these servers."""
        known = self.find(sender)
        key_of = self._store.pseudonyms(LABEL)
        new = [base for base in sorted(set(bases)) if base not in known]
        rows = []
        for base in new[: max(0, MAX_SERVERS - len(known))]:
            key = key_of(f"{sender}\0{base}".encode())
            body = self._store.seal_text(LABEL, base, key)
            rows.append({"id": key, "sender": key_of(sender.encode()), "body": body})
        for row in rows:
            with self._engine.begin() as connection:
                connection.execute(sa.delete(_SERVERS).where(_SERVERS.c.id == row["id"]))
                connection.execute(sa.insert(_SERVERS), row)

    def find(self, sender: str) -> list[str]:
        """Return the servers of a sender."""
        key = self._store.pseudonyms(LABEL)(sender.encode())
        query = sa.select(_SERVERS.c.id, _SERVERS.c.body).where(_SERVERS.c.sender == key)
        with self._engine.connect() as connection:
            rows = [(bytes(row.id), bytes(row.body)) for row in connection.execute(query)]
        return sorted(self._store.open_text(LABEL, body, name) for name, body in rows)
