"""Stores files that custodians sent, sealed, until they are deposited or discarded."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any, Final

import orjson
import sqlalchemy as sa
from attrs import define

from consent import DAY_S
from services.errors import Invalid, NotFound
from services.tables import METADATA
from storage import RecordStore

CHECKING: Final = "checking"
MAPPING: Final = "mapping"
CHECKED: Final = "checked"
STORING: Final = "storing"
STORED: Final = "stored"
DROPPED: Final = "dropped"
UNUSABLE: Final = "unusable"
LEAVE: Final = "leave"
NONE: Final = "none"
MAX_BYTES: Final = 64 * 10**6
MAX_WAITING_BYTES: Final = 2 * 10**9
"""Of all files of one organisation that wait, so that no program of theirs fills the disk."""
MAX_AGE_S: Final = DAY_S
MAX_LISTED: Final = 50
LABEL: Final = "upload"
PIECE_LABEL: Final = "upload-piece"
SUMMARY: Final = -1
DESCRIPTION: Final = -2
NAMES: Final = -3
CHOICES: Final = -4
OUTCOMES: Final = -5
"""Places of documents about a file among its pieces, which count from 0."""
ENTRIES: Final = "entries"
"""The part of a report that can be large. It is stored apart, so that a list never reads it."""
_CHUNK_BYTES: Final = 2**20
_WAITING: Final = (CHECKING, MAPPING, CHECKED, STORING)

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
    sa.Index("web_uploads_by_state", "state", "ended_at_s"),
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
    """A file as it was sent.

    `mapping` is a TOML text; for FHIR it is the system whose ids the file uses, or "".
    """

    party: str
    by: str
    name: str
    kind: str
    mapping: str
    on_bad: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and its state; `report` holds counts and bad cells, never the content of a cell."""

    id: str
    sent: Sent
    size: int
    state: str
    job: str
    at_s: int
    ended_at_s: int | None
    report: dict[str, Any]


class UploadsFull(Invalid):
    """The files that wait leave no room for another one (413).

    Attributes:
        waiting_bytes: how many bytes of the organisation wait.
    """

    def __init__(self, waiting_bytes: int, message: str = "") -> None:
        """Keep the number, and the message if it is in words already."""
        super().__init__(message, {"file": [message]})
        self.waiting_bytes = waiting_bytes


