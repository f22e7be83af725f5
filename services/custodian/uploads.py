"""Keeps files that custodians sent until they are stored or refused: sealed, a day at most."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from records import CellFault
from services.errors import NotFound
from services.tables import METADATA
from storage import RecordStore

CHECKING: Final = "checking"
CHECKED: Final = "checked"
STORING: Final = "storing"
STORED: Final = "stored"
DROPPED: Final = "dropped"
UNUSABLE: Final = "unusable"
LEAVE: Final = "leave"
NONE: Final = "none"
MOST_BYTES: Final = 32 * 2**20
KEPT_S: Final = 86_400
LABEL: Final = "upload"
PIECE_LABEL: Final = "upload-piece"
_CHUNK_BYTES: Final = 2**20
_WAITING: Final = (CHECKING, CHECKED, STORING)

_UPLOADS: Final = sa.Table(
    "web_uploads",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("party", sa.String(128), nullable=False, index=True),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("mapping", sa.Text, nullable=False),
    sa.Column("on_bad", sa.String(8), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mark", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("job", sa.String(32), nullable=False),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("ended_at_s", sa.BigInteger),
    sa.Column("report", sa.LargeBinary),
)
_PARTS: Final = sa.Table(
    "web_upload_parts",
    METADATA,
    sa.Column("upload", sa.String(32), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came; `mapping` is a TOML text, "" for a FHIR bundle."""

    party: str
    by: str
    name: str
    kind: str
    mapping: str
    on_bad: str


@dataclass(frozen=True, slots=True)
class Upload:
    """What is known of a file; `report` holds counts and bad rows, never a cell."""

    id: str
    sent: Sent
    size: int
    state: str
    job: str
    at_s: int
    ended_at_s: int | None
    report: dict[str, Any]

    def faults(self) -> list[CellFault]:
        """Return the faults in the report, without the cells' values."""
        return [CellFault.from_stored(stored) for stored in self.report.get("bad", [])]


class Uploads:
    """The files that wait; whatever of them is kept can be opened by this install alone."""

    def __init__(self, engine: sa.Engine, store: RecordStore, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    def add(self, sent: Sent, body: bytes) -> Upload:
        """Keep a file, sealed in pieces.

        Raises:
            VaultSealed (storage): the root key is absent; nothing is kept.
        """
        identity = secrets.token_hex(16)
        rows = [
            {"upload": identity, "place": place, "body": self._sealed(identity, place, piece)}
            for place, piece in enumerate(_pieces(body))
        ]
        head = {
            "id": identity,
            "party": sent.party,
            "by": sent.by,
            "name": sent.name,
            "kind": sent.kind,
            "mapping": sent.mapping,
            "on_bad": sent.on_bad,
            "size": len(body),
            "mark": self._mark(sent, body),
            "state": CHECKING,
            "job": "",
            "at_s": int(self._clock()),
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(_UPLOADS), head)
            connection.execute(sa.insert(_PARTS), rows)
        return self.get(sent.party, identity)

    def find_stored(self, sent: Sent, body: bytes) -> Upload | None:
        """Return the upload by which the same file was stored before, with the same mapping."""
        mark = self._mark(sent, body)
        found = self._where(sa.and_(_UPLOADS.c.mark == mark, _UPLOADS.c.state == STORED))
        return found[0] if found else None

    def get(self, party: str, identity: str) -> Upload:
        """Return one of a party's uploads.

        Raises:
            NotFound: there is none of this id, or it is another party's.
        """
        found = self._where(sa.and_(_UPLOADS.c.id == identity, _UPLOADS.c.party == party))
        if not found:
            raise NotFound
        return found[0]

    def require(self, identity: str) -> Upload:
        """Return an upload for a worker.

        Raises:
            NotFound: there is none.
        """
        found = self._where(_UPLOADS.c.id == identity)
        if not found:
            raise NotFound
        return found[0]

    def of_party(self, party: str) -> list[Upload]:
        """Return a party's uploads, the newest first, at most fifty."""
        return self._where(_UPLOADS.c.party == party)

    def body(self, upload: Upload) -> bytes:
        """Return the file.

        Raises:
            NotFound: it is gone: stored, refused, or older than a day.
            SealBroken, VaultSealed (storage): it cannot be opened.
        """
        asked = sa.select(_PARTS.c.body).where(_PARTS.c.upload == upload.id)
        with self._engine.connect() as connection:
            pieces = [bytes(one) for one in connection.scalars(asked.order_by(_PARTS.c.place))]
        if not pieces:
            raise NotFound
        return b"".join(
            self._store.open_bytes(PIECE_LABEL, piece, _about(upload.id, place))
            for place, piece in enumerate(pieces)
        )

    def move(self, upload: Upload, before: str, state: str, job: str = "") -> bool:
        """Let an upload go from one state to another; False if it is in another one already."""
        mine = sa.and_(_UPLOADS.c.id == upload.id, _UPLOADS.c.state == before)
        values = {"state": state, "job": job} if job else {"state": state}
        with self._engine.begin() as connection:
            done = connection.execute(sa.update(_UPLOADS).where(mine).values(**values))
        return bool(done.rowcount == 1)

    def report(self, upload: Upload, report: dict[str, Any], state: str) -> None:
        """Note what was found or done; from STORED, DROPPED and UNUSABLE on the file is gone."""
        is_over = state not in _WAITING
        values: dict[str, Any] = {"report": orjson.dumps(upload.report | report), "state": state}
        if is_over:
            values["ended_at_s"] = int(self._clock())
        with self._engine.begin() as connection:
            mine = _UPLOADS.c.id == upload.id
            connection.execute(sa.update(_UPLOADS).where(mine).values(**values))
            if is_over:
                connection.execute(sa.delete(_PARTS).where(_PARTS.c.upload == upload.id))

    def drop_old(self) -> int:
        """Drop every file that has waited longer than a day; return how many."""
        old = sa.and_(
            _UPLOADS.c.at_s < int(self._clock()) - KEPT_S,
            _UPLOADS.c.state.in_((CHECKING, CHECKED)),
        )
        found = self._where(old)
        for upload in found:
            self.report(upload, {}, DROPPED)
        return len(found)

    def _where(self, which: Any) -> list[Upload]:
        asked = sa.select(_UPLOADS).where(which).order_by(_UPLOADS.c.at_s.desc(), _UPLOADS.c.id)
        with self._engine.connect() as connection:
            return [_upload(row) for row in connection.execute(asked.limit(50))]

    def _sealed(self, identity: str, place: int, piece: bytes) -> bytes:
        return self._store.seal_bytes(PIECE_LABEL, piece, _about(identity, place))

    def _mark(self, sent: Sent, body: bytes) -> bytes:
        # Keyed, so that a copy of the database confirms nobody's guess of a file.
        told = (sent.party.encode(), sent.kind.encode(), sent.mapping.encode(), body)
        hashed = b"".join(hashlib.sha256(one).digest() for one in told)
        return self._store.pseudonyms(LABEL)(hashed)


def _pieces(body: bytes) -> list[bytes]:
    starts = range(0, len(body), _CHUNK_BYTES)
    return [body[start : start + _CHUNK_BYTES] for start in starts] or [b""]


def _about(identity: str, place: int) -> bytes:
    return f"{identity}\0{place}".encode()


def _upload(row: Any) -> Upload:
    sent = Sent(row.party, row.by, row.name, row.kind, row.mapping, row.on_bad)
    report = orjson.loads(row.report) if row.report else {}
    return Upload(row.id, sent, row.size, row.state, row.job, row.at_s, row.ended_at_s, report)