@define(eq=False, repr=False)
class UploadStore:
    """The rows of uploads; their files can be opened by this installation alone, for a day."""

    _engine: sa.Engine
    _store: RecordStore
    _clock: Callable[[], float]

    def add(self, sent: Sent, file: IO[bytes]) -> Upload:
        """Store a file, sealed in pieces; at most one piece of it is in memory.

        Raises:
            UploadsFull: the organisation's files that wait would exceed `MAX_WAITING_BYTES`.
            VaultSealed (storage): the root key is absent; nothing is stored.
        """
        upload_id, size = secrets.token_hex(16), size_of(file)
        mark = self._mark(sent, file)
        head = {
            **asdict(sent),
            "id": upload_id,
            "size": size,
            "mark": mark,
            "state": CHECKING,
            "job": "",
            "at_s": int(self._clock()),
        }
        waiting = sa.select(sa.func.sum(_UPLOADS.c.size)).where(
            _UPLOADS.c.party == sent.party, _UPLOADS.c.state.in_(_WAITING)
        )
        with self._engine.begin() as connection:
            # On PostgreSQL, files sent at the same moment do not see each other.
            waiting_bytes = int(connection.scalar(waiting) or 0)
            if waiting_bytes + size > MAX_WAITING_BYTES:
                raise UploadsFull(waiting_bytes)
            connection.execute(sa.insert(_UPLOADS), head)
            for index, piece in enumerate(pieces(file)):
                body = self._seal(upload_id, index, piece)
                row = {"upload": upload_id, "place": index, "body": body}
                connection.execute(sa.insert(_PARTS), row)
        return self.get(sent.party, upload_id)

    def find_stored(self, sent: Sent, file: IO[bytes]) -> Upload | None:
        """Return the upload by which the same file was stored before, with the same mapping."""
        mark = self._mark(sent, file)
        uploads = self._select(sa.and_(_UPLOADS.c.mark == mark, _UPLOADS.c.state == STORED))
        return uploads[0] if uploads else None

    def get(self, party: str, upload_id: str) -> Upload:
        """Return one of a party's uploads.

        Raises:
            NotFound: there is none with this id, or it belongs to another party.
        """
        upload = self.require(upload_id)
        if upload.sent.party != party:
            raise NotFound
        return upload

    def require(self, upload_id: str) -> Upload:
        """Return an upload for a worker.

        Raises:
            NotFound: there is none.
        """
        uploads = self._select(_UPLOADS.c.id == upload_id)
        if not uploads:
            raise NotFound
        return uploads[0]

    def of_party(self, party: str) -> list[Upload]:
        """Return a party's uploads, newest first, at most fifty."""
        return self._select(_UPLOADS.c.party == party)

    def count(self, state: str, since_s: int = 0) -> int:
        """Return how many uploads in this state ended since then (seconds UTC); 0 counts all."""
        query = sa.select(sa.func.count()).where(_UPLOADS.c.state == state)
        if since_s:
            query = query.where(_UPLOADS.c.ended_at_s >= since_s)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def body(self, upload: Upload) -> bytes:
        """Return the file.

        Raises:
            NotFound: it was stored, discarded, or is older than a day.
            SealBroken, VaultSealed (storage): it cannot be opened.
        """
        query = sa.select(_PARTS.c.body).where(_PARTS.c.upload == upload.id, _PARTS.c.place >= 0)
        with self._engine.connect() as connection:
            bodies = connection.scalars(query.order_by(_PARTS.c.place))
            pieces = [bytes(body) for body in bodies]
        if not pieces:
            raise NotFound
        return b"".join(
            self._store.open_bytes(PIECE_LABEL, piece, _about(upload.id, index))
            for index, piece in enumerate(pieces)
        )

    def keep_document(self, upload: Upload, place: int, document: Any) -> None:
        """Store what was found in a file, sealed; it is deleted with the file.

        `place` is SUMMARY, DESCRIPTION, NAMES or CHOICES.
        """
        with self._engine.begin() as connection:
            self._replace(connection, upload, place, document)

    def find_document(self, upload: Upload, place: int) -> Any:
        """Return a document about a file; None once the file was stored or discarded.

        OUTCOMES stays then.
        """
        query = sa.select(_PARTS.c.body).where(
            _PARTS.c.upload == upload.id, _PARTS.c.place == place
        )
        with self._engine.connect() as connection:
            body = connection.scalar(query)
        if body is None:
            return None
        about = _about(upload.id, place)
        return orjson.loads(self._store.open_bytes(PIECE_LABEL, bytes(body), about))

    def set_mapping(self, upload: Upload, mapping: str) -> bool:
        """Give a table its mapping, "" for none, to check it again; what was found before goes.

        An upload that is no longer in the state that `upload` has does not change: False.
        """
        is_same = sa.and_(_UPLOADS.c.id == upload.id, _UPLOADS.c.state == upload.state)
        is_summary = sa.and_(_PARTS.c.upload == upload.id, _PARTS.c.place == SUMMARY)
        values = {"mapping": mapping, "state": CHECKING, "report": None}
        with self._engine.begin() as connection:
            result = connection.execute(sa.update(_UPLOADS).where(is_same).values(**values))
            is_set = bool(result.rowcount == 1)
            if is_set:
                connection.execute(sa.delete(_PARTS).where(is_summary))
        return is_set

    def move(self, upload: Upload, before: str, state: str, job: str = "") -> bool:
        """Change the state of an upload from `before`; False if it is in another state."""
        is_before = sa.and_(_UPLOADS.c.id == upload.id, _UPLOADS.c.state == before)
        values = {"state": state, "job": job} if job else {"state": state}
        with self._engine.begin() as connection:
            result = connection.execute(sa.update(_UPLOADS).where(is_before).values(**values))
        return bool(result.rowcount == 1)

    def report(self, upload: Upload, report: dict[str, Any], state: str) -> bool:
        """Add to an upload's report; its file is deleted in STORED, DROPPED and UNUSABLE.

        Its ENTRIES are stored apart, as the document OUTCOMES, and are kept. An upload that is no
        longer in the state that `upload` has does not change: False.
        """
        has_ended = state not in _WAITING
        whole = upload.report | report
        entries = whole.pop(ENTRIES, None)
        values: dict[str, Any] = {"report": orjson.dumps(whole), "state": state}
        if has_ended:
            values["ended_at_s"] = int(self._clock())
        with self._engine.begin() as connection:
            is_same = sa.and_(_UPLOADS.c.id == upload.id, _UPLOADS.c.state == upload.state)
            result = connection.execute(sa.update(_UPLOADS).where(is_same).values(**values))
            is_reported = bool(result.rowcount == 1)
            if is_reported and has_ended:
                is_file = (_PARTS.c.upload == upload.id) & (_PARTS.c.place != OUTCOMES)
                connection.execute(sa.delete(_PARTS).where(is_file))
            if is_reported and entries is not None:
                self._replace(connection, upload, OUTCOMES, entries)
        return is_reported

    def delete_expired(self, is_active: Callable[[Upload], bool]) -> int:
        """Delete every file that has waited longer than a day; return how many.

        `is_active` says whether a worker still stores a file, or will.
        """
        is_old = _UPLOADS.c.at_s < int(self._clock()) - MAX_AGE_S
        uploads = self._select(sa.and_(is_old, _UPLOADS.c.state.in_(_WAITING)))
        expired = [each for each in uploads if each.state != STORING or not is_active(each)]
        return sum(self.report(upload, {}, DROPPED) for upload in expired)

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Upload]:
        query = sa.select(_UPLOADS).where(condition).order_by(_UPLOADS.c.at_s.desc(), _UPLOADS.c.id)
        with self._engine.connect() as connection:
            return [_upload(row) for row in connection.execute(query.limit(MAX_LISTED))]

    def _replace(
        self, connection: sa.Connection, upload: Upload, place: int, document: Any
    ) -> None:
        body = self._seal(upload.id, place, orjson.dumps(document))
        is_old = sa.and_(_PARTS.c.upload == upload.id, _PARTS.c.place == place)
        connection.execute(sa.delete(_PARTS).where(is_old))
        connection.execute(sa.insert(_PARTS), {"upload": upload.id, "place": place, "body": body})

    def _seal(self, upload_id: str, index: int, piece: bytes) -> bytes:
        return self._store.seal_bytes(PIECE_LABEL, piece, _about(upload_id, index))

    def _mark(self, sent: Sent, file: IO[bytes]) -> bytes:
        # Keyed, so that a copy of the database confirms nobody's guess of a file.
        content = hashlib.sha256()
        for piece in pieces(file):
            content.update(piece)
        values = (sent.party.encode(), sent.kind.encode(), sent.mapping.encode())
        hashed = b"".join(hashlib.sha256(value).digest() for value in values)
        return self._store.pseudonyms(LABEL)(hashed + content.digest())


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file from its start, a mebibyte at a time; an empty file is one empty piece."""
    file.seek(0)
    piece = file.read(_CHUNK_BYTES)
    yield piece
    while piece := file.read(_CHUNK_BYTES):
        yield piece


def size_of(file: IO[bytes]) -> int:
    """Return how many bytes a file has."""
    return file.seek(0, io.SEEK_END)


def _about(upload_id: str, index: int) -> bytes:
    return f"{upload_id}\0{index}".encode()


def _upload(row: Any) -> Upload:
    sent = Sent(row.party, row.by, row.name, row.kind, row.mapping, row.on_bad)
    report = orjson.loads(row.report) if row.report else {}
    return Upload(row.id, sent, row.size, row.state, row.job, row.at_s, row.ended_at_s, report)
